//! The command line of `muster-agent`.

pub(crate) mod once;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use muster_model::Kind;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;

/// The Muster agent: tells the server what is on this host.
///
/// First `enrol` with a token (`muster admin enrol-token` on the server makes one), then `run`. The agent
/// listens on nothing, runs nothing it finds, and may be killed at any moment without losing anything.
#[derive(Parser)]
#[command(version, propagate_version = true)]
pub(crate) struct Cli {
    /// Configuration file; a missing one is the defaults.
    #[arg(long, global = true, default_value = "/etc/muster/agent.toml")]
    pub(crate) config: PathBuf,
    /// Folder with the agent's key and memory [default: /var/lib/muster-agent].
    #[arg(long, global = true)]
    pub(crate) state_dir: Option<PathBuf>,
    /// How to write the log (standard error).
    #[arg(long, global = true, default_value = "text")]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Sweep this host and report to the server, until killed.
    Run,
    /// Join a server with a one-time token.
    Enrol(EnrolArgs),
    /// Sweep this host once and print what was found; tells nobody.
    Once(OnceArgs),
    /// Print the version.
    Version,
}

#[derive(Args)]
pub(crate) struct EnrolArgs {
    /// The server, https://host:port (http only on this machine).
    #[arg(long)]
    pub(crate) server: String,
    /// The token, or `-` to read it from standard input (other users can see arguments).
    #[arg(long)]
    token: String,
    /// The server's CA certificate (PEM). Without it the one the token names is fetched.
    #[arg(long)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Forget an earlier enrolment, with its key.
    #[arg(long)]
    pub(crate) force: bool,
}

impl EnrolArgs {
    pub(crate) fn token(&self) -> Result<String> {
        if self.token != "-" {
            return Ok(self.token.clone());
        }
        let mut text = String::new();
        std::io::stdin().lock().take(4_096).read_to_string(&mut text).context("standard input")?;
        Ok(text)
    }
}

#[derive(Args)]
pub(crate) struct OnceArgs {
    /// The form of the output.
    #[arg(long, default_value = "json")]
    pub(crate) output: Output,
    /// Only these kinds.
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    pub(crate) kinds: Vec<Kind>,
    /// The directory that is the root of what is swept, `/` being this host.
    #[arg(long, default_value = "/")]
    pub(crate) root: PathBuf,
    /// The proc directory that belongs to it.
    #[arg(long, default_value = "/proc")]
    pub(crate) proc: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Output {
    /// One JSON object.
    Json,
    /// Rows by kind, cost and troubles.
    Table,
}

fn kind(text: &str) -> Result<Kind> {
    let Some(kind) = Kind::from_name(text) else {
        let names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        bail!("one of {}", names.join(", "));
    };
    Ok(kind)
}

/// Writes to standard output. A closed pipe is no failure.
pub(crate) fn print(text: &str) -> Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Starts the log. `RUST_LOG` chooses what is in it.
pub(crate) fn log(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::builder()
        .with_default_directive(tracing::Level::INFO.into())
        .from_env_lossy();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}
