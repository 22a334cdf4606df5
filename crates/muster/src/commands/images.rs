//! `muster images`

use super::containers::pages;
use super::{Context, rows, text};
use crate::cli::images::{ImagesArgs, ImagesCommand, ListArgs};
use crate::output::list::Column;
use crate::output::{Output, print, print_list};
use muster_model::{Error, Result};
use muster_sca::output::clean;

/// Lists images, shows one.
pub(crate) fn run(context: &Context, args: &ImagesArgs) -> Result<()> {
    match &args.command {
        None => list(context, &ListArgs::default()),
        Some(ImagesCommand::List(wanted)) => list(context, wanted),
        Some(ImagesCommand::Show { id }) => show(context, id),
    }
}

fn list(context: &Context, wanted: &ListArgs) -> Result<()> {
    let columns = [
        ("name", "/image_name"),
        ("tag", "/image_version"),
        ("bytes", "/image_size"),
        ("built", "/latest_update_time"),
        ("hosts", "/host_num"),
        ("containers", "/container_num"),
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
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    let answer = context.client.get(&format!("/muster/v1/{{project}}/images/{digits}"), &[])?;
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
