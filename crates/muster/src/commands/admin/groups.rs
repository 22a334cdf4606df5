//! `muster admin groups`

use crate::cli::admin::GroupsCommand;
use crate::commands::{Context, rows};
use crate::messages::Message;
use crate::output::print_list;
use muster_model::Result;
use serde_json::json;

pub(super) fn run(context: &Context, command: &GroupsCommand) -> Result<()> {
    match command {
        GroupsCommand::List => {
            let answer = context.client.get("/v3/groups", &[])?;
            let columns = [("id", "/id"), ("name", "/name"), ("description", "/description")];
            print_list(context.output, &columns, &rows(&answer, "groups"))
        }
        GroupsCommand::Add { name, description } => {
            let body = json!({"group": {"name": name, "description": description}});
            let answer = context.client.send_json("POST", "/v3/groups", Some(&body))?;
            let id = answer.pointer("/group/id").and_then(|id| id.as_str()).unwrap_or_default();
            context.tell(Message::GroupAdded, &[id]);
            Ok(())
        }
        GroupsCommand::Delete { id } => {
            context.client.send_json("DELETE", &format!("/v3/groups/{id}"), None)?;
            context.tell(Message::GroupChanged, &[id]);
            Ok(())
        }
        GroupsCommand::Members { id } => {
            let answer = context.client.get(&format!("/v3/groups/{id}/users"), &[])?;
            let columns = [("id", "/id"), ("name", "/name"), ("enabled", "/enabled")];
            print_list(context.output, &columns, &rows(&answer, "users"))
        }
        GroupsCommand::Join { id, user } => member(context, "PUT", id, user),
        GroupsCommand::Leave { id, user } => member(context, "DELETE", id, user),
    }
}

fn member(context: &Context, method: &str, id: &str, user: &str) -> Result<()> {
    context.client.send_json(method, &format!("/v3/groups/{id}/users/{user}"), None)?;
    context.tell(Message::GroupChanged, &[id]);
    Ok(())
}
