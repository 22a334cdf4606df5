//! Tasks that a host's own agent carries out, where the host's operator allows that.
//!
//! Nothing is given to let anybody in: the agent changes the account's file itself, in one step.

use super::worker::{note_binding, record};
use crate::App;
use muster_model::report::{Task as Request, TaskDone};
use muster_model::{Micros, Result};
use muster_store::hosts::Host;
use muster_store::keypairs::tasks::{self, State, Task};
use muster_store::{Tx, audit};
use std::collections::HashMap;

/// After so long without an end a task is given up.
const LATE_SECS: i64 = 600;

/// Whether the host's agent may be asked.
pub(super) fn may_bind(host: &Host) -> bool {
    host.agent_id.is_some() && host.profile.allows_binding
}

/// What the agents of these hosts are to do now, by the hosts' keys.
pub(crate) async fn due(tx: &mut Tx, hosts: &[&Host]) -> Result<HashMap<i64, Request>> {
    let asked: Vec<i64> = hosts.iter().filter(|host| may_bind(host)).map(|host| host.key).collect();
    let mut due = HashMap::new();
    for (host, task) in tasks::for_agents(tx, &asked).await? {
        if task.state == State::Ready {
            tasks::begin(tx, &task.id).await?;
        }
        let Task { id, account, add_key: add, remove_keys, .. } = task;
        let remove = remove_keys.lines().map(str::to_owned).collect();
        due.insert(host, Request::Bind { id, account, add, remove });
    }
    Ok(due)
}

/// The agent of a host says how something ended that may have been a task of ours.
pub(crate) async fn done(
    tx: &mut Tx,
    app: &App,
    host: &Host,
    done: &TaskDone,
    now: Micros,
) -> Result<()> {
    let task = tasks::for_agents(tx, &[host.key]).await?.remove(&host.key);
    let Some(task) = task.filter(|task| task.id == done.id) else { return Ok(()) };
    end(tx, app, &task, done.error.as_deref(), now).await
}

/// Gives up what agents did not end in ten minutes.
pub(super) async fn give_up(tx: &mut Tx, app: &App, now: Micros) -> Result<()> {
    for task in tasks::late(tx, now.plus_secs(-LATE_SECS)).await? {
        let why = match task.state {
            State::Ready => "the host's agent did not ask for it within ten minutes",
            _ => "the host's agent did not say how it ended; the host may have been changed",
        };
        end(tx, app, &task, Some(why), now).await?;
    }
    Ok(())
}

async fn end(tx: &mut Tx, app: &App, task: &Task, why: Option<&str>, now: Micros) -> Result<()> {
    let failure = why.map(|why| ("KPS.0003", why));
    if !tasks::finish(tx, &task.id, failure, now).await? {
        return Ok(());
    }
    if failure.is_none() {
        note_binding(tx, task, now).await?;
    }
    audit::append(tx, &record(app, task, failure)).await
}
