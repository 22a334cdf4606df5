//! What is known of a port by its number alone.

use crate::{App, authz};
use muster_model::id::ProjectId;
use muster_model::known_port::{KnownPort, Transport, known_port};
use muster_model::{Action, Caller, Result};

/// What usually listens on a port: over TCP, else over UDP. None where no rule knows the number.
///
/// # Errors
/// Those of [`authz::require`].
pub async fn show(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    port: u16,
) -> Result<Option<&'static KnownPort>> {
    authz::require(app, caller, Action::AssetList, Some(project)).await?;
    Ok(known_port(port, Transport::Tcp).or_else(|| known_port(port, Transport::Udp)))
}
