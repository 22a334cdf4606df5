//! HSS v5: asset fingerprints, their export, and the hosts they are on. CGS, whose one call HSS has too.
//!
//! [`operations`] is the whole surface. A handler decodes, calls one service function and encodes.
#![forbid(unsafe_code)]

mod asset;
mod clusters;
mod containers;
mod error;
mod events;
mod export;
mod filters;
mod hosts;
mod images;
mod list;
mod nodes;
pub mod operations;
mod pods;
mod protection;
mod query;
mod vulnerability;

use crate::asset::{collect, history, known_port, lists, overview, statistics};
use axum::Router;
use muster_http::Routes;
use muster_service::App;
pub use operations::OPERATIONS;

/// Routes of HSS and CGS.
pub fn router(app: &App) -> Router {
    Routes::<error::Hss>::new(app, OPERATIONS)
        .limited()
        .on("ListUserStatistics", statistics::users)
        .on("ListAutoLaunchStatistics", statistics::auto_launch)
        .on("ListPortStatistics", statistics::port)
        .on("ListProcessStatistics", statistics::process)
        .on("ListAppStatistics", statistics::app)
        .on("ListJarPackageStatistics", statistics::jar_package)
        .on("ListWebFrameworkStatistics", statistics::web_framework)
        .on("ListWebSiteStatistics", statistics::web_site)
        .on("ListWebAppAndServiceStatistics", statistics::services)
        .on("ListKernelModuleStatistics", statistics::kernel_module)
        .on("ShowAssetStatistic", statistics::totals)
        .on("ListUsers", lists::users)
        .on("ListAutoLaunchs", lists::auto_launch)
        .on("ShowCommonPort", known_port::show)
        .on("ListPorts", lists::ports)
        .on("ListPortHost", lists::ports_detail)
        .on("ListProcessesHost", lists::processes)
        .on("ListApps", lists::apps)
        .on("ListJarPackageHostInfo", lists::jar_packages)
        .on("ListJarPackageInfo", lists::jar_packages_of_host)
        .on("ListWebFrameworkHostInfo", lists::web_frameworks)
        .on("ListWebFrameworkInfo", lists::web_frameworks_of_host)
        .on("ListWebSiteHostInfo", lists::web_sites)
        .on("ListWebSiteInfo", lists::web_sites_of_host)
        .on("ListWebAppAndServices", lists::services)
        .on("ListKernelModuleHostInfo", lists::kernel_modules)
        .on("ListKernelModuleInfo", lists::kernel_modules_of_host)
        .on("ListUserChangeHistories", history::users)
        .on("ListAppChangeHistories", history::apps)
        .on("ListAutoLaunchChangeHistories", history::auto_launches)
        .on("RunHostAssetManualCollect", collect::run)
        .on("ShowHostAssetManualCollectStatus", collect::status)
        .on("CreateGlobalAssetScanTask", collect::scan)
        .on("ListGlobalAssetScanTask", collect::scanning)
        .on("ShowAccountTop", overview::accounts)
        .on("ShowAutoLaunchTop", overview::auto_launches)
        .on("ShowJarPackageTop", overview::jar_packages)
        .on("ShowKernelModuleTop", overview::kernel_modules)
        .on("ShowPortTop", overview::ports)
        .on("ShowProcessTop", overview::processes)
        .on("ShowSoftwareTop", overview::software)
        .on("ShowWebAppAndServiceTop", overview::services)
        .on("ShowWebFrameworkTop", overview::web_frameworks)
        .on("ShowWebSiteTop", overview::web_sites)
        .on("ShowAgentStatisticsStatus", overview::agents)
        .on("ShowHostProtectionStatus", overview::host_protection)
        .on("ShowContainerProtectionStatus", overview::container_protection)
        .on("ShowOsStatisticsInfo", overview::systems)
        .on("ShowQuotaStatisticsInfo", overview::quotas)
        .on("DownloadAssetFile", asset::export::create)
        .on("ListQueryExportTask", export::task)
        .on("ShowExportTask", export::task)
        .on("ShowLatestExportTaskByType", export::task_in_query)
        .on("ListDownloadExportedFile", export::download)
        .on("ListHostStatus", hosts::list_hosts)
        .on("AssociateHostAssetValue", hosts::set_asset_value)
        .on("SwitchHostsProtectStatus", protection::switch_hosts)
        .on("SwitchContainerProtectStatus", protection::switch_nodes)
        .on("ListSecurityEvents", events::list)
        .on("ChangeEvent", events::handle)
        .on("ListVulnerabilities", vulnerability::list)
        .on("ListVulHosts", vulnerability::hosts)
        .on("ListHostVuls", vulnerability::of_host)
        .on("ListK8sPods", pods::list)
        .on("ShowK8sPodDetail", pods::show)
        .on("ListVulAffectImages", vulnerability::places::images)
        .on("ListVulContainers", vulnerability::places::containers)
        .on("ListGlobalVulnerabilities", vulnerability::places::of_images)
        .on("ShowVulStatics", vulnerability::count)
        .on("ListKubernetesClusterDetails", clusters::list)
        .on("ListContainers", containers::list_containers)
        .on("ListContainerImages", images::list_named)
        .on("ShowImageAssetStatistics", images::count)
        .on("ListImageLocal", images::list_local)
        .on("ListLocalImageContainers", images::containers_of)
        .on("ListLocalImageHosts", images::hosts_of)
        .on("ListLocalImageAppInfo", images::scan::software)
        .on("BatchScanLocalImage", images::scan::order)
        .on("CreateManualImageScanTask", images::tasks::create)
        .on("StopImageScanTask", images::tasks::stop)
        .on("ListImageScanTask", images::tasks::list)
        .on("ListImageApps", images::scan::software_of)
        .on("ListImageVulnerabilities", images::scan::vulnerabilities)
        .on("ListContainerNodes", nodes::list_nodes)
        .on("ShowContainerNodeStatistics", nodes::count_nodes)
        .finish()
}
