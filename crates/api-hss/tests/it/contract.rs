//! The published contracts of HSS and CGS.

use muster_testkit::Contract;
use std::sync::LazyLock;

pub(crate) static HSS: LazyLock<Contract> = LazyLock::new(|| Contract::read("hss.json"));
pub(crate) static CGS: LazyLock<Contract> = LazyLock::new(|| Contract::read("cgs.json"));
