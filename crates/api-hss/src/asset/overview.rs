//! The overview: what is on most hosts, and the state of hosts and containers.

use crate::list::{Answer, DataList, int32};
use crate::query::{catalogue, enterprise_project};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Column, Kind};
use muster_service::App;
use muster_service::assets::{self, Common};
use muster_service::hosts;
use serde::Serialize;

/// `CommonTopResponseInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct Top {
    name: String,
    host_num: i32,
    percentage: i32,
}

impl From<&Common> for Top {
    fn from(common: &Common) -> Self {
        Self {
            name: common.value.clone(),
            host_num: int32(common.hosts),
            percentage: int32(common.percentage),
        }
    }
}

async fn top(
    app: &App,
    caller: &Caller,
    path: &PathParams,
    params: &Params,
    kind: Kind,
    column: Column,
) -> Answer<DataList<Top>> {
    let enterprise_project = enterprise_project(params)?;
    let project = path.project()?;
    let common =
        assets::most_common(app, caller, &project, kind, column, enterprise_project).await?;
    Ok(Json(DataList::whole(common.iter().map(Top::from).collect())))
}

macro_rules! tops {
    ($($name:ident = $kind:ident $column:ident;)*) => {
        $(pub(crate) async fn $name(
            State(app): State<App>,
            caller: Caller,
            path: PathParams,
            params: Params,
        ) -> Answer<DataList<Top>> {
            top(&app, &caller, &path, &params, Kind::$kind, Column::$column).await
        })*
    };
}

tops! {
    accounts = Users Name;
    auto_launches = AutoLaunch Name;
    jar_packages = JarPackage FileName;
    kernel_modules = KernelModule Name;
    ports = Port Port;
    processes = Process Path;
    software = App Name;
    web_frameworks = WebFramework FileName;
    web_sites = WebSite Name;
}

/// `ShowWebAppAndServiceTop`.
pub(crate) async fn services(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<Top>> {
    let kind = catalogue(&params)?;
    top(&app, &caller, &path, &params, kind, Column::Name).await
}

/// `ShowAgentStatisticsStatus`.
#[derive(Debug, Serialize)]
pub(crate) struct Agents {
    online: i32,
    offline: i32,
    not_installed: i32,
    total_num: i32,
}

pub(crate) async fn agents(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Agents> {
    let enterprise_project = enterprise_project(&params)?;
    let counts = hosts::counts(&app, &caller, &path.project()?, enterprise_project).await?;
    Ok(Json(Agents {
        online: int32(counts.online),
        offline: int32(counts.offline),
        not_installed: int32(counts.not_installed),
        total_num: int32(counts.total()),
    }))
}

/// `ShowHostProtectionStatus`, `ShowContainerProtectionStatus`. What is protected is watched, not searched:
/// it counts neither as free of risk nor as at risk.
#[derive(Debug, Serialize)]
pub(crate) struct Protection {
    no_risk: i32,
    risk: i32,
    no_protect: i32,
    total_num: i32,
}

impl Protection {
    fn new(protected: i64, total: i64) -> Self {
        let no_protect = int32(total - protected);
        Self { no_risk: 0, risk: 0, no_protect, total_num: int32(total) }
    }
}

pub(crate) async fn host_protection(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Protection> {
    let enterprise_project = enterprise_project(&params)?;
    let counts = hosts::counts(&app, &caller, &path.project()?, enterprise_project).await?;
    Ok(Json(Protection::new(counts.protected, counts.total())))
}

pub(crate) async fn container_protection(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Protection> {
    let enterprise_project = enterprise_project(&params)?;
    let counts = hosts::counts(&app, &caller, &path.project()?, enterprise_project).await?;
    Ok(Json(Protection::new(counts.protected_containers, counts.containers)))
}

/// `ShowOsStatisticsInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct Systems {
    win_num: i32,
    linux_num: i32,
    os_list: Vec<System>,
}

#[derive(Debug, Serialize)]
struct System {
    os_name: String,
    os_type: &'static str,
    number: i32,
}

pub(crate) async fn systems(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Systems> {
    let enterprise_project = enterprise_project(&params)?;
    let systems = hosts::systems(&app, &caller, &path.project()?, enterprise_project).await?;
    let os_list: Vec<_> = systems
        .into_iter()
        .map(|(os_name, number)| System { os_name, os_type: "Linux", number: int32(number) })
        .collect();
    let linux_num = os_list.iter().fold(0, |sum: i32, system| sum.saturating_add(system.number));
    Ok(Json(Systems { win_num: 0, linux_num, os_list }))
}

/// `QuotaStatisticsInfo`.
#[derive(Debug, Serialize)]
pub(crate) struct Quota {
    version: String,
    idle_num: i32,
    used_num: i32,
    total_num: i32,
}

/// `ShowQuotaStatisticsInfo`: nothing is sold here, so there are no quotas.
pub(crate) async fn quotas(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Answer<DataList<Quota>> {
    hosts::counts(&app, &caller, &path.project()?, None).await?;
    Ok(Json(DataList::whole(Vec::new())))
}
