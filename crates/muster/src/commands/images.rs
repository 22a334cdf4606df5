//! `muster images`

use super::containers::pages;
use super::{Context, rows, text};
use crate::cli::images::{ImagesArgs, ImagesCommand, ListArgs};
use crate::messages::Message;
use crate::output::list::Column;
use crate::output::{Output, print, print_list};
use muster_model::{Error, Result};
use muster_sca::output::clean;
use serde_json::{Value, json};

/// Lists images, shows one.
pub(crate) fn run(context: &Context, args: &ImagesArgs) -> Result<()> {
    match &args.command {
        None => list(context, &ListArgs::default()),
        Some(ImagesCommand::List(wanted)) => list(context, wanted),
        Some(ImagesCommand::Show { id }) => show(context, id),
        Some(ImagesCommand::Scan { ids, unscanned }) => scan(context, ids, *unscanned),
        Some(ImagesCommand::Tasks { id: None }) => {
            let query =
                [("type", &Some("image_scan".to_owned())), ("enterprise_project_id", &every())];
            pages(context, TASKS, &query, &TASK)
        }
        Some(ImagesCommand::Tasks { id: Some(id) }) => task(context, id),
        Some(ImagesCommand::Stop { id }) => {
            let path = format!("/v5/{{project}}/image/image-scan/tasks/{id}/stop");
            context.client.send_json("PUT", &path, Some(&json!({})))?;
            context.tell(Message::ScanStopped, &[id]);
            Ok(())
        }
        Some(ImagesCommand::Software { id, name }) => {
            let columns = [
                ("software", "/app_name"),
                ("version", "/app_version"),
                ("by", "/app_type"),
                ("vulnerabilities", "/vul_num"),
            ];
            let query = [("image_id", &Some(whole(id))), ("app_name", name)];
            pages(context, "/v5/{project}/image/local/apps", &query, &columns)
        }
        Some(ImagesCommand::Vulnerabilities { id, name }) => {
            let columns = [
                ("number", "/vul_id"),
                ("repair", "/repair_necessity"),
                ("software", "/app_name"),
                ("version", "/version"),
                ("layer", "/position"),
                ("path", "/app_path"),
                ("what to do", "/solution"),
                ("what it is", "/description"),
            ];
            let query = [("image_type", &Some("local_image".to_owned())), ("app_name", name)];
            let path = format!("/v5/{{project}}/image/{}/vulnerabilities", digits(id));
            pages(context, &path, &query, &columns)
        }
    }
}

const TASKS: &str = "/v5/{project}/image/tasks";
const TASK: [Column; 10] = [
    ("task", "/task_id"),
    ("by", "/task_type"),
    ("begun", "/begin_time"),
    ("ended", "/end_time"),
    ("done %", "/task_status"),
    ("images", "/total_num"),
    ("well", "/success_num"),
    ("failed", "/failed_num"),
    ("vulnerable", "/risky_num"),
    ("why", "/failed_reason"),
];
const FAILED: [Column; 3] =
    [("image", "/image_name"), ("tag", "/image_version"), ("why", "/failed_reason")];

fn every() -> Option<String> {
    Some("all_granted_eps".to_owned())
}

/// One task: as a table also its failed images, as CSV these alone.
fn task(context: &Context, id: &str) -> Result<()> {
    let query = [
        ("type", "image_scan".to_owned()),
        ("enterprise_project_id", "all_granted_eps".to_owned()),
        ("task_id", id.to_owned()),
    ];
    let answer = context.client.get(TASKS, &query)?;
    let found = rows(&answer, "data_list");
    let task = found.first().ok_or_else(|| Error::not_found("the task"))?;
    match context.output {
        Output::Json => {
            print(&(serde_json::to_string_pretty(task).map_err(Error::internal)? + "\n"))
        }
        Output::Csv => print_list(context.output, &FAILED, &rows(task, "failed_images")),
        Output::Table => {
            print_list(context.output, &TASK, &found)?;
            print("\n")?;
            print_list(context.output, &FAILED, &rows(task, "failed_images"))
        }
    }
}

/// An id without the name of its algorithm, as it stands in paths.
fn digits(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// An id with it.
fn whole(id: &str) -> String {
    format!("sha256:{}", digits(id))
}

fn scan(context: &Context, ids: &[String], unscanned: bool) -> Result<()> {
    let images: Vec<Value> = ids.iter().map(|id| json!({"image_id": whole(id)})).collect();
    let body = if unscanned {
        json!({"operate_all": true, "scan_status": "unscan"})
    } else {
        json!({"image_info_list": images})
    };
    context.client.send_json("POST", "/v5/{project}/image/local/batch-scan", Some(&body))?;
    context.tell(Message::ImagesAsked, &[]);
    Ok(())
}

fn list(context: &Context, wanted: &ListArgs) -> Result<()> {
    let columns = [
        ("name", "/image_name"),
        ("tag", "/image_version"),
        ("bytes", "/image_size"),
        ("built", "/latest_update_time"),
        ("hosts", "/host_num"),
        ("containers", "/container_num"),
        ("scan", "/scan_status"),
        ("why", "/scan_failed_desc"),
        ("vulnerabilities", "/vul_num"),
        ("host", "/host_name"),
        ("id", "/image_id"),
    ];
    let used = wanted.used.map(|used| used.to_string());
    let query = [
        ("image_name", &wanted.name),
        ("image_version", &wanted.tag),
        ("host_id", &wanted.host),
        ("container_name", &wanted.container),
        ("has_container", &used),
    ];
    pages(context, "/v5/{project}/image/local-repositories", &query, &columns)
}

const LAYERS: [Column; 3] = [("layer", "/digest"), ("bytes", "/size"), ("made by", "/command")];
const PLACES: [Column; 7] = [
    ("host", "/host_name"),
    ("host id", "/host_id"),
    ("store", "/store"),
    ("names", "/names"),
    ("digests", "/digests"),
    ("bytes", "/size"),
    ("first seen", "/first_seen"),
];
const CONTAINERS: [Column; 5] = [
    ("container", "/name"),
    ("host id", "/host_id"),
    ("runtime", "/runtime"),
    ("made", "/created_at"),
    ("id", "/id"),
];

fn show(context: &Context, id: &str) -> Result<()> {
    let path = format!("/muster/v1/{{project}}/images/{}", digits(id));
    let answer = context.client.get(&path, &[])?;
    match context.output {
        Output::Json => {
            return print(
                &(serde_json::to_string_pretty(&answer).map_err(Error::internal)? + "\n"),
            );
        }
        Output::Csv => return print_list(context.output, &PLACES, &rows(&answer, "places")),
        Output::Table => {}
    }
    let [id, built, system, processor] =
        ["id", "created_at", "os", "architecture"].map(|name| clean(text(&answer, name)));
    print(&format!("{id}  {system}/{processor}  {built}\n"))?;
    let labels = answer.get("labels").and_then(|it| it.as_object()).into_iter().flatten();
    for (key, value) in labels {
        let value = value.as_str().unwrap_or_default();
        print(&format!("{}={}\n", clean(key), clean(value)))?;
    }
    for (name, columns) in
        [("layers", &LAYERS[..]), ("places", &PLACES), ("containers", &CONTAINERS)]
    {
        print("\n")?;
        print_list(context.output, columns, &rows(&answer, name))?;
    }
    Ok(())
}
