//! The switch of hosts' protection.

use crate::hosts::{UNPROTECTED, VERSIONS};
use crate::list::{Answer, Done};
use axum::extract::State;
use muster_http::{Caller, Json, PathParams};
use muster_model::{Error, Result};
use muster_service::{App, hosts};
use serde::Deserialize;

/// The versions containers are protected by.
const CONTAINER_VERSIONS: &[&str] = &[UNPROTECTED, "hss.version.container.enterprise"];
const CHARGING_MODES: &[&str] = &["packet_cycle", "on_demand"];

/// `SwitchHostsProtectStatusRequestInfo` and `SwitchContainerHostsProtectStatusRequestInfo`. Nothing is bought: by what it
/// is paid is checked and not kept, as are tags.
#[derive(Debug, Deserialize)]
pub(crate) struct Switch {
    version: String,
    charging_mode: Option<String>,
    host_id_list: Vec<String>,
}

impl Switch {
    /// What to protect the hosts as; none: not at all.
    fn version(&self, known: &[&str]) -> Result<Option<&str>> {
        if !known.contains(&self.version.as_str()) {
            return Err(one_of("version", known));
        }
        if self.charging_mode.as_ref().is_some_and(|it| !CHARGING_MODES.contains(&it.as_str())) {
            return Err(one_of("charging_mode", CHARGING_MODES));
        }
        if !(1..=200).contains(&self.host_id_list.len()) {
            return Err(Error::invalid("host_id_list", "must have 1 to 200 entries"));
        }
        Ok(Some(self.version.as_str()).filter(|version| *version != UNPROTECTED))
    }
}

fn one_of(name: &'static str, words: &[&str]) -> Error {
    Error::invalid(name, format_args!("must be one of {}", words.join(", ")).to_string())
}

/// `SwitchHostsProtectStatus`.
pub(crate) async fn switch_hosts(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Switch>,
) -> Answer<Done> {
    let version = body.version(VERSIONS)?;
    hosts::protect(&app, &caller, &path.project()?, &body.host_id_list, version).await?;
    Ok(Json(Done {}))
}

/// `SwitchContainerProtectStatus`.
pub(crate) async fn switch_nodes(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Switch>,
) -> Answer<Done> {
    let version = body.version(CONTAINER_VERSIONS)?;
    hosts::protect(&app, &caller, &path.project()?, &body.host_id_list, version).await?;
    Ok(Json(Done {}))
}
