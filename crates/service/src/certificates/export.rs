//! Handing a certificate out with its key.

use super::{owner, permitted, target, wrong_state};
use crate::app::App;
use crate::sealing::Closed;
use crate::{audit, limits, sealing};
use muster_model::{Action, Caller, Error, Result};
use muster_store::Tx;
use muster_vault::x509::chain::Chain;
use zeroize::Zeroizing;

/// Longest request that is read, in characters.
pub(super) const MAX_REQUEST: usize = 16_384;

/// A certificate as it leaves. Holds keys: no `Debug`, wiped when dropped.
pub struct Export {
    /// Its name.
    pub name: String,
    /// The first domain.
    pub main_domain: String,
    /// Certificate and chain in one.
    pub entire: String,
    /// The certificate.
    pub certificate: String,
    /// Its issuers, empty if there are none.
    pub chain: String,
    /// The key; none where the customer keeps it.
    pub private_key: Option<Zeroizing<String>>,
    /// The encryption certificate of a double one.
    pub enc_certificate: Option<String>,
    /// The encryption key: a digital envelope where the request was the customer's own, else PEM.
    pub enc_private_key: Option<Zeroizing<String>>,
}

/// Exports a certificate. Its record is on the disk before anything is unsealed.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Conflict` for one that is not issued yet, `RateLimited`,
/// `Unavailable` naming the audit.
pub async fn export(app: &App, caller: &Caller, id: &str) -> Result<Export> {
    let mut tx = app.db.read().await?;
    let found = permitted(&mut tx, app, caller, Action::CertExport, id).await?;
    limits::admit_secret(app, caller, 1)?;
    if found.content.certificate.is_empty() {
        return Err(wrong_state(&found, app.now(), "there is nothing to export yet"));
    }
    let record = target(id);
    let key = closed(&mut tx, app, caller, &record, "private_key", found.keys.key).await?;
    let enc_key =
        closed(&mut tx, app, caller, &record, "enc_private_key", found.keys.enc_key).await?;
    drop(tx);
    let intent = audit::intent(app, caller, Action::CertExport, "", &record).await?;
    let (key, enc_key) = (open(app, key).await?, open(app, enc_key).await?);
    let envelope = Some(found.content.envelope).filter(|envelope| !envelope.is_empty());
    let content = found.content.certificate;
    let export = Export {
        name: found.name,
        main_domain: found.main_domain,
        entire: Chain::entire(&content, &found.content.chain),
        certificate: content,
        chain: found.content.chain,
        private_key: key,
        enc_certificate: Some(found.content.enc_certificate).filter(|text| !text.is_empty()),
        enc_private_key: envelope.map(Zeroizing::new).or(enc_key),
    };
    intent.done();
    Ok(export)
}

/// A sealed text before it is opened, where there is one.
pub(super) async fn closed(
    tx: &mut Tx,
    app: &App,
    caller: &Caller,
    record: &str,
    field: &'static str,
    sealed: Option<Vec<u8>>,
) -> Result<Option<Closed>> {
    let Some(sealed) = sealed else { return Ok(None) };
    sealing::closed(tx, app, &owner(caller), record, field, sealed).await.map(Some)
}

/// The text, where there is one.
pub(super) async fn open(app: &App, closed: Option<Closed>) -> Result<Option<Zeroizing<String>>> {
    let Some(closed) = closed else { return Ok(None) };
    let mut bytes = closed.open(app).await?;
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        Error::internal("a sealed text that is no text")
    })?;
    Ok(Some(Zeroizing::new(text)))
}
