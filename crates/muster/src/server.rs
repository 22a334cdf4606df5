//! Starting, serving, stopping.

mod banner;
pub(crate) mod init;
mod local_agent;
mod metrics;
mod operator;
pub(crate) mod place;
pub(crate) mod recovery;
pub(crate) mod root_key;
mod tls;
mod upkeep;

use crate::config::{Config, Preset};
use crate::files::{CredentialsFile, RunFile};
use crate::messages::{Message, say};
use crate::output;
use axum::Router;
use muster_api_muster::docs::{self, Section};
use muster_http::{probes, serve};
use muster_model::{Error, Result, SystemClock};
use muster_service::limits::Limits;
use muster_service::sca::{self, ScaSettings};
use muster_service::{App, Settings, identity};
use muster_store::Db;
use place::Place;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};

/// What of the product runs in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// `muster up`: server, worker and the agent of this host, with credentials made at the first start.
    Everything,
    /// `muster server`: no agent, no credentials, its root key outside the data folder.
    Server,
    /// `muster worker`: background jobs and nothing to listen on but the probes of a loopback port.
    Worker,
}

/// Runs until told to stop.
pub(crate) fn run(mut config: Config, data_dir: PathBuf, part: Part) -> Result<()> {
    if part != Part::Everything {
        config.server.local_agent = false;
        root_key::existing(&config, &data_dir)?;
        shared_by(&config, part)?;
    }
    config.server.worker |= part == Part::Worker;
    let place = Place::take(data_dir)?;
    let listener = listen(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(Error::internal)?;
    let ended = runtime.block_on(serve_until_told(&config, &place, listener, part));
    RunFile::remove(place.dir());
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    ended
}

/// A worker beside the servers needs a database they can all reach.
fn shared_by(config: &Config, part: Part) -> Result<()> {
    let alone = config.database.url.as_deref().is_none_or(|url| url.starts_with("sqlite:"));
    if part == Part::Worker && alone {
        return Err(Error::invalid(
            "database.url",
            "must be a PostgreSQL that the servers use too; on SQLite the server runs the jobs itself",
        ));
    }
    Ok(())
}

fn listen(config: &Config) -> Result<TcpListener> {
    let address = config.server.listen;
    TcpListener::bind(address)
        .map_err(|error| Error::invalid("listen", format!("{address}: {error}")))
}

async fn serve_until_told(
    config: &Config,
    place: &Place,
    listener: TcpListener,
    part: Part,
) -> Result<()> {
    let lang = config.lang.unwrap_or_default();
    let clock = Arc::new(SystemClock);
    let now = muster_model::Clock::now(clock.as_ref());
    let address = listener.local_addr().map_err(Error::internal)?;
    let mut names = config.tls.names.clone();
    names.push(place.host_name());
    let tls = tls::identity(&config.tls, place.dir(), address.ip(), &names, now)?;
    let endpoint = place.public_endpoint(&config.server, address, tls.is_some());
    let settings = Settings {
        data_dir: place.dir().to_owned(),
        endpoint: endpoint.clone(),
        region: config.server.region.clone(),
        ca: tls.as_ref().map(|it| it.ca.clone()),
        token_secs: config.server.token_secs,
        join_by_name: config.server.join_by_name,
        limits: match config.limits.preset {
            Preset::Standard => Limits::STANDARD,
            Preset::Vendor => Limits::VENDOR,
        },
        export: config.export.clone(),
        egress: config.egress.clone(),
        certificates: config.certificates.clone(),
        audit: config.audit.clone(),
        keypairs: config.keypairs.clone(),
        guard: config.guard,
        images: config.images,
        // This very program, also when another lies in its place meanwhile.
        sca: ScaSettings {
            engine: Some(("/proc/self/exe".into(), vec!["take-apart".to_owned()])),
            ..config.sca.clone()
        },
    };
    let tls = match tls {
        Some(it) => Some(serve::tls(it.chain, it.key.to_vec()).await?),
        None => None,
    };
    let app = open(config, place, clock, settings).await?;
    if part == Part::Everything {
        credentials(&app, place, &endpoint).await?;
    } else if app.identity.directory().find_domain(|_| true).is_none() {
        return Err(Error::conflict(
            "the database has no account yet: run `muster init --credentials FILE` with the same \
             configuration first",
        ));
    }
    if config.server.worker {
        muster_service::export::start(&app);
        sca::start_callbacks(&app);
        muster_service::certificates::expiry::start(&app)?;
        muster_service::audit::copies::start(&app)?;
        muster_service::keypairs::start(&app)?;
        muster_service::images::automatic::start(&app);
        muster_service::vulnerabilities::matcher::start(&app);
        upkeep::start(&app);
    }
    // Where artifacts come in they are taken apart, also where no other jobs run.
    if part != Part::Worker {
        sca::start_analyses(&app)?;
    }
    let router = match part {
        Part::Worker => muster_http::edge(probes::probes(app.clone(), metrics::start(&app))),
        Part::Everything | Part::Server => router(&app)?,
    };
    let server = app.tasks.spawn(serve::serve(router, listener, tls, app.stop.clone()));
    let agent = match config.server.local_agent {
        true => Some(local_agent::start(&app, &config.agent, place.dir())?),
        false => None,
    };
    RunFile::write(place.dir(), &endpoint)?;
    tracing::info!(endpoint, "ready");
    output::print(&banner::text(lang, part, &endpoint, place.dir(), app.settings.ca.is_some()))?;

    let ended = told_to_stop(server).await;
    output::print(&(say(lang, Message::Stopping, &[]) + "\n"))?;
    RunFile::remove(place.dir());
    app.stop.cancel();
    if let Some(agent) = agent {
        agent.stop().await;
    }
    app.close().await;
    output::print(&(say(lang, Message::Stopped, &[]) + "\n"))?;
    ended
}

async fn open(
    config: &Config,
    place: &Place,
    clock: Arc<SystemClock>,
    settings: Settings,
) -> Result<App> {
    let database = config.store(place.dir());
    let now = muster_model::Clock::now(clock.as_ref());
    let db = Db::open(&database, now).await?;
    let vault = root_key::read(config, place, &db, now).await?.by(config.server.sealing);
    muster_service::vault::opens(&db, &vault).await?;
    recovery::keep(&db, &vault, &config.recovery()?, now).await?;
    App::open(db, vault, clock, settings).await
}

/// Makes the account at the first start; later sees to it that the file names the present endpoint.
async fn credentials(app: &App, place: &Place, endpoint: &str) -> Result<()> {
    identity::bootstrap(app, &|made| CredentialsFile::new(made, endpoint).write(place.dir()))
        .await?;
    let Some(mut file) = CredentialsFile::read(&CredentialsFile::path(place.dir()))? else {
        return Ok(());
    };
    let moved = file.endpoint != endpoint;
    endpoint.clone_into(&mut file.endpoint);
    // A file of an earlier version has none.
    let keyless = file.sca_access_key_id.is_empty();
    if keyless {
        let (caller, project) = operator::operator(app)?;
        let (key, secret) = sca::keys::create(app, &caller, &project, "made by an upgrade").await?;
        file.sca_access_key_id = key.access;
        file.sca_access_key_secret = secret;
    }
    if moved || keyless { file.write(place.dir()) } else { Ok(()) }
}

/// What the documentation lists.
const SECTIONS: &[Section] = &[
    Section { anchor: "iam", title: "Identity (IAM)", operations: muster_api_iam::OPERATIONS },
    Section {
        anchor: "hss",
        title: "Hosts and containers (HSS, CGS)",
        operations: muster_api_hss::OPERATIONS,
    },
    Section { anchor: "kps", title: "Key pairs (KPS)", operations: muster_api_kps::OPERATIONS },
    Section { anchor: "scm", title: "Certificates (SCM)", operations: muster_api_scm::OPERATIONS },
    Section {
        anchor: "sca",
        title: "Composition analysis (SCA open API)",
        operations: muster_api_sca::OPERATIONS,
    },
    Section { anchor: "muster", title: "Muster", operations: muster_api_muster::OPERATIONS },
    Section { anchor: "agent", title: "Agents", operations: muster_api_agent::OPERATIONS },
];

/// Every API behind one edge.
fn router(app: &App) -> Result<Router> {
    let guide = docs::Guide {
        endpoint: app.settings.endpoint.clone(),
        region: app.settings.region.clone(),
        tls: app.settings.ca.is_some(),
    };
    let docs = docs::router(&guide, SECTIONS).map_err(Error::internal)?;
    let apis = muster_api_iam::router(app)
        .merge(muster_api_hss::router(app))
        .merge(muster_api_kps::router(app))
        .merge(muster_api_scm::router(app))
        .merge(muster_api_sca::router(app))
        .merge(muster_api_agent::router(app))
        .merge(muster_api_muster::router(app))
        .merge(docs)
        .merge(probes::probes(app.clone(), metrics::start(app)));
    Ok(muster_http::edge(apis))
}

/// Waits for SIGTERM, Ctrl-C or the end of the server.
async fn told_to_stop(server: tokio::task::JoinHandle<Result<()>>) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        ended = server => ended.map_err(Error::internal)?,
    }
}
