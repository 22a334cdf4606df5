//! Making and importing key pairs.

use super::{Fault, PRIVATE_KEY, Place, SSH, X509, record_of, target};
use crate::audit;
use crate::authz::{self, Item};
use crate::limits::admit_secret;
use crate::{App, sealing};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Result};
use muster_store::keypairs::{self as store, Keypair};
use muster_store::transact;
use muster_vault::random;
use muster_vault::ssh::{
    Algorithm, Certificate, Curve, Kind, PrivateKey, PublicKey, Refusal, certify, generate,
};
use zeroize::Zeroizing;

/// Longest name in bytes.
const MAX_NAME: usize = 255;

/// A key pair that is wanted.
#[derive(Default)]
pub struct New {
    /// Its name: 1 to 255 letters, digits, `_` and `-`.
    pub name: String,
    /// `ssh`, unless it says `x509`.
    pub kind: Option<String>,
    /// The public half, where it is there already.
    pub public_key: Option<String>,
    /// `user`, unless it says `domain`.
    pub scope: Option<String>,
    /// The caller, if anybody.
    pub user_id: Option<String>,
    /// Says that the private half is to be kept.
    pub protection: Option<Protection>,
}

/// How a private half is to be kept.
#[derive(Default)]
pub struct Protection {
    /// The private half, where it is there already.
    pub private_key: Option<Zeroizing<String>>,
    /// `default`: sealed by this server's keys. There is no other way here.
    pub encryption: String,
}

impl Protection {
    pub(super) fn check(&self) -> Result<()> {
        match self.encryption.as_str() {
            "default" => Ok(()),
            "kms" => Err(Error::invalid(
                "keypair.key_protection.encryption.type",
                "must be default: there is no KMS here, private keys are sealed by the server's own keys",
            )),
            _ => Err(Error::invalid("keypair.key_protection.encryption.type", "must be default")),
        }
    }
}

/// A pair that was made or imported.
pub struct Created {
    /// The pair.
    pub pair: Keypair,
    /// The private half of one that was made: handed out now, and never again unless it is kept.
    pub private_key: Option<Zeroizing<String>>,
}

/// Both halves, before they have a name.
struct Halves {
    public_key: String,
    fingerprint: String,
    key: PublicKey,
    private_key: Option<Zeroizing<String>>,
    made: bool,
}

/// Makes a key pair, or imports one where a half of it is given. The private half is kept only if
/// [`New::protection`] says so; of one that is made it is handed out, after that was recorded on the disk.
///
/// # Errors
/// `Invalid` naming the parameter, `Conflict` for a name that is taken, `RateLimited`, `Unavailable` if too many
/// are being made or the audit is not; those of [`crate::authz::require`] and of the database.
pub async fn create(app: &App, caller: &Caller, project: &ProjectId, new: New) -> Result<Created> {
    let place = Place::enter_for_some(app, caller, Action::KeypairCreate, project).await?;
    store_new(app, caller, &place, new).await
}

/// Imports key pairs, each by itself. Answers what became of each.
///
/// # Errors
/// `Invalid` for none or more than ten; those of [`crate::authz::require`].
pub async fn import_all(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    all: Vec<New>,
) -> Result<Vec<(String, Result<Created>)>> {
    let place = Place::enter_for_some(app, caller, Action::KeypairCreate, project).await?;
    if !(1..=10).contains(&all.len()) {
        return Err(Error::invalid("keypairs", "must be 1 to 10"));
    }
    let mut done = Vec::with_capacity(all.len());
    for new in all {
        let name = new.name.clone();
        let given = new.protection.as_ref().is_some_and(|it| it.private_key.is_some());
        let imported = if new.public_key.is_none() && !given {
            Err(Error::invalid(
                "keypair.public_key",
                "is required: only existing keys are imported",
            ))
        } else {
            store_new(app, caller, &place, new).await
        };
        done.push((name, imported));
    }
    Ok(done)
}

async fn store_new(app: &App, caller: &Caller, place: &Place<'_>, new: New) -> Result<Created> {
    check_name(&new.name)?;
    let item = Item::named(&new.name);
    authz::require_on(app, caller, place.action, Some(place.project), &item).await?;
    let kind = match new.kind.as_deref() {
        None | Some("" | SSH) => SSH,
        Some(X509) => X509,
        Some(_) => return Err(Error::invalid("keypair.type", "must be ssh or x509")),
    };
    let owner = match new.scope.as_deref() {
        None | Some("" | "user") if caller.assumed_by.is_some() => {
            return Err(Error::invalid(
                "keypair.scope",
                "must be domain: an agency has none of its own",
            ));
        }
        None | Some("" | "user") => Some(place.user),
        Some("domain") => None,
        Some(_) => return Err(Error::invalid("keypair.scope", "must be domain or user")),
    };
    check_user(caller, new.user_id.as_deref())?;
    new.protection.as_ref().map_or(Ok(()), Protection::check)?;
    // Before work is spent on it; the store has the last word.
    taken(place.find(&mut app.db.read().await?, &new.name).await?.is_some())?;

    let kept = new.protection.is_some();
    let name = new.name.clone();
    let halves = halves(app, kind, new).await?;
    let now = app.now();
    let mut pair = Keypair {
        key: 0,
        id: random::id()?,
        project: place.key,
        owner,
        name,
        kind: kind.to_owned(),
        algorithm: algorithm(halves.key.kind()),
        public_key: halves.public_key,
        fingerprint: halves.fingerprint,
        sha256: halves.key.sha256(),
        has_private_key: kept,
        description: String::new(),
        created_by: caller.user_id.to_string(),
        created_at: now,
        updated_at: now,
    };
    let (target, action) = (target(&pair.name), Action::KeypairCreate);
    let intent = if halves.made {
        admit_secret(app, caller, 1)?;
        Some(audit::intent(app, caller, action, place.project.as_str(), &target).await?)
    } else {
        None
    };
    let secret = halves.private_key.as_ref().filter(|_| kept);
    pair.key = transact!(app.db, |tx| {
        taken(place.find(tx, &pair.name).await?.is_some())?;
        let sealed = match secret {
            None => None,
            Some(text) => {
                let record = record_of(&pair.id);
                let owner = place.owner();
                Some(sealing::seal(tx, app, &owner, &record, PRIVATE_KEY, text.as_bytes()).await?)
            }
        };
        let key = store::create(tx, &pair, sealed.as_deref()).await?;
        audit::append(tx, app, caller, action, place.project.as_str(), &target).await?;
        Ok(key)
    })?;
    if let Some(intent) = intent {
        intent.done();
    }
    Ok(Created { pair, private_key: halves.private_key.filter(|_| halves.made) })
}

/// Finds or makes both halves, as far as there are two.
async fn halves(app: &App, kind: &str, new: New) -> Result<Halves> {
    let kept = new.protection.is_some();
    let private_key = new.protection.and_then(|protection| protection.private_key);
    match (new.public_key, private_key) {
        (None, None) => made(app, kind, new.name).await,
        (None, Some(_)) if kind == X509 => {
            Err(Error::invalid(PUBLIC, "is required: the certificate of the x509 pair"))
        }
        (None, Some(text)) => {
            let public = parse_private(&text)?.public().map_err(|why| refused(PRIVATE, &why))?;
            Ok(ssh(public, Some(text)))
        }
        (Some(_), None) if kept => Err(Error::invalid(
            PRIVATE,
            "is required: of a public key alone there is nothing to keep",
        )),
        (Some(text), private_key) => {
            let halves = if kind == X509 {
                let read = Certificate::parse(&text).map_err(|why| refused(PUBLIC, &why))?;
                x509(read, private_key)
            } else {
                let read = PublicKey::parse(&text).map_err(|why| refused(PUBLIC, &why))?;
                ssh(read, private_key)
            };
            halves.private_key.as_ref().map_or(Ok(()), |text| fits(&halves.key, text))?;
            Ok(halves)
        }
    }
}

const PUBLIC: &str = "keypair.public_key";
const PRIVATE: &str = "keypair.key_protection.private_key";

fn refused(parameter: &'static str, why: &Refusal) -> Error {
    Error::invalid(parameter, why)
}

pub(super) fn parse_private(text: &str) -> Result<PrivateKey> {
    PrivateKey::parse(text).map_err(|why| refused(PRIVATE, &why))
}

/// Checks that a private key is the other half of a public one.
pub(super) fn fits(public: &PublicKey, private_key: &str) -> Result<()> {
    if parse_private(private_key)?.fits(public) {
        return Ok(());
    }
    let why = "The imported private key not match public key";
    Err(Error::invalid(PRIVATE, why).with_source(Fault::Mismatch))
}

fn ssh(key: PublicKey, private_key: Option<Zeroizing<String>>) -> Halves {
    let (public_key, fingerprint) = (key.line(), key.md5());
    Halves { public_key, fingerprint, key, private_key, made: false }
}

fn x509(read: Certificate, private_key: Option<Zeroizing<String>>) -> Halves {
    let Certificate { pem, fingerprint, key } = read;
    Halves { public_key: pem, fingerprint, key, private_key, made: false }
}

/// Makes a pair on the pool.
async fn made(app: &App, kind: &str, name: String) -> Result<Halves> {
    let mut algorithm = app.settings.keypairs.algorithm_for(&name);
    let is_x509 = kind == X509;
    if is_x509 && !algorithm.name().starts_with("rsa-") {
        algorithm = Algorithm::Rsa2048; // What lets in by certificate takes nothing else for granted.
    }
    let now = app.now();
    let halves = app.keypairs.making.run(move || {
        let made = generate(algorithm, &name)?;
        let halves = if is_x509 {
            x509(certify(&made.private, &name, now)?, Some(made.private))
        } else {
            ssh(made.public, Some(made.private))
        };
        Ok(Halves { made: true, ..halves })
    });
    halves.await
}

/// What is said of a key, in the words of the configuration.
fn algorithm(kind: Kind) -> String {
    match kind {
        Kind::Rsa(bits) => format!("rsa-{bits}"),
        Kind::Ecdsa(Curve::P256) => Algorithm::EcdsaP256.name().to_owned(),
        Kind::Ecdsa(Curve::P384) => Algorithm::EcdsaP384.name().to_owned(),
        Kind::Ecdsa(Curve::P521) => Algorithm::EcdsaP521.name().to_owned(),
        Kind::Ed25519 => Algorithm::Ed25519.name().to_owned(),
        Kind::SkEcdsa => "sk-ecdsa-p256".to_owned(),
        Kind::SkEd25519 => "sk-ed25519".to_owned(),
    }
}

pub(super) fn check_name(name: &str) -> Result<()> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(letter) {
        return Ok(());
    }
    Err(Error::invalid("keypair.name", "must be 1 to 255 letters, digits, _ or -"))
}

/// Nobody makes a pair for somebody else: it would be handed out to the wrong one.
pub(super) fn check_user(caller: &Caller, user_id: Option<&str>) -> Result<()> {
    match user_id {
        None | Some("") => Ok(()),
        Some(id) if id == caller.user_id.as_str() => Ok(()),
        Some(_) => {
            let why = "must be the caller's own, or absent";
            Err(Error::invalid("keypair.user_id", why).with_source(Fault::NoUser))
        }
    }
}

fn taken(is_taken: bool) -> Result<()> {
    if is_taken {
        let message = "keypair.name: there is a key pair of this name already";
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    Ok(())
}
