//! Importing a certificate with its key.

use super::{
    CERTIFICATE, Certificate, Status, account, check_name, enterprise_project, new_item, owner,
    target,
};
use crate::app::App;
use crate::{audit, authz, sealing};
use muster_model::{Action, Caller, Error, ErrorKind, Micros, Result};
use muster_store::certificates::{self as store, Content, Product, SealedKeys};
use muster_store::transact;
use muster_vault::x509::chain::Chain;
use muster_vault::x509::{self, PrivateKey, double};
use zeroize::Zeroizing;

/// Longest certificate, private key and encryption half in characters, as the contract has it.
pub(super) const MAX_PART: usize = 4096;
/// Longest chain in characters.
pub(super) const MAX_CHAIN: usize = 8192;
/// Longest certificate with its chain in one.
const MAX_ENTIRE: usize = 12_288;

/// What is imported. Holds keys: no `Debug`, wiped when dropped.
pub struct Import {
    /// For people, 3 to 63 characters.
    pub name: String,
    /// The certificate in PEM, perhaps with its chain.
    pub certificate: String,
    /// Its chain in PEM, in any order, or empty.
    pub chain: String,
    /// Its key in PEM, without a passphrase.
    pub private_key: Zeroizing<String>,
    /// The encryption certificate of a double one, or empty.
    pub enc_certificate: String,
    /// Its key, or empty.
    pub enc_private_key: Zeroizing<String>,
    /// Refuse a certificate the account has already.
    pub refuse_duplicate: bool,
    /// Enterprise project.
    pub enterprise_project_id: Option<String>,
}

struct Checked {
    chain: Chain,
    encryption: Option<x509::Certificate>,
}

/// Imports a certificate and answers its id.
///
/// # Errors
/// `Forbidden` naming the action; `Invalid` naming the field and what is wrong with it; `Conflict` for one the
/// account has already, where that is refused.
pub async fn import(app: &App, caller: &Caller, it: Import) -> Result<String> {
    let enterprise_project_id = enterprise_project(it.enterprise_project_id.as_deref())?;
    authz::account_on(app, caller, Action::CertImport, &new_item(&enterprise_project_id))?;
    let domain = account(app, caller)?;
    check_name(&it.name)?;
    let Checked { chain, encryption } = check(&it, app.now())?;
    let names = Names::of(&chain.leaf)?;
    let content = content(&chain, encryption.is_some().then_some(it.enc_certificate.as_str()));
    let product = Product {
        domain_type: names.domain_type().to_owned(),
        domain_count: names.count(),
        wildcard_count: names.wildcards(),
        validity_months: months(chain.leaf.not_before, chain.leaf.not_after),
        ..Product::default()
    };
    transact!(app.db, |tx| {
        if it.refuse_duplicate && store::holds(tx, domain, &content.sha256).await? {
            let message = "certificate: the account has this certificate already";
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        let now = app.now();
        let id = super::next_id(tx, CERTIFICATE, now).await?;
        let (owner, record) = (owner(caller), target(&id));
        let key = it.private_key.as_bytes();
        let key = sealing::seal(tx, app, &owner, &record, "private_key", key).await?;
        let enc_key = match encryption {
            None => None,
            Some(_) => {
                let key = it.enc_private_key.as_bytes();
                Some(sealing::seal(tx, app, &owner, &record, "enc_private_key", key).await?)
            }
        };
        let certificate = Certificate {
            key: 0,
            id: id.clone(),
            domain,
            name: it.name.clone(),
            description: String::new(),
            enterprise_project_id: enterprise_project_id.clone(),
            status: Status::Upload,
            product: product.clone(),
            main_domain: names.main.clone(),
            sans: names.sans(),
            application: String::new(),
            own_request: false,
            content: content.clone(),
            revoked_at: None,
            revoke_reason: String::new(),
            authority: None,
            keys: SealedKeys { key: Some(key), enc_key },
            notices: 0,
            created_at: now,
            updated_at: now,
        };
        store::create(tx, &certificate).await?;
        audit::append(tx, app, caller, Action::CertImport, "", &record).await?;
        Ok(id)
    })
}

fn check(it: &Import, now: Micros) -> Result<Checked> {
    let within = |name: &'static str, text: &str, most: usize| {
        if text.len() <= most {
            return Ok(());
        }
        let why = format!("must have at most {most} characters, has {}", text.len());
        Err(Error::invalid(name, why))
    };
    within("certificate", &it.certificate, MAX_ENTIRE)?;
    within("certificate_chain", &it.chain, MAX_CHAIN)?;
    within("private_key", &it.private_key, MAX_PART)?;
    within("enc_certificate", &it.enc_certificate, MAX_PART)?;
    within("enc_private_key", &it.enc_private_key, MAX_PART)?;
    let key = PrivateKey::from_pem(&it.private_key).map_err(|flaw| flaw.of("private_key"))?;
    let chain = Chain::assemble(&it.certificate, &it.chain, &key, now)?;
    if chain.certificate.len() > MAX_PART {
        let why = format!(
            "must have at most 4096 characters, has {}: a certificate with RSA-4096 and many names does not \
             fit the interface; use an EC key or fewer names",
            chain.certificate.len()
        );
        return Err(Error::invalid("certificate", why));
    }
    within("certificate_chain", &chain.chain, MAX_CHAIN)?;
    let encryption = match (it.enc_certificate.is_empty(), it.enc_private_key.is_empty()) {
        (true, true) => None,
        (false, true) => {
            let why = "is required with enc_certificate";
            return Err(Error::invalid("enc_private_key", why));
        }
        (true, false) => {
            let why = "is required with enc_private_key";
            return Err(Error::invalid("enc_certificate", why));
        }
        (false, false) => {
            let enc_key = PrivateKey::from_pem(&it.enc_private_key).map_err(|flaw| {
                // An envelope is what an issuer sends: base64 without any PEM around it.
                let hint = "holds no PEM private key; open a digital envelope with `muster cert unwrap` first";
                match it.enc_private_key.contains("-----BEGIN") {
                    true => flaw.of("enc_private_key"),
                    false => Error::invalid("enc_private_key", hint),
                }
            })?;
            let (leaf, issuers) = (&chain.leaf, &chain.issuers);
            Some(double::check(leaf, issuers, &it.enc_certificate, &enc_key, now)?)
        }
    };
    Ok(Checked { chain, encryption })
}

/// What stands in a certificate, as it is stored.
pub(super) fn content(chain: &Chain, enc_certificate: Option<&str>) -> Content {
    let leaf = &chain.leaf;
    Content {
        signature_algorithm: leaf.signature_name().to_owned(),
        issuer: leaf.issuer.clone(),
        fingerprint: leaf.sha1(),
        sha256: leaf.sha256(),
        serial: leaf.serial.clone(),
        issued_at: Some(leaf.not_before),
        not_before: Some(leaf.not_before),
        not_after: Some(leaf.not_after),
        certificate: chain.certificate.clone(),
        chain: chain.chain.clone(),
        enc_certificate: enc_certificate.unwrap_or_default().to_owned(),
        envelope: String::new(),
    }
}

/// Months between two times, rounded, at least 1.
fn months(from: Micros, until: Micros) -> i64 {
    let days = (until.secs() - from.secs()) / 86_400;
    ((days * 12 + 182) / 365).max(1)
}

/// The domains of a certificate: the common name first where it is one of them.
struct Names {
    main: String,
    others: Vec<String>,
}

impl Names {
    fn of(leaf: &x509::Certificate) -> Result<Self> {
        let common = leaf
            .common_name
            .as_deref()
            .filter(|name| leaf.names.is_empty() || leaf.names.iter().any(|other| other == name));
        let main = common.or(leaf.names.first().map(String::as_str)).ok_or_else(|| {
            Error::invalid(
                "certificate",
                "no domain name is bound to it: neither common name nor subjectAltName",
            )
        })?;
        let others = leaf.names.iter().filter(|name| *name != main).cloned().collect();
        Ok(Self { main: main.to_owned(), others })
    }

    fn sans(&self) -> String {
        self.others.join(";")
    }

    fn count(&self) -> i64 {
        i64::try_from(self.others.len()).unwrap_or(i64::MAX - 1) + 1
    }

    fn wildcards(&self) -> i64 {
        let all = self.others.iter().chain([&self.main]);
        i64::try_from(all.filter(|name| name.starts_with("*.")).count()).unwrap_or(i64::MAX)
    }

    fn domain_type(&self) -> &'static str {
        match (self.others.is_empty(), self.main.starts_with("*.")) {
            (false, _) => "MULTI_DOMAIN",
            (true, true) => "WILDCARD",
            (true, false) => "SINGLE_DOMAIN",
        }
    }
}
