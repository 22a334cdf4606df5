//! The collectors, one file a kind. A new one is a file here and a line in the table.

mod app;
mod auto_launch;
mod database;
mod jar_package;
mod port;
mod process;
mod users;
mod web_service;
mod web_site;

use crate::collector::Collector;

/// All of them.
pub(crate) const COLLECTORS: &[&dyn Collector] = &[
    &app::Apps,
    &auto_launch::AutoLaunch,
    &database::Database,
    &jar_package::JarPackages,
    &port::Ports,
    &process::Processes,
    &users::Users,
    &web_service::WebService,
    &web_site::WebSite,
];
