//! Every operation of HSS v5 that the contract knows, and CGS, whose one call is among them.
//!
//! The rows below are performed; `unsupported` holds the rest, which is answered with the vendor's own
//! "does not exist or has not been published".

mod unsupported;

use muster_http::{Operation, Verb};
use muster_model::Action;

macro_rules! rows {
    ($($name:literal $verb:ident $path:literal $action:ident $summary:literal;)*) => {
        const SERVED: &[Operation] = &[$(Operation::served(
            $name, Verb::$verb, concat!("/v5/{project_id}", $path), Action::$action, $summary,
        ),)*];
    };
}

rows! {
    "ShowCommonPort" Get "/asset/common-port-info" AssetList "Tell what usually listens on a port, and whether that is a danger";
    "ListAppChangeHistories" Get "/asset/app/change-history" AssetList "List changes of software";
    "ListAppStatistics" Get "/asset/app/statistics" AssetList "Count software by name";
    "ListApps" Get "/asset/apps" AssetList "List software";
    "ListGlobalAssetScanTask" Get "/asset/assign-task" AssetList "Tell whether such a sweep is under way";
    "CreateGlobalAssetScanTask" Post "/asset/assign-task" AssetCollect "Sweep hosts now";
    "ListAutoLaunchChangeHistories" Get "/asset/auto-launch/change-history" AssetList "List changes of auto-started items";
    "ListAutoLaunchStatistics" Get "/asset/auto-launch/statistics" AssetList "Count auto-started items by name and type";
    "ListAutoLaunchs" Get "/asset/auto-launchs" AssetList "List auto-started items";
    "DownloadAssetFile" Post "/asset/export" AssetExport "Export assets into a file";
    "ListKernelModuleHostInfo" Get "/asset/host/kernel-module" AssetList "List hosts with a kernel module";
    "ListWebFrameworkHostInfo" Get "/asset/host/web-framework" AssetList "List web frameworks";
    "ListWebSiteHostInfo" Get "/asset/host/web-site" AssetList "List hosts with a web site";
    "ShowHostAssetManualCollectStatus" Get "/asset/manual-collect/{type}" AssetList "Tell how that sweep goes";
    "RunHostAssetManualCollect" Post "/asset/manual-collect/{type}" AssetCollect "Sweep one kind of a host now";
    "ListJarPackageStatistics" Get "/asset/midwares" AssetList "Count middleware by file name";
    "ListJarPackageHostInfo" Get "/asset/midwares/detail" AssetList "List hosts with a middleware file";
    "ShowAccountTop" Get "/asset/overview/statistics/top/account" AssetList "Show the accounts on most hosts";
    "ShowAutoLaunchTop" Get "/asset/overview/statistics/top/auto-launch" AssetList "Show the auto-started items on most hosts";
    "ShowJarPackageTop" Get "/asset/overview/statistics/top/jar-package" AssetList "Show the middleware on most hosts";
    "ShowKernelModuleTop" Get "/asset/overview/statistics/top/kernel-module" AssetList "Show the kernel modules on most hosts";
    "ShowPortTop" Get "/asset/overview/statistics/top/port" AssetList "Show the ports open on most hosts";
    "ShowProcessTop" Get "/asset/overview/statistics/top/process" AssetList "Show the executables running on most hosts";
    "ShowSoftwareTop" Get "/asset/overview/statistics/top/software" AssetList "Show the software on most hosts";
    "ShowWebAppAndServiceTop" Get "/asset/overview/statistics/top/web-app-and-service" AssetList "Show the services on most hosts";
    "ShowWebFrameworkTop" Get "/asset/overview/statistics/top/web-framework" AssetList "Show the web frameworks on most hosts";
    "ShowWebSiteTop" Get "/asset/overview/statistics/top/web-site" AssetList "Show the web sites on most hosts";
    "ShowAgentStatisticsStatus" Get "/asset/overview/status/agent" HostList "Count hosts by state of their agent";
    "ShowContainerProtectionStatus" Get "/asset/overview/status/container/protection" HostList "Count containers by protection";
    "ShowHostProtectionStatus" Get "/asset/overview/status/host/protection" HostList "Count hosts by protection";
    "ShowOsStatisticsInfo" Get "/asset/overview/status/os" HostList "Count hosts by operating system";
    "ShowQuotaStatisticsInfo" Get "/asset/overview/status/quota" HostList "List protection quotas: there are none";
    "ListPortStatistics" Get "/asset/port/statistics" AssetList "Count open ports by number, protocol and status";
    "ListPorts" Get "/asset/ports" AssetList "List open ports of a host";
    "ListPortHost" Get "/asset/ports/detail" AssetList "List hosts with an open port";
    "ListProcessStatistics" Get "/asset/process/statistics" AssetList "Count processes by executable";
    "ListProcessesHost" Get "/asset/processes/detail" AssetList "List processes";
    "ShowAssetStatistic" Get "/asset/statistics" AssetList "Count assets of all twelve kinds";
    "ListKernelModuleStatistics" Get "/asset/statistics/kernel-module" AssetList "Count kernel modules by name";
    "ListWebFrameworkStatistics" Get "/asset/statistics/web-framework" AssetList "Count web frameworks by file name";
    "ListWebSiteStatistics" Get "/asset/statistics/web-site" AssetList "Count web sites by domain";
    "ListUserChangeHistories" Get "/asset/user/change-history" AssetList "List changes of accounts";
    "ListUserStatistics" Get "/asset/user/statistics" AssetList "Count accounts by name";
    "ListUsers" Get "/asset/users" AssetList "List accounts";
    "ListWebAppAndServiceStatistics" Get "/asset/web-app-and-service-statistics" AssetList "Count databases, web applications or web services by name";
    "ListWebAppAndServices" Get "/asset/web-app-and-services" AssetList "List databases, web applications or web services";
    "ListJarPackageInfo" Get "/asset/{host_id}/jar-package" AssetList "List middleware of a host";
    "ListKernelModuleInfo" Get "/asset/{host_id}/kernel-module" AssetList "List kernel modules of a host";
    "ListWebFrameworkInfo" Get "/asset/{host_id}/web-framework" AssetList "List web frameworks of a host";
    "ListWebSiteInfo" Get "/asset/{host_id}/web-site" AssetList "List web sites of a host";
    "ListContainers" Get "/container/kubernetes" AssetList "List containers that run";
    "ShowContainerNodeStatistics" Get "/container/node-statistics" HostList "Count container nodes by protection";
    "ListContainerNodes" Get "/container/nodes" HostList "List hosts that run containers (also CGS)";
    "SwitchContainerProtectStatus" Post "/container/switch-version" HostProtect "Switch the protection of container nodes on or off";
    "ListSecurityEvents" Get "/event/events" EventList "List signs of ways out of containers, with their evidence";
    "ChangeEvent" Post "/event/operate" EventHandle "Say what was done about security events";
    "ShowExportTask" Get "/event/export-task/{task_id}" AssetExport "Follow an export, under the path of events";
    "ShowLatestExportTaskByType" Get "/export-task" AssetExport "Follow an export, named in the query";
    "ListQueryExportTask" Get "/export-task/{task_id}" AssetExport "Follow an export";
    "ListContainerImages" Get "/container/images" AssetList "List images on hosts in few words";
    "ShowImageAssetStatistics" Get "/image/asset/statistics" AssetList "Count images on hosts";
    "ListImageLocal" Get "/image/local-repositories" AssetList "List images on hosts, a row for every name";
    "ListLocalImageAppInfo" Get "/image/local/apps" AssetList "List the software in an image";
    "BatchScanLocalImage" Post "/image/local/batch-scan" AssetCollect "Look into images on hosts now";
    "ListLocalImageContainers" Get "/image/local/containers" AssetList "List containers of an image that run";
    "ListLocalImageHosts" Get "/image/local/hosts" AssetList "List hosts an image lies on";
    "ListGlobalVulnerabilities" Get "/image/vulnerabilities" VulnerabilityList "List vulnerabilities of all images";
    "CreateManualImageScanTask" Post "/image/image-scan/tasks" AssetCollect "Look into images on hosts now, as one task";
    "StopImageScanTask" Put "/image/image-scan/tasks/{task_id}/stop" AssetCollect "End a scan of images before its time";
    "ListImageScanTask" Get "/image/tasks" AssetList "List scans of images: how far each is, what failed and why";
    "ListImageApps" Get "/image/{image_id}/apps" AssetList "List the software in an image, named in the path";
    "ListImageVulnerabilities" Get "/image/{image_id}/vulnerabilities" VulnerabilityList "List vulnerabilities of an image";
    "ListKubernetesClusterDetails" Get "/kubernetes/clusters" HostList "List Kubernetes clusters that hosts are nodes of";
    "ListK8sPods" Get "/kubernetes/pods" AssetList "List pods that run on hosts";
    "ShowK8sPodDetail" Get "/kubernetes/{pod_name}/pod/detail" AssetList "Show a pod and its containers";
    "AssociateHostAssetValue" Put "/host-management/asset-value/associate" HostUpdate "Set how important hosts are";
    "SwitchHostsProtectStatus" Post "/host-management/protection" HostProtect "Switch the protection of hosts on or off";
    "ListHostStatus" Get "/host-management/hosts" HostList "List hosts";
    "ListVulContainers" Get "/vulnerability/containers" VulnerabilityList "List containers that have a vulnerability";
    "ListHostVuls" Get "/vulnerability/host/{host_id}" VulnerabilityList "List vulnerabilities of a host";
    "ListVulHosts" Get "/vulnerability/hosts" VulnerabilityList "List hosts that have a vulnerability";
    "ListVulAffectImages" Get "/vulnerability/images" VulnerabilityList "List images that have a vulnerability";
    "ShowVulStatics" Get "/vulnerability/statistics" VulnerabilityList "Count vulnerabilities and hosts that have one";
    "ListVulnerabilities" Get "/vulnerability/vulnerabilities" VulnerabilityList "List vulnerabilities of the fleet";
}

/// The one GET that hands out what was exported.
const DOWNLOAD: Operation = Operation::served(
    "ListDownloadExportedFile",
    Verb::Get,
    "/v5/{project_id}/download/{file_id}",
    Action::AssetExport,
    "Download an exported file",
)
.exporting();

/// Served and unsupported operations.
pub const OPERATIONS: &[Operation] = &joined();

const COUNT: usize = 1 + SERVED.len() + unsupported::ROWS.len();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would refuse to build"
)]
const fn joined() -> [Operation; COUNT] {
    let mut rows = [DOWNLOAD; COUNT];
    let mut at = 1;
    while at < COUNT {
        rows[at] = if at <= SERVED.len() {
            SERVED[at - 1]
        } else {
            unsupported::ROWS[at - SERVED.len() - 1]
        };
        at += 1;
    }
    rows
}
