//! `muster vulnerabilities`

use super::{Context, rows, text};
use crate::cli::vulnerabilities::{
    ChangesArgs, PageArgs, VulnerabilitiesArgs, VulnerabilitiesCommand, WantedArgs,
};
use crate::messages::Message;
use crate::output::list::Column;
use crate::output::{Output, print, print_list};
use clap::ValueEnum;
use muster_model::{Error, Result};
use serde_json::Value;

const ALL: &str = "/muster/v1/{project}/vulnerabilities";

/// Lists vulnerabilities, follows one, says what was compared.
pub(crate) fn run(context: &Context, args: &VulnerabilitiesArgs) -> Result<()> {
    match &args.command {
        VulnerabilitiesCommand::List(wanted) => list(context, wanted),
        VulnerabilitiesCommand::Show { id, host: None } => show(context, id),
        VulnerabilitiesCommand::Show { id, host: Some(host) } => follow(context, id, host),
        VulnerabilitiesCommand::Status => status(context),
        VulnerabilitiesCommand::Changes(wanted) => changes(context, wanted),
        VulnerabilitiesCommand::Unchecked { reason, page } => {
            unchecked(context, reason.as_deref(), page)
        }
    }
}

fn list(context: &Context, wanted: &WantedArgs) -> Result<()> {
    let mut query = paging(&wanted.page);
    let filters = [
        ("grade", word(wanted.grade)),
        ("type", word(wanted.class)),
        ("name", wanted.name.clone()),
        ("host_id", wanted.host.clone()),
    ];
    query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let answer = context.client.get(ALL, &query)?;
    let rows = rows(&answer, "vulnerabilities");
    let columns = [
        ("number", "/id"),
        ("grade", "/grade"),
        ("score", "/score"),
        ("exploited", "/exploited"),
        ("hosts", "/hosts"),
        ("software", "/software"),
        ("repaired in", "/fixed"),
        ("what it is", "/summary"),
    ];
    print_list(context.output, &columns, &rows)?;
    let next = i64::from(wanted.page.offset).saturating_add_unsigned(rows.len() as u64);
    let more = answer.get("total").and_then(Value::as_i64).is_some_and(|total| next < total);
    if more && context.output == Output::Table {
        context.tell(Message::NextPage, &[&next.to_string()]);
    }
    if answer.get("compared_at").is_none_or(Value::is_null) {
        context.tell(Message::NothingCompared, &[]);
    }
    Ok(())
}

fn word<T: ValueEnum>(value: Option<T>) -> Option<String> {
    Some(value?.to_possible_value()?.get_name().to_owned())
}

fn changes(context: &Context, wanted: &ChangesArgs) -> Result<()> {
    let mut query = vec![("since", wanted.since.to_string()), ("limit", wanted.limit.to_string())];
    let filters =
        [("event", word(wanted.event)), ("area", word(wanted.area)), ("id", wanted.id.clone())];
    query.extend(filters.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let answer = context.client.get("/muster/v1/{project}/vulnerability-changes", &query)?;
    if context.output == Output::Json {
        return json(&answer);
    }
    let columns = [
        ("when", "/at"),
        ("number", "/id"),
        ("event", "/event"),
        ("was", "/was"),
        ("is", "/became"),
        ("in", "/area"),
        ("pieces", "/pieces"),
    ];
    print_list(context.output, &columns, &rows(&answer, "changes"))?;
    let next = answer.get("next").map(Value::to_string).unwrap_or_default();
    context.tell(Message::NextEvents, &[&next]);
    Ok(())
}

fn paging(page: &PageArgs) -> Vec<(&'static str, String)> {
    vec![("limit", page.limit.to_string()), ("offset", page.offset.to_string())]
}

const SOFTWARE: [Column; 6] = [
    ("host", "/host_name"),
    ("host id", "/host_id"),
    ("software", "/name"),
    ("version", "/version"),
    ("path", "/path"),
    ("repaired in", "/fixed"),
];

/// As a table what it is and where; as CSV where; as JSON everything.
fn show(context: &Context, id: &str) -> Result<()> {
    let answer = context.client.get(&format!("{ALL}/{id}"), &[("limit", "1000".to_owned())])?;
    if context.output == Output::Json {
        return json(&answer);
    }
    let found = rows(&answer, "found");
    if context.output == Output::Table {
        described(
            &found.iter().filter_map(|it| it.get("vulnerability").cloned()).collect::<Vec<_>>(),
        )?;
    }
    let components: Vec<_> = found.iter().flat_map(|it| rows(it, "components")).collect();
    print_list(context.output, &SOFTWARE, &components)
}

fn json(answer: &Value) -> Result<()> {
    print(&(serde_json::to_string_pretty(answer).map_err(Error::internal)? + "\n"))
}

fn described(vulnerabilities: &[Value]) -> Result<()> {
    let Some(first) = vulnerabilities.first() else { return Ok(()) };
    let line = format!(
        "{}  {}  {}\n{}\n{}\n\n",
        text(first, "id"),
        text(first, "grade"),
        text(first, "reason"),
        text(first, "summary"),
        text(first, "url"),
    );
    print(&line)
}

/// As a table section by section; as CSV the software; as JSON everything.
fn follow(context: &Context, id: &str, host: &str) -> Result<()> {
    let query = [("host_id", host.to_owned())];
    let answer = context.client.get(&format!("{ALL}/{id}/chain"), &query)?;
    if context.output == Output::Json {
        return json(&answer);
    }
    let reaches = rows(&answer, "reaches");
    let software: Vec<_> = reaches.iter().filter_map(|it| it.get("component").cloned()).collect();
    if context.output == Output::Csv {
        return print_list(context.output, &SOFTWARE, &software);
    }
    described(&rows(&answer, "vulnerabilities"))?;
    let of = |part: &str| reaches.iter().flat_map(|it| rows(it, part)).collect::<Vec<_>>();
    let sections: [(&[Column], Vec<Value>); 5] = [
        (&SOFTWARE, software),
        (
            &[
                ("process", "/asset/name"),
                ("pid", "/pid"),
                ("how", "/how"),
                ("user", "/asset/run_user"),
                ("program", "/asset/path"),
            ],
            of("processes"),
        ),
        (
            &[
                ("port", "/asset/port"),
                ("protocol", "/asset/protocol"),
                ("address", "/asset/bind_addr"),
                ("pid", "/pid"),
            ],
            of("ports"),
        ),
        (
            &[
                ("site", "/asset/name"),
                ("port", "/asset/port"),
                ("https", "/asset/is_https"),
                ("certificate", "/asset/cert_subject"),
                ("its SHA-256", "/asset/cert_sha256"),
            ],
            of("sites"),
        ),
        (
            &[
                ("may log in", "/asset/name"),
                ("root", "/asset/root_permission"),
                ("shell", "/asset/shell"),
                ("reason", "/asset/reason"),
            ],
            rows(&answer, "accounts"),
        ),
    ];
    for (columns, mut rows) in sections {
        // Two pieces of software may lead to one process.
        let mut seen = Vec::new();
        rows.retain(|row| {
            !seen.contains(row) && {
                seen.push(row.clone());
                true
            }
        });
        // A head without rows would read as a question left open: what nothing leads to is left out.
        if !rows.is_empty() {
            print_list(context.output, columns, &rows)?;
            print("\n")?;
        }
    }
    Ok(())
}

fn status(context: &Context) -> Result<()> {
    let answer = context.client.get("/muster/v1/{project}/vulnerability-status", &[])?;
    if context.output == Output::Json {
        return json(&answer);
    }
    let unchecked = rows(&answer, "unchecked");
    let columns =
        [("not compared because", "/reason"), ("pieces", "/pieces"), ("on hosts", "/places")];
    if context.output == Output::Csv {
        return print_list(context.output, &columns, &unchecked);
    }
    let head = [
        ("vulnerabilities", "/vulnerabilities"),
        ("critical", "/critical"),
        ("hosts with any", "/hosts"),
        ("compared at", "/knowledge/compared_at"),
        ("knowledge of", "/knowledge/compiled_at"),
        ("knows", "/knowledge/vulnerabilities"),
    ];
    print_list(context.output, &head, std::slice::from_ref(&answer))?;
    if answer.get("knowledge").is_none_or(Value::is_null) {
        context.tell(Message::NothingCompared, &[]);
    }
    if unchecked.is_empty() {
        return Ok(());
    }
    print("\n")?;
    print_list(context.output, &columns, &unchecked)
}

fn unchecked(context: &Context, reason: Option<&str>, page: &PageArgs) -> Result<()> {
    let mut query = paging(page);
    query.extend(reason.map(|reason| ("reason", reason.to_owned())));
    let answer = context.client.get("/muster/v1/{project}/unchecked", &query)?;
    let columns = [
        ("reason", "/reason"),
        ("kind", "/kind"),
        ("name", "/name"),
        ("version", "/version"),
        ("package URL", "/purl"),
        ("on hosts", "/places"),
    ];
    print_list(context.output, &columns, &rows(&answer, "unchecked"))
}
