//! `/muster/v1/{project_id}/assets`, `/changes` and `/where`

use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Category, Column, Error, Kind, Micros, Paging, Purl, Value};
use muster_service::assets::{Ask, Filter};
use muster_service::changes::{self, Change, Op, Seen, Wanted};
use muster_service::{App, assets};
use serde_json::{Value as Wire, json};

/// Most rows of one answer.
const MOST: i64 = 1_000;

/// `limit` (1 to 1000, usually 100) and `offset`.
pub(crate) fn paging(params: &Params) -> Result<Paging, Error> {
    let limit = params.int("limit", 1..=MOST)?.unwrap_or(100);
    let offset = params.int("offset", 0..=i64::from(i32::MAX))?.unwrap_or(0);
    let number = |value: i64| u32::try_from(value).map_err(Error::internal);
    Ok(Paging { limit: number(limit)?, offset: number(offset)? })
}

fn kind(name: &str) -> Result<Kind, Error> {
    Kind::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        Error::invalid("kind", format_args!("must be one of {}", names.join(", ")))
    })
}

/// A package URL.
pub(crate) fn purl(text: &str) -> Result<Purl, Error> {
    text.parse().map_err(|error: Error| Error::invalid("purl", error.message()))
}

fn category(params: &Params) -> Result<Category, Error> {
    match params.text("category") {
        None | Some("host") => Ok(Category::Host),
        Some("container") => Ok(Category::Container),
        Some(_) => Err(Error::invalid("category", "must be host or container")),
    }
}

/// A moment as ISO 8601 with an offset, or as milliseconds since 1970.
fn moment(text: &str) -> Result<Micros, Error> {
    if let Ok(millis) = text.parse::<i64>() {
        return Ok(Micros::from_millis(millis));
    }
    text.parse::<jiff::Timestamp>()
        .map(|at| Micros(at.as_microsecond()))
        .map_err(|_| Error::invalid("at", "must read like 2026-11-21T12:00:00Z, or milliseconds"))
}

/// An asset at its place.
pub(crate) fn seen(row: &Seen) -> Wire {
    json!({
        "host_id": row.host.id,
        "host_name": row.host.name,
        "host_ip": row.host.ip,
        "container_id": row.container.as_ref().map(|it| &it.id),
        "container_name": row.container.as_ref().map(|it| &it.name),
        "asset": *row.fact,
        "pid": row.volatile.pid,
        "started": row.volatile.started.map(Micros::iso),
        "changed_at": row.volatile.mtime.map(Micros::iso),
        "first_seen": row.first_seen.iso(),
        "scanned_at": row.scanned_at.iso(),
    })
}

fn change(row: &Change) -> Wire {
    json!({
        "cursor": row.cursor,
        "at": row.at.iso(),
        "op": match row.op {
            Op::Added => "added",
            Op::Removed => "removed",
            Op::Modified => "modified",
        },
        "kind": row.kind,
        "host_id": row.host.id,
        "host_name": row.host.name,
        "container_id": row.container.as_ref().map(|it| &it.id),
        "before": row.before.as_deref(),
        "after": row.after.as_deref(),
        "pid": row.pid,
        "started": row.started.map(Micros::iso),
    })
}

pub(crate) async fn count(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Wire>, Failure> {
    let category = category(&params)?;
    let project = path.project()?;
    let mut totals = serde_json::Map::new();
    for kind in Kind::ALL {
        let ask = Ask { kind, category, enterprise_project: None, filters: Vec::new() };
        let none = Paging { limit: 1, offset: u32::MAX };
        let page = assets::list(&app, &caller, &project, &ask, none).await?;
        totals.insert(kind.name().to_owned(), page.total.into());
    }
    Ok(Json(json!({"totals": totals})))
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Wire>, Failure> {
    let project = path.project()?;
    let mut filters = Vec::new();
    if let Some(name) = params.text("name") {
        filters.push(Filter::Contains(Column::Name, name.to_owned()));
    }
    if let Some(version) = params.text("version") {
        filters.push(Filter::Equals(Column::Version, Value::Text(version.to_owned())));
    }
    if let Some(id) = params.text("host_id") {
        filters.push(Filter::HostId(id.to_owned()));
    }
    let kind = kind(path.text("kind"))?;
    let ask = Ask { kind, category: category(&params)?, enterprise_project: None, filters };
    let paging = paging(&params)?;
    if let Some(at) = params.text("at") {
        let rows = changes::at(&app, &caller, &project, &ask, moment(at)?, paging).await?;
        return Ok(Json(json!({"assets": rows.iter().map(seen).collect::<Vec<_>>()})));
    }
    let page = assets::list(&app, &caller, &project, &ask, paging).await?;
    let rows: Vec<_> = page.rows.iter().map(seen).collect();
    Ok(Json(json!({"total": page.total, "assets": rows})))
}

pub(crate) async fn changes(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Wire>, Failure> {
    let kind = params.text("kind").map(kind).transpose()?;
    let since = params.int("since", 0..=i64::MAX)?.unwrap_or(0);
    let limit = paging(&params)?.limit;
    let project = path.project()?;
    let (rows, next) = changes::since(&app, &caller, &project, kind, since, limit).await?;
    let rows: Vec<_> = rows.iter().map(change).collect();
    Ok(Json(json!({"changes": rows, "next": next})))
}

pub(crate) async fn find(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Wire>, Failure> {
    let kind = params.text("kind").map(kind).transpose()?;
    let limit = paging(&params)?.limit;
    let purl = params.text("purl").map(purl).transpose()?;
    let wanted = match &purl {
        Some(purl) => Wanted::Purl(purl),
        None => Wanted::Name(params.required("name")?, params.text("version")),
    };
    let project = path.project()?;
    let rows = changes::whereabouts(&app, &caller, &project, kind, wanted, limit).await?;
    Ok(Json(json!({"assets": rows.iter().map(seen).collect::<Vec<_>>()})))
}
