//! Tasks, verdicts and whereabouts, as lists.

use super::super::{Context, rows, text};
use super::{TASKS, one};
use crate::output::{Output, print, print_list};
use muster_model::{Error, Result};
use serde_json::{Value, json};

pub(super) fn list(context: &Context, limit: u32, offset: u32) -> Result<()> {
    let query = [("limit", limit.to_string()), ("offset", offset.to_string())];
    let answer = context.client.get(TASKS, &query)?;
    let columns = [
        ("task", "/id"),
        ("name", "/name"),
        ("status", "/status"),
        ("percent", "/percent"),
        ("ahead", "/ahead"),
        ("likely end", "/likely_end"),
        ("components", "/components"),
        ("vulnerabilities", "/vulnerabilities"),
        ("ended", "/ended_at"),
        ("kept until", "/expires_at"),
        ("error", "/error"),
    ];
    print_list(context.output, &columns, &rows(&answer, "tasks"))
}

pub(super) fn show(context: &Context, task: &str) -> Result<()> {
    let answer = context.client.get(&one(task), &[])?;
    if context.output != Output::Table {
        return print(&(serde_json::to_string_pretty(&answer).map_err(Error::internal)? + "\n"));
    }
    list_one(answer.get("task").unwrap_or(&Value::Null))?;
    let coverage = answer.get("coverage").unwrap_or(&Value::Null);
    let columns = [
        ("ecosystem", "/ecosystem"),
        ("checked", "/checked"),
        ("not checked", "/not_checked"),
        ("newest advisory", "/newest"),
        ("sources", "/sources"),
    ];
    print("\n")?;
    print_list(Output::Table, &columns, &rows(coverage, "ecosystems"))?;
    let troubles = rows(coverage, "troubles");
    if !troubles.is_empty() {
        print("\n")?;
        let columns = [("trouble", "/code"), ("path", "/path"), ("message", "/message")];
        print_list(Output::Table, &columns, &troubles)?;
    }
    let all = rows(&answer, "verdicts");
    if all.is_empty() {
        return Ok(());
    }
    print("\n")?;
    verdicts(context, &all)
}

/// A task's fields, one a line.
fn list_one(task: &Value) -> Result<()> {
    let fields: Vec<Value> = task
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, value)| !value.is_null())
        .map(|(field, value)| json!({ "field": field, "value": value }))
        .collect();
    print_list(Output::Table, &[("field", "/field"), ("value", "/value")], &fields)
}

/// One line a reason, or one for a policy without.
pub(super) fn verdicts(context: &Context, all: &[Value]) -> Result<()> {
    if context.output == Output::Json {
        return print_list(Output::Json, &[], all);
    }
    let mut lines = Vec::new();
    for verdict in all {
        let (policy, decision) = (text(verdict, "policy"), text(verdict, "decision"));
        let reasons = rows(verdict, "reasons");
        if reasons.is_empty() {
            lines.push(json!({ "policy": policy, "decision": decision }));
        }
        for mut reason in reasons {
            if let Some(reason) = reason.as_object_mut() {
                reason.insert("policy".to_owned(), json!(policy));
                reason.insert("decision".to_owned(), json!(decision));
            }
            lines.push(reason);
        }
    }
    let columns = [
        ("policy", "/policy"),
        ("decision", "/decision"),
        ("rule", "/rule"),
        ("component", "/component"),
        ("what", "/what"),
        ("move to", "/move_to"),
    ];
    print_list(context.output, &columns, &lines)
}

pub(super) fn whereabouts(context: &Context, component: &str, version: Option<&str>) -> Result<()> {
    let mut query = Vec::new();
    if component.starts_with("pkg:") {
        query.push(("purl", component.to_owned()));
    } else {
        query.push(("name", component.to_owned()));
        query.extend(version.map(|version| ("version", version.to_owned())));
    }
    let answer = context.client.get("/muster/v1/{project}/sca/where", &query)?;
    if context.output == Output::Json {
        return print(&(serde_json::to_string_pretty(&answer).map_err(Error::internal)? + "\n"));
    }
    let found = rows(&answer, "found");
    let in_artifacts = found.iter().flat_map(places);
    let on_hosts = rows(&answer, "hosts").into_iter().map(|seen| {
        json!({
            "component": seen.pointer("/asset/purl"),
            "in": text(&seen, "host_name"),
            "as": "host",
            "place": seen.pointer("/asset/path"),
            "by": text(&seen, "container_name"),
        })
    });
    let columns = [
        ("component", "/component"),
        ("as", "/as"),
        ("in", "/in"),
        ("pulled in by", "/by"),
        ("place", "/place"),
    ];
    print_list(context.output, &columns, &in_artifacts.chain(on_hosts).collect::<Vec<_>>())
}

/// One row a place, with the shortest way that leads there.
fn places(found: &Value) -> Vec<Value> {
    let name = match text(found, "purl") {
        "" => format!("{} {}", text(found, "name"), text(found, "version")),
        purl => purl.to_owned(),
    };
    let way: Vec<String> = rows(found, "pulled_in_by")
        .first()
        .and_then(Value::as_array)
        .map(|way| way.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let task = format!("{} ({})", text(found, "task_name"), text(found, "task_id"));
    let row = |place: &Value| {
        json!({
            "component": name,
            "as": "artifact",
            "in": task,
            "by": way.join(" < "),
            "place": text(place, "path"),
        })
    };
    rows(found, "places").iter().map(row).collect()
}
