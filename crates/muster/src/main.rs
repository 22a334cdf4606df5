//! The one binary: server, worker, agent and the command line that talks to them.
#![forbid(unsafe_code)]

mod agent;
mod backup;
mod cli;
mod client;
mod commands;
mod config;
mod exit;
mod files;
mod log;
mod messages;
mod output;
mod server;

use clap::Parser;
use cli::agent::AgentCommand;
use cli::audit::{AuditArgs, AuditCommand};
use cli::{Cli, Command};
use config::{Config, environment};
use messages::{Lang, Message, say};
use muster_model::{Error, Result};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::process::ExitCode;

/// Gives back what was freed, whatever the sizes were before and after (ADR 18).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keep_memory_private();
    let cli = Cli::parse();
    let environment = environment();
    let mut lang = cli.lang.unwrap_or_else(|| locale(&environment));
    match run(&cli, &environment, &mut lang) {
        Ok(code) => code,
        Err(error) => {
            if let Some(source) = std::error::Error::source(&error) {
                tracing::error!(source, "failed");
            }
            output::complain(&say(lang, Message::Problem, &[error.message()]));
            exit::code(error.kind())
        }
    }
}

/// Keys and passwords are in this process's memory: no core dump, no reading by others of the same user.
fn keep_memory_private() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Where the kernel refuses there is nothing more to be done.
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

/// The language of the locale, as setlocale(3) finds it.
fn locale(environment: &[(String, String)]) -> Lang {
    let value = |name: &str| {
        let found = environment.iter().find(|(key, value)| key == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    };
    let locale = value("LC_ALL").or_else(|| value("LC_MESSAGES")).or_else(|| value("LANG"));
    Lang::of_locale(locale.unwrap_or_default())
}

fn run(cli: &Cli, environment: &[(String, String)], lang: &mut Lang) -> Result<ExitCode> {
    match &cli.command {
        Command::Scan(args) => commands::scan::run(args, &cli.common.data_dir()),
        Command::Audit(AuditArgs { command: AuditCommand::Verify(args), .. }) => {
            commands::audit::verify(args, &cli.common.data_dir(), *lang)
        }
        Command::TakeApart(args) => commands::take_apart::run(args),
        Command::Artifacts(args) => {
            commands::artifacts::run(&ask(&cli.common, &args.asking, *lang)?, args)
        }
        _ => dispatch(cli, environment, lang).map(|()| ExitCode::SUCCESS),
    }
}

/// The way to a running server.
fn ask(flags: &cli::Common, asking: &cli::asking::Asking, lang: Lang) -> Result<commands::Context> {
    let client = client::Client::new(&asking.connection, &flags.data_dir())?;
    Ok(commands::Context { client, output: asking.output, lang })
}

fn dispatch(cli: &Cli, environment: &[(String, String)], lang: &mut Lang) -> Result<()> {
    let flags = &cli.common;
    let load = |args: Option<&cli::serve::ServeArgs>| {
        let mut config = Config::load(flags.config.as_deref(), &flags.data_dir(), environment)?;
        if let Some(args) = args {
            args.apply(&mut config);
        }
        if let Some(format) = flags.log_format {
            config.log.format = format;
        }
        config.lang = cli.lang.or(config.lang).or(Some(locale(environment)));
        config.check()?;
        Ok::<_, Error>(config)
    };
    let spoken = *lang;
    let ask = |asking: &cli::asking::Asking| ask(flags, asking, spoken);
    match &cli.command {
        Command::Up(args) | Command::Server(args) | Command::Worker(args) => {
            let config = load(Some(args))?;
            log::start(&config.log)?;
            let part = match &cli.command {
                Command::Server(_) => server::Part::Server,
                Command::Worker(_) => server::Part::Worker,
                _ => server::Part::Everything,
            };
            *lang = config.lang.unwrap_or_default();
            server::run(config, flags.data_dir(), part)
        }
        Command::Init(args) => {
            let mut config = load(None)?;
            args.apply(&mut config);
            config.check()?;
            server::init::run(&config, flags.data_dir(), &args.credentials, args.account.as_deref())
        }
        Command::Agent { command: AgentCommand::Install(args) } => {
            let agent = environment.iter().find(|(name, _)| name == "SSH_AUTH_SOCK");
            commands::install::run(&ask(&args.asking)?, args, agent.map(|(_, path)| path.as_str()))
        }
        Command::Agent { command } => {
            let config = load(None)?;
            log::start(&config.log)?;
            agent::run(config.agent, command, *lang)
        }
        Command::Vulnerabilities(args) => commands::vulnerabilities::run(&ask(&args.asking)?, args),
        Command::Hosts(args) => commands::hosts::run(&ask(&args.asking)?, args),
        Command::Images(args) => commands::images::run(&ask(&args.asking)?, args),
        Command::Containers(args) => commands::containers::run(&ask(&args.asking)?, args),
        Command::Assets(args) => commands::assets::run(&ask(&args.asking)?, args),
        Command::Cert(args) => match &args.command {
            // Needs no server: the key stays on this machine.
            cli::cert::CertCommand::Unwrap(args) => commands::cert::unwrap(args),
            _ => commands::cert::run(&ask(&args.asking)?, args),
        },
        Command::Vault(args) => {
            let place = (flags.data_dir(), *lang);
            let ask = || ask(&args.asking);
            commands::vault::run(args, (&place.0, place.1), || load(None), ask)
        }
        Command::Backup(args) => {
            let mut config = load(None)?;
            args.key.apply(&mut config);
            backup::write(&config, &flags.data_dir(), &args.file, *lang)
        }
        Command::Restore(args) => {
            let mut config = load(None)?;
            args.key.apply(&mut config);
            let identity = args.identity.as_deref();
            backup::restore(&config, flags.data_dir(), &args.file, identity, *lang)
        }
        Command::Audit(args) => commands::audit::run(args, *lang, || ask(&args.asking)),
        Command::Export(args) => commands::export::run(&ask(&args.asking)?, args),
        Command::Key(args) => commands::key::run(&ask(&args.asking)?, args),
        Command::Admin(args) => commands::admin::run(&ask(&args.asking)?, args),
        Command::Scan(args) => commands::scan::run(args, &flags.data_dir()).map(drop),
        Command::Artifacts(args) => commands::artifacts::run(&ask(&args.asking)?, args).map(drop),
        Command::Db(args) => {
            let config = load(None)?;
            commands::db::run(&config, &flags.data_dir(), args, *lang)
        }
        Command::TakeApart(args) => commands::take_apart::run(args).map(drop),
        Command::Version => output::print(&format!("muster {}\n", env!("CARGO_PKG_VERSION"))),
        Command::Completions { shell } => output::print(&cli::completions(*shell)),
        Command::Config { command } => {
            let config = load(None)?;
            match command {
                cli::config::ConfigCommand::Print => output::print(&config.print()?),
                cli::config::ConfigCommand::Check => {
                    output::print(&(say(*lang, Message::ConfigGood, &[]) + "\n"))
                }
            }
        }
    }
}
