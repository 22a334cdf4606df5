//! The list calls: one row type and one line a call.

use super::row::row;
use crate::filters;
use crate::list::{Answer, DataList};
use crate::query::{catalogue, category, enterprise_project, paging};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Category, Kind, Paging};
use muster_service::App;
use muster_service::assets::{self, Ask, Seen};
use muster_service::hosts;
use serde::Serialize;

row! {
    /// `ListUsers`.
    UserRow {
        agent_id: String = agent_id,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
        user_name: String = text(Name),
        login_permission: bool = flag(LoginPermission),
        root_permission: bool = flag(RootPermission),
        user_group_name: String = text(GroupName),
        user_home_dir: String = text(HomeDir),
        shell: String = text(Shell),
        recent_scan_time: i64 = scanned,
        first_scan_time: i64 = first_seen,
        container_id: String = container_id,
        container_name: String = container_name,
    }
}

row! {
    /// `ListAutoLaunchs`. `type` is a number here and a text in the statistics.
    AutoLaunchRow {
        agent_id: String = agent_id,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
        name: String = text(Name),
        r#type: Option<i32> = int(CodeType),
        path: String = text(Path),
        hash: String = text(Hash),
        run_user: String = text(RunUser),
        recent_scan_time: i64 = scanned,
    }
}

row! {
    /// `ListPortHost`.
    PortHostRow {
        container_id: String = container_id,
        host_id: String = host_id,
        host_ip: String = host_ip,
        host_name: String = host_name,
        laddr: String = text(BindAddr),
        path: String = text(Path),
        pid: i32 = pid,
        port: Option<i32> = int(Port),
        status: String = text(Status),
        r#type: String = text(Protocol),
        container_name: String = container_name,
        agent_id: String = agent_id,
    }
}

row! {
    /// `ListPorts`.
    PortRow {
        host_id: String = host_id,
        laddr: String = text(BindAddr),
        status: String = text(Status),
        port: Option<i32> = int(Port),
        r#type: String = text(Protocol),
        pid: i32 = pid,
        path: String = text(Path),
        agent_id: String = agent_id,
        container_id: String = container_id,
    }
}

row! {
    /// `ListProcessesHost`.
    ProcessRow {
        hash: String = text(Hash),
        host_ip: String = host_ip,
        host_name: String = host_name,
        launch_params: String = text(Args),
        launch_time: Option<i64> = started,
        process_path: String = text(Path),
        process_pid: i32 = pid,
        run_permission: String = text(Mode),
        container_id: String = container_id,
        container_name: String = container_name,
    }
}

row! {
    /// `ListApps`.
    AppRow {
        agent_id: String = agent_id,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
        app_name: String = text(Name),
        version: String = text(Version),
        install_dir: String = text(InstallDir),
        container_id: String = container_id,
        container_name: String = container_name,
        recent_scan_time: i64 = scanned,
        update_time: Option<i64> = mtime,
    }
}

row! {
    /// `ListJarPackageHostInfo`.
    JarHostRow {
        agent_id: String = agent_id,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
        file_name: String = text(FileName),
        name: String = text(Name),
        catalogue: String = text(Catalogue),
        file_type: String = text(FileType),
        version: String = text(Version),
        path: String = text(Path),
        hash: String = text(Hash),
        size: Option<i32> = int(Size),
        uid: Option<i32> = int(Uid),
        gid: Option<i32> = int(Gid),
        mode: String = text(Mode),
        pid: i32 = pid,
        proc_path: String = text(ProcPath),
        container_id: String = container_id,
        container_name: String = container_name,
        package_path: String = text(PackagePath),
        is_embedded: i32 = zero_or_one(IsEmbedded),
        record_time: i64 = scanned,
    }
}

row! {
    /// `ListJarPackageInfo`.
    JarRow {
        file_name: String = text(FileName),
        file_type: String = text(FileType),
        catalogue: String = text(Catalogue),
        version: String = text(Version),
        path: String = text(Path),
        mode: String = text(Mode),
        uid: Option<i32> = int(Uid),
        hash: String = text(Hash),
        pid: i32 = pid,
        proc_path: String = text(ProcPath),
        record_time: i64 = scanned,
        container_id: String = container_id,
        container_name: String = container_name,
    }
}

row! {
    /// `ListWebFrameworkHostInfo`.
    FrameworkHostRow {
        agent_id: String = agent_id,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
        name: String = text(Name),
        version: String = text(Version),
        path: String = text(Path),
        record_time: i64 = scanned,
        catalogue: String = text(Catalogue),
        file_name: String = text(FileName),
        file_type: String = text(FileType),
        gid: Option<i32> = int(Gid),
        hash: String = text(Hash),
        is_embedded: i32 = zero_or_one(IsEmbedded),
        mode: String = text(Mode),
        pid: i32 = pid,
        proc_path: String = text(ProcPath),
        uid: Option<i32> = int(Uid),
        container_id: String = container_id,
        container_name: String = container_name,
    }
}

row! {
    /// `ListWebFrameworkInfo`.
    FrameworkRow {
        catalogue: String = text(Catalogue),
        name: String = text(Name),
        file_name: String = text(FileName),
        file_type: String = text(FileType),
        version: String = text(Version),
        path: String = text(Path),
        hash: String = text(Hash),
        mode: String = text(Mode),
        pid: i32 = pid,
        uid: Option<i32> = int(Uid),
        gid: Option<i32> = int(Gid),
        proc_path: String = text(ProcPath),
        record_time: i64 = scanned,
        container_id: String = container_id,
        container_name: String = container_name,
    }
}

row! {
    /// `ListWebSiteInfo`, and in [`SiteHostRow`] what `ListWebSiteHostInfo` has beyond the host.
    SiteRow {
        domain: String = text(Name),
        app_name: String = text(ServedBy),
        path: String = text(Path),
        port: Option<i32> = int(Port),
        bind_addr: String = text(BindAddr),
        url_path: String = text(UrlPath),
        uid: Option<i32> = int(Uid),
        gid: Option<i32> = int(Gid),
        mode: String = text(Mode),
        pid: i32 = pid,
        proc_path: String = text(ProcPath),
        is_https: bool = flag(IsHttps),
        cert_issuer: String = text(CertIssuer),
        cert_user: String = text(CertSubject),
        cert_issue_time: String = iso(CertNotBefore),
        cert_expired_time: String = iso(CertNotAfter),
        record_time: i64 = scanned,
        container_id: String = container_id,
        container_name: String = container_name,
    }
}

row! {
    /// The host that rows of some calls begin with.
    HostFields {
        agent_id: String = agent_id,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
    }
}

/// `ListWebSiteHostInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct SiteHostRow {
    #[serde(flatten)]
    host: HostFields,
    #[serde(flatten)]
    site: SiteRow,
}

impl From<&Seen> for SiteHostRow {
    fn from(seen: &Seen) -> Self {
        Self { host: seen.into(), site: seen.into() }
    }
}

row! {
    /// `ListKernelModuleInfo`.
    ModuleRow {
        name: String = text(Name),
        file_name: String = text(FileName),
        version: String = text(Version),
        srcversion: String = text(SrcVersion),
        path: String = text(Path),
        size: Option<i32> = int(Size),
        mode: String = text(Mode),
        uid: Option<i32> = int(Uid),
        ctime: Option<i64> = ctime,
        mtime: Option<i64> = mtime,
        hash: String = text(Hash),
        desc: String = text(Description),
        record_time: i64 = scanned,
    }
}

/// `ListKernelModuleHostInfo`: nested, unlike the export.
#[derive(Debug, Serialize)]
pub(crate) struct ModuleHostRow {
    #[serde(flatten)]
    host: HostFields,
    kernel_module_info: ModuleRow,
}

impl From<&Seen> for ModuleHostRow {
    fn from(seen: &Seen) -> Self {
        Self { host: seen.into(), kernel_module_info: seen.into() }
    }
}

row! {
    /// `ListWebAppAndServices`.
    ServiceRow {
        catalogue: String = kind,
        name: String = text(Name),
        version: String = text(Version),
        agent_id: String = agent_id,
        install_path: String = text(InstallDir),
        config_path: String = text(ConfigPath),
        uid: Option<i32> = int(Uid),
        gid: Option<i32> = int(Gid),
        mode: String = text(Mode),
        ctime: Option<i64> = ctime,
        mtime: Option<i64> = mtime,
        atime: Option<i64> = atime,
        pid: i32 = pid,
        proc_path: String = text(ProcPath),
        container_id: String = container_id,
        container_name: String = container_name,
        record_time: i64 = scanned,
        host_id: String = host_id,
        host_name: String = host_name,
        host_ip: String = host_ip,
    }
}

/// Rows of one host at most, in the calls that have no paging.
const WHOLE: Paging = Paging { limit: 10_000, offset: 0 };

/// One request for rows, as its handler received it.
struct Request<'a> {
    app: &'a App,
    caller: &'a Caller,
    path: &'a PathParams,
    params: &'a Params,
}

impl Request<'_> {
    async fn page<T: for<'r> From<&'r Seen>>(
        &self,
        kind: Kind,
        category: Category,
    ) -> Answer<DataList<T>> {
        let filters = filters::of_list(kind, self.params)?;
        self.rows(kind, category, filters, paging(self.params)?).await
    }

    async fn of_host<T: for<'r> From<&'r Seen>>(
        &self,
        kind: Kind,
        category: Category,
    ) -> Answer<DataList<T>> {
        let mut filters = filters::of_list(kind, self.params)?;
        let host = self.path.text("host_id");
        hosts::known(self.app, self.caller, &self.path.project()?, host).await?;
        filters.push(filters::host(host));
        self.rows(kind, category, filters, WHOLE).await
    }

    async fn rows<T: for<'r> From<&'r Seen>>(
        &self,
        kind: Kind,
        category: Category,
        filters: Vec<assets::Filter>,
        paging: Paging,
    ) -> Answer<DataList<T>> {
        let enterprise_project = enterprise_project(self.params)?;
        let ask = Ask { kind, category, enterprise_project, filters };
        let project = self.path.project()?;
        let page = assets::list(self.app, self.caller, &project, &ask, paging).await?;
        Ok(Json(DataList::of(&page)))
    }
}

macro_rules! lists {
    ($($name:ident: $row:ident = $kind:ident.$how:ident $(requires $required:literal)?;)*) => {
        $(pub(crate) async fn $name(
            State(app): State<App>,
            caller: Caller,
            path: PathParams,
            params: Params,
        ) -> Answer<DataList<$row>> {
            $(params.required($required)?;)?
            let category = category_of(Kind::$kind, &params)?;
            let request = Request { app: &app, caller: &caller, path: &path, params: &params };
            request.$how(Kind::$kind, category).await
        })*
    };
}

lists! {
    users: UserRow = Users.page;
    auto_launch: AutoLaunchRow = AutoLaunch.page;
    ports: PortRow = Port.page requires "host_id";
    ports_detail: PortHostRow = Port.page requires "port";
    processes: ProcessRow = Process.page;
    apps: AppRow = App.page;
    jar_packages: JarHostRow = JarPackage.page requires "file_name";
    jar_packages_of_host: JarRow = JarPackage.of_host;
    web_frameworks: FrameworkHostRow = WebFramework.page;
    web_frameworks_of_host: FrameworkRow = WebFramework.of_host;
    web_sites: SiteHostRow = WebSite.page requires "domain";
    web_sites_of_host: SiteRow = WebSite.of_host;
    kernel_modules: ModuleHostRow = KernelModule.page requires "name";
    kernel_modules_of_host: ModuleRow = KernelModule.of_host;
}

/// Kernel modules are the host's alone: their calls have no category.
fn category_of(kind: Kind, params: &Params) -> muster_model::Result<Category> {
    match kind {
        Kind::KernelModule => Ok(Category::Host),
        _ => category(params),
    }
}

/// `ListWebAppAndServices`: three kinds behind one call.
pub(crate) async fn services(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<ServiceRow>> {
    let (kind, category) = (catalogue(&params)?, category(&params)?);
    Request { app: &app, caller: &caller, path: &path, params: &params }.page(kind, category).await
}
