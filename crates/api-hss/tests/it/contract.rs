//! The published contracts of HSS and CGS.

use muster_testkit::Contract;
use std::sync::LazyLock;

pub(crate) static HSS: LazyLock<Contract> = LazyLock::new(|| Contract::read("hss.json"));
pub(crate) static CGS: LazyLock<Contract> = LazyLock::new(|| Contract::read("cgs.json"));

/// Operations of the published clients that the excerpt beside the project lacks.
pub(crate) const BEYOND: [&str; 2] = ["ListSecurityEvents", "ChangeEvent"];
