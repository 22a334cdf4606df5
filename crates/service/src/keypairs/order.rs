//! Orders to bind and unbind key pairs on hosts.
//!
//! An order becomes a task and a job in one transaction with its audit record. What lets us in to the host rests
//! sealed in the task, and is erased with its end.

use super::create::parse_private;
use super::perform::{mark, target};
use super::private_key::{open, public_key};
use super::{Fault, Keypair, Place, X509, agents};
use crate::{App, audit, hosts, sealing};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_remote::{Credential, check_account};
use muster_store::hosts::Host;
use muster_store::keypairs::tasks::{self, Operation, State, Task};
use muster_store::keypairs::{self as store, bindings};
use muster_store::{Tx, jobs, transact};
use muster_vault::ssh::PublicKey;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

/// The jobs' queue.
pub(super) const QUEUE: &str = "keypair";
/// Attempts at reaching a host.
pub(super) const ATTEMPTS: u32 = 3;
const SSH_PORT: i64 = 22;

/// The host a pair is to be bound on.
#[derive(Default)]
pub struct Server {
    /// Its id.
    pub id: String,
    /// What lets us in; without it the host's agent does it, where its operator allows that, or else the kept private
    /// key of the pair that is bound lets in.
    pub auth: Option<Auth>,
    /// Whether logins by password are to be switched off. That is not offered.
    pub disable_password: bool,
    /// Port of its SSH server: if none is said, the one the bound pair was bound over, or 22.
    pub port: Option<i64>,
    /// The account, the configured one if none is said.
    pub account: Option<String>,
}

/// What lets us in to a host. No `Debug`.
#[derive(Default)]
pub struct Auth {
    /// `password` or `keypair`.
    pub kind: String,
    /// The password, or the private key.
    pub key: Zeroizing<String>,
}

/// A credential as it is sealed in a task.
#[derive(Deserialize, Serialize)]
struct Sealed {
    kind: String,
    key: Zeroizing<String>,
}

/// What a credential is sealed as.
pub(super) fn credential_record(task: &str) -> String {
    format!("keypair_task/{task}")
}

/// The field of [`credential_record`].
pub(super) const CREDENTIAL: &str = "credential";

/// A sealed credential, opened.
pub(super) fn credential(content: &[u8]) -> Result<Credential> {
    let sealed: Sealed = serde_json::from_slice(content).map_err(Error::internal)?;
    read(&sealed.kind, sealed.key)
}

fn read(kind: &str, key: Zeroizing<String>) -> Result<Credential> {
    match kind {
        "password" => Credential::password(key),
        "keypair" => {
            let parsed = parse_private(&key).map_err(|error| {
                let why = error.message().split_once(": ").map_or("", |(_, why)| why).to_owned();
                Error::invalid("server.auth.key", why)
            })?;
            Ok(Credential::Key(Box::new(parsed)))
        }
        _ => Err(Error::invalid("server.auth.type", "must be password or keypair")),
    }
}

impl Server {
    fn check(&self) -> Result<()> {
        if self.disable_password {
            return Err(Error::invalid(
                "server.disable_password",
                "true is not supported: switch logins by password off in the host's sshd_config",
            ));
        }
        if self.port.is_some_and(|port| !(1..=65_535).contains(&port)) {
            return Err(Error::invalid("server.port", "must be 1 to 65535"));
        }
        Ok(())
    }
}

/// Orders that a pair be bound to an account of a host, in place of the pair that is bound to it. With the
/// private key of a pair given and none bound here, that pair is the one replaced.
///
/// # Errors
/// `Invalid` naming the parameter, `Conflict` while another task of the host has not ended; those of
/// [`crate::authz::require`] and of the database.
pub async fn associate(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    name: &str,
    server: &Server,
) -> Result<Task> {
    let place = Place::enter(app, caller, Action::KeypairBind, project).await?;
    order(app, caller, &place, Some(name), server).await
}

/// Orders that the bound pair be taken from an account of a host.
///
/// # Errors
/// As [`associate`]; `Invalid` where no pair is bound.
pub async fn disassociate(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    server: &Server,
) -> Result<Task> {
    let place = Place::enter(app, caller, Action::KeypairBind, project).await?;
    order(app, caller, &place, None, server).await
}

/// Lets the caller bind pairs in a project: asked by whoever orders several at a time, so that not every order
/// is refused by itself.
///
/// # Errors
/// Those of [`crate::authz::require`].
pub async fn may_bind(app: &App, caller: &Caller, project: &ProjectId) -> Result<()> {
    Place::enter(app, caller, Action::KeypairBind, project).await.map(drop)
}

async fn order(
    app: &App,
    caller: &Caller,
    place: &Place<'_>,
    name: Option<&str>,
    server: &Server,
) -> Result<Task> {
    server.check()?;
    let account = server.account.as_deref().unwrap_or(&app.settings.keypairs.account);
    let now = app.now();
    let task = transact!(app.db, |tx| {
        let host = hosts::in_project(tx, place.key, &server.id).await.map_err(absent)?;
        let (bound, bound_over) = bound(tx, &host, account).await?;
        let port = server.port.or(bound_over).unwrap_or(SSH_PORT);
        let by_agent = server.auth.is_none() && agents::may_bind(&host);
        // Said now rather than by a task that fails.
        if by_agent {
            check_account("server.account", account)?;
        } else {
            target(&app.settings.keypairs, &host, port, account)?;
        }
        if tasks::is_busy(tx, host.key).await? {
            let message = "another task of this host has not ended";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let wanted = match name {
            Some(name) => Some(place.given(tx, "keypair_name".to_owned(), name).await?),
            None => None,
        };
        // Somebody else's own pair opens nothing for the caller, and is not shown to be there.
        let own = bound.as_ref().filter(|pair| place.may_see(pair));
        let (sealed, given) = match by_agent {
            true => (None, None),
            false => way_in(tx, app, place, server.auth.as_ref(), own).await?,
        };
        let bound = if wanted.is_some() { bound.as_ref() } else { own };
        let mut task = plan(wanted.as_ref(), bound, given.as_ref(), &host, account)?;
        task.project = place.key;
        task.port = u32::try_from(port).unwrap_or(0);
        caller.user_id.as_str().clone_into(&mut task.created_by);
        task.created_at = now;
        if let Some(sealed) = sealed {
            let content = Zeroizing::new(serde_json::to_vec(&sealed).map_err(Error::internal)?);
            let record = credential_record(&task.id);
            let owner = place.owner();
            let credential = sealing::seal(tx, app, &owner, &record, CREDENTIAL, &content).await?;
            task.sealed_credential = Some(credential);
            jobs::enqueue(tx, QUEUE, &task.id, ATTEMPTS, now, now).await?;
        }
        tasks::create(tx, &task).await?;
        let target = describe(&task);
        let project = place.project.as_str();
        audit::append(tx, app, caller, Action::KeypairBind, project, &target).await?;
        Ok(task)
    })?;
    app.keypairs.ordered.notify_one();
    Ok(task)
}

/// What a task is called in the audit log.
pub(super) fn describe(task: &Task) -> String {
    let Task { id, operation, keypair_name, account, host_id, .. } = task;
    format!("keypair_task/{id} {} {keypair_name} {account}@{host_id}", operation.name())
}

fn absent(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::invalid("server.id", "there is no such host"),
        _ => error,
    }
}

/// The pair bound to an account, and the port it was bound over.
async fn bound(tx: &mut Tx, host: &Host, account: &str) -> Result<(Option<Keypair>, Option<i64>)> {
    match bindings::bound(tx, host.key, account).await? {
        Some(bound) => Ok((store::by_key(tx, bound.keypair).await?, Some(bound.port))),
        None => Ok((None, None)),
    }
}

/// What lets us in, and the public half of a private key that was given for it.
async fn way_in(
    tx: &mut Tx,
    app: &App,
    place: &Place<'_>,
    auth: Option<&Auth>,
    bound: Option<&Keypair>,
) -> Result<(Option<Sealed>, Option<PublicKey>)> {
    if let Some(auth) = auth {
        let given = match read(&auth.kind, auth.key.clone())? {
            Credential::Password(_) => None,
            Credential::Key(key) => Some(key.public().map_err(Error::internal)?),
        };
        return Ok((Some(Sealed { kind: auth.kind.clone(), key: auth.key.clone() }), given));
    }
    let kept = match bound {
        Some(pair) => store::private_key(tx, pair.key).await?.map(|sealed| (pair, sealed)),
        None => None,
    };
    let (pair, sealed) = kept.ok_or_else(|| {
        let why = "is required: no key pair whose private key is kept here is bound to the account";
        Error::invalid("server.auth", why)
    })?;
    let key = open(tx, app, place, pair, &sealed).await?;
    Ok((Some(Sealed { kind: "keypair".to_owned(), key }), None))
}

/// What there is to do.
fn plan(
    wanted: Option<&Keypair>,
    bound: Option<&Keypair>,
    given: Option<&PublicKey>,
    host: &Host,
    account: &str,
) -> Result<Task> {
    let id = Uuid::new_v4().to_string();
    let mut remove = Vec::new();
    let (operation, named, add_key) = match wanted {
        Some(pair) => {
            if pair.kind == X509 {
                let why = "names a pair of type x509: SSH servers let in by ssh pairs";
                return Err(Error::invalid("keypair_name", why));
            }
            let add = public_key(pair)?;
            match (bound, given) {
                (Some(other), _) => remove.push(public_key(other)?),
                (None, Some(key)) => remove.push(key.clone()),
                (None, None) => {}
            }
            remove.retain(|key| key.blob() != add.blob());
            let operation = if given.is_some() { Operation::Replace } else { Operation::Reset };
            // The mark first: a comment that is too long loses its end.
            let comment = format!("{} {}", mark(&id), pair.name);
            (operation, pair, add.with_comment(&comment).line())
        }
        None => {
            let pair = bound.ok_or_else(|| {
                let why = format!("no key pair is bound to the account {account} of this host");
                Error::invalid("server.id", why).with_source(Fault::NoKeypair)
            })?;
            remove.push(public_key(pair)?);
            (Operation::Unbind, pair, String::new())
        }
    };
    let lines: Vec<_> = remove.iter().map(PublicKey::line).collect();
    Ok(Task {
        id,
        project: host.project,
        host: host.key,
        host_id: host.id.to_string(),
        host_name: host.profile.name.clone(),
        keypair: wanted.map(|pair| pair.key),
        keypair_name: named.name.clone(),
        operation,
        state: State::Ready,
        account: account.to_owned(),
        port: 0,
        add_key,
        remove_keys: lines.join("\n"),
        sealed_credential: None,
        error_code: String::new(),
        error: String::new(),
        created_by: String::new(),
        created_at: host.created_at,
        finished_at: None,
    })
}
