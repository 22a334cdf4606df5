//! `muster containers`

use super::{Context, rows};
use crate::cli::containers::{ContainersArgs, ContainersCommand, EventsArgs, ListArgs};
use crate::messages::Message;
use crate::output::list::Column;
use crate::output::print_list;
use muster_model::{Error, Micros, Result};
use serde_json::{Value, json};

/// What protects containers is called so in the contract.
const PROTECTED: &str = "hss.version.container.enterprise";
const UNPROTECTED: &str = "hss.version.null";
/// What the containers of an image may run.
const PROGRAMS: &str = "/muster/v1/{project}/programs";
/// The images of which that is learned.
const LEARNED: &str = "/muster/v1/{project}/learned-images";
/// Rows of a page.
const PAGE: usize = 200;

/// Lists containers and their events, says what was done about them, protects hosts.
pub(crate) fn run(context: &Context, args: &ContainersArgs) -> Result<()> {
    match &args.command {
        None => list(context, &ListArgs::default()),
        Some(ContainersCommand::List(wanted)) => list(context, wanted),
        Some(ContainersCommand::Events(wanted)) => events(context, wanted),
        Some(ContainersCommand::Handle { ids, again, remark }) => {
            let ids: Vec<Value> = ids.iter().map(|id| json!({"event_id": id})).collect();
            let body = json!({
                "operate_type": if *again { "unhandle" } else { "mark_as_handled" },
                "handler": remark,
                "operate_event_list": ids,
            });
            context.client.send_json("POST", "/v5/{project}/event/operate", Some(&body))?;
            context.tell(Message::EventsChanged, &[&ids.len().to_string()]);
            Ok(())
        }
        Some(ContainersCommand::Protect { hosts, off }) => {
            let body = json!({
                "version": if *off { UNPROTECTED } else { PROTECTED },
                "host_id_list": hosts,
            });
            let path = "/v5/{project}/host-management/protection";
            context.client.send_json("POST", path, Some(&body))?;
            let told = if *off { Message::HostsUnprotected } else { Message::HostsProtected };
            context.tell(told, &[&hosts.len().to_string()]);
            Ok(())
        }
        Some(ContainersCommand::Files { paths, remove }) => files(context, paths, remove.as_ref()),
        Some(ContainersCommand::Clusters) => clusters(context),
        Some(ContainersCommand::Programs { image }) => programs(context, image.as_ref()),
        Some(ContainersCommand::Allow { image, path }) => {
            let body = json!({"image": image, "path": path});
            context.client.send_json("POST", PROGRAMS, Some(&body))?;
            context.tell(Message::ProgramAllowed, &[image, path]);
            Ok(())
        }
        Some(ContainersCommand::Block { image, now, off }) => {
            block(context, image, &json!({"image": image, "blocking": !off, "now": now}))
        }
        Some(ContainersCommand::Relearn { image }) => {
            let query = [("image", image.clone())];
            context.client.delete(PROGRAMS, &query)?;
            context.tell(Message::ProgramsForgotten, &[image]);
            Ok(())
        }
    }
}

fn block(context: &Context, image: &str, wanted: &Value) -> Result<()> {
    let reach = context.client.send_json("PATCH", LEARNED, Some(wanted))?;
    if wanted.get("blocking") != Some(&Value::Bool(true)) {
        context.tell(Message::ProgramsFree, &[image]);
        return Ok(());
    }
    let count = |name| reach.get(name).and_then(Value::as_i64).unwrap_or_default().to_string();
    let (hosts, allowing) = (count("hosts"), count("allowing_hosts"));
    context.tell(Message::ProgramsBlocked, &[image, &allowing, &hosts]);
    if reach.get("learning") == Some(&Value::Bool(true)) {
        let until = reach.get("learned_until").and_then(Value::as_str).unwrap_or_default();
        context.tell(Message::StillLearned, &[until]);
    }
    Ok(())
}

fn files(context: &Context, paths: &[String], remove: Option<&String>) -> Result<()> {
    const FILES: &str = "/muster/v1/{project}/protected-files";
    if let Some(path) = remove {
        context.client.delete(FILES, &[("path", path.clone())])?;
        context.tell(Message::FileUnprotected, &[path]);
    } else if paths.is_empty() {
        let found = rows(&context.client.get(FILES, &[])?, "files");
        return print_list(context.output, &[("path", "/path")], &found);
    } else {
        context.client.send_json("POST", FILES, Some(&json!({"paths": paths})))?;
        context.tell(Message::FilesProtected, &[&paths.len().to_string()]);
    }
    Ok(())
}

fn clusters(context: &Context) -> Result<()> {
    let columns = [
        ("name", "/cluster_name"),
        ("status", "/status"),
        ("nodes", "/total_nodes_number"),
        ("online", "/active_nodes_number"),
        ("id", "/cluster_id"),
    ];
    let found = all(context, "/v5/{project}/kubernetes/clusters", "cluster_info_list", &[])?;
    print_list(context.output, &columns, &found)
}

fn programs(context: &Context, image: Option<&String>) -> Result<()> {
    let Some(image) = image else {
        let columns = [
            ("image", "/image"),
            ("name", "/name"),
            ("programs", "/programs"),
            ("learned until", "/learned_until"),
            ("learning", "/learning"),
            ("blocking", "/blocking"),
        ];
        return print_list(context.output, &columns, &all(context, LEARNED, "images", &[])?);
    };
    let columns = [("path", "/path"), ("first seen", "/first_seen")];
    let found = all(context, PROGRAMS, "programs", &[("image", &Some(image.clone()))])?;
    print_list(context.output, &columns, &found)
}

fn list(context: &Context, wanted: &ListArgs) -> Result<()> {
    let columns = [
        ("name", "/container_name"),
        ("image", "/image_name"),
        ("pod", "/pod_name"),
        ("made", "/create_time"),
        // HOST/CONTAINER: the runtimes of two hosts may give the same id.
        ("id", "/id"),
    ];
    let query = [
        ("container_name", &wanted.name),
        ("image_name", &wanted.image),
        ("pod_name", &wanted.pod),
    ];
    pages(context, "/v5/{project}/container/kubernetes", &query, &columns)
}

fn events(context: &Context, wanted: &EventsArgs) -> Result<()> {
    let columns = [
        ("id", "/event_id"),
        ("severity", "/severity"),
        ("event", "/event_name"),
        ("evidence", "/forensic_info/evidence"),
        ("container", "/container_name"),
        ("image", "/image_name"),
        ("host", "/host_name"),
        ("first seen", "/occur_time"),
        ("status", "/handle_status"),
        ("remark", "/handler"),
    ];
    let open = (!wanted.all).then(|| "unhandled".to_owned());
    let query = [
        ("container_name", &wanted.container),
        ("host_id", &wanted.host),
        ("severity", &wanted.severity),
        ("handle_status", &open),
    ];
    pages(context, "/v5/{project}/event/events", &query, &columns)
}

/// Every page of a list.
fn all(
    context: &Context,
    path: &str,
    list: &str,
    wanted: &[(&'static str, &Option<String>)],
) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    loop {
        let mut query = vec![("limit", PAGE.to_string()), ("offset", all.len().to_string())];
        query.extend(wanted.iter().filter_map(|(name, value)| Some((*name, (*value).clone()?))));
        let page = rows(&context.client.get(path, &query)?, list);
        let last = page.len() < PAGE;
        all.extend(page);
        if last {
            return Ok(all);
        }
    }
}

/// Every page of a list of the contract, its times as people read them.
pub(super) fn pages(
    context: &Context,
    path: &str,
    wanted: &[(&'static str, &Option<String>)],
    columns: &[Column],
) -> Result<()> {
    let mut all = all(context, path, "data_list", wanted)?;
    for row in &mut all {
        for name in ["create_time", "occur_time", "handle_time", "latest_update_time"] {
            if let Some(time) = row.get_mut(name).filter(|time| time.is_i64()) {
                let at = time.as_i64().and_then(|millis| millis.checked_mul(1_000));
                *time = Micros(at.ok_or_else(|| Error::internal("a time"))?).iso().into();
            }
        }
    }
    print_list(context.output, columns, &all)
}
