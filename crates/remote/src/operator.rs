//! The way of an operator to a host: with the operator's own keys, and questions at the operator's own terminal (see
//! `docs/adr`).

use crate::install::Install;
use crate::output::Output;
use crate::ssh::{ALIAS, client, local, talk};
use crate::target::check_account;
use crate::trouble::Trouble;
use muster_model::Error;
use muster_vault::ssh::PublicKey;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// Longest installation: a program of a hundred megabytes over a slow line.
const LONGEST: Duration = Duration::from_secs(1_800);
/// Bytes of the program that are read at a time.
const CHUNK: usize = 64 * 1024;

/// An account on a host, as somebody names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    account: String,
    host: String,
    port: u16,
}

impl Destination {
    /// From `account@host`, where the host is a name or an address.
    ///
    /// # Errors
    /// `Invalid` for anything else.
    pub fn parse(text: &str, port: u16) -> muster_model::Result<Self> {
        let form = "must be ACCOUNT@HOST";
        let (account, host) =
            text.rsplit_once('@').ok_or_else(|| Error::invalid("destination", form))?;
        check_account("destination", account)?;
        let host = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:%".contains(&byte);
        if host.is_empty() || host.len() > 255 || host.starts_with('-') || !host.bytes().all(letter)
        {
            return Err(Error::invalid("destination", form));
        }
        Ok(Self { account: account.to_owned(), host: host.to_owned(), port })
    }

    /// The host's name or address.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Who goes there, and whom is believed to be the host.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// File with the private key to log in with; none for those that OpenSSH would take.
    pub identity: Option<PathBuf>,
    /// File with known hosts; none for the operator's own.
    pub known_hosts: Option<PathBuf>,
    /// Keys one of which the host must have; none to believe the known hosts.
    pub host_keys: Vec<PublicKey>,
    /// Whether there is a terminal to ask at, for a password or whether a key is the host's.
    pub may_ask: bool,
    /// The socket of the operator's own SSH agent.
    pub agent: Option<OsString>,
}

/// How an installation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Installed {
    /// The agent runs as a service.
    Started,
    /// It joined; somebody has to start it by this command, as the host has no systemd or nobody was root.
    ByHand(String),
}

impl Operator {
    /// Puts an agent on a host by the OpenSSH client at `ssh`. `token` is for that host; the program is `binary`.
    ///
    /// # Errors
    /// Why it was not done. After [`Trouble::Broken`] it may have been.
    pub async fn install(
        &self,
        ssh: &Path,
        to: &Destination,
        install: &Install,
        token: &str,
        binary: File,
    ) -> Result<Installed, Trouble> {
        let folder = tempfile::tempdir().map_err(local)?;
        let mut command = self.command(ssh, to, folder.path())?;
        let child = command
            .arg(install.command())
            .spawn()
            .map_err(|error| Trouble::NoClient(format!("{}: {error}", ssh.display())))?;
        let program = install.program();
        let said = talk(child, async |mut stdin| {
            // A client that ended early says why on its other streams.
            let _ = async {
                stdin.write_all(program.as_bytes()).await?;
                stdin.write_all(format!("{token}\n").as_bytes()).await?;
                send(binary, &mut stdin).await
            }
            .await;
        });
        match timeout(LONGEST, said).await {
            Ok(output) => installed(&output?),
            Err(_) => Err(Trouble::Broken(format!("no end after {} s", LONGEST.as_secs()))),
        }
    }

    fn command(&self, ssh: &Path, to: &Destination, folder: &Path) -> Result<Command, Trouble> {
        let mut command = client(ssh, folder, to.port);
        let mut set = |name: &str, value: &str| {
            command.arg("-o").arg(format!("{name}={value}"));
        };
        if self.host_keys.is_empty() {
            set("StrictHostKeyChecking", if self.may_ask { "ask" } else { "yes" });
            if let Some(file) = &self.known_hosts {
                let file = std::path::absolute(file).map_err(local)?;
                set("UserKnownHostsFile", &quoted(&file)?);
                set("GlobalKnownHostsFile", "/dev/null");
            }
        } else {
            let pins = self.host_keys.iter();
            let pins: String = pins.map(|key| format!("{ALIAS} {}\n", key.line())).collect();
            std::fs::write(folder.join("known_hosts"), pins).map_err(local)?;
            set("StrictHostKeyChecking", "yes");
            set("HostKeyAlias", ALIAS);
            set("UserKnownHostsFile", "known_hosts");
            set("GlobalKnownHostsFile", "/dev/null");
        }
        if let Some(file) = &self.identity {
            let file = std::path::absolute(file).map_err(local)?;
            set("IdentityFile", &quoted(&file)?);
            set("IdentitiesOnly", "yes");
        }
        if !self.may_ask {
            set("BatchMode", "yes");
        }
        if let Some(agent) = &self.agent {
            command.env("SSH_AUTH_SOCK", agent);
        }
        command.arg("-l").arg(&to.account).arg("--").arg(&to.host);
        Ok(command)
    }
}

/// A path as OpenSSH's settings take it for itself.
fn quoted(path: &Path) -> Result<String, Trouble> {
    let text = path.to_str().filter(|it| !it.contains(['"', '\\', '%', '$', '\n']));
    let text = text.ok_or_else(|| {
        Trouble::NoClient(format!("the name {} cannot be handed to it", path.display()))
    })?;
    Ok(format!("\"{text}\""))
}

async fn send(mut file: File, to: &mut (impl AsyncWriteExt + Unpin)) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = file.read(&mut chunk)?;
        if n == 0 {
            return Ok(());
        }
        to.write_all(chunk.get(..n).unwrap_or_default()).await?;
    }
}

fn installed(output: &Output) -> Result<Installed, Trouble> {
    let verdict = output.verdict()?;
    match (verdict.as_str(), verdict.strip_prefix("start ")) {
        ("started", _) => Ok(Installed::Started),
        (_, Some(command)) => Ok(Installed::ByHand(command.to_owned())),
        _ => Err(Trouble::Refused("the account's shell did not run the installation".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_an_account_on_a_host() {
        for (text, account, host) in [
            ("root@web-1", "root", "web-1"),
            ("a.b@10.0.0.1", "a.b", "10.0.0.1"),
            ("root@[fe80::1%eth0]", "root", "fe80::1%eth0"),
        ] {
            let parsed = Destination::parse(text, 22).unwrap();
            assert_eq!((parsed.account.as_str(), parsed.host()), (account, host));
        }
        for text in
            ["web-1", "@web-1", "root@", "root@-oProxyCommand=id", "-l@web", "root@a b", "a@b@c"]
        {
            assert!(Destination::parse(text, 22).is_err(), "{text}");
        }
    }
}
