//! `muster-agent`: the agent alone in its process.
#![forbid(unsafe_code)]

mod cli;

use anyhow::{Context, Result};
use clap::Parser;
use cli::{Cli, Command};
use muster_agent::config::Config;
use muster_agent::cost::Meter;
use muster_agent::enrol;
use muster_agent::run::{Agent, Parts};
use muster_agent::state::StateDir;
use muster_agent::transport::http::Http;
use muster_inventory::{Inventory, Options};
use muster_model::{Clock, SystemClock};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    cli::log(cli.log_format);
    keep_memory_private();
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The agent's key is in its memory: no core dump, no reading by others of the same user.
fn keep_memory_private() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Where the kernel refuses there is nothing more to be done.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

fn run(cli: &Cli) -> Result<()> {
    let mut config = Config::load(&cli.config).context("configuration")?;
    if let Some(state_dir) = &cli.state_dir {
        config.state_dir = Some(state_dir.clone());
    }
    match &cli.command {
        Command::Run => serve(config),
        Command::Enrol(args) => join(&config, args),
        Command::Once(args) => cli::once::print(&config, args),
        Command::Version => cli::print(&format!("muster-agent {}\n", env!("CARGO_PKG_VERSION"))),
    }
}

fn serve(config: Config) -> Result<()> {
    let state = StateDir::open(&config.state_dir())?;
    let enrolment = state.enrolment()?.context("not enrolled yet: run muster-agent enrol first")?;
    let key = Arc::new(state.key()?);
    let transport = Http::new(&enrolment.server, enrolment.ca.as_deref(), key)?;
    let layouts = config.images.layouts.clone();
    let scratch = std::path::absolute(state.path("unpacked")).ok();
    let sweeper = Inventory::new(Options { layouts, scratch, ..Options::default() })?;
    let clock = Arc::new(SystemClock);
    let parts = Parts { config, state, sweeper, transport, clock, meter: Meter::Process };
    let mut agent = Agent::new(parts)?;
    tracing::info!(server = enrolment.server, host = enrolment.host_id, "running");
    // Never stops by itself: it may be killed at any moment, and nothing is lost by that.
    let (wake, woken) = std::sync::mpsc::channel();
    agent.run(&wake, &woken);
    Ok(())
}

fn join(config: &Config, args: &cli::EnrolArgs) -> Result<()> {
    let state = StateDir::open(&config.state_dir())?;
    if args.force {
        state.forget()?;
    }
    let ca = match &args.ca_file {
        Some(path) => {
            Some(std::fs::read_to_string(path).with_context(|| path.display().to_string())?)
        }
        None => None,
    };
    let token = args.token()?;
    let profile = Inventory::new(Options::default())?.profile();
    let enrolment = enrol::join(&state, &args.server, &token, ca, profile, SystemClock.now())?;
    cli::print(&format!("enrolled as host {}\n", enrolment.host_id))
}
