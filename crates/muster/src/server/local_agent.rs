//! The agent of this machine, on a thread of this process. It joins and reports like any other, only that
//! its messages do not leave the process.

use super::operator::operator;
use muster_agent::config::Config;
use muster_agent::cost::Meter;
use muster_agent::enrol::join_over;
use muster_agent::key::AgentKey;
use muster_agent::run::{Agent, Parts, Wake};
use muster_agent::state::StateDir;
use muster_agent::transport::Transport;
use muster_inventory::{Inventory, Options};
use muster_model::proof::REPORT_PATH;
use muster_model::report::{EnrolReply, EnrolRequest, Reply, Report};
use muster_model::{Error, Micros, Result, SystemClock};
use muster_service::{App, enrol, ingest};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use tokio::runtime::Handle;

/// The running agent.
pub(crate) struct LocalAgent {
    wake: Sender<Wake>,
    thread: JoinHandle<()>,
}

impl LocalAgent {
    /// Stops it after what it is at.
    pub(crate) async fn stop(self) {
        // One that could not run has no end left to be told.
        let _ = self.wake.send(Wake::Stop);
        let thread = self.thread;
        if tokio::task::spawn_blocking(move || thread.join()).await.is_err() {
            tracing::error!("the local agent did not end in order");
        }
    }
}

/// Starts it. `data_dir` is the server's; the agent's state lies in its `agent` folder.
pub(crate) fn start(app: &App, config: &Config, data_dir: &Path) -> Result<LocalAgent> {
    let state =
        StateDir::open(&config.state_dir.clone().unwrap_or_else(|| data_dir.join("agent")))?;
    let (app, config, runtime) = (app.clone(), config.clone(), Handle::current());
    let (wake, woken) = channel();
    let watch = wake.clone();
    let run = move || match agent(&app, config, state, runtime) {
        Ok(mut agent) => agent.run(&watch, &woken),
        Err(error) => tracing::error!(?error, "the local agent cannot run"),
    };
    let thread = std::thread::Builder::new().name("agent".to_owned()).spawn(run);
    Ok(LocalAgent { wake, thread: thread.map_err(Error::internal)? })
}

/// The agent, enrolled if it was not.
fn agent(
    app: &App,
    config: Config,
    state: StateDir,
    runtime: Handle,
) -> Result<Agent<Inventory, InProcess>> {
    let kinds = muster_agent::schedule::Schedule::new(&config)?.enabled();
    let layouts = config.images.layouts.clone();
    let scratch = std::path::absolute(state.path("unpacked")).ok();
    let options = Options { kinds, layouts, scratch, ..Options::default() };
    let sweeper = Inventory::new(options)?;
    if let Some(enrolment) = state.enrolment()?
        && !runtime.block_on(enrol::is_known(app, &enrolment.agent_id))?
    {
        tracing::warn!("the server does not know this machine's agent any more: joining again");
        state.forget()?;
    }
    let key = Arc::new(state.key()?);
    let mut transport = InProcess { app: app.clone(), key, runtime };
    if state.enrolment()?.is_none() {
        let (caller, project) = operator(app)?;
        let token = enrol::create_token(app, &caller, Some(&project), 300, "this machine", None);
        let token = transport.runtime.block_on(token)?;
        join_over(&state, &mut transport, "", &token.text, None, sweeper.profile())?;
    }
    let clock = Arc::new(SystemClock);
    Agent::new(Parts { config, state, sweeper, transport, clock, meter: Meter::Thread })
}

/// The service functions as a transport.
struct InProcess {
    app: App,
    key: Arc<AgentKey>,
    runtime: Handle,
}

impl Transport for InProcess {
    fn enrol(&mut self, request: &EnrolRequest) -> Result<EnrolReply> {
        self.runtime.block_on(enrol::enrol(&self.app, request, "", None))
    }

    fn report(&mut self, report: &Report, date: Micros) -> Result<Reply> {
        // The body does not travel: what is signed is that this agent speaks, and its counter.
        let proof = self.key.prove("POST", REPORT_PATH, date, report.counter, &[]);
        self.runtime.block_on(async {
            let agent = ingest::authenticate(&self.app, proof, "POST", REPORT_PATH, &[]).await?;
            ingest::report(&self.app, agent, report.clone()).await
        })
    }
}
