//! `muster key bind`, `unbind`, `tasks`

use super::super::{Context, pause, rows, text};
use super::KEYPAIRS;
use crate::cli::key::HostArgs;
use crate::files::read_text;
use crate::messages::Message;
use crate::output::print_list;
use muster_model::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Longest wait for a host: three attempts of three connections, with their pauses.
const PATIENCE: Duration = Duration::from_secs(900);
const PAUSE: Duration = Duration::from_millis(500);

pub(super) fn bind(context: &Context, name: &str, host: &HostArgs) -> Result<()> {
    let body = json!({"keypair_name": name, "server": server(host)?});
    let path = format!("{KEYPAIRS}/associate");
    let answer = context.client.send_json("POST", &path, Some(&body))?;
    wait(context, text(&answer, "task_id"))?;
    context.tell(Message::KeypairBound, &[name, &host.host]);
    Ok(())
}

pub(super) fn unbind(context: &Context, host: &HostArgs) -> Result<()> {
    let path = format!("{KEYPAIRS}/disassociate");
    let body = json!({"server": server(host)?});
    let answer = context.client.send_json("POST", &path, Some(&body))?;
    wait(context, text(&answer, "task_id"))?;
    context.tell(Message::KeypairUnbound, &[&host.host]);
    Ok(())
}

fn server(host: &HostArgs) -> Result<Value> {
    let mut server = Map::new();
    server.insert("id".to_owned(), host.host.as_str().into());
    if let Some(port) = host.port {
        server.insert("port".to_owned(), port.into());
    }
    if let Some(account) = &host.account {
        server.insert("account".to_owned(), account.as_str().into());
    }
    let auth = match (&host.password_file, &host.key_file) {
        (Some(file), _) => {
            let text = read_text(file)?;
            Some(json!({"type": "password", "key": text.trim_end_matches(['\r', '\n'])}))
        }
        (None, Some(file)) => Some(json!({"type": "keypair", "key": read_text(file)?.as_str()})),
        (None, None) => None,
    };
    if let Some(auth) = auth {
        server.insert("auth".to_owned(), auth);
    }
    Ok(server.into())
}

fn wait(context: &Context, task: &str) -> Result<()> {
    let started = Instant::now();
    loop {
        let answer = context.client.get(&format!("/v3/{{project}}/tasks/{task}"), &[])?;
        let status = text(&answer, "task_status");
        if status.starts_with("SUCCESS") {
            return Ok(());
        }
        if status.starts_with("FAILED") {
            return Err(Error::new(ErrorKind::Conflict, failure(context, task)?));
        }
        if started.elapsed() > PATIENCE {
            let message = format!("the task {task} is still {status}");
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        pause(PAUSE);
    }
}

/// Why a task failed.
fn failure(context: &Context, task: &str) -> Result<String> {
    let failed = rows(&context.client.get("/v3/{project}/failed-tasks", &[])?, "tasks");
    let found = failed.iter().find(|row| text(row, "task_id") == task);
    let why = found.map_or("it failed", |row| text(row, "task_error_msg"));
    Ok(why.to_owned())
}

pub(super) fn tasks(context: &Context, forget_failed: bool) -> Result<()> {
    if forget_failed {
        context.client.send_json("DELETE", "/v3/{project}/failed-tasks", None)?;
    }
    let columns = [
        ("task", "/task_id"),
        ("state", "/operate_type"),
        ("key pair", "/keypair_name"),
        ("host", "/server_name"),
        ("host id", "/server_id"),
        ("why", "/task_error_msg"),
    ];
    let mut all = rows(&context.client.get("/v3/{project}/running-tasks", &[])?, "tasks");
    all.extend(rows(&context.client.get("/v3/{project}/failed-tasks", &[])?, "tasks"));
    print_list(context.output, &columns, &all)
}
