//! Statistics rows: how often each value occurs, and the totals of all kinds.

use crate::filters;
use crate::list::{Answer, DataList, int32};
use crate::query::{category, enterprise_project, paging, text, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Column, Kind, Value};
use muster_service::App;
use muster_service::assets::{self, Ask, Group, GroupOrder};
use serde::Serialize;

/// Declares a statistics row: its fields are the group's values in order, then `num`.
macro_rules! counted {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $ty:ty = $read:ident,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        pub(crate) struct $name { $($field: $ty,)* num: i32 }

        impl From<&Group> for $name {
            fn from(group: &Group) -> Self {
                let mut values = group.values.iter();
                Self { $($field: $read(values.next()),)* num: int32(group.num) }
            }
        }
    };
}

fn as_text(value: Option<&Option<Value>>) -> String {
    match value {
        Some(Some(Value::Text(text))) => text.clone(),
        Some(Some(Value::Int(int))) => int.to_string(),
        _ => String::new(),
    }
}

fn as_int(value: Option<&Option<Value>>) -> Option<i32> {
    match value {
        Some(Some(Value::Int(int))) => Some(int32(*int)),
        _ => None,
    }
}

counted! {
    /// `ListUserStatistics`.
    UserCount { user_name: String = as_text, }
}
counted! {
    /// `ListAutoLaunchStatistics`. `type` is a text here and a number in the list.
    AutoLaunchCount { name: String = as_text, r#type: String = as_text, }
}
counted! {
    /// `ListPortStatistics`.
    PortCount { port: Option<i32> = as_int, r#type: String = as_text, status: String = as_text, }
}
counted! {
    /// `ListProcessStatistics`.
    PathCount { path: String = as_text, }
}
counted! {
    /// `ListAppStatistics`.
    AppCount { app_name: String = as_text, }
}
counted! {
    /// `ListJarPackageStatistics`, `ListWebFrameworkStatistics`.
    FileCount { file_name: String = as_text, }
}
counted! {
    /// `ListWebSiteStatistics`.
    DomainCount { domain: String = as_text, }
}
counted! {
    /// `ListWebAppAndServiceStatistics`, `ListKernelModuleStatistics`.
    NameCount { name: String = as_text, }
}

async fn count<T: for<'a> From<&'a Group>>(
    app: &App,
    caller: &Caller,
    path: &PathParams,
    params: &Params,
    kind: Kind,
    group: &[Column],
) -> Answer<DataList<T>> {
    let ask = Ask {
        kind,
        category: category(params)?,
        enterprise_project: enterprise_project(params)?,
        filters: filters::of_statistics(kind, params)?,
    };
    let paging = paging(params)?;
    let order = order(kind, params)?;
    let project = path.project()?;
    let page = assets::statistics(app, caller, &project, &ask, group, order, paging).await?;
    Ok(Json(DataList::of(&page)))
}

/// Ports can be sorted by their number, and are unless asked otherwise; the rest comes most frequent first.
fn order(kind: Kind, params: &Params) -> muster_model::Result<GroupOrder> {
    if kind != Kind::Port {
        return Ok(GroupOrder::LargestFirst);
    }
    word(params, "sort_key", &["port"])?;
    Ok(match word(params, "sort_dir", &["asc", "desc"])? {
        Some("desc") => GroupOrder::Descending,
        _ => GroupOrder::Ascending,
    })
}

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident: $row:ident = $kind:ident [$($column:ident),*];)*) => {
        $($(#[$doc])*
        pub(crate) async fn $name(
            State(app): State<App>,
            caller: Caller,
            path: PathParams,
            params: Params,
        ) -> Answer<DataList<$row>> {
            count(&app, &caller, &path, &params, Kind::$kind, &[$(Column::$column),*]).await
        })*
    };
}

statistics! {
    users: UserCount = Users [Name];
    auto_launch: AutoLaunchCount = AutoLaunch [Name, CodeType];
    port: PortCount = Port [Port, Protocol, Status];
    process: PathCount = Process [Path];
    app: AppCount = App [Name];
    jar_package: FileCount = JarPackage [FileName];
    web_framework: FileCount = WebFramework [FileName];
    web_site: DomainCount = WebSite [Name];
    kernel_module: NameCount = KernelModule [Name];
}

/// `ListWebAppAndServiceStatistics`: three kinds behind one call.
pub(crate) async fn services(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<DataList<NameCount>> {
    let kind = crate::query::catalogue(&params)?;
    count(&app, &caller, &path, &params, kind, &[Column::Name]).await
}

/// How many assets there are of each kind.
#[derive(Debug, Serialize)]
pub(crate) struct Totals {
    account_num: i64,
    port_num: i64,
    process_num: i64,
    app_num: i64,
    auto_launch_num: i64,
    web_framework_num: i64,
    web_site_num: i64,
    jar_package_num: i64,
    kernel_module_num: i64,
    web_service_num: i64,
    web_app_num: i64,
    database_num: i64,
}

/// `ShowAssetStatistic`.
pub(crate) async fn totals(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Totals> {
    let (category, host) = (category(&params)?, text(&params, "host_id")?);
    let within = enterprise_project(&params)?;
    let project = path.project()?;
    let totals = assets::totals(&app, &caller, &project, category, within.as_deref(), host).await?;
    let of = |kind| {
        let all = Kind::ALL.iter().zip(totals);
        all.filter(|(at, _)| **at == kind).map(|(_, total)| total).sum()
    };
    Ok(Json(Totals {
        account_num: of(Kind::Users),
        port_num: of(Kind::Port),
        process_num: of(Kind::Process),
        app_num: of(Kind::App),
        auto_launch_num: of(Kind::AutoLaunch),
        web_framework_num: of(Kind::WebFramework),
        web_site_num: of(Kind::WebSite),
        jar_package_num: of(Kind::JarPackage),
        kernel_module_num: of(Kind::KernelModule),
        web_service_num: of(Kind::WebService),
        web_app_num: of(Kind::WebCms),
        database_num: of(Kind::Database),
    }))
}
