//! `/muster/v1/{project_id}/vulnerabilities`, `/vulnerability-changes` and `/unchecked`

use crate::assets::{paging, seen};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::{Error, Micros};
use muster_service::vulnerabilities::chain::{self, Reach};
use muster_service::vulnerabilities::{
    self as service, Affected, Area, Change, Class, Component, Event, Found, Grade, Wanted, changes,
};
use muster_service::{App, hosts};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const CLASSES: [(&str, Class); 3] =
    [("system", Class::System), ("web_cms", Class::WebCms), ("application", Class::Application)];

fn class(class: Class) -> &'static str {
    CLASSES.iter().find(|(_, it)| *it == class).map_or("application", |(name, _)| name)
}

fn wanted(params: &Params) -> Result<Wanted, Error> {
    let own = |name| params.text(name).map(str::to_owned);
    let grade = params.text("grade").map(|wanted| {
        let found = Grade::ALL.into_iter().find(|grade| grade.word() == wanted);
        let must = format!("must be one of {}", Grade::ALL.map(Grade::word).join(", "));
        found.map(Grade::key).ok_or_else(|| Error::invalid("grade", must))
    });
    let class = params.text("type").map(|wanted| {
        let found = CLASSES.iter().find(|(name, _)| *name == wanted).map(|(_, class)| *class);
        found.ok_or_else(|| Error::invalid("type", "must be one of system, web_cms, application"))
    });
    Ok(Wanted {
        class: class.transpose()?,
        id: None,
        part: own("name"),
        grade: grade.transpose()?,
        hosts: hosts::Wanted { id: own("host_id"), ..hosts::Wanted::default() },
    })
}

fn vulnerability(it: &Affected) -> Value {
    json!({
        "id": it.id,
        "type": class(it.class),
        "grade": Grade::from_key(it.grade).word(),
        "score": it.score.map(tenths),
        "exploited": it.exploited,
        "reason": it.reason,
        "summary": it.summary,
        "url": it.url,
        "first_found": it.first_found.iso(),
    })
}

/// A CVSS score from its tenths.
fn tenths(score: i64) -> f64 {
    i32::try_from(score).map_or(0.0, |score| f64::from(score) / 10.0)
}

fn component(it: &Component) -> Value {
    json!({
        "kind": it.kind,
        "name": it.name,
        "version": it.version,
        "path": it.path,
        "purl": it.purl,
        "fixed": it.fixed,
        "host_id": it.host_id,
        "host_name": it.host_name,
        "importance": it.importance,
        "first_found": it.first_found.iso(),
    })
}

/// A row of the list: the software by name and version, the hosts by number.
fn row(found: &Found) -> Value {
    let mut row = vulnerability(&found.vulnerability);
    let hosts: BTreeSet<_> = found.components.iter().map(|it| &it.host_id).collect();
    let software: BTreeSet<_> =
        found.components.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
    let fixed: BTreeSet<_> = found.components.iter().filter_map(|it| it.fixed.first()).collect();
    if let Some(row) = row.as_object_mut() {
        row.insert("hosts".to_owned(), hosts.len().into());
        row.insert("software".to_owned(), json!(software));
        row.insert("fixed".to_owned(), json!(fixed));
    }
    row
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (wanted, paging, project) = (wanted(&params)?, paging(&params)?, path.project()?);
    let seen = service::list(&app, &caller, &project, Some(&wanted), paging).await?;
    let rows: Vec<_> = seen.page.rows.iter().map(row).collect();
    Ok(Json(json!({
        "total": seen.page.total,
        "compared_at": seen.compared_at.map(Micros::iso),
        "vulnerabilities": rows,
    })))
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let wanted = Wanted { id: Some(path.text("vulnerability_id").to_owned()), ..wanted(&params)? };
    let (paging, project) = (paging(&params)?, path.project()?);
    let seen = service::list(&app, &caller, &project, Some(&wanted), paging).await?;
    if seen.page.rows.is_empty() {
        return Err(Error::not_found("the vulnerability on any host").into());
    }
    let whole = |found: &Found| {
        let components: Vec<_> = found.components.iter().map(component).collect();
        json!({"vulnerability": vulnerability(&found.vulnerability), "components": components})
    };
    let rows: Vec<_> = seen.page.rows.iter().map(whole).collect();
    Ok(Json(json!({"compared_at": seen.compared_at.map(Micros::iso), "found": rows})))
}

fn reach(it: &Reach) -> Value {
    let process = |process: &chain::Process| {
        let mut row = seen(&process.seen);
        if let Some(row) = row.as_object_mut() {
            row.insert("how".to_owned(), if process.loads { "loads" } else { "runs" }.into());
        }
        row
    };
    json!({
        "component": component(&it.component),
        "processes": it.processes.iter().map(process).collect::<Vec<_>>(),
        "ports": it.ports.iter().map(seen).collect::<Vec<_>>(),
        "sites": it.sites.iter().map(seen).collect::<Vec<_>>(),
    })
}

pub(crate) async fn follow(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (id, host) = (path.text("vulnerability_id"), params.required("host_id")?);
    let chain = chain::follow(&app, &caller, &path.project()?, id, host).await?;
    Ok(Json(json!({
        "vulnerabilities": chain.vulnerabilities.iter().map(vulnerability).collect::<Vec<_>>(),
        "reaches": chain.reaches.iter().map(reach).collect::<Vec<_>>(),
        "accounts": chain.accounts.iter().map(seen).collect::<Vec<_>>(),
    })))
}

pub(crate) async fn status(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let summary = service::summary(&app, &caller, &path.project()?, None).await?;
    let knowledge = summary.state.map(|state| {
        json!({
            "digest": state.knowledge,
            "compiled_at": state.built.iso(),
            "vulnerabilities": state.known,
            "compared_at": state.at.iso(),
        })
    });
    let unchecked = summary
        .unchecked
        .iter()
        .map(|it| json!({"reason": it.why, "pieces": it.pieces, "places": it.places}));
    Ok(Json(json!({
        "knowledge": knowledge,
        "vulnerabilities": summary.all,
        "critical": summary.urgent,
        "hosts": summary.hosts,
        "unchecked": unchecked.collect::<Vec<_>>(),
    })))
}

pub(crate) async fn unchecked(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (why, paging) = (params.text("reason"), paging(&params)?);
    let pieces = service::unchecked(&app, &caller, &path.project()?, why, paging).await?;
    let rows = pieces.iter().map(|it| {
        json!({
            "kind": it.kind,
            "name": it.name,
            "version": it.version,
            "purl": it.purl,
            "reason": it.why,
            "places": it.hosts,
        })
    });
    Ok(Json(json!({"unchecked": rows.collect::<Vec<_>>()})))
}

/// One of `all` by its name.
fn named<T: Copy>(
    params: &Params,
    parameter: &'static str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Error> {
    let Some(wanted) = params.text(parameter) else { return Ok(None) };
    let found = all.iter().copied().find(|it| name(*it) == wanted);
    let must = || {
        let names: Vec<_> = all.iter().map(|it| name(*it)).collect();
        Error::invalid(parameter, format_args!("must be one of {}", names.join(", ")))
    };
    found.map(Some).ok_or_else(must)
}

/// Grades by name; versions as a list.
fn event(it: &Change) -> Value {
    let graded =
        |text: &str| text.parse().ok().map(|key: u8| Value::from(Grade::from_key(key).word()));
    let became = match it.event {
        Event::Fixed => json!(it.became.split('\n').collect::<Vec<_>>()),
        _ => graded(&it.became).unwrap_or_default(),
    };
    json!({
        "seq": it.seq,
        "at": it.at.iso(),
        "area": it.area.name(),
        "id": it.vulnerability,
        "event": it.event.name(),
        "was": graded(&it.was),
        "became": became,
        "pieces": it.pieces,
    })
}

pub(crate) async fn events(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let wanted = changes::Wanted {
        since: params.int("since", 0..=i64::MAX)?.unwrap_or(0),
        event: named(&params, "event", &Event::ALL, Event::name)?,
        area: named(&params, "area", &Area::ALL, Area::name)?,
        vulnerability: params.text("id").map(str::to_owned),
    };
    let limit = paging(&params)?.limit;
    let events = service::events(&app, &caller, &path.project()?, &wanted, limit).await?;
    let next = events.last().map_or(wanted.since, |last| last.seq);
    let rows: Vec<_> = events.iter().map(event).collect();
    Ok(Json(json!({"changes": rows, "next": next})))
}
