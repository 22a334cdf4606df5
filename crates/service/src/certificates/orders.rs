//! Ordering a certificate, applying for it, cancelling: issued by the account's own authority.
//!
//! ```text
//! PAID ──apply──▶ ISSUED ──revoke──▶ REVOKED            where applications are approved at once
//! PAID ──apply──▶ CHECKING, CHECKING_ORG ──approve──▶ ISSUED      where somebody approves them
//!   ▲────cancel───────┘    └──reject──▶ UNPASSED ──apply──▶ ...
//! ```

mod application;
mod decide;

pub use application::Application;
pub use decide::{approve, reject, revoke};

use super::making::{self, algorithm};
use super::{
    CERTIFICATE, Certificate, Status, account, authorities, enterprise_project, issue, new_item,
    next_id, permitted, target, wrong_state,
};
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, Result};
use muster_store::certificates::tags::{self as tag_store, Tag};
use muster_store::certificates::{self as store, Content, Product, SealedKeys};
use muster_store::transact;
use muster_vault::x509::{Algorithm, PrivateKey};

/// What is ordered.
#[derive(Clone, Debug, Default)]
pub struct NewOrder {
    /// Who issues, in the vendor's words. Here it is always the account's own authority.
    pub brand: String,
    /// `DV_SSL_CERT` ...
    pub cert_type: String,
    /// `SINGLE_DOMAIN`, `MULTI_DOMAIN`, `WILDCARD`.
    pub domain_type: String,
    /// Years it holds.
    pub years: i64,
    /// Names it may hold for.
    pub names: i64,
    /// Wildcard names among them.
    pub wildcards: i64,
    /// How many.
    pub count: i64,
    /// Enterprise project.
    pub enterprise_project_id: Option<String>,
    /// Tags of each.
    pub tags: Vec<Tag>,
}

const BRANDS: [&str; 6] = ["GEOTRUST", "GLOBALSIGN", "SYMANTEC", "CFCA", "TRUSTASIA", "VTRUS"];
const TYPES: [&str; 6] = [
    "DV_SSL_CERT",
    "DV_SSL_CERT_BASIC",
    "OV_SSL_CERT",
    "OV_SSL_CERT_PRO",
    "EV_SSL_CERT",
    "EV_SSL_CERT_PRO",
];

/// Orders certificates. Answers the order's number and their ids.
///
/// # Errors
/// `Forbidden` naming the action, `Invalid` naming the field and its limit.
pub async fn order(app: &App, caller: &Caller, new: &NewOrder) -> Result<(String, Vec<String>)> {
    let enterprise_project_id = enterprise_project(new.enterprise_project_id.as_deref())?;
    authz::account_on(app, caller, Action::CertApply, &new_item(&enterprise_project_id))?;
    let domain = account(app, caller)?;
    check(new)?;
    transact!(app.db, |tx| {
        let now = app.now();
        let order_id = next_id(tx, "CS", now).await?;
        let mut ids = Vec::new();
        for _ in 0..new.count {
            let id = next_id(tx, CERTIFICATE, now).await?;
            let certificate = Certificate {
                key: 0,
                id: id.clone(),
                domain,
                name: id.clone(),
                description: String::new(),
                enterprise_project_id: enterprise_project_id.clone(),
                status: Status::Paid,
                product: Product {
                    order_id: order_id.clone(),
                    cert_type: new.cert_type.clone(),
                    brand: new.brand.clone(),
                    domain_type: new.domain_type.clone(),
                    domain_count: new.names,
                    wildcard_count: new.wildcards,
                    validity_months: new.years * 12,
                },
                main_domain: String::new(),
                sans: String::new(),
                application: String::new(),
                own_request: false,
                content: Content::default(),
                revoked_at: None,
                revoke_reason: String::new(),
                authority: None,
                keys: SealedKeys::default(),
                notices: 0,
                created_at: now,
                updated_at: now,
            };
            let key = store::create(tx, &certificate).await?;
            for tag in &new.tags {
                tag_store::set(tx, key, tag).await?;
            }
            audit::append(tx, app, caller, Action::CertApply, "", &target(&id)).await?;
            ids.push(id);
        }
        Ok((order_id, ids))
    })
}

fn check(new: &NewOrder) -> Result<()> {
    let one_of = |parameter: &'static str, text: &str, known: &[&str]| {
        let fits = known.contains(&text);
        let refuse = || Error::invalid(parameter, format!("must be one of {}", known.join(", ")));
        if fits { Ok(()) } else { Err(refuse()) }
    };
    one_of("cert_brand", &new.brand, &BRANDS)?;
    one_of("cert_type", &new.cert_type, &TYPES)?;
    one_of("domain_type", &new.domain_type, &["SINGLE_DOMAIN", "MULTI_DOMAIN", "WILDCARD"])?;
    if !(1..=10).contains(&new.years) {
        return Err(Error::invalid("effective_time", "must be 1 to 10 years"));
    }
    let several = new.domain_type == "MULTI_DOMAIN";
    if several && !(2..=100).contains(&new.names) {
        return Err(Error::invalid("domain_numbers", "must be 2 to 100 with MULTI_DOMAIN"));
    }
    if !several && new.names != 1 {
        return Err(Error::invalid(
            "domain_numbers",
            "must be 1 unless domain_type is MULTI_DOMAIN",
        ));
    }
    if !(0..=new.names).contains(&new.wildcards) {
        return Err(Error::invalid(
            "wildcard_domain_number",
            "must not be more than domain_numbers",
        ));
    }
    if !(1..=100).contains(&new.count) {
        return Err(Error::invalid("order_number", "must be 1 to 100"));
    }
    new.tags.iter().try_for_each(super::tags::check)
}

/// Applies for an ordered certificate: issued at once, or kept until somebody approves it, as the operator set.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` unless it is ordered or was refused, `Invalid` naming the
/// field.
pub async fn apply(app: &App, caller: &Caller, id: &str, given: &Application) -> Result<Status> {
    let domain = account(app, caller)?;
    let mut tx = app.db.read().await?;
    let found = permitted(&mut tx, app, caller, Action::CertApply, id).await?;
    drop(tx);
    let names = given.check(&found.product)?;
    let fresh = Fresh::make(app, domain, given).await?;
    transact!(app.db, |tx| {
        let mut it = permitted(tx, app, caller, Action::CertApply, id).await?;
        if !matches!(it.status, Status::Paid | Status::Unpassed) {
            return Err(wrong_state(
                &it,
                app.now(),
                "it can be applied for once, before it is issued",
            ));
        }
        it.main_domain.clone_from(&given.main_domain);
        it.sans = names.iter().skip(1).cloned().collect::<Vec<_>>().join(";");
        it.own_request = !given.csr.trim().is_empty();
        it.application = serde_json::to_string(given).map_err(Error::internal)?;
        it.updated_at = app.now();
        if app.settings.certificates.approve {
            fresh.issue(tx, app, caller, &mut it, given, &names).await?;
        } else {
            let domain_only = it.product.cert_type.starts_with("DV_");
            it.status = if domain_only { Status::Checking } else { Status::CheckingOrg };
        }
        store::update(tx, &it).await?;
        audit::append(tx, app, caller, Action::CertApply, "", &target(id)).await?;
        Ok(it.status)
    })
}

/// Takes an application back.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` unless it is under way.
pub async fn cancel(app: &App, caller: &Caller, id: &str) -> Result<()> {
    transact!(app.db, |tx| {
        let mut it = permitted(tx, app, caller, Action::CertApply, id).await?;
        if !matches!(it.status, Status::Checking | Status::CheckingOrg) {
            return Err(wrong_state(&it, app.now(), "there is no application to cancel"));
        }
        it.status = Status::Paid;
        it.application = String::new();
        it.own_request = false;
        it.updated_at = app.now();
        store::update(tx, &it).await?;
        audit::append(tx, app, caller, Action::CertApply, "", &target(id)).await
    })
}

/// Gives an ordered certificate back: it is gone.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` once it was applied for.
pub async fn unsubscribe(app: &App, caller: &Caller, id: &str) -> Result<()> {
    transact!(app.db, |tx| {
        let it = permitted(tx, app, caller, Action::CertApply, id).await?;
        if it.status != Status::Paid || it.product.order_id.is_empty() {
            return Err(wrong_state(
                &it,
                app.now(),
                "only what was ordered and not applied for can be given back",
            ));
        }
        store::delete(tx, it.key).await?;
        audit::append(tx, app, caller, Action::CertApply, "", &target(id)).await
    })
}

/// Keys made outside of the transaction, because RSA takes its time.
struct Fresh {
    kind: &'static str,
    root: Option<PrivateKey>,
    own: Option<PrivateKey>,
    encryption: Option<PrivateKey>,
}

impl Fresh {
    async fn make(app: &App, domain: i64, given: &Application) -> Result<Self> {
        let request = issue::request_of(&given.csr)?;
        let wanted = match &request {
            Some(request) => request.public.algorithm().map_err(|flaw| flaw.of("csr"))?,
            None => algorithm("key_algorithm", given.key_algorithm())?,
        };
        let kind = authorities::kind_of(wanted);
        let own = match request {
            Some(_) => None,
            None => Some(making::key(app, wanted).await?),
        };
        let encryption = match wanted {
            Algorithm::Sm2 => Some(making::key(app, Algorithm::Sm2).await?),
            _ => None,
        };
        Ok(Self { kind, root: authorities::prepare(app, domain, kind).await?, own, encryption })
    }

    async fn issue(
        &self,
        tx: &mut muster_store::Tx,
        app: &App,
        caller: &Caller,
        it: &mut Certificate,
        given: &Application,
        names: &[String],
    ) -> Result<()> {
        let root = authorities::root(tx, app, caller, self.kind, self.root.as_ref()).await?;
        let request = issue::request_of(&given.csr)?;
        let key = match (&request, &self.own) {
            (Some(request), _) => issue::KeyOf::Theirs(request),
            (None, Some(own)) => issue::KeyOf::Ours(own),
            (None, None) => return Err(Error::internal("no key to issue for")),
        };
        let parts = issue::Parts {
            subject: given.subject().to_der()?,
            names: names.to_vec(),
            key,
            encryption: self.encryption.as_ref(),
        };
        issue::issue(tx, app, caller, &root, it, &parts).await
    }
}
