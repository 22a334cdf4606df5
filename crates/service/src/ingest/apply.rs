//! One report inside a transaction.

use super::judge::{Verdict, judge};
use super::queue::Job;
use super::{BUSY_SECS, HEARTBEAT_SECS};
use crate::App;
use crate::keypairs::agents as binding;
use muster_model::report::{Reply, Report, Scope, Task};
use muster_model::{Error, Micros, Result};
use muster_store::agents::{self, Agent, Heard};
use muster_store::assets::{self, Applied, Target};
use muster_store::hosts::{self, Host};
use muster_store::{Tx, audit, collect};
use std::collections::HashSet;

/// What a report comes to; both are committed.
pub(super) enum Outcome {
    /// Taken in.
    Reply(Reply),
    /// Not taken in, and that was noted.
    Refused(Error),
}

/// Takes in one report.
pub(super) async fn one(tx: &mut Tx, app: &App, job: &Job, now: Micros) -> Result<Outcome> {
    let Some(agent) = agents::by_id(tx, job.agent.id.as_str()).await? else {
        return Ok(Outcome::Refused(Error::unauthenticated("the agent is not enrolled here")));
    };
    match judge(&agent, &job.proof) {
        Verdict::New => {
            if !agents::heard(tx, agent.key, &heard(job), now).await? {
                let shut_out = "the agent was shut out: enrol it again";
                return Ok(Outcome::Refused(Error::unauthenticated(shut_out)));
            }
        }
        Verdict::Again => {}
        Verdict::Late => {
            return Ok(Outcome::Reply(Reply { next_secs: HEARTBEAT_SECS, ..Reply::default() }));
        }
        Verdict::Clone => return cloned(tx, &agent, now).await,
    }
    let Some(host) = hosts::by_key(tx, agent.host).await? else {
        return Err(Error::internal("an agent without a host"));
    };
    hosts::seen(tx, host.key, &job.report.agent_version, now).await?;
    if let Some(profile) = &job.report.host {
        hosts::update_profile(tx, host.key, profile).await?;
    }
    take_in(tx, app, &host, &job.report, now).await.map(Outcome::Reply)
}

fn heard(job: &Job) -> Heard<'_> {
    let clamp = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Heard {
        version: &job.report.agent_version,
        counter: clamp(job.proof.counter),
        proof_date: job.proof.date,
        proof: &job.proof.signature,
        // A hundred years at most, so that the sum cannot overflow.
        cpu_us: clamp(job.report.cost.cpu_us).min(100 * 365 * 86_400 * 1_000_000),
        rss_bytes: clamp(job.report.cost.rss_bytes),
        diagnostics: job.report.diagnostics.as_deref(),
    }
}

async fn take_in(
    tx: &mut Tx,
    app: &App,
    host: &Host,
    report: &Report,
    now: Micros,
) -> Result<Reply> {
    let target = Target { project: host.project, host: host.key };
    let applied = assets::apply(tx, target, &report.scopes, now).await?;
    let mut full: Vec<Scope> = report
        .scopes
        .iter()
        .zip(applied)
        .filter(|(_, applied)| *applied == Applied::NeedFull)
        .map(|(report, _)| report.scope.clone())
        .collect();
    full.extend(unnamed(tx, host, report).await?);
    for done in &report.done {
        collect::finished(tx, host.key, done, now).await?;
        binding::done(tx, app, host, done, now).await?;
    }
    let due = collect::due(tx, host.key).await?;
    if !due.is_empty() {
        collect::sent(tx, host.key, now).await?;
    }
    let collect = due.into_iter().map(|(id, kinds)| Task::Collect { id, kinds });
    let tasks: Vec<Task> = collect.chain(binding::due(tx, host).await?).collect();
    let busy = !full.is_empty() || !tasks.is_empty();
    Ok(Reply {
        full,
        want_host: false,
        tasks,
        next_secs: if busy { BUSY_SECS } else { HEARTBEAT_SECS },
    })
}

/// Scopes that are held but not named where every scope of the kind is: gone, but for the agent to say.
async fn unnamed(tx: &mut Tx, host: &Host, report: &Report) -> Result<Vec<Scope>> {
    // By id: the name of a container may change.
    let key = |scope: &Scope| (scope.kind, scope.container.as_ref().map(|it| it.id.clone()));
    let named: HashSet<_> = report.scopes.iter().map(|it| key(&it.scope)).collect();
    if !named.iter().any(|(_, container)| container.is_none()) {
        return Ok(Vec::new());
    }
    let held = assets::scopes(tx, host.key).await?;
    let unnamed =
        |scope: &Scope| named.contains(&(scope.kind, None)) && !named.contains(&key(scope));
    Ok(held.into_iter().filter(unnamed).collect())
}

/// Notes the clone, once in the audit log, and refuses it.
async fn cloned(tx: &mut Tx, agent: &Agent, now: Micros) -> Result<Outcome> {
    if agent.cloned_at.is_none() {
        agents::cloned(tx, agent.key, now).await?;
        let record = audit::Record {
            at: now,
            request_id: String::new(),
            domain_id: String::new(),
            project_id: String::new(),
            user_id: agent.id.to_string(),
            user_name: String::new(),
            credential: "agent".to_owned(),
            action: "hss:agent:report".to_owned(),
            target: format!("agent/{}", agent.id),
            outcome: "denied".to_owned(),
            detail: r#"{"reason":"cloned"}"#.to_owned(),
        };
        audit::append(tx, &record).await?;
        tracing::warn!(agent = %agent.id, "two agents use one key");
    }
    let message = "another agent uses the same key: was this machine copied? Enrol this one again";
    Ok(Outcome::Refused(Error::conflict(message)))
}
