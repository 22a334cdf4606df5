//! `muster admin`: users, access keys, enrolment tokens, the audit log.

mod groups;
mod policies;

use super::{Context, rows, text};
use crate::cli::admin::{AdminArgs, AdminCommand, KeysCommand, UsersCommand};
use crate::messages::Message;
use crate::output::{print, print_list};
use muster_model::Result;
use muster_vault::random;
use serde_json::json;

/// Runs one of them.
pub(crate) fn run(context: &Context, args: &AdminArgs) -> Result<()> {
    match &args.command {
        AdminCommand::EnrolToken { valid_secs, description, host } => {
            enrol_token(context, *valid_secs, description, host.as_deref())
        }
        AdminCommand::EnrolTokens => {
            let answer = context.client.get("/muster/v1/{project}/enrol-tokens", &[])?;
            let columns = [
                ("name", "/name"),
                ("made", "/created_at"),
                ("expires", "/expires_at"),
                ("used", "/used_at"),
                ("by agent", "/used_by"),
                ("for host", "/host_id"),
                ("description", "/description"),
            ];
            print_list(context.output, &columns, &rows(&answer, "enrol_tokens"))
        }
        AdminCommand::Users { command } => users(context, command),
        AdminCommand::Groups { command } => groups::run(context, command),
        AdminCommand::Policies { command } => policies::run(context, command),
        AdminCommand::Keys { command } => keys(context, command),
    }
}

fn enrol_token(
    context: &Context,
    valid_secs: i64,
    description: &str,
    host: Option<&str>,
) -> Result<()> {
    let body = json!({"valid_secs": valid_secs, "description": description, "host_id": host});
    let path = "/muster/v1/{project}/enrol-tokens";
    let answer = context.client.send_json("POST", path, Some(&body))?;
    context.tell(Message::TokenOnce, &[text(&answer, "expires_at")]);
    context.tell(Message::EnrolWith, &[]);
    let (endpoint, token) = (text(&answer, "endpoint"), text(&answer, "token"));
    print(&format!("muster-agent enrol --server {endpoint} --token {token}\nmuster-agent run\n"))
}

fn users(context: &Context, command: &UsersCommand) -> Result<()> {
    match command {
        UsersCommand::List => {
            let answer = context.client.get("/v3/users", &[])?;
            let columns = [("id", "/id"), ("name", "/name"), ("enabled", "/enabled")];
            print_list(context.output, &columns, &rows(&answer, "users"))
        }
        UsersCommand::Add { name, role } => {
            let password = random::password()?;
            let body = json!({"name": name, "password": password.as_str(), "role": role.name()});
            let answer = context.client.send_json("POST", "/muster/v1/users", Some(&body))?;
            context.tell(Message::UserAdded, &[text(&answer, "id")]);
            context.tell(Message::NewPassword, &[&password]);
            Ok(())
        }
        UsersCommand::Password { id } => {
            let password = random::password()?;
            let body = json!({"password": password.as_str()});
            context.client.send_json("PATCH", &format!("/muster/v1/users/{id}"), Some(&body))?;
            context.tell(Message::NewPassword, &[&password]);
            Ok(())
        }
        UsersCommand::Set { id, role, enabled } => {
            let body = json!({"role": role.map(|role| role.name()), "enabled": enabled});
            context.client.send_json("PATCH", &format!("/muster/v1/users/{id}"), Some(&body))?;
            context.tell(Message::UserChanged, &[id]);
            Ok(())
        }
    }
}

fn keys(context: &Context, command: &KeysCommand) -> Result<()> {
    const PATH: &str = "/v3.0/OS-CREDENTIAL/credentials";
    match command {
        KeysCommand::List { user } => {
            let query: Vec<_> = user.clone().map(|user| ("user_id", user)).into_iter().collect();
            let answer = context.client.get(PATH, &query)?;
            let columns = [
                ("access", "/access"),
                ("user", "/user_id"),
                ("status", "/status"),
                ("made", "/create_time"),
                ("description", "/description"),
            ];
            print_list(context.output, &columns, &rows(&answer, "credentials"))
        }
        KeysCommand::Create { user, description } => {
            let body = json!({"credential": {"user_id": user, "description": description}});
            let answer = context.client.send_json("POST", PATH, Some(&body))?;
            let made = answer.get("credential").cloned().unwrap_or_default();
            context.tell(Message::NewKey, &[text(&made, "access"), text(&made, "secret")]);
            Ok(())
        }
        KeysCommand::Delete { access } => {
            context.client.send_json("DELETE", &format!("{PATH}/{access}"), None)?;
            context.tell(Message::KeyRemoved, &[access]);
            Ok(())
        }
    }
}
