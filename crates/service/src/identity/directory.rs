//! Everything needed to prove a caller, in memory.

use super::builtin;
use super::rights::{Compiled, Grant};
use muster_model::id::DomainId;
use muster_model::{Error, Micros, Result};
use muster_policy::Policy;
use muster_store::identity::groups::{self, Group};
use muster_store::identity::policies::{self, Assignment, Holder, StoredPolicy};
use muster_store::identity::{
    Agency, Domain, Project, User, access_keys, agencies, domains, users,
};
use muster_store::{Tx, meta};
use muster_vault::Keyring;
use muster_vault::signature::SecretKey;
use std::collections::{HashMap, HashSet};
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
    groups: Vec<Group>,
    members: HashSet<(i64, i64)>,
    agencies: Vec<Agency>,
    policies: Vec<StoredPolicy>,
    compiled: HashMap<String, Arc<Compiled>>,
    assignments: Vec<Assignment>,
    /// What the users' groups have, by the user's id, and what agencies have, by theirs.
    grants: HashMap<String, Vec<Grant>>,
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
        directory.load_rights(tx, before).await?;
        Ok(directory)
    }

    async fn load_rights(&mut self, tx: &mut Tx, before: &Self) -> Result<()> {
        self.groups = groups::all(tx).await?;
        self.members = groups::members(tx).await?.into_iter().collect();
        self.agencies = agencies::all(tx).await?;
        self.policies = policies::all(tx).await?;
        self.assignments = policies::assignments(tx).await?;
        for stored in &self.policies {
            let old = before.policies.iter().find(|old| *old == stored);
            let same = old.and_then(|old| before.compiled.get(&old.id));
            let compiled = match same {
                Some(compiled) => Arc::clone(compiled),
                // What cannot be read any more may have denied something: go no further.
                None => {
                    let policy = Policy::parse(&stored.document).map_err(Error::internal)?;
                    Arc::new(Compiled::new(&stored.name, policy))
                }
            };
            self.compiled.insert(stored.id.clone(), compiled);
        }
        let mut held: HashMap<Holder, Vec<Grant>> = HashMap::new();
        for it in &self.assignments {
            let own = self.compiled.get(&it.policy).cloned();
            if let Some(policy) = own.or_else(|| builtin::compiled(&it.policy)) {
                let grant = Grant { reach: it.reach.clone(), policy };
                held.entry(it.holder).or_default().push(grant);
            }
        }
        for (group, user) in &self.members {
            let grants = held.get(&Holder::Group(*group));
            if let (Some(grants), Some(user)) = (grants, self.users.get(user)) {
                let of_user = self.grants.entry(user.id.to_string()).or_default();
                of_user.extend(grants.iter().cloned());
            }
        }
        for agency in &self.agencies {
            if let Some(grants) = held.remove(&Holder::Agency(agency.key)) {
                self.grants.insert(agency.id.clone(), grants);
            }
        }
        Ok(())
    }

    /// What a user's groups have, or what an agency has.
    pub(crate) fn grants(&self, user: &str) -> &[Grant] {
        self.grants.get(user).map(Vec::as_slice).unwrap_or_default()
    }

    /// Every group, by name.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter()
    }

    /// The group with this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// Whether a user is in a group, both by their keys.
    pub fn is_member(&self, group: i64, user: i64) -> bool {
        self.members.contains(&(group, user))
    }

    /// The users in a group, by its key.
    pub fn members(&self, group: i64) -> impl Iterator<Item = &User> {
        self.users.values().filter(move |user| self.is_member(group, user.key))
    }

    /// Every policy that was written here, by name.
    pub fn policies(&self) -> impl Iterator<Item = &StoredPolicy> {
        self.policies.iter()
    }

    /// What a group or an agency has.
    pub fn assignments(&self, holder: Holder) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(move |it| it.holder == holder)
    }

    /// Every agency, by name.
    pub fn agencies(&self) -> impl Iterator<Item = &Agency> {
        self.agencies.iter()
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

    /// The account that was made first: the operator's.
    pub fn first_domain(&self) -> Option<&Domain> {
        self.domains.values().min_by_key(|domain| domain.key)
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
