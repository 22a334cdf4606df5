//! `muster artifacts submit`

use super::super::{Context, pause, text};
use super::{TASKS, one};
use crate::output::print;
use crate::output::progress::Line;
use muster_model::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

/// How often a task is looked at.
const PAUSE: Duration = Duration::from_millis(500);

/// What is handed in.
pub(super) struct New<'a> {
    pub(super) file: &'a Path,
    pub(super) name: Option<&'a str>,
    pub(super) id: Option<&'a str>,
}

pub(super) fn submit(context: &Context, new: &New<'_>, wait: bool, quiet: bool) -> Result<()> {
    let wrong = |error| Error::invalid("FILE", format!("{}: {error}", new.file.display()));
    let file = File::open(new.file).map_err(wrong)?;
    let length = file.metadata().map_err(wrong)?.len();
    let own = new.file.file_name().unwrap_or(new.file.as_os_str()).to_string_lossy();
    let path = "/muster/v1/{project}/sca/artifacts";
    let place = context.client.send_json("POST", path, Some(&json!({ "name": own })))?;
    let most = place.get("max_bytes").and_then(Value::as_u64).unwrap_or(u64::MAX);
    if length > most {
        let why = format!("{}: {length} bytes, the server takes {most}", new.file.display());
        return Err(Error::new(ErrorKind::TooLarge, why));
    }
    let mut line = Line::new(quiet);
    let mut body = Counted { file, done: 0, length, line: &mut line };
    context.client.put(text(&place, "put"), &mut body, length)?;
    let order = json!({
        "artifact_id": text(&place, "artifact_id"),
        "name": new.name.unwrap_or(&own),
        "id": new.id,
    });
    let made = context.client.send_json("POST", TASKS, Some(&order))?;
    let id = text(&made, "id");
    if wait {
        follow(context, id, &mut line)?;
    }
    drop(line);
    print(&format!("{id}\n"))
}

/// Waits for a task's end.
fn follow(context: &Context, id: &str, line: &mut Line) -> Result<()> {
    loop {
        let answer = context.client.get(&one(id), &[])?;
        let task = answer.get("task").unwrap_or(&Value::Null);
        match text(task, "status") {
            "done" => return Ok(()),
            "failed" => {
                let why = format!("the task {id} has failed: {}", text(task, "error"));
                return Err(Error::new(ErrorKind::Conflict, why));
            }
            status => {
                let number = |name| task.get(name).and_then(Value::as_u64).unwrap_or_default();
                let end = text(task, "likely_end").get(11..19).unwrap_or("?");
                line.show(|_| {
                    let (percent, ahead) = (number("percent"), number("ahead"));
                    format!("{status}, {percent} %, {ahead} before it, likely end {end} UTC")
                });
            }
        }
        pause(PAUSE);
    }
}

/// A file that says how far it was read.
struct Counted<'a> {
    file: File,
    done: u64,
    length: u64,
    line: &'a mut Line,
}

impl Read for Counted<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let taken = self.file.read(into)?;
        self.done += taken as u64;
        let (done, all) = (self.done >> 20, self.length >> 20);
        self.line.show(|elapsed| {
            let rate = done * 1000 / u64::try_from(elapsed.as_millis()).unwrap_or(1).max(1);
            format!("sent {done} of {all} MiB, {rate} MiB/s")
        });
        Ok(taken)
    }
}
