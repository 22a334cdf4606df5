//! Telling a task's end to the address its maker named: signed, at least once, for a day.

use crate::app::App;
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::jobs::{self, Job};
use muster_store::sca::{Status, Task, keys, tasks};
use muster_store::{Tx, transact};
use muster_vault::sca_signature::{Algorithm, canonical, sign};
use serde::Deserialize;
use serde_json::json;

/// The queue of tellings.
pub(super) const QUEUE: &str = "sca_callback";
/// With pauses from 10 s doubling to an hour this many attempts take a day.
const ATTEMPTS: u32 = 32;

/// Puts a telling in with the change it tells of. Nothing where nobody wants to hear.
pub(super) async fn enqueue(tx: &mut Tx, task: &Task, now: Micros) -> Result<()> {
    if task.callback.is_some() {
        jobs::enqueue(tx, QUEUE, &task.key.to_string(), ATTEMPTS, now, now).await?;
    }
    Ok(())
}

/// Tells it once.
///
/// # Errors
/// Whatever kept it from being heard.
pub(super) async fn tell(app: &App, job: &Job) -> Result<()> {
    let key: i64 = job.payload.parse().map_err(Error::internal)?;
    let mut tx = app.db.read().await?;
    let task = tasks::by_key(&mut tx, key).await?;
    let Some(task) = task.filter(|task| matches!(task.status, Status::Done | Status::Failed))
    else {
        return finish(app, job).await;
    };
    let Some((url, access)) = &task.callback else { return finish(app, job).await };
    let Some(signer) = keys::get(&mut tx, access).await? else {
        tracing::warn!(task = task.id, "the key that would sign a callback is gone");
        return finish(app, job).await;
    };
    let directory = app.identity.directory();
    let project = directory.project_by_key(task.project);
    let project = project.ok_or_else(|| Error::internal("a task without a project"))?;
    let secret = super::keys::open(&mut tx, app, &project.id, &signer).await?;
    drop(tx);
    let body = json!({
        "taskId": task.id,
        "taskName": task.name,
        "errorMassage": trouble(&task),
        "status": task.status.number(),
        "startTime": super::wall(app, task.started_at),
        "endTime": super::wall(app, task.ended_at),
        "timestamp": app.now().0 / 1000,
    });
    let body = canonical(body.to_string().as_bytes())?;
    let algorithm = if signer.allow_md5 { Algorithm::HmacMd5 } else { Algorithm::HmacSha256 };
    let signature = sign(algorithm, &secret, &body)?;
    let (shared, url, access) = (app.clone(), url.clone(), access.clone());
    let sent = tokio::task::spawn_blocking(move || {
        let mut headers = vec![("accessKeyId", access.as_str()), ("signature", &signature)];
        if algorithm != Algorithm::HmacMd5 {
            headers.push(("signatureAlgorithm", algorithm.name()));
        }
        shared.sca.egress.post_json(&url, &headers, &body)
    });
    let answer = sent.await.map_err(Error::internal)??;
    if !(200..300).contains(&answer.status) {
        let why = format!("the callback was answered with {}", answer.status);
        return Err(Error::new(ErrorKind::Unavailable, why));
    }
    finish(app, job).await
}

/// Why there are no results, or not all.
fn trouble(task: &Task) -> String {
    #[derive(Deserialize)]
    struct Coverage {
        ended_by: Option<Ended>,
    }
    #[derive(Deserialize)]
    struct Ended {
        message: String,
    }
    if let Some(error) = &task.error {
        return error.clone();
    }
    let coverage = task.coverage.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let ended = coverage.and_then(|it: Coverage| it.ended_by);
    ended.map(|it| format!("the results are not complete: {}", it.message)).unwrap_or_default()
}

async fn finish(app: &App, job: &Job) -> Result<()> {
    transact!(app.db, |tx| jobs::finish(tx, job).await).map(drop)
}
