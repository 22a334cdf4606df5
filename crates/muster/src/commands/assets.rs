//! `muster assets`

use super::{Context, rows};
use crate::cli::assets::AssetsArgs;
use crate::messages::Message;
use crate::output::list::Column;
use crate::output::{Output, print_list};
use muster_model::{Kind, Result};
use serde_json::{Value, json};

const PLACE: [Column; 2] = [("host", "/host_name"), ("container", "/container_name")];

/// What a table shows of each kind.
fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Users => &[
            ("name", "/asset/name"),
            ("uid", "/asset/uid"),
            ("login", "/asset/login_permission"),
            ("root", "/asset/root_permission"),
            ("shell", "/asset/shell"),
            ("reason", "/asset/reason"),
        ],
        Kind::AutoLaunch => &[
            ("name", "/asset/name"),
            ("type", "/asset/code_type"),
            ("user", "/asset/run_user"),
            ("path", "/asset/path"),
        ],
        Kind::Port => &[
            ("port", "/asset/port"),
            ("protocol", "/asset/protocol"),
            ("address", "/asset/bind_addr"),
            ("status", "/asset/status"),
            ("pid", "/pid"),
            ("program", "/asset/path"),
        ],
        Kind::Process => &[
            ("pid", "/pid"),
            ("name", "/asset/name"),
            ("user", "/asset/run_user"),
            ("path", "/asset/path"),
            ("arguments", "/asset/args"),
        ],
        Kind::WebSite => &[
            ("name", "/asset/name"),
            ("port", "/asset/port"),
            ("path", "/asset/path"),
            ("served by", "/asset/served_by"),
            ("https", "/asset/is_https"),
            ("certificate", "/asset/cert_subject"),
        ],
        Kind::Database
        | Kind::JarPackage
        | Kind::WebCms
        | Kind::WebFramework
        | Kind::WebService
        | Kind::App
        | Kind::KernelModule => &[
            ("name", "/asset/name"),
            ("version", "/asset/version"),
            ("path", "/asset/path"),
            ("directory", "/asset/install_dir"),
            ("pid", "/pid"),
        ],
    }
}

/// Totals, a list, changes or whereabouts, as the arguments ask.
pub(crate) fn run(context: &Context, args: &AssetsArgs) -> Result<()> {
    if let Some(name) = &args.where_is {
        return whereabouts(context, args, name);
    }
    if let Some(cursor) = args.changes_since {
        return changes(context, args, cursor);
    }
    match args.kind {
        Some(kind) => list(context, args, kind),
        None => totals(context, args),
    }
}

fn totals(context: &Context, args: &AssetsArgs) -> Result<()> {
    let query = [("category", args.category().to_owned())];
    let answer = context.client.get("/muster/v1/{project}/assets", &query)?;
    let totals = answer.get("totals").and_then(Value::as_object).cloned().unwrap_or_default();
    let total = |kind: Kind| totals.get(kind.name()).cloned().unwrap_or_default();
    let rows: Vec<Value> = Kind::ALL
        .into_iter()
        .map(|kind| json!({"kind": kind.name(), "total": total(kind)}))
        .collect();
    print_list(context.output, &[("kind", "/kind"), ("total", "/total")], &rows)
}

fn list(context: &Context, args: &AssetsArgs, kind: Kind) -> Result<()> {
    let mut query = vec![
        ("category", args.category().to_owned()),
        ("limit", args.limit.to_string()),
        ("offset", args.offset.to_string()),
    ];
    query.extend(args.name.clone().map(|name| ("name", name)));
    query.extend(args.host.clone().map(|host| ("host_id", host)));
    query.extend(args.at.clone().map(|at| ("at", at)));
    let answer = context.client.get(&format!("/muster/v1/{{project}}/assets/{kind}"), &query)?;
    let rows = rows(&answer, "assets");
    let columns: Vec<Column> = PLACE.iter().chain(columns(kind)).copied().collect();
    print_list(context.output, &columns, &rows)?;
    let next = i64::from(args.offset).saturating_add_unsigned(rows.len() as u64);
    let more = answer.get("total").and_then(Value::as_i64).is_some_and(|total| next < total);
    if more && context.output == Output::Table {
        context.tell(Message::NextPage, &[&next.to_string()]);
    }
    Ok(())
}

fn changes(context: &Context, args: &AssetsArgs, cursor: i64) -> Result<()> {
    let mut query = vec![("since", cursor.to_string()), ("limit", args.limit.to_string())];
    query.extend(args.kind.map(|kind| ("kind", kind.name().to_owned())));
    let answer = context.client.get("/muster/v1/{project}/changes", &query)?;
    let columns = [
        ("cursor", "/cursor"),
        ("at", "/at"),
        ("host", "/host_name"),
        ("kind", "/kind"),
        ("change", "/op"),
        ("before", "/before/name"),
        ("before version", "/before/version"),
        ("after", "/after/name"),
        ("after version", "/after/version"),
    ];
    print_list(context.output, &columns, &rows(&answer, "changes"))?;
    let next = answer.get("next").map(Value::to_string).unwrap_or_default();
    context.tell(Message::NextCursor, &[&next]);
    Ok(())
}

fn whereabouts(context: &Context, args: &AssetsArgs, name: &str) -> Result<()> {
    let mut query = vec![("name", name.to_owned()), ("limit", args.limit.to_string())];
    query.extend(args.kind.map(|kind| ("kind", kind.name().to_owned())));
    let answer = context.client.get("/muster/v1/{project}/where", &query)?;
    let columns = [
        ("host", "/host_name"),
        ("container", "/container_name"),
        ("kind", "/asset/kind"),
        ("name", "/asset/name"),
        ("version", "/asset/version"),
        ("path", "/asset/path"),
        ("pid", "/pid"),
        ("since", "/first_seen"),
    ];
    print_list(context.output, &columns, &rows(&answer, "assets"))
}
