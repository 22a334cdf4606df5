//! What agents report: proved, checked, applied in groups, answered.

mod answer;
mod apply;
pub(crate) mod check;
mod judge;
mod queue;

pub(crate) use queue::Queue;

use crate::App;
use muster_model::proof::Proof;
use muster_model::report::{Reply, Report};
use muster_model::{Error, Result};
use muster_store::agents::{self, Agent};

/// Seconds until an agent should report again.
pub const HEARTBEAT_SECS: u32 = 60;
/// The same while it has a task or was just asked for something in full.
pub const BUSY_SECS: u32 = 5;

/// An agent that proved itself. Only [`authenticate`] makes one.
pub struct AgentCaller {
    agent: Agent,
    proof: Proof,
}

impl AgentCaller {
    /// Its id, for the log.
    pub fn id(&self) -> &str {
        self.agent.id.as_str()
    }
}

/// Proves an agent by its key. `body` as it was sent, still compressed.
///
/// # Errors
/// `Unauthenticated` when the agent is unknown, shut out, or did not sign this request.
pub async fn authenticate(
    app: &App,
    proof: Proof,
    method: &str,
    path: &str,
    body: &[u8],
) -> Result<AgentCaller> {
    let refused = |why: &'static str| Error::unauthenticated(why);
    let agent = agents::by_id(&mut app.db.read().await?, &proof.agent).await?;
    let agent = agent.ok_or_else(|| refused("the agent is not enrolled here"))?;
    if !muster_vault::agent::holds(&agent.public_key, &proof, method, path, body) {
        return Err(refused("the agent's signature does not hold"));
    }
    if agent.revoked_at.is_some() {
        return Err(refused("the agent was shut out: enrol it again"));
    }
    Ok(AgentCaller { agent, proof })
}

/// Takes in a report and answers it. Waits for its turn: reports are committed in groups.
///
/// # Errors
/// `Invalid` for a report beyond the protocol's limits, `Conflict` when another holder of the same key has
/// reported since, `Unavailable` when the server is stopping.
pub async fn report(app: &App, caller: AgentCaller, report: Report) -> Result<Reply> {
    check::report(&report)?;
    if report.counter != caller.proof.counter {
        return Err(Error::invalid("counter", "is not the one that was signed"));
    }
    app.ingest.take(app, queue::Job { agent: caller.agent, proof: caller.proof, report }).await
}
