//! The collectors, one file a kind. A new one is a file here and a line in the table.

mod app;
mod auto_launch;
mod jar_package;
mod kernel_module;
pub(crate) mod port;
mod process;
mod service;
mod users;
mod web_cms;
mod web_framework;
mod web_site;

use crate::collector::Collector;
use muster_model::Kind;

/// All of them.
pub(crate) const COLLECTORS: &[&dyn Collector] = &[
    &app::Apps,
    &auto_launch::AutoLaunch,
    &service::Services(Kind::Database),
    &jar_package::JarPackages,
    &kernel_module::KernelModules,
    &port::Ports,
    &process::Processes,
    &users::Users,
    &web_cms::WebApplications,
    &web_framework::WebFrameworks,
    &service::Services(Kind::WebService),
    &web_site::WebSite,
];

/// The names of the web applications and web frameworks that are recognised, each by a rule of its own.
pub fn recognised() -> impl Iterator<Item = (Kind, &'static str)> {
    web_cms::names()
        .map(|name| (Kind::WebCms, name))
        .chain(web_framework::names().map(|name| (Kind::WebFramework, name)))
}
