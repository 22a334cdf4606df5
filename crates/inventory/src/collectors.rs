//! The collectors, one file a kind. A new one is a file here and a line in the table.

mod app;
mod jar_package;
mod users;

use crate::collector::Collector;

/// All of them.
pub(crate) const COLLECTORS: &[&dyn Collector] =
    &[&app::Apps, &jar_package::JarPackages, &users::Users];
