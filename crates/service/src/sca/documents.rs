//! What a task found as a document: a bill of materials in any form, and the difference of two tasks.
//!
//! Documents are made when they are asked for, of the report the engine wrote, and judged by what is known then.

use super::results::with_results;
use super::tasks::find;
use super::{Sca, Task};
use crate::app::App;
use crate::authz;
use flate2::read::DeflateDecoder;
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, Micros, Result};
use muster_sca::output::Document;
use muster_sca::output::cyclonedx::Edition;
use muster_sca::output::diff::{write_json, write_text};
pub use muster_sca::output::form::Form;
use muster_sca::{Known, Report, diff::diff};
use muster_store::Tx;
use muster_store::sca::{Document as Kept, documents};
use std::io::Read;

/// The form that everybody reads.
pub const USUAL: Form = Form::Cyclonedx(Edition::V1_6);
/// Longest report, in bytes: what the engine may write.
const MAX_REPORT: u64 = 512 << 20;

/// A task's report and what is known against it now.
pub(super) struct Judged {
    pub(super) report: Report,
    /// Name of the artifact.
    pub(super) name: String,
    /// When report and knowledge were both there.
    pub(super) at: Micros,
}

/// A task's report in one of its forms, byte for byte the same while the task and the knowledge base are the same.
/// Without `judged` nothing is said of vulnerabilities.
///
/// # Errors
/// `Conflict` if the task has not ended, or failed; `NotFound`, also for a report that was too large to be kept;
/// `Unavailable` for a damaged knowledge base; those of [`authz::require`] and of the database.
pub async fn bill(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    task: &str,
    form: Form,
    judged: bool,
) -> Result<Vec<u8>> {
    let project = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    let packed = packed(&mut app.db.read().await?, project, task).await?;
    let app = app.clone();
    blocking(move || {
        let it = judge(&app, packed, judged)?;
        let mut out = Vec::new();
        let written = form.write(&it.report, &document(&it.name, it.at), None, &mut out);
        written.map_err(Error::internal)?;
        Ok(out)
    })
    .await
}

/// How a difference is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// `muster.diff/1`.
    Json,
    /// For people.
    Text,
}

/// What came, went and moved from one task to another, and which vulnerabilities are new and gone, both judged by the
/// same knowledge.
///
/// # Errors
/// Those of [`bill`], for either task.
pub async fn compare(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    (old, new): (&str, &str),
    told: Told,
) -> Result<Vec<u8>> {
    let project = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    let mut tx = app.db.read().await?;
    let (old, new) = (packed(&mut tx, project, old).await?, packed(&mut tx, project, new).await?);
    drop(tx);
    let app = app.clone();
    blocking(move || {
        let (old, new) = (judge(&app, old, true)?, judge(&app, new, true)?);
        let found = diff(&old.report, &new.report);
        let name = format!("{} to {}", old.name, new.name);
        let mut out = Vec::new();
        match told {
            Told::Text => write_text(&found, &mut out),
            Told::Json => write_json(&found, &document(&name, old.at.max(new.at)), &mut out),
        }
        .map_err(Error::internal)?;
        Ok(out)
    })
    .await
}

/// A report as it is kept, and its task.
pub(super) type Packed = (Task, Kept);

/// The report of a task.
pub(super) async fn packed(tx: &mut Tx, project: i64, task: &str) -> Result<Packed> {
    let task = with_results(find(tx, project, task).await?)?;
    let packed = documents::get(tx, task.key).await?;
    Ok((task, packed.ok_or_else(|| Error::not_found("the task's report"))?))
}

/// The report that is kept, and the name of its artifact. Blocks.
pub(super) fn unpacked(kept: &Kept) -> Result<(String, Report)> {
    let mut text = Vec::new();
    let read = DeflateDecoder::new(kept.report.as_slice()).take(MAX_REPORT).read_to_end(&mut text);
    read.map_err(Error::internal)?;
    Report::read(&text)
}

/// Reads a report and asks what is known against it. Blocks.
pub(super) fn judge(app: &App, (task, kept): Packed, judged: bool) -> Result<Judged> {
    let (name, mut report) = unpacked(&kept)?;
    let ended = task.ended_at.unwrap_or(task.created_at);
    if !judged {
        return Ok(Judged { report, name, at: ended });
    }
    let known = match app.sca.knowledge() {
        Some(knowledge) => Known::of(&report.purls(), &knowledge, &Sca::day(app.now()))?,
        None => Known::nothing(&report.purls()),
    };
    let at = known.state.as_ref().map_or(ended, |state| state.built.max(ended));
    report.known = Some(known);
    Ok(Judged { report, name, at })
}

const fn document(name: &str, created: Micros) -> Document<'_> {
    Document { name, tool_version: env!("CARGO_PKG_VERSION"), created }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}
