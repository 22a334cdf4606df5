//! Which host of the roll a newcomer is. Whoever is taken for a host gets what its owner said of it and is trusted with
//! its keys, so what an agent says of itself alone is not enough to become a host that somebody else entered.

use crate::App;
use crate::hosts::ONLINE_FOR_SECS;
use muster_model::host::HostProfile;
use muster_model::{Error, Micros, Result};
use muster_store::hosts::{self, Host};
use muster_store::{Tx, agents};
use std::net::IpAddr;

/// The host a token is for. Whoever made the token at `made_at` decided: an agent that spoke for it then is replaced.
///
/// # Errors
/// `Conflict` when the host was entered with another machine id, so that the token went to the wrong machine, or when
/// an agent joined as this host that the token's maker could not know of.
pub(super) async fn named(
    tx: &mut Tx,
    key: i64,
    made_at: Micros,
    profile: &HostProfile,
) -> Result<Host> {
    let host = hosts::by_key(tx, key).await?;
    let host = host.ok_or_else(|| Error::unauthenticated("the enrolment token does not hold"))?;
    let expected = &host.registration.machine_id;
    if !expected.is_empty() && !expected.eq_ignore_ascii_case(&profile.machine_id) {
        let why = "host.machine_id: is not the one the token's host was entered with";
        return Err(Error::conflict(why));
    }
    let speaks = |agent: &agents::Agent| host.agent_id.as_ref() == Some(&agent.id);
    let agent = agents::of_host(tx, key).await?.into_iter().find(speaks);
    if agent.is_some_and(|agent| agent.enrolled_at > made_at) {
        let why = "an agent joined as this host since the token was made: make a new one";
        return Err(Error::conflict(why));
    }
    Ok(host)
}

/// The host that one with a token for any host is; none if it is new. In this order:
/// one that was entered with its machine id and waits for it; one that had its machine id and is silent; one that was
/// entered by its name, where more than the name speaks for it. A machine id in use is a careless copy and becomes a
/// host of its own.
pub(super) async fn known(
    app: &App,
    tx: &mut Tx,
    project: i64,
    profile: &HostProfile,
    from: Option<IpAddr>,
    now: Micros,
) -> Result<Option<Host>> {
    if !profile.machine_id.is_empty() {
        let machine_id = profile.machine_id.to_ascii_lowercase();
        let waiting = hosts::expecting_machine(tx, project, &machine_id).await?;
        if let Some(host) = waiting.into_iter().next() {
            return Ok(Some(host));
        }
        let silent = |host: &Host| {
            let alive = now.plus_secs(-ONLINE_FOR_SECS);
            host.agent_id.is_none() || host.last_seen.unwrap_or(host.created_at) < alive
        };
        let same = hosts::by_machine_id(tx, project, &profile.machine_id).await?;
        if let Some(host) = same.into_iter().find(silent) {
            return Ok(Some(host));
        }
    }
    let mut waiting = hosts::expecting_name(tx, project, &profile.name).await?;
    // Names entered twice by an older program: nobody can say which is meant.
    let Some(host) = waiting.pop().filter(|_| waiting.is_empty()) else { return Ok(None) };
    if may_have_its_name(&host, profile, from, app.settings.join_by_name) {
        return Ok(Some(host));
    }
    tracing::warn!(
        host = %host.id,
        "an agent joined under the name of a host that was entered by hand, and is not taken for it"
    );
    Ok(None)
}

/// Whether a name is enough: it asks from the address the host was entered with (which a connection shows and nobody
/// has to believe), or the operator allows it and the addresses do not speak against it.
fn may_have_its_name(
    host: &Host,
    profile: &HostProfile,
    from: Option<IpAddr>,
    by_name_alone: bool,
) -> bool {
    let expected = &host.registration.address;
    let from = from.map(|from| from.to_canonical().to_string());
    match expected.as_str() {
        "" => by_name_alone,
        expected if from.is_some_and(|from| from == expected) => true,
        expected => by_name_alone && profile.addresses.iter().any(|own| own == expected),
    }
}
