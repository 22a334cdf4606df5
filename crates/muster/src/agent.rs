//! `muster agent`: what `muster-agent` does, for machines that have this binary anyway.

use crate::cli::agent::AgentCommand;
use crate::messages::{Lang, Message, say};
use crate::output;
use muster_agent::config::Config;
use muster_agent::cost::Meter;
use muster_agent::run::{Agent, Parts};
use muster_agent::state::StateDir;
use muster_agent::transport::http::Http;
use muster_inventory::{Inventory, Options};
use muster_model::{Clock, Error, Result, SystemClock};
use std::path::PathBuf;
use std::sync::Arc;

/// Joins or runs.
pub(crate) fn run(mut config: Config, command: &AgentCommand, lang: Lang) -> Result<()> {
    match command {
        // It asks a server, and was sent elsewhere.
        AgentCommand::Install(_) => Ok(()),
        AgentCommand::Run { state_dir } => {
            let state = open(&mut config, state_dir)?;
            serve(config, state)
        }
        AgentCommand::Enrol { server, token, state_dir, force } => {
            let state = open(&mut config, state_dir)?;
            if *force {
                state.forget()?;
            }
            let profile = Inventory::new(Options::default())?.profile();
            let now = SystemClock.now();
            let joined = muster_agent::enrol::join(&state, server, token, None, profile, now)?;
            output::print(&(say(lang, Message::Enrolled, &[&joined.host_id]) + "\n"))
        }
    }
}

fn open(config: &mut Config, state_dir: &Option<PathBuf>) -> Result<StateDir> {
    if state_dir.is_some() {
        config.state_dir.clone_from(state_dir);
    }
    StateDir::open(&config.state_dir())
}

fn serve(config: Config, state: StateDir) -> Result<()> {
    let enrolment = state.enrolment()?;
    let enrolment =
        enrolment.ok_or_else(|| Error::conflict("not enrolled yet: run `muster agent enrol`"))?;
    let key = Arc::new(state.key()?);
    let transport = Http::new(&enrolment.server, enrolment.ca.as_deref(), key)?;
    let layouts = config.images.layouts.clone();
    let scratch = std::path::absolute(state.path("unpacked")).ok();
    let sweeper = Inventory::new(Options { layouts, scratch, ..Options::default() })?;
    let clock = Arc::new(SystemClock);
    let parts = Parts { config, state, sweeper, transport, clock, meter: Meter::Process };
    // Never stops by itself: it may be killed at any moment, and nothing is lost by that.
    let (wake, woken) = std::sync::mpsc::channel();
    Agent::new(parts)?.run(&wake, &woken);
    Ok(())
}
