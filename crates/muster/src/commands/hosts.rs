//! `muster hosts`

mod import;
mod list_file;

use super::{Context, rows, text};
use crate::cli::hosts::{HostsArgs, HostsCommand, ListArgs, OwnerArgs};
use crate::messages::Message;
use crate::output::{Output, print, print_list};
use muster_model::{Error, Result};
use serde_json::{Map, Value};

/// Lists, adds, changes hosts; shuts agents out.
pub(crate) fn run(context: &Context, args: &HostsArgs) -> Result<()> {
    match &args.command {
        None => list(context, &ListArgs::default()),
        Some(HostsCommand::List(wanted)) => list(context, wanted),
        Some(HostsCommand::Show { id }) => show(context, id),
        Some(HostsCommand::Add { name, address, machine_id, owner }) => {
            let mut body = body(owner)?;
            body.insert("name".to_owned(), name.clone().into());
            for (name, value) in [("address", address), ("machine_id", machine_id)] {
                if let Some(value) = value {
                    body.insert(name.to_owned(), value.clone().into());
                }
            }
            let path = "/muster/v1/{project}/hosts";
            let answer = context.client.send_json("POST", path, Some(&body.into()))?;
            context.tell(Message::HostAdded, &[text(&answer, "id")]);
            Ok(())
        }
        Some(HostsCommand::Import { file, dry_run }) => import::run(context, file, *dry_run),
        Some(HostsCommand::Remove { id }) => {
            let path = format!("/muster/v1/{{project}}/hosts/{id}");
            context.client.send_json("DELETE", &path, None)?;
            context.tell(Message::HostRemoved, &[id]);
            Ok(())
        }
        Some(HostsCommand::Set { id, owner }) => {
            let path = format!("/muster/v1/{{project}}/hosts/{id}");
            context.client.send_json("PATCH", &path, Some(&body(owner)?.into()))?;
            context.tell(Message::HostChanged, &[id]);
            Ok(())
        }
        Some(HostsCommand::Revoke { id }) => {
            let path = format!("/muster/v1/{{project}}/hosts/{id}/agent");
            context.client.send_json("DELETE", &path, None)?;
            context.tell(Message::AgentRevoked, &[id]);
            Ok(())
        }
    }
}

fn body(owner: &OwnerArgs) -> Result<Map<String, Value>> {
    let fields = [
        ("department", &owner.department),
        ("importance", &owner.importance),
        ("location", &owner.location),
        ("group", &owner.group),
    ];
    let given = fields.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
    let mut body: Map<_, _> =
        given.map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    if let Some(node) = owner.container_node {
        body.insert("container_node".to_owned(), node.into());
    }
    if !owner.tags.is_empty() {
        let tags = list_file::tags(owner.tags.iter().map(String::as_str));
        body.insert("tags".to_owned(), tags.map_err(|why| Error::invalid("tag", why))?);
    }
    Ok(body)
}

fn list(context: &Context, wanted: &ListArgs) -> Result<()> {
    let columns = [
        ("id", "/id"),
        ("name", "/name"),
        ("agent", "/agent_status"),
        ("cloned", "/agent_cloned"),
        ("system", "/os_name"),
        ("kernel", "/kernel"),
        ("addresses", "/addresses"),
        ("node", "/container_node"),
        ("protected", "/protected"),
        ("department", "/department"),
        ("importance", "/importance"),
        ("location", "/location"),
        ("last seen", "/last_seen"),
    ];
    let mut all = Vec::new();
    loop {
        let mut query = vec![("limit", "1000".to_owned()), ("offset", all.len().to_string())];
        let node = wanted.container_node.map(|node| node.to_string());
        for (name, value) in [
            ("name", &wanted.name),
            ("agent_status", &wanted.agent),
            ("container_node", &node),
            ("tag", &wanted.tag),
        ] {
            query.extend(value.clone().map(|value| (name, value)));
        }
        let page = rows(&context.client.get("/muster/v1/{project}/hosts", &query)?, "hosts");
        let last = page.len() < 1_000;
        all.extend(page);
        if last {
            return print_list(context.output, &columns, &all);
        }
    }
}

/// As a table what there is of each kind, then the troubles; as CSV the kinds; as JSON everything.
fn show(context: &Context, id: &str) -> Result<()> {
    let host = context.client.get(&format!("/muster/v1/{{project}}/hosts/{id}"), &[])?;
    if context.output == Output::Json {
        let json = serde_json::to_string_pretty(&host).map_err(Error::internal)?;
        return print(&(json + "\n"));
    }
    let kinds = [("kind", "/kind"), ("assets", "/assets"), ("last swept", "/swept_at")];
    if context.output == Output::Table {
        let columns = [
            ("name", "/name"),
            ("agent", "/agent_status"),
            ("last seen", "/last_seen"),
            ("system", "/os_name"),
            ("cpu us", "/agent_cpu_us"),
            ("memory bytes", "/agent_rss_bytes"),
            ("installation", "/installation/reason"),
        ];
        print_list(context.output, &columns, std::slice::from_ref(&host))?;
        print("\n")?;
    }
    print_list(context.output, &kinds, &rows(&host, "kinds"))?;
    let troubles = rows(&host, "diagnostics");
    if context.output == Output::Table && !troubles.is_empty() {
        let columns = [("trouble", "/code"), ("of", "/subject"), ("what happened", "/message")];
        print("\n")?;
        print_list(context.output, &columns, &troubles)?;
    }
    Ok(())
}
