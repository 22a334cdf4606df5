//! Everything needed to prove a caller, in memory.

use muster_model::id::DomainId;
use muster_model::{Micros, Result};
use muster_store::identity::{Domain, Project, User, access_keys, domains, users};
use muster_store::{Tx, meta};
use muster_vault::Keyring;
use muster_vault::signature::SecretKey;
use std::collections::HashMap;
use std::sync::Arc;

/// Name of the value that grows with every change of identities.
const EPOCH: &str = "identity.epoch";

/// A consistent state of accounts, projects, users and access keys.
#[derive(Default)]
pub struct Directory {
    epoch: u64,
    domains: HashMap<i64, Domain>,
    projects: HashMap<i64, Project>,
    project_keys: HashMap<String, i64>,
    users: HashMap<i64, User>,
    user_keys: HashMap<String, i64>,
    keys: HashMap<String, Key>,
}

/// An access key that can check signatures.
#[derive(Clone)]
pub struct Key {
    /// Key of its user.
    pub user: i64,
    /// An inactive key is not let in.
    pub active: bool,
    /// When it was last used, as far as that is stored.
    pub last_used: Option<Micros>,
    /// The opened secret, shared with the directories before and after this one.
    pub secret: Arc<SecretKey>,
    sealed: Vec<u8>,
}

impl Directory {
    /// Reads the state of one moment. Secrets that have not changed since `before` are taken over with
    /// what was derived from them.
    ///
    /// # Errors
    /// Those of the database; `Internal` if a secret does not open.
    pub async fn load(tx: &mut Tx, vault: &Keyring, before: &Self) -> Result<Self> {
        let mut directory = Self { epoch: epoch(tx).await?, ..Self::default() };
        for domain in domains::domains(tx).await? {
            for user in users::list(tx, domain.key).await? {
                directory.user_keys.insert(user.id.to_string(), user.key);
                directory.users.insert(user.key, user);
            }
            directory.domains.insert(domain.key, domain);
        }
        for project in domains::all_projects(tx).await? {
            directory.project_keys.insert(project.id.to_string(), project.key);
            directory.projects.insert(project.key, project);
        }
        for key in access_keys::all(tx).await? {
            let same = before.keys.get(&key.access).filter(|old| old.sealed == key.sealed_secret);
            let secret = match same {
                Some(old) => Arc::clone(&old.secret),
                None => {
                    let secret = vault.open(&sealing(&key.access), &key.sealed_secret)?;
                    Arc::new(SecretKey::new(&key.access, secret))
                }
            };
            let (user, active, last_used) = (key.user, key.active, key.last_used);
            let sealed = key.sealed_secret;
            directory.keys.insert(key.access, Key { user, active, last_used, secret, sealed });
        }
        Ok(directory)
    }

    /// Which state this is.
    pub const fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The account with this key.
    pub fn domain(&self, key: i64) -> Option<&Domain> {
        self.domains.get(&key)
    }

    /// An account by a property.
    pub fn find_domain(&self, is: impl Fn(&Domain) -> bool) -> Option<&Domain> {
        self.domains.values().find(|domain| is(domain))
    }

    /// The account with this id.
    pub fn domain_by_id(&self, id: &DomainId) -> Option<&Domain> {
        self.find_domain(|domain| domain.id == *id)
    }

    /// The project with this id.
    pub fn project(&self, id: &str) -> Option<&Project> {
        self.projects.get(self.project_keys.get(id)?)
    }

    /// The project with this key.
    pub fn project_by_key(&self, key: i64) -> Option<&Project> {
        self.projects.get(&key)
    }

    /// The projects of an account, by name.
    pub fn projects_of(&self, domain: i64) -> Vec<&Project> {
        let mut found: Vec<_> = self.projects.values().filter(|p| p.domain == domain).collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The user with this id.
    pub fn user(&self, id: &str) -> Option<&User> {
        self.users.get(self.user_keys.get(id)?)
    }

    /// The user with this key.
    pub fn user_by_key(&self, key: i64) -> Option<&User> {
        self.users.get(&key)
    }

    /// The users of an account, by name.
    pub fn users_of(&self, domain: i64) -> Vec<&User> {
        let mut found: Vec<_> = self.users.values().filter(|u| u.domain == domain).collect();
        found.sort_by(|one, other| one.name.cmp(&other.name));
        found
    }

    /// The access key of this name.
    pub fn key(&self, access: &str) -> Option<&Key> {
        self.keys.get(access)
    }
}

/// What a secret access key is sealed as.
pub(crate) fn sealing(access: &str) -> String {
    format!("access_key/{access}")
}

/// Reads the epoch.
pub(crate) async fn epoch(tx: &mut Tx) -> Result<u64> {
    let stored = meta::get(tx, EPOCH).await?;
    Ok(stored.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes))
}

/// Marks a change of identities: part of every transaction that makes one.
pub(crate) async fn bump(tx: &mut Tx, now: Micros) -> Result<()> {
    let next = epoch(tx).await?.wrapping_add(1);
    meta::put(tx, EPOCH, &next.to_le_bytes(), now).await
}
