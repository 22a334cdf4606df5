//! `muster hosts import`

use super::list_file::{self, MAX_BYTES};
use crate::commands::{Context, rows};
use crate::messages::Message;
use crate::output::print_list;
use muster_model::{Error, Result};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

/// Enters a list.
pub(super) fn run(context: &Context, file: &Path, dry_run: bool) -> Result<()> {
    let lines = list_file::read(&read(file)?)?;
    let hosts: Vec<_> = lines.iter().map(|line| &line.host).collect();
    let body = json!({"hosts": hosts, "dry_run": dry_run});
    let answer = context.client.send_json("POST", "/muster/v1/{project}/hosts/import", Some(&body));
    let answer = answer.map_err(|error| {
        Error::new(error.kind(), list_file::of_the_file(error.message(), &lines))
    })?;
    let hosts = rows(&answer, "hosts");
    let columns = [("id", "/id"), ("name", "/name"), ("outcome", "/outcome")];
    print_list(context.output, &columns, &hosts)?;
    let count = |name| answer.get(name).map(Value::to_string).unwrap_or_default();
    let message = if dry_run { Message::HostsWouldBe } else { Message::HostsImported };
    context.tell(message, &[&count("added"), &count("changed"), &count("unchanged")]);
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    let wrong =
        |why: &dyn std::fmt::Display| Error::invalid("file", format!("{}: {why}", file.display()));
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        File::open(file).and_then(|it| it.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| wrong(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(wrong(&"is larger than 8 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| wrong(&"is not in UTF-8"))
}
