//! `muster agent install`

use super::{Context, pause, rows, text};
use crate::cli::install::InstallArgs;
use crate::messages::Message;
use crate::output::{harmless, print};
use aws_lc_rs::digest::{self, SHA256};
use muster_formats::elf;
use muster_model::{Error, ErrorKind, Result};
use muster_remote::{Binary, Destination, Install, Installed, Operator, Trouble};
use muster_vault::ssh::PublicKey;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Seek};
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Life of the token: as long as the installation may take.
const TOKEN_SECS: u32 = 1_800;
/// Longest wait for a started agent to be heard of.
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_millis(500);
/// Longest reason that the server takes, in characters.
const MAX_REASON: usize = 500;

/// Puts an agent on a host. `agent` is the socket of the operator's own SSH agent.
pub(crate) fn run(context: &Context, args: &InstallArgs, agent: Option<&str>) -> Result<()> {
    let to = Destination::parse(&args.destination, args.port)?;
    let mut program = Program::open(args.binary.as_deref())?;
    // Before anything is noted, what can be known to be wrong is.
    program.install(args, args.server.as_deref().unwrap_or("https://server"))?;
    let host = Host::find(context, args, &to)?;
    host.tell(context, &json!({"state": "installing"}))?;
    let done = host.install(context, args, &to, &mut program, agent);
    if let Err(error) = &done {
        let reason: String = error.message().chars().take(MAX_REASON).collect();
        // The failure itself is what has to be told.
        let _ = host.tell(context, &json!({"state": "failed", "reason": reason}));
    }
    done
}

/// What is put there.
struct Program {
    file: File,
    machine: &'static str,
    size: u64,
    sha256: String,
}

impl Program {
    fn open(path: Option<&Path>) -> Result<Self> {
        // Also when it was replaced since it was started.
        let path = path.unwrap_or(Path::new("/proc/self/exe"));
        let wrong = |why: &dyn std::fmt::Display| {
            Error::invalid("binary", format!("{}: {why}", path.display()))
        };
        let mut file = File::open(path).map_err(|error| wrong(&error))?;
        let mut head = [0; 20];
        let read = file.read_exact(&mut head).ok();
        let machine = read.and_then(|()| elf::machine(&head));
        let machine = machine.ok_or_else(|| wrong(&"is no program for Linux"))?;
        let (mut hash, mut size) = (digest::Context::new(&SHA256), 0);
        let mut chunk = vec![0; 64 * 1024];
        file.rewind().map_err(|error| wrong(&error))?;
        loop {
            let n = file.read(&mut chunk).map_err(|error| wrong(&error))?;
            if n == 0 {
                break;
            }
            hash.update(chunk.get(..n).unwrap_or_default());
            size += n as u64;
        }
        Ok(Self { file, machine, size, sha256: hex::encode(hash.finish()) })
    }

    fn install(&self, args: &InstallArgs, server: &str) -> Result<Install> {
        let binary = Binary { machine: self.machine, size: self.size, sha256: &self.sha256 };
        Install::new(server, binary, args.dir.as_deref(), args.unprivileged)
    }
}

/// The host in the roll.
struct Host {
    id: String,
    /// The keys its SSH server has, where an agent reported them.
    keys: Vec<PublicKey>,
}

impl Host {
    fn find(context: &Context, args: &InstallArgs, to: &Destination) -> Result<Self> {
        if let Some(id) = &args.host {
            let path = format!("/muster/v1/{{project}}/hosts/{id}");
            return Ok(Self::of(&context.client.get(&path, &[])?));
        }
        let name = args.name.as_deref().unwrap_or(to.host());
        let mut same = named(context, name)?;
        match (same.pop(), same.is_empty()) {
            (None, _) => {
                let address = to.host().parse::<IpAddr>().ok().map(|address| address.to_string());
                let body = json!({"name": name, "address": address.unwrap_or_default()});
                let path = "/muster/v1/{project}/hosts";
                let added = context.client.send_json("POST", path, Some(&body))?;
                context.tell(Message::HostAdded, &[text(&added, "id")]);
                Ok(Self::of(&added))
            }
            (Some(host), true) if host.get("agent_id").is_none_or(Value::is_null) => {
                Ok(Self::of(&host))
            }
            (Some(host), true) => Err(Error::conflict(format!(
                "an agent speaks for host {name} already: give --host {} to replace it",
                text(&host, "id")
            ))),
            (Some(_), false) => {
                Err(Error::conflict(format!("several hosts are called {name}: give --host")))
            }
        }
    }

    fn of(host: &Value) -> Self {
        let keys = rows(host, "ssh_host_keys");
        let keys = keys.iter().filter_map(|line| PublicKey::parse(line.as_str()?).ok());
        Self { id: text(host, "id").to_owned(), keys: keys.collect() }
    }

    fn path(&self) -> String {
        format!("/muster/v1/{{project}}/hosts/{}", self.id)
    }

    fn tell(&self, context: &Context, state: &Value) -> Result<()> {
        let path = format!("{}/installation", self.path());
        context.client.send_json("PUT", &path, Some(state)).map(drop)
    }

    fn install(
        &self,
        context: &Context,
        args: &InstallArgs,
        to: &Destination,
        program: &mut Program,
        agent: Option<&str>,
    ) -> Result<()> {
        let body = json!({
            "valid_secs": TOKEN_SECS,
            "description": format!("installation at {}", args.destination),
            "host_id": self.id,
        });
        let path = "/muster/v1/{project}/enrol-tokens";
        let token = context.client.send_json("POST", path, Some(&body))?;
        let server = args.server.as_deref().unwrap_or(text(&token, "endpoint"));
        let install = program.install(args, server)?;
        let operator = Operator {
            identity: args.identity.clone(),
            known_hosts: args.known_hosts.clone(),
            host_keys: match args.known_hosts {
                Some(_) => Vec::new(),
                None => self.keys.clone(),
            },
            may_ask: File::open("/dev/tty").is_ok(),
            agent: agent.map(Into::into),
        };
        program.file.rewind().map_err(Error::internal)?;
        let file = program.file.try_clone().map_err(Error::internal)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(Error::internal)?;
        context.tell(Message::AgentComes, &[&args.destination]);
        let done = operator.install(&args.ssh, to, &install, text(&token, "token"), file);
        match runtime.block_on(done).map_err(|trouble| explained(&trouble))? {
            Installed::Started => self.wait_for_it(context),
            Installed::ByHand(command) => {
                context.tell(Message::AgentJoined, &[&self.id]);
                print(&(harmless(&command) + "\n"))
            }
        }
    }

    /// A service that starts may still fail: only a report says that it runs.
    fn wait_for_it(&self, context: &Context) -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            let host = context.client.get(&self.path(), &[])?;
            if text(&host, "agent_status") == "online" {
                context.tell(Message::AgentOnline, &[&self.id]);
                return Ok(());
            }
            pause(PAUSE);
        }
        let secs = PATIENCE.as_secs();
        let why = format!("the agent was started, but nothing was heard of it for {secs} s");
        Err(Error::new(ErrorKind::Unavailable, why))
    }
}

/// All hosts of exactly this name.
fn named(context: &Context, name: &str) -> Result<Vec<Value>> {
    let (mut same, mut offset) = (Vec::new(), 0);
    loop {
        let query = [
            ("name", name.to_owned()),
            ("limit", "1000".to_owned()),
            ("offset", offset.to_string()),
        ];
        let page = rows(&context.client.get("/muster/v1/{project}/hosts", &query)?, "hosts");
        offset += page.len();
        let last = page.len() < 1_000;
        same.extend(page.into_iter().filter(|host| text(host, "name") == name));
        if last {
            return Ok(same);
        }
    }
}

fn explained(trouble: &Trouble) -> Error {
    let kind = match trouble {
        Trouble::Unreachable(_) | Trouble::Broken(_) | Trouble::NoClient(_) => {
            ErrorKind::Unavailable
        }
        _ => ErrorKind::Conflict,
    };
    let why = match trouble {
        Trouble::HostKey => "the host's key is not the one that is known, or none is known: connect once by ssh and \
                             compare it, or give --known-hosts"
            .to_owned(),
        Trouble::Denied => "the account does not let in by any key there is".to_owned(),
        Trouble::Refused(why) => format!("the host refused: {}", harmless(why)),
        other => harmless(&other.to_string()),
    };
    Error::new(kind, why)
}
