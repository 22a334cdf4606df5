//! The OpenSSH client as a child.

use crate::agent::Agent;
use crate::askpass::Askpass;
use crate::edit::Edit;
use crate::output::{MAX_OUTPUT, Output};
use crate::target::{Credential, Target};
use crate::trouble::Trouble;
use muster_vault::ssh::{PrivateKey, PublicKey};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, Command};
use tokio::time::timeout;

/// Seconds until an address that does not answer is given up.
const CONNECT_SECS: u32 = 10;
/// Longest life of one connection.
const LONGEST: Duration = Duration::from_secs(60);
/// The name host keys are pinned under.
pub(crate) const ALIAS: &str = "pinned";

/// Settings of every connection. With `-F none` no file of the machine or of the account is read, so these and
/// the client's own defaults are all there is.
const SETTINGS: &[&str] = &[
    "UpdateHostKeys=no",
    "VerifyHostKeyDNS=no",
    "CheckHostIP=no",
    "CanonicalizeHostname=no",
    "HostbasedAuthentication=no",
    "GSSAPIAuthentication=no",
    "AddKeysToAgent=no",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ControlMaster=no",
    "ControlPath=none",
    "ProxyCommand=none",
    "EscapeChar=none",
    "RequestTTY=no",
    "NumberOfPasswordPrompts=1",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "LogLevel=ERROR",
];

/// The way to hosts.
#[derive(Clone, Debug)]
pub struct Ssh {
    program: PathBuf,
    folder: PathBuf,
}

/// Who logs in, and how that is prepared for the client.
enum Login<'a> {
    Password(Askpass),
    Agent(Agent<'a>),
}

impl Ssh {
    /// The client at `program` (OpenSSH 8.4 or newer), with `folder` for sockets and pipes. The folder is made,
    /// and emptied of what a killed process left; it never holds a secret.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn new(program: &Path, folder: &Path) -> io::Result<Self> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder)?;
        Ok(Self { program: program.to_owned(), folder: folder.to_owned() })
    }

    /// Changes who may log in. Answers whether anything had to be changed.
    ///
    /// # Errors
    /// Why it was not done; after [`Trouble::Broken`] it may have been.
    pub async fn edit(
        &self,
        target: &Target,
        credential: &Credential,
        edit: &Edit,
    ) -> Result<bool, Trouble> {
        let program =
            edit.program().ok_or_else(|| Trouble::Refused("too many keys at a time".to_owned()))?;
        let mut last = nowhere();
        for address in &target.addresses {
            match self.edit_at(*address, target, credential, &program).await {
                Err(Trouble::Unreachable(why)) => last = Trouble::Unreachable(why),
                other => return other,
            }
        }
        Err(last)
    }

    async fn edit_at(
        &self,
        address: IpAddr,
        target: &Target,
        credential: &Credential,
        program: &str,
    ) -> Result<bool, Trouble> {
        let folder = self.temporary(target)?;
        let login = login(&folder, credential)?;
        self.run(target, address, &folder, &login, program).await?.changed()
    }

    /// Whether the account would let in by this key. Only the public half is needed: the server asks for a
    /// signature by keys it knows, and gets none.
    ///
    /// # Errors
    /// Why that cannot be said.
    pub async fn accepts(&self, target: &Target, key: &PublicKey) -> Result<bool, Trouble> {
        let mut last = nowhere();
        for address in &target.addresses {
            match self.accepts_at(*address, target, key).await {
                Err(Trouble::Unreachable(why)) => last = Trouble::Unreachable(why),
                other => return other,
            }
        }
        Err(last)
    }

    async fn accepts_at(
        &self,
        address: IpAddr,
        target: &Target,
        key: &PublicKey,
    ) -> Result<bool, Trouble> {
        let folder = self.temporary(target)?;
        let login = Login::Agent(agent(&folder, key.clone(), None)?);
        let output = self.run(target, address, &folder, &login, "").await?;
        let Login::Agent(agent) = &login else { return Ok(false) };
        if agent.was_asked() {
            return Ok(true);
        }
        match output.client_trouble() {
            Trouble::Denied => Ok(false),
            other => Err(other),
        }
    }

    /// A folder for one connection, with the pinned keys in it.
    fn temporary(&self, target: &Target) -> Result<TempDir, Trouble> {
        let folder = tempfile::Builder::new().prefix("c").tempdir_in(&self.folder);
        let folder = folder.map_err(local)?;
        let pins: String = target
            .host_keys
            .iter()
            .map(|key| format!("{ALIAS} {} {}\n", key.kind().name(), key.base64()))
            .collect();
        std::fs::write(folder.path().join("known_hosts"), pins).map_err(local)?;
        Ok(folder)
    }

    async fn run(
        &self,
        target: &Target,
        address: IpAddr,
        folder: &TempDir,
        login: &Login<'_>,
        input: &str,
    ) -> Result<Output, Trouble> {
        let talk = self.talk(target, address, folder, login, input);
        let talk = async {
            match timeout(LONGEST, talk).await {
                Ok(output) => output,
                Err(_) => Err(Trouble::Broken(format!("no end after {} s", LONGEST.as_secs()))),
            }
        };
        match login {
            Login::Password(_) => talk.await,
            Login::Agent(agent) => tokio::select! {
                output = talk => output,
                () = agent.serve() => Err(Trouble::Broken("the agent ended".to_owned())),
            },
        }
    }

    async fn talk(
        &self,
        target: &Target,
        address: IpAddr,
        folder: &TempDir,
        login: &Login<'_>,
        input: &str,
    ) -> Result<Output, Trouble> {
        let mut command = self.command(target, address, folder.path(), login);
        let child = command
            .spawn()
            .map_err(|error| Trouble::NoClient(format!("{}: {error}", self.program.display())))?;
        talk(child, async |mut stdin| {
            // A client that ended early says why on its other streams.
            let _ = stdin.write_all(input.as_bytes()).await;
        })
        .await
    }

    fn command(
        &self,
        target: &Target,
        address: IpAddr,
        folder: &Path,
        login: &Login<'_>,
    ) -> Command {
        let mut command = client(&self.program, folder, target.port);
        // What a terminal sends to us is not meant for it.
        command.process_group(0);
        let mut set = |name: &str, value: &str| {
            command.arg("-o").arg(format!("{name}={value}"));
        };
        set("StrictHostKeyChecking", "yes");
        set("GlobalKnownHostsFile", "/dev/null");
        set("IdentityFile", "none");
        set("HostKeyAlias", ALIAS);
        set("UserKnownHostsFile", "known_hosts");
        match login {
            Login::Password(askpass) => {
                set("IdentityAgent", "none");
                set("PubkeyAuthentication", "no");
                set("PreferredAuthentications", "password,keyboard-interactive");
                command.env("SSH_ASKPASS_REQUIRE", "force").env("SSH_ASKPASS", &askpass.program);
            }
            Login::Agent(_) => {
                set("IdentityAgent", "agent");
                set("PreferredAuthentications", "publickey");
                set("BatchMode", "yes");
            }
        }
        command.arg("-l").arg(&target.account).arg("--").arg(address.to_string());
        command.arg("exec /bin/sh -s");
        command
    }
}

/// OpenSSH's client as it is started every time: in `folder`, without any settings or variables of whoever starts us.
pub(crate) fn client(program: &Path, folder: &Path, port: u16) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .args(["-F", "none", "-T", "-x", "-a"])
        .args(SETTINGS.iter().flat_map(|setting| ["-o", *setting]))
        .args(["-o", &format!("ConnectTimeout={CONNECT_SECS}"), "-o", &format!("Port={port}")]);
    command
}

/// Writes to a child by `write`, hears it, and waits for its end.
pub(crate) async fn talk(
    mut child: Child,
    write: impl AsyncFnOnce(ChildStdin),
) -> Result<Output, Trouble> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
        return Err(Trouble::NoClient("it has no standard streams".to_owned()));
    };
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    let (mut stdout, mut stderr) = (stdout.take(MAX_OUTPUT), stderr.take(MAX_OUTPUT));
    let (said, complained) = (&mut said, &mut complained);
    let ((), out, err) =
        tokio::join!(write(stdin), stdout.read_to_end(said), stderr.read_to_end(complained));
    out.and(err).map_err(local)?;
    let status = child.wait().await.map_err(local)?;
    Ok(Output {
        status: status.code(),
        stdout: String::from_utf8_lossy(said).into_owned(),
        stderr: String::from_utf8_lossy(complained).into_owned(),
    })
}

fn login<'a>(folder: &TempDir, credential: &'a Credential) -> Result<Login<'a>, Trouble> {
    match credential {
        Credential::Password(password) => {
            Askpass::prepare(folder.path(), password).map(Login::Password).map_err(local)
        }
        Credential::Key(key) => {
            let public = key.public().map_err(|why| Trouble::Refused(why.to_string()))?;
            agent(folder, public, Some(key)).map(Login::Agent)
        }
    }
}

fn agent<'a>(
    folder: &TempDir,
    key: PublicKey,
    signer: Option<&'a PrivateKey>,
) -> Result<Agent<'a>, Trouble> {
    Agent::listen(folder.path(), "agent", key, signer).map_err(local)
}

fn nowhere() -> Trouble {
    Trouble::Unreachable("no address is known".to_owned())
}

/// Trouble on this side.
#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
pub(crate) fn local(error: io::Error) -> Trouble {
    Trouble::NoClient(error.to_string())
}
