"""The twelve fingerprint types as the published SDK names their calls."""
from dataclasses import dataclass, field

from huaweicloudsdkhss import v5

COMMON = ["host_name", "host_ip"]
CONTAINER = ["container_id", "container_name"]
SERVICE = ["name", "version", "install_path", "config_path", "uid", "mode", "pid", "proc_path", "record_time"]
FILE = ["name", "file_name", "catalogue", "file_type", "version", "path", "hash", "uid", "gid", "mode", "pid", "proc_path"]


@dataclass(frozen=True)
class Kind:
    name: str
    statistics: str  # method of the client
    statistics_request: type
    listing: str
    listing_request: type
    group: str  # field of a statistics row that the list takes as a filter
    headers: list  # every export key of the type
    fixed: dict = field(default_factory=dict)  # parameters both calls need
    row_name: dict = field(default_factory=dict)  # export key -> field of a list row, where they differ

    def count(self, client, **parameters):
        return getattr(client, self.statistics)(self._request(self.statistics_request, parameters))

    def rows(self, client, **parameters):
        return getattr(client, self.listing)(self._request(self.listing_request, parameters))

    def _request(self, request, parameters):
        given = dict(self.fixed)
        if takes_category(request):
            given["category"] = "host"
        return request(**{**given, **parameters})


def takes_category(request):
    """Some calls are for hosts only and have no such parameter."""
    return "category" in request.openapi_types


def _service(name):
    return Kind(
        name, "list_web_app_and_service_statistics", v5.ListWebAppAndServiceStatisticsRequest,
        "list_web_app_and_services", v5.ListWebAppAndServicesRequest, "name",
        COMMON + SERVICE + CONTAINER, fixed={"catalogue": name},
    )


KINDS = [
    Kind("users", "list_user_statistics", v5.ListUserStatisticsRequest, "list_users", v5.ListUsersRequest, "user_name",
         COMMON + ["user_name", "login_permission", "root_permission", "user_group_name", "user_home_dir", "shell",
                   "recent_scan_time", "first_scan_time"] + CONTAINER),
    Kind("auto_launch", "list_auto_launch_statistics", v5.ListAutoLaunchStatisticsRequest, "list_auto_launchs",
         v5.ListAutoLaunchsRequest, "name",
         COMMON + ["name", "type", "path", "hash", "run_user", "recent_scan_time"] + CONTAINER),
    _service("database"),
    _service("web_cms"),
    _service("web_service"),
    Kind("jar_package", "list_jar_package_statistics", v5.ListJarPackageStatisticsRequest, "list_jar_package_host_info",
         v5.ListJarPackageHostInfoRequest, "file_name",
         COMMON + FILE + ["is_embedded", "package_path", "record_time"] + CONTAINER),
    Kind("port", "list_port_statistics", v5.ListPortStatisticsRequest, "list_port_host", v5.ListPortHostRequest, "port",
         COMMON + ["port_status", "port", "type", "pid", "path", "laddr"] + CONTAINER, row_name={"port_status": "status"}),
    Kind("process", "list_process_statistics", v5.ListProcessStatisticsRequest, "list_processes_host",
         v5.ListProcessesHostRequest, "path",
         COMMON + ["process_path", "launch_params", "launch_time", "user_name", "run_permission", "process_pid", "hash"] + CONTAINER),
    Kind("web_framework", "list_web_framework_statistics", v5.ListWebFrameworkStatisticsRequest,
         "list_web_framework_host_info", v5.ListWebFrameworkHostInfoRequest, "file_name",
         COMMON + FILE + ["record_time"] + CONTAINER),
    Kind("web_site", "list_web_site_statistics", v5.ListWebSiteStatisticsRequest, "list_web_site_host_info",
         v5.ListWebSiteHostInfoRequest, "domain",
         COMMON + ["domain", "port", "url_path", "path", "mode", "uid", "record_time", "is_https", "pid", "cert_issuer",
                   "cert_user", "cert_issue_time", "cert_expired_time"] + CONTAINER),
    Kind("app", "list_app_statistics", v5.ListAppStatisticsRequest, "list_apps", v5.ListAppsRequest, "app_name",
         COMMON + ["app_name", "version", "update_time", "recent_scan_time"] + CONTAINER),
    Kind("kernel_module", "list_kernel_module_statistics", v5.ListKernelModuleStatisticsRequest,
         "list_kernel_module_host_info", v5.ListKernelModuleHostInfoRequest, "name",
         COMMON + ["name", "version", "srcversion", "desc", "path", "size", "mode", "uid", "ctime", "mtime", "hash", "record_time"]),
]


def every_row(kind, client, **parameters):
    """Walks the list as a client does: until a page comes back empty."""
    rows, offset = [], 0
    while True:
        page = kind.rows(client, limit=200, offset=offset, **parameters)
        if not page.data_list:
            return rows
        rows += page.data_list
        offset += len(page.data_list)


def every_group(kind, client, **parameters):
    """Walks the statistics to their end."""
    groups, offset = [], 0
    while True:
        page = kind.count(client, limit=200, offset=offset, **parameters)
        if not page.data_list:
            return groups
        groups += page.data_list
        offset += len(page.data_list)
