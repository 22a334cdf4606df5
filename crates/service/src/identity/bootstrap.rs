//! Accounts, each with its first user, project and access key.

use super::directory::{self, sealing};
use crate::app::App;
use crate::sca::keys::{self, NewKey};
use muster_model::id::{DomainId, ProjectId, UserId};
use muster_model::{Action, Caller, Credential, Error, Result, Role, Scope};
use muster_store::identity::users::NewUser;
use muster_store::identity::{AccessKey, access_keys, domains, users};
use muster_store::transact;
use muster_vault::{password, random};
use zeroize::Zeroizing;

/// Everything a client needs. Holds secrets: no `Debug`.
pub struct Credentials {
    /// Region.
    pub region: String,
    /// Account.
    pub domain_name: String,
    /// Account.
    pub domain_id: String,
    /// User.
    pub user_name: String,
    /// User.
    pub user_id: String,
    /// The user's password.
    pub password: Zeroizing<String>,
    /// Project: named like the region, because clients look it up so.
    pub project_name: String,
    /// Project.
    pub project_id: String,
    /// Access key.
    pub access_key: String,
    /// Its secret.
    pub secret_key: Zeroizing<String>,
    /// Access key of the SCA open API.
    pub sca_access_key: String,
    /// Its secret.
    pub sca_secret_key: Zeroizing<String>,
}

/// Makes account, project, user and access key in an empty installation; does nothing in any other and
/// answers `None`. `keep` gets the credentials before anything is committed: if it fails, or the process
/// dies, nothing was made, and nothing is made whose credentials nobody has. It may run more than once.
///
/// # Errors
/// Those of `keep` and of the database.
pub async fn bootstrap(
    app: &App,
    keep: &(dyn Fn(&Credentials) -> Result<()> + Sync),
) -> Result<Option<Credentials>> {
    if app.identity.directory().first_domain().is_some() {
        return Ok(None);
    }
    make(app, "muster", true, keep).await
}

/// Makes a further account in the same way. It shares nothing with the others but the installation.
///
/// # Errors
/// Those of `keep` and of the database; `Invalid` for the name; `Conflict` for a name that is taken.
pub async fn add_account(
    app: &App,
    name: &str,
    keep: &(dyn Fn(&Credentials) -> Result<()> + Sync),
) -> Result<Credentials> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(letter) {
        return Err(Error::invalid("account", "must be 1 to 64 letters, digits, _ or -"));
    }
    let made = make(app, name, false, keep).await?;
    made.ok_or_else(|| Error::internal("an account that was not made"))
}

/// `first`: only where there is none.
async fn make(
    app: &App,
    name: &str,
    first: bool,
    keep: &(dyn Fn(&Credentials) -> Result<()> + Sync),
) -> Result<Option<Credentials>> {
    let new = Credentials {
        region: app.settings.region.clone(),
        domain_name: name.to_owned(),
        domain_id: random::id()?,
        user_name: "admin".to_owned(),
        user_id: random::id()?,
        password: random::password()?,
        project_name: app.settings.region.clone(),
        project_id: random::id()?,
        access_key: random::access_key()?,
        secret_key: random::secret_key()?,
        sca_access_key: random::access_key()?,
        sca_secret_key: random::secret_key()?,
    };
    let hash = password::hash(&new.password)?;
    let now = app.now();
    let made = transact!(app.db, |tx| {
        if first && !domains::domains(tx).await?.is_empty() {
            return Ok(false);
        }
        let domain_id = DomainId::parse(&new.domain_id)?;
        let user_id = UserId::parse(&new.user_id)?;
        let project_id = ProjectId::parse(&new.project_id)?;
        let domain = domains::create_domain(tx, &domain_id, &new.domain_name, now).await?;
        let project =
            domains::create_project(tx, domain.key, &project_id, &new.project_name, "", now)
                .await?;
        let user = NewUser {
            domain: domain.key,
            id: &user_id,
            name: &new.user_name,
            description: "made at the first start",
            password_hash: &hash,
            role: Role::Admin,
        };
        let user = users::create(tx, &user, now).await?;
        let key = AccessKey {
            access: new.access_key.clone(),
            user,
            sealed_secret: app.vault.seal(&sealing(&new.access_key), new.secret_key.as_bytes())?,
            active: true,
            description: "made at the first start".to_owned(),
            created_at: now,
            last_used: None,
        };
        access_keys::create(tx, &key).await?;
        let sca = NewKey {
            project: &project_id,
            in_project: project.key,
            owner: user,
            access: &new.sca_access_key,
            secret: &new.sca_secret_key,
            description: "made at the first start",
        };
        keys::put(tx, app, &sca).await?;
        directory::bump(tx, now).await?;
        let target = format!("user/{user_id}");
        crate::audit::append(tx, app, &operator(&new)?, Action::UserUpdate, "", &target).await?;
        keep(&new)?;
        Ok(true)
    })?;
    app.identity.reload(&app.db, &app.vault).await?;
    Ok(made.then_some(new))
}

fn operator(new: &Credentials) -> Result<Caller> {
    Ok(Caller {
        domain_id: DomainId::parse(&new.domain_id)?,
        domain_name: new.domain_name.clone(),
        user_id: UserId::parse(&new.user_id)?,
        user_name: new.user_name.clone(),
        assumed_by: None,
        role: Role::Admin,
        scope: Scope::Domain,
        credential: Credential::Local,
        address: None,
        request_id: String::new(),
    })
}
