//! The worker: claims tasks, carries them out on their hosts, and ends them.

use super::agents;
use super::order::{ATTEMPTS, CREDENTIAL, QUEUE, credential, credential_record, describe};
use super::perform::{Work, target};
use crate::background::{Worker, every, serve};
use crate::{App, sealing};
use muster_model::{Action, Error, ErrorKind, Owner, Result};
use muster_remote::{Ssh, Trouble};
use muster_store::audit::Record;
use muster_store::jobs::{self, Job};
use muster_store::keypairs as store;
use muster_store::keypairs::bindings::{self, Bound};
use muster_store::keypairs::tasks::{self, Task};
use muster_store::{Tx, audit, hosts, transact};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::interval;

/// How long a claim lasts without being prolonged: what a killed worker keeps a host waiting.
const LEASE_SECS: i64 = 20;
/// How often it is prolonged.
const PROLONG: Duration = Duration::from_secs(5);
/// Pause between two clearances.
const CLEARANCE: Duration = Duration::from_secs(60);
/// How long tasks that succeeded can be asked for, in seconds.
const KEPT_SECS: i64 = 7 * 24 * 3600;
/// Hosts one process changes at a time.
const PARALLEL: usize = 4;

/// Starts the workers of this process on its task tracker.
///
/// # Errors
/// `Internal` if the data folder cannot be written.
pub fn start(app: &App) -> Result<()> {
    let folder = app.settings.data_dir.join("ssh");
    let ssh = Ssh::new(&app.settings.keypairs.ssh, &folder).map_err(Error::internal)?;
    for _ in 0..PARALLEL {
        let worker = Bindings { app: app.clone(), ssh: ssh.clone() };
        app.tasks.spawn(serve(app.clone(), worker));
    }
    let trouble = "ended key pair tasks could not be cleared away";
    let clear = async |app: App| clear_ended(&app).await;
    app.tasks.spawn(every(app.clone(), CLEARANCE, trouble, clear));
    Ok(())
}

struct Bindings {
    app: App,
    ssh: Ssh,
}

impl Worker for Bindings {
    fn queue(&self) -> &str {
        QUEUE
    }

    fn lease_secs(&self) -> i64 {
        LEASE_SECS
    }

    fn ordered(&self) -> Option<&Notify> {
        Some(&self.app.keypairs.ordered)
    }

    async fn attempt(&self, job: &Job) {
        if let Err(error) = attempt(&self.app, &self.ssh, job).await {
            tracing::error!(?error, task = job.payload, "a key pair task could not be ended");
        }
    }
}

/// One attempt. Whatever it comes to is written down, but where the server stops: then the next start goes on.
async fn attempt(app: &App, ssh: &Ssh, job: &Job) -> Result<()> {
    let task = tasks::by_id(&mut app.db.read().await?, &job.payload).await?;
    let Some(task) = task.filter(|task| task.finished_at.is_none()) else {
        transact!(app.db, |tx| jobs::finish(tx, job).await)?;
        return Ok(());
    };
    transact!(app.db, |tx| tasks::begin(tx, &task.id).await)?;
    let last = job.attempt >= ATTEMPTS;
    let work = match prepare(app, &task).await {
        Ok(work) => work,
        Err(error) => return end(app, job, &task, Some(("KPS.0002", error.message()))).await,
    };
    let mut prolong = interval(PROLONG);
    let mut performed = std::pin::pin!(work.perform(ssh, job.attempt > 1, last));
    let done = loop {
        tokio::select! {
            done = &mut performed => break done,
            () = app.stop.cancelled() => return Ok(()),
            _ = prolong.tick() => {
                let until = app.now().plus_secs(LEASE_SECS);
                if !transact!(app.db, |tx| jobs::extend(tx, job, until).await)? {
                    let message = "another worker has taken the task over";
                    return Err(Error::new(ErrorKind::Conflict, message));
                }
            }
        }
    };
    match done {
        Ok(()) => end(app, job, &task, None).await,
        Err(trouble) if trouble.may_pass() && !last => {
            tracing::warn!(task = task.id, %trouble, attempt = job.attempt, "a host is tried again");
            let (now, why) = (app.now(), trouble.to_string());
            transact!(app.db, |tx| jobs::fail(tx, job, &why, now).await).map(drop)
        }
        Err(trouble) => end(app, job, &task, Some((code(&trouble), &trouble.to_string()))).await,
    }
}

/// Where to, by what: read when it is needed, because a host may have moved.
async fn prepare(app: &App, task: &Task) -> Result<Work> {
    let mut tx = app.db.read().await?;
    let host = hosts::by_key(&mut tx, task.host).await?;
    let host = host.ok_or_else(|| Error::not_found("the host"))?;
    let target = target(&app.settings.keypairs, &host, i64::from(task.port), &task.account)?;
    let sealed = task.sealed_credential.as_deref();
    let sealed = sealed.ok_or_else(|| Error::internal("a task without a credential"))?;
    let owner = owner(app, task)?;
    let record = credential_record(&task.id);
    let content = sealing::open(&mut tx, app, &owner, &record, CREDENTIAL, sealed).await?;
    Work::new(task, target, credential(&content)?)
}

fn owner(app: &App, task: &Task) -> Result<Owner> {
    let directory = app.identity.directory();
    let project = directory.project_by_key(task.project);
    project
        .map(|project| Owner::Project(project.id.clone()))
        .ok_or_else(|| Error::not_found("the project"))
}

/// The vendor's code for what went wrong.
const fn code(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Denied => "KPS.9003",
        _ => "KPS.0003",
    }
}

/// Ends task and job together, erases the credential, notes what is bound now and who did it.
async fn end(app: &App, job: &Job, task: &Task, failure: Option<(&str, &str)>) -> Result<()> {
    if let Some((_, why)) = failure {
        tracing::warn!(task = task.id, host = task.host_id, why, "a key pair task failed");
    }
    let now = app.now();
    transact!(app.db, |tx| {
        jobs::finish(tx, job).await?;
        if !tasks::finish(tx, &task.id, failure, now).await? {
            return Ok(());
        }
        if failure.is_none() {
            note_binding(tx, task, now).await?;
        }
        audit::append(tx, &record(app, task, failure)).await
    })
}

pub(super) async fn note_binding(
    tx: &mut Tx,
    task: &Task,
    now: muster_model::Micros,
) -> Result<()> {
    let Some(pair) = task.keypair else {
        return bindings::unbind(tx, task.host, &task.account).await;
    };
    // Its owner may have been deleted meanwhile, and the pair with him.
    match store::by_key(tx, pair).await? {
        Some(_) => {
            let bound = Bound { keypair: pair, port: i64::from(task.port) };
            bindings::bind(tx, task.host, &task.account, bound, now).await
        }
        None => bindings::unbind(tx, task.host, &task.account).await,
    }
}

pub(super) fn record(app: &App, task: &Task, failure: Option<(&str, &str)>) -> Record {
    let directory = app.identity.directory();
    let project = directory.project_by_key(task.project);
    let domain = project.and_then(|project| directory.domain(project.domain));
    let user = directory.user(&task.created_by);
    Record {
        at: app.now(),
        request_id: String::new(),
        domain_id: domain.map(|domain| domain.id.to_string()).unwrap_or_default(),
        project_id: project.map(|project| project.id.to_string()).unwrap_or_default(),
        user_id: task.created_by.clone(),
        user_name: user.map(|user| user.name.clone()).unwrap_or_default(),
        credential: "job".to_owned(),
        action: Action::KeypairBind.name().to_owned(),
        target: describe(task),
        outcome: if failure.is_none() { "success" } else { "failure" }.to_owned(),
        detail: String::new(),
    }
}

/// Ends tasks whose workers died too often, and forgets those that succeeded long ago.
///
/// # Errors
/// Those of the database.
pub async fn clear_ended(app: &App) -> Result<()> {
    let now = app.now();
    let abandoned = tasks::abandoned(&mut app.db.read().await?, QUEUE).await?;
    transact!(app.db, |tx| {
        for id in &abandoned {
            let why = "its worker was killed too often; the host may have been changed";
            tasks::finish(tx, id, Some(("KPS.0003", why)), now).await?;
        }
        agents::give_up(tx, app, now).await?;
        tasks::purge(tx, now.plus_secs(-KEPT_SECS)).await.map(drop)
    })
}
