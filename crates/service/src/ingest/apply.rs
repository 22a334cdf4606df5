//! A group of reports inside a transaction: who is heard.
//!
//! What small work costs is above all statements, so reports share them.

use super::judge::{Verdict, judge};
use super::queue::Job;
use super::{HEARTBEAT_SECS, answer};
use crate::App;
use muster_model::id::AgentId;
use muster_model::report::Reply;
use muster_model::{Error, Micros, Result};
use muster_store::agents::{self, Agent, Heard};
use muster_store::{Tx, assets, audit};

/// What a report comes to; both are committed.
pub(super) enum Outcome {
    /// Taken in.
    Reply(Reply),
    /// Not taken in, and that was noted.
    Refused(Error),
}

/// Takes in reports and answers them, in their order.
pub(super) async fn all(tx: &mut Tx, app: &App, jobs: &[Job], now: Micros) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::with_capacity(jobs.len());
    for (now, round) in assets::rounds(jobs, now, |job| job.agent.host) {
        outcomes.extend(together(tx, app, round, now).await?);
    }
    Ok(outcomes)
}

/// Takes in reports of different hosts.
async fn together(tx: &mut Tx, app: &App, jobs: &[Job], now: Micros) -> Result<Vec<Outcome>> {
    let ids: Vec<&AgentId> = jobs.iter().map(|job| &job.agent.id).collect();
    let agents = agents::by_ids(tx, &ids).await?;
    let judged = |job: &Job| {
        let agent = agents.get(&job.agent.id)?;
        Some((agent, judge(agent, &job.proof)))
    };
    let judged: Vec<Option<(&Agent, Verdict)>> = jobs.iter().map(judged).collect();
    let new = jobs.iter().zip(&judged).filter_map(|(job, judged)| match judged {
        Some((agent, Verdict::New)) => Some(heard(agent, job)),
        _ => None,
    });
    let noted = agents::heard(tx, &new.collect::<Vec<_>>(), now).await?;

    let (mut outcomes, mut admitted) = (Vec::with_capacity(jobs.len()), Vec::new());
    for (job, judged) in jobs.iter().zip(judged) {
        let unauthenticated = |why: &'static str| Outcome::Refused(Error::unauthenticated(why));
        outcomes.push(match judged {
            None => Some(unauthenticated("the agent is not enrolled here")),
            Some((agent, Verdict::New)) if !noted.contains(&agent.key) => {
                Some(unauthenticated("the agent was shut out: enrol it again"))
            }
            Some((agent, Verdict::New | Verdict::Again)) => {
                admitted.push((agent.host, &job.report));
                None
            }
            Some((_, Verdict::Late)) => {
                Some(Outcome::Reply(Reply { next_secs: HEARTBEAT_SECS, ..Reply::default() }))
            }
            Some((agent, Verdict::Clone)) => Some(cloned(tx, agent, now).await?),
        });
    }
    let mut replies = answer::to_all(tx, app, &admitted, now).await?.into_iter();
    let unanswered = || Error::internal("a report without an answer");
    outcomes
        .into_iter()
        .map(|outcome| outcome.or_else(|| replies.next().map(Outcome::Reply)))
        .map(|outcome| outcome.ok_or_else(unanswered))
        .collect()
}

fn heard<'j>(agent: &Agent, job: &'j Job) -> Heard<'j> {
    let clamp = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    Heard {
        agent: agent.key,
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
