//! `muster admin policies`

use crate::cli::admin::{AssignmentArgs, PoliciesCommand, SimulateArgs};
use crate::commands::{Context, rows};
use crate::messages::Message;
use crate::output::{print, print_list};
use muster_model::{Error, Result};
use serde_json::{Value, json};
use std::path::Path;

const OWN: &str = "/v3.0/OS-ROLE/roles";

pub(super) fn run(context: &Context, command: &PoliciesCommand) -> Result<()> {
    match command {
        PoliciesCommand::List => {
            let answer = context.client.get("/v3/roles", &[])?;
            let columns = [
                ("id", "/id"),
                ("name", "/display_name"),
                ("catalog", "/catalog"),
                ("description", "/description"),
            ];
            print_list(context.output, &columns, &rows(&answer, "roles"))
        }
        PoliciesCommand::Show { id } => {
            let answer = context.client.get(&format!("/v3/roles/{id}"), &[])?;
            let document = answer.pointer("/role/policy").cloned().unwrap_or_default();
            let shown = serde_json::to_string_pretty(&document).map_err(Error::internal)?;
            print(&(shown + "\n"))
        }
        PoliciesCommand::Add { name, file, description } => {
            let policy = document(file)?;
            let role = json!({"display_name": name, "type": "AA", "description": description, "policy": policy});
            let answer = context.client.send_json("POST", OWN, Some(&json!({"role": role})))?;
            let id = answer.pointer("/role/id").and_then(Value::as_str).unwrap_or_default();
            context.tell(Message::PolicyAdded, &[id]);
            Ok(())
        }
        PoliciesCommand::Set { id, file } => {
            let body = json!({"role": {"policy": document(file)?}});
            context.client.send_json("PATCH", &format!("{OWN}/{id}"), Some(&body))?;
            context.tell(Message::PolicyChanged, &[id]);
            Ok(())
        }
        PoliciesCommand::Delete { id } => {
            context.client.send_json("DELETE", &format!("{OWN}/{id}"), None)?;
            context.tell(Message::PolicyChanged, &[id]);
            Ok(())
        }
        PoliciesCommand::Give(args) => assign(context, "PUT", args),
        PoliciesCommand::Take(args) => assign(context, "DELETE", args),
        PoliciesCommand::Assignments => {
            let answer = context.client.get("/v3.0/OS-PERMISSION/role-assignments", &[])?;
            let columns = [
                ("group", "/group/id"),
                ("policy", "/role/id"),
                ("all projects", "/is_inherited"),
                ("project", "/scope/project/id"),
                ("account", "/scope/domain/id"),
                ("enterprise project", "/scope/enterprise_project/id"),
            ];
            print_list(context.output, &columns, &rows(&answer, "role_assignments"))
        }
        PoliciesCommand::Simulate(args) => simulate(context, args),
    }
}

fn document(file: &Path) -> Result<Value> {
    let failed = |why: String| Error::invalid("file", format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

fn assign(context: &Context, method: &str, args: &AssignmentArgs) -> Result<()> {
    let AssignmentArgs { policy, group, project, enterprise_project } = args;
    let paths = match (project, enterprise_project) {
        (Some(project), _) => vec![format!("/v3/projects/{project}/groups/{group}/roles/{policy}")],
        (None, Some(id)) => {
            vec![format!(
                "/v3.0/OS-PERMISSION/enterprise-projects/{id}/groups/{group}/roles/{policy}"
            )]
        }
        (None, None) => {
            let own = context.client.get("/v3/auth/domains", &[])?;
            let domain = own.pointer("/domains/0/id").and_then(Value::as_str).unwrap_or_default();
            let domain = format!("domains/{domain}/groups/{group}/roles/{policy}");
            vec![format!("/v3/{domain}"), format!("/v3/OS-INHERIT/{domain}/inherited_to_projects")]
        }
    };
    for path in paths {
        context.client.send_json(method, &path, None)?;
    }
    context.tell(Message::GroupChanged, &[group]);
    Ok(())
}

fn simulate(context: &Context, args: &SimulateArgs) -> Result<()> {
    let mut told = serde_json::Map::new();
    for pair in &args.with {
        let (key, value) =
            pair.split_once('=').ok_or_else(|| Error::invalid("with", "must be KEY=VALUE"))?;
        let values = told.entry(key).or_insert_with(|| json!([]));
        if let Some(values) = values.as_array_mut() {
            values.push(value.into());
        }
    }
    let body = json!({
        "action": args.action,
        "user_id": args.user,
        "policy": args.policy_file.as_deref().map(document).transpose()?,
        "project_id": args.project,
        "resource": args.resource,
        "enterprise_project_id": args.enterprise_project,
        "context": told,
    });
    let path = "/muster/v1/policies/simulate";
    let answer = context.client.send_json("POST", path, Some(&body))?;
    let columns = [
        ("decision", "/decision"),
        ("policy", "/policy"),
        ("statement", "/statement"),
        ("sid", "/sid"),
        ("effect", "/effect"),
        ("resource", "/resource"),
    ];
    print_list(context.output, &columns, std::slice::from_ref(&answer))
}
