//! `muster artifacts`: composition analysis on the server.

mod shown;
mod submit;

use super::{Context, rows, text};
use crate::cli::artifacts::{ArtifactsArgs, ArtifactsCommand};
use crate::exit;
use crate::files::read_text;
use crate::messages::Message;
use crate::output::{Output, harmless, print, print_list};
use muster_model::{Error, Result};
use muster_sca::output::form::Form;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;

const TASKS: &str = "/muster/v1/{project}/sca/tasks";
const POLICIES: &str = "/muster/v1/{project}/sca/policies";

/// Does what is asked of artifacts.
pub(crate) fn run(context: &Context, args: &ArtifactsArgs) -> Result<ExitCode> {
    match &args.command {
        ArtifactsCommand::Submit { file, name, id, wait, quiet } => {
            let new = submit::New { file, name: name.as_deref(), id: id.as_deref() };
            submit::submit(context, &new, *wait, *quiet)?;
        }
        ArtifactsCommand::List { limit, offset } => shown::list(context, *limit, *offset)?,
        ArtifactsCommand::Show { task } => shown::show(context, task)?,
        ArtifactsCommand::Sbom { task, format, no_vulnerabilities, file } => {
            sbom(context, task, *format, *no_vulnerabilities, file.as_deref())?;
        }
        ArtifactsCommand::Compare { old, new } => compare(context, old, new)?,
        ArtifactsCommand::Where { component, version } => {
            shown::whereabouts(context, component, version.as_deref())?;
        }
        ArtifactsCommand::Check { task, policy } => return check(context, task, policy.as_deref()),
        ArtifactsCommand::Policies => policies(context)?,
        ArtifactsCommand::Policy { name, rules: Some(rules), .. } => {
            let rules: Value = serde_json::from_str(&read_text(rules)?).map_err(|error| {
                Error::invalid("--rules", format!("{}: {error}", rules.display()))
            })?;
            context.client.send_json("PUT", &format!("{POLICIES}/{name}"), Some(&rules))?;
            context.tell(Message::PolicyWritten, &[name]);
        }
        ArtifactsCommand::Policy { name, .. } => {
            context.client.send_json("DELETE", &format!("{POLICIES}/{name}"), None)?;
            context.tell(Message::PolicyDeleted, &[name]);
        }
        ArtifactsCommand::Keep { task, days } => {
            let body = json!({ "keep_days": days });
            let kept = context.client.send_json("PATCH", &one(task), Some(&body))?;
            let until = kept.pointer("/task/expires_at").and_then(Value::as_str);
            context.tell(Message::TaskKept, &[task, until.unwrap_or("-")]);
        }
        ArtifactsCommand::Cancel { task } => {
            context.client.send_json("POST", &format!("{}/cancel", one(task)), Some(&json!({})))?;
            context.tell(Message::TaskCancelled, &[task]);
        }
        ArtifactsCommand::Delete { task } => {
            context.client.send_json("DELETE", &one(task), None)?;
            context.tell(Message::TaskDeleted, &[task]);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The path of a task. What stands in an id that can be one needs no encoding.
fn one(task: &str) -> String {
    format!("{TASKS}/{task}")
}

fn sbom(context: &Context, task: &str, form: Form, bare: bool, file: Option<&Path>) -> Result<()> {
    let path = format!("{}/sbom?format={}&vulnerabilities={}", one(task), form.name(), !bare);
    let bytes = context.client.download(&path)?;
    let Some(file) = file else { return print(&String::from_utf8_lossy(&bytes)) };
    std::fs::write(file, bytes)
        .map_err(|error| Error::invalid("--file", format!("{}: {error}", file.display())))?;
    context.tell(Message::ExportMade, &[&file.display().to_string()]);
    Ok(())
}

fn compare(context: &Context, old: &str, new: &str) -> Result<()> {
    let form = if context.output == Output::Table { "table" } else { "json" };
    let path = format!("/muster/v1/{{project}}/sca/compare?old={old}&new={new}&format={form}");
    let text = context.client.download(&path)?;
    print(&harmless(&String::from_utf8_lossy(&text)))
}

fn check(context: &Context, task: &str, policy: Option<&str>) -> Result<ExitCode> {
    let query: Vec<_> = policy.iter().map(|name| ("policy", (*name).to_owned())).collect();
    let answer = context.client.get(&format!("{}/verdicts", one(task)), &query)?;
    let verdicts = rows(&answer, "verdicts");
    shown::verdicts(context, &verdicts)?;
    let any = |word| verdicts.iter().any(|one| text(one, "decision") == word);
    Ok(match (any("failed"), any("undecided")) {
        (true, _) => exit::REFUSED.into(),
        (false, true) => exit::UNCHECKED.into(),
        (false, false) => ExitCode::SUCCESS,
    })
}

fn policies(context: &Context) -> Result<()> {
    let columns = [
        ("name", "/name"),
        ("grade", "/rules/grade"),
        ("grace days", "/rules/grace_days"),
        ("exploited", "/rules/exploited"),
        ("licences", "/rules/licences"),
        ("licence risk", "/rules/licence_risk"),
        ("end of life", "/rules/end_of_life"),
        ("unchecked", "/rules/unchecked"),
        ("complete", "/rules/complete"),
        ("knowledge days", "/rules/knowledge_days"),
        ("written", "/updated_at"),
    ];
    print_list(context.output, &columns, &rows(&context.client.get(POLICIES, &[])?, "policies"))
}
