//! Judges what tasks found again when other knowledge was taken in: nothing is taken apart a second time, the reports are kept.
//! What differs from what was said before are events ([`crate::vulnerabilities::events`]).

use super::Sca;
use super::documents::{blocking, unpacked};
use super::outcome::{Artifact, Knowing, NOT_CHECKED, Outcome};
use super::worker::put;
use crate::app::App;
use muster_advisory::Knowledge;
use muster_model::{Micros, Result};
use muster_store::sca::{Document, Task, documents, judging};
use muster_store::transact;
use muster_store::vulnerabilities::changes::Area;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Judges every task again that was last judged by older knowledge than there is, and answers how many.
///
/// # Errors
/// Those of the database.
pub async fn look(app: &App) -> Result<usize> {
    let Some(knowledge) = app.sca.knowledge() else { return Ok(0) };
    let built = knowledge.meta().built;
    let (mut after, mut done) = (0, 0);
    while !app.stop.is_cancelled() {
        let mut tx = app.db.read().await?;
        let Some(task) = judging::due(&mut tx, built, after).await? else { break };
        let Some(document) = documents::get(&mut tx, task.key).await? else { break };
        drop(tx);
        after = task.key;
        match judge(app, Arc::clone(&knowledge), &document).await {
            Ok(outcome) => done += usize::from(store(app, &task, outcome, document, built).await?),
            // The others are judged all the same; this one is tried at the next look.
            Err(error) => tracing::warn!(?error, task = task.id, "a task cannot be judged again"),
        }
    }
    Ok(done)
}

async fn judge(app: &App, knowledge: Arc<Knowledge>, document: &Document) -> Result<Outcome> {
    let (app, document) = (app.clone(), document.clone());
    blocking(move || {
        let (name, report) = unpacked(&document)?;
        let (licences, today) = (app.sca.licences(), Sca::day(app.now()));
        let knowing =
            Knowing { knowledge: Some(&knowledge), licences: licences.as_deref(), today: &today };
        Outcome::of(report, knowing, Artifact { name: &name, sha256: &document.sha256 })
    })
    .await
}

/// Stores what a task has by now. No: somebody else did, or it is gone.
async fn store(
    app: &App,
    task: &Task,
    outcome: Outcome,
    document: Document,
    built: Micros,
) -> Result<bool> {
    let now = app.now();
    let knowledge = outcome.judged_by.as_ref().map_or("", |(digest, _)| digest.as_str());
    let unchecked = outcome.found.iter().filter(|row| row.grade == NOT_CHECKED);
    let unchecked: BTreeSet<&str> = unchecked.map(|row| row.component.uuid.as_str()).collect();
    transact!(app.db, |tx| {
        let judged = judging::judged(tx, task.key).await?;
        if !judging::note(tx, task.key, built).await? {
            return Ok(false);
        }
        let before = judging::pairs(tx, task.key).await?;
        let (told, findings) = put(tx, task, &outcome, Some(&document), now).await?;
        judging::count(tx, task.key, &outcome.coverage).await?;
        // What was judged by nothing before has no history.
        if judged > Micros(0) {
            let told: Vec<_> = told.into_iter().map(|(_, telling)| telling).collect();
            let events =
                judging::compare(tx, task.project, &before, &findings, &told, &unchecked).await?;
            events.write(tx, Area::Artifacts, knowledge, now).await?;
        }
        Ok(true)
    })
}
