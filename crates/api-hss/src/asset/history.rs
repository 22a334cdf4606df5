//! What changed: accounts, software, auto-started items.

use crate::list::{Answer, DataList, int32};
use crate::query::{enterprise_project, paging, text, word};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams};
use muster_model::{Column, Error, Fact, Kind, Micros, Result, Value};
use muster_service::App;
use muster_service::assets::Filter;
use muster_service::history::{self, Ask, Change, Op};
use serde::Serialize;

/// The content after the change, or before it for what is gone.
fn content(change: &Change) -> Option<&Fact> {
    change.after.as_deref().or(change.before.as_deref())
}

fn text_of(change: &Change, column: Column) -> String {
    content(change).map(|fact| fact.text(column).to_owned()).unwrap_or_default()
}

/// `ListUserChangeHistories`.
#[derive(Debug, Serialize)]
pub(crate) struct UserChange {
    agent_id: String,
    change_type: &'static str,
    host_id: String,
    host_name: String,
    private_ip: String,
    login_permission: bool,
    root_permission: bool,
    user_group_name: String,
    user_home_dir: String,
    shell: String,
    user_name: String,
    /// Accounts' expiry is not collected.
    expire_time: Option<i64>,
    recent_scan_time: i64,
}

impl From<&Change> for UserChange {
    fn from(change: &Change) -> Self {
        Self {
            agent_id: change.host.agent_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            change_type: match change.op {
                Op::Added => "ADD",
                Op::Removed => "DELETE",
                Op::Modified => "MODIFY",
            },
            host_id: change.host.id.to_string(),
            host_name: change.host.name.clone(),
            private_ip: change.host.ip.clone(),
            login_permission: content(change)
                .is_some_and(|fact| fact.flag(Column::LoginPermission)),
            root_permission: content(change).is_some_and(|fact| fact.flag(Column::RootPermission)),
            user_group_name: text_of(change, Column::GroupName),
            user_home_dir: text_of(change, Column::HomeDir),
            shell: text_of(change, Column::Shell),
            user_name: text_of(change, Column::Name),
            expire_time: None,
            recent_scan_time: change.at.millis(),
        }
    }
}

fn variation(op: Op) -> &'static str {
    match op {
        Op::Added => "add",
        Op::Removed => "delete",
        Op::Modified => "modify",
    }
}

/// `ListAppChangeHistories`.
#[derive(Debug, Serialize)]
pub(crate) struct AppChange {
    agent_id: String,
    variation_type: &'static str,
    host_id: String,
    app_name: String,
    host_name: String,
    host_ip: String,
    version: String,
    update_time: i64,
    recent_scan_time: i64,
}

impl From<&Change> for AppChange {
    fn from(change: &Change) -> Self {
        Self {
            agent_id: change.host.agent_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            variation_type: variation(change.op),
            host_id: change.host.id.to_string(),
            app_name: text_of(change, Column::Name),
            host_name: change.host.name.clone(),
            host_ip: change.host.ip.clone(),
            version: text_of(change, Column::Version),
            update_time: change.at.millis(),
            recent_scan_time: change.at.millis(),
        }
    }
}

/// `ListAutoLaunchChangeHistories`.
#[derive(Debug, Serialize)]
pub(crate) struct AutoLaunchChange {
    agent_id: String,
    variation_type: &'static str,
    r#type: Option<i32>,
    host_id: String,
    host_name: String,
    host_ip: String,
    path: String,
    hash: String,
    run_user: String,
    name: String,
    recent_scan_time: i64,
}

impl From<&Change> for AutoLaunchChange {
    fn from(change: &Change) -> Self {
        Self {
            agent_id: change.host.agent_id.as_ref().map(ToString::to_string).unwrap_or_default(),
            variation_type: variation(change.op),
            r#type: content(change).and_then(|fact| fact.int(Column::CodeType)).map(int32),
            host_id: change.host.id.to_string(),
            host_name: change.host.name.clone(),
            host_ip: change.host.ip.clone(),
            path: text_of(change, Column::Path),
            hash: text_of(change, Column::Hash),
            run_user: text_of(change, Column::RunUser),
            name: text_of(change, Column::Name),
            recent_scan_time: change.at.millis(),
        }
    }
}

/// How the three calls name what is the same in all.
struct Names {
    ip: &'static str,
    op: &'static str,
    ops: &'static [&'static str],
    name: &'static str,
}

const USERS: Names = Names {
    ip: "private_ip",
    op: "change_type",
    ops: &["ADD", "DELETE", "MODIFY"],
    name: "user_name",
};
const APPS: Names = Names {
    ip: "host_ip",
    op: "variation_type",
    ops: &["add", "delete", "modify"],
    name: "app_name",
};
const AUTO_LAUNCHES: Names = Names { name: "auto_launch_name", ..APPS };

fn ask(kind: Kind, names: &Names, params: &Params) -> Result<Ask> {
    let exactly = |column, text: &str| Filter::Equals(column, Value::Text(text.to_owned()));
    let mut filters = Vec::new();
    filters.extend(text(params, names.name)?.map(|name| exactly(Column::Name, name)));
    filters.extend(text(params, "host_id")?.map(crate::filters::host));
    filters.extend(
        text(params, "host_name")?
            .map(|text| Filter::HostName { text: text.to_owned(), exact: true }),
    );
    filters.extend(
        text(params, names.ip)?.map(|text| Filter::HostIp { text: text.to_owned(), exact: true }),
    );
    if kind == Kind::Users {
        let root = params.flag("root_permission")?;
        filters.extend(root.map(|root| Filter::Equals(Column::RootPermission, Value::Bool(root))));
    }
    if kind == Kind::AutoLaunch {
        let code = params.int("type", 0..=4)?;
        filters.extend(code.map(|code| Filter::Equals(Column::CodeType, Value::Int(code))));
    }
    let op = word(params, names.op, names.ops)?.and_then(|word| {
        let at = names.ops.iter().position(|known| *known == word)?;
        [Op::Added, Op::Removed, Op::Modified].get(at).copied()
    });
    let moment = |name| Ok::<_, Error>(params.int(name, 0..=i64::MAX)?.map(Micros::from_millis));
    let (from, until) = (moment("start_time")?, moment("end_time")?);
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        return Err(Error::invalid("end_time", "must not be before start_time"));
    }
    Ok(Ask {
        kind,
        enterprise_project: enterprise_project(params)?,
        filters,
        op,
        from,
        until,
        // Another key than the contract's only one always sorts the newest first.
        oldest_first: word(params, "sort_dir", &["asc", "desc"])? == Some("asc")
            && params.text("sort_key").is_none_or(|key| key == "recent_scan_time"),
    })
}

macro_rules! histories {
    ($($name:ident: $row:ident = $kind:ident $names:ident;)*) => {
        $(pub(crate) async fn $name(
            State(app): State<App>,
            caller: Caller,
            path: PathParams,
            params: Params,
        ) -> Answer<DataList<$row>> {
            let ask = ask(Kind::$kind, &$names, &params)?;
            let paging = paging(&params)?;
            let page = history::list(&app, &caller, &path.project()?, &ask, paging).await?;
            Ok(Json(DataList::of(&page)))
        })*
    };
}

histories! {
    users: UserChange = Users USERS;
    apps: AppChange = App APPS;
    auto_launches: AutoLaunchChange = AutoLaunch AUTO_LAUNCHES;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Ask> {
        ask(Kind::AutoLaunch, &AUTO_LAUNCHES, &Params::parse(query).unwrap())
    }

    #[test]
    fn words_and_times_are_read() {
        let query = "variation_type=modify&start_time=1000&end_time=2000&type=1&sort_dir=asc";
        let ask = asked(query).unwrap();
        assert_eq!(ask.op, Some(Op::Modified));
        assert_eq!((ask.from, ask.until), (Some(Micros(1_000_000)), Some(Micros(2_000_000))));
        assert!(ask.oldest_first);
        assert_eq!(ask.filters, [Filter::Equals(Column::CodeType, Value::Int(1))]);
    }

    #[test]
    fn bad_values_name_their_parameter() {
        for (query, parameter) in [
            ("variation_type=ADD", "variation_type"),
            ("start_time=2&end_time=1", "end_time"),
            ("start_time=now", "start_time"),
            ("sort_dir=up", "sort_dir"),
        ] {
            assert_eq!(asked(query).unwrap_err().parameter(), Some(parameter));
        }
    }
}
