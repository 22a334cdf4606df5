//! Agents, and the one-time tokens they enrol with.

use crate::Tx;
use crate::db::{Row, binds};
use muster_model::id::{AgentId, HostId};
use muster_model::{Diagnostic, Error, Micros, Result};
use std::collections::{HashMap, HashSet};

/// An agent: a key that speaks for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Key inside the store.
    pub key: i64,
    /// Its id: SHA-256 of its public key.
    pub id: AgentId,
    /// The host it speaks for.
    pub host: i64,
    /// Ed25519, 32 bytes.
    pub public_key: [u8; 32],
    /// Counter of its last accepted report: a new report carries a larger one.
    pub counter: i64,
    /// Date of that report by the agent's clock.
    pub proof_date: Micros,
    /// Signature of that report, or empty: the same again is the same report.
    pub proof: Vec<u8>,
    /// When a second holder of its key was first noticed.
    pub cloned_at: Option<Micros>,
    /// Its version.
    pub version: String,
    /// When it enrolled.
    pub enrolled_at: Micros,
    /// When it was last heard of.
    pub last_seen: Option<Micros>,
    /// Since when it is not let in.
    pub revoked_at: Option<Micros>,
    /// Why not.
    pub revoked_reason: String,
    /// CPU time it used in all, microseconds.
    pub cpu_us: i64,
    /// Its resident memory at the last report, bytes.
    pub rss_bytes: i64,
    /// What troubles its sweeps.
    pub diagnostics: Vec<Diagnostic>,
}

const AGENT: &str = "SELECT key, id, host, public_key, counter, proof_date, proof, cloned_at, version, enrolled_at, last_seen, revoked_at, \
                     revoked_reason, cpu_us, rss_bytes, diagnostics FROM agents";

fn agent(row: &Row) -> Result<Agent> {
    let mut cells = row.cells();
    Ok(Agent {
        key: cells.take()?,
        id: AgentId::parse(&cells.take::<String>()?)?,
        host: cells.take()?,
        public_key: cells.take()?,
        counter: cells.take()?,
        proof_date: cells.take()?,
        proof: cells.take()?,
        cloned_at: cells.take()?,
        version: cells.take()?,
        enrolled_at: cells.take()?,
        last_seen: cells.take()?,
        revoked_at: cells.take()?,
        revoked_reason: cells.take()?,
        cpu_us: cells.take()?,
        rss_bytes: cells.take()?,
        diagnostics: serde_json::from_str(&cells.take::<String>()?).map_err(Error::internal)?,
    })
}

/// Adds an agent that speaks for `host` and answers its key. The host's row is set separately
/// ([`crate::hosts::set_agent`]).
///
/// # Errors
/// `Conflict` when an agent with this id exists.
pub async fn create(
    tx: &mut Tx,
    id: &AgentId,
    host: i64,
    public_key: &[u8; 32],
    now: Micros,
) -> Result<i64> {
    tx.one(
        "INSERT INTO agents (id, host, public_key, counter, proof_date, proof, version, enrolled_at, \
         revoked_reason, cpu_us, rss_bytes, diagnostics) VALUES (?,?,?,0,0,?,'',?,'',0,0,'[]') RETURNING key",
        binds![id.as_str(), host, *public_key, Vec::<u8>::new(), now],
    )
    .await?
    .only()
}

/// The agent with this id, revoked or not.
///
/// # Errors
/// Those of the database.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Agent>> {
    tx.optional(format!("{AGENT} WHERE id = ?"), binds![id]).await?.as_ref().map(agent).transpose()
}

/// The agents with these ids, revoked or not, by id.
///
/// # Errors
/// Those of the database.
pub async fn by_ids(tx: &mut Tx, ids: &[&AgentId]) -> Result<HashMap<AgentId, Agent>> {
    let ids = ids.iter().map(|id| id.as_str().into()).collect();
    let rows = tx.all_in(&format!("{AGENT} WHERE id"), vec![], ids).await?;
    rows.iter().map(|row| agent(row).map(|agent| (agent.id.clone(), agent))).collect()
}

/// Every agent that ever spoke for a host, newest first.
///
/// # Errors
/// Those of the database.
pub async fn of_host(tx: &mut Tx, host: i64) -> Result<Vec<Agent>> {
    let sql = format!("{AGENT} WHERE host = ? ORDER BY key DESC");
    tx.all(sql, binds![host]).await?.iter().map(agent).collect()
}

/// What an accepted report says of its agent.
pub struct Heard<'a> {
    /// Key of the agent.
    pub agent: i64,
    /// Its version.
    pub version: &'a str,
    /// Counter of the report.
    pub counter: i64,
    /// Its date by the agent's clock.
    pub proof_date: Micros,
    /// Its signature.
    pub proof: &'a [u8],
    /// CPU time since its last report, microseconds.
    pub cpu_us: i64,
    /// Resident memory, bytes.
    pub rss_bytes: i64,
    /// What troubles its sweeps now; none to leave what was told before.
    pub diagnostics: Option<&'a [Diagnostic]>,
}

/// Notes a report each of different agents, and answers the keys of those it did so for. Not of an agent that is revoked,
/// and not where the counter is not larger than that of its last report (a repeated report, or a second holder of the key).
///
/// # Errors
/// Those of the database.
pub async fn heard(tx: &mut Tx, heard: &[Heard<'_>], now: Micros) -> Result<HashSet<i64>> {
    let mut values = Vec::with_capacity(heard.len() * 9);
    for heard in heard {
        let diagnostics = heard.diagnostics.map(serde_json::to_string).transpose();
        values.extend(binds![
            heard.agent,
            heard.counter,
            heard.proof_date,
            heard.proof,
            heard.version,
            now,
            heard.cpu_us,
            heard.rss_bytes,
            diagnostics.map_err(Error::internal)?,
        ]);
    }
    let head = "UPDATE agents SET counter = v.column2, proof_date = v.column3, proof = v.column4, \
                version = v.column5, last_seen = v.column6, cpu_us = cpu_us + v.column7, rss_bytes = v.column8, \
                diagnostics = COALESCE(v.column9, diagnostics) FROM";
    let tail = "WHERE agents.key = v.column1 AND agents.counter < v.column2 AND agents.revoked_at IS NULL \
                RETURNING agents.key";
    tx.all_from(head, 9, values, tail).await?.iter().map(Row::only).collect()
}

/// Notes that a second holder of the agent's key was noticed. A second call changes nothing.
///
/// # Errors
/// Those of the database.
pub async fn cloned(tx: &mut Tx, agent: i64, now: Micros) -> Result<()> {
    tx.execute(
        "UPDATE agents SET cloned_at = ? WHERE key = ? AND cloned_at IS NULL",
        binds![now, agent],
    )
    .await
    .map(drop)
}

/// Hosts of a project whose agent's key was seen in two places.
///
/// # Errors
/// Those of the database.
pub async fn cloned_hosts(tx: &mut Tx, project: i64) -> Result<Vec<HostId>> {
    let sql = "SELECT h.id FROM agents a JOIN hosts h ON h.key = a.host AND h.agent_id = a.id \
               WHERE h.project = ? AND a.cloned_at IS NOT NULL ORDER BY h.id";
    let rows = tx.all(sql, binds![project]).await?;
    rows.iter().map(|row| HostId::parse(&row.cells().take::<String>()?)).collect()
}

/// Shuts an agent out for good. A second call changes nothing.
///
/// # Errors
/// Those of the database.
pub async fn revoke(tx: &mut Tx, agent: i64, reason: &str, now: Micros) -> Result<()> {
    tx.execute(
        "UPDATE agents SET revoked_at = ?, revoked_reason = ? WHERE key = ? AND revoked_at IS NULL",
        binds![now, reason, agent],
    )
    .await
    .map(drop)
}

/// A one-time token, known by its hash only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolmentToken {
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The project the agent's host will belong to.
    pub project: i64,
    /// The user who made it.
    pub created_by: String,
    /// For people.
    pub description: String,
    /// When it was made.
    pub created_at: Micros,
    /// From then on it is void.
    pub expires_at: Micros,
    /// When it was used.
    pub used_at: Option<Micros>,
    /// The agent that used it.
    pub used_by: Option<String>,
    /// The only host it is for; none if it is for any.
    pub host: Option<HostId>,
}

const TOKEN: &str = "SELECT hash, project, created_by, description, created_at, expires_at, used_at, used_by, \
                     (SELECT id FROM hosts WHERE hosts.key = enrolment_tokens.host) FROM enrolment_tokens";

fn enrolment_token(row: &Row) -> Result<EnrolmentToken> {
    let mut cells = row.cells();
    Ok(EnrolmentToken {
        hash: cells.take()?,
        project: cells.take()?,
        created_by: cells.take()?,
        description: cells.take()?,
        created_at: cells.take()?,
        expires_at: cells.take()?,
        used_at: cells.take()?,
        used_by: cells.take()?,
        host: cells.take::<Option<String>>()?.map(|id| HostId::parse(&id)).transpose()?,
    })
}

/// Adds a token that was not used yet.
///
/// # Errors
/// `Conflict` when there is one with the same hash.
pub async fn create_token(tx: &mut Tx, token: &EnrolmentToken) -> Result<()> {
    tx.execute(
        "INSERT INTO enrolment_tokens (hash, project, created_by, description, created_at, expires_at, host) \
         VALUES (?,?,?,?,?,?,(SELECT key FROM hosts WHERE id = ?))",
        binds![
            token.hash,
            token.project,
            &token.created_by,
            &token.description,
            token.created_at,
            token.expires_at,
            token.host.as_ref().map(HostId::as_str)
        ],
    )
    .await
    .map(drop)
}

/// What a token lets its holder do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The project the host will belong to.
    pub project: i64,
    /// The key of the only host it is for; none if it is for any.
    pub host: Option<i64>,
    /// When it was made.
    pub created_at: Micros,
}

/// Uses up a token and answers what it is for; nothing for a token that is unknown, used or expired.
///
/// # Errors
/// Those of the database.
pub async fn take_token(
    tx: &mut Tx,
    hash: &[u8; 32],
    by: &AgentId,
    now: Micros,
) -> Result<Option<Taken>> {
    let row = tx
        .optional(
            "UPDATE enrolment_tokens SET used_at = ?, used_by = ? \
             WHERE hash = ? AND used_at IS NULL AND expires_at > ? RETURNING project, host, created_at",
            binds![now, by.as_str(), *hash, now],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let mut cells = row.cells();
    Ok(Some(Taken { project: cells.take()?, host: cells.take()?, created_at: cells.take()? }))
}

/// The token with this hash, in whatever state.
///
/// # Errors
/// Those of the database.
pub async fn token(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<EnrolmentToken>> {
    let row = tx.optional(format!("{TOKEN} WHERE hash = ?"), binds![*hash]).await?;
    row.as_ref().map(enrolment_token).transpose()
}

/// The tokens of a project, newest first.
///
/// # Errors
/// Those of the database.
pub async fn tokens(tx: &mut Tx, project: i64) -> Result<Vec<EnrolmentToken>> {
    let sql = format!("{TOKEN} WHERE project = ? ORDER BY created_at DESC, hash");
    tx.all(sql, binds![project]).await?.iter().map(enrolment_token).collect()
}

/// Forgets tokens that expired before `before`.
///
/// # Errors
/// Those of the database.
pub async fn purge_tokens(tx: &mut Tx, before: Micros) -> Result<u64> {
    tx.execute("DELETE FROM enrolment_tokens WHERE expires_at < ?", binds![before]).await
}
