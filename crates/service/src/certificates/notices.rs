//! Which notices are wanted of a certificate.

use super::permitted;
use crate::app::App;
use crate::{audit, authz};
use muster_model::{Action, Caller, Error, Result};
use muster_store::{certificates as store, transact};

/// Most certificates of one call.
const MAX_CALLS: usize = 100;

/// A notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It expires in 30, 15, 7 days or one.
    Expiring,
    /// It has expired.
    Expired,
}

impl Notice {
    /// By the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "CERT_EXPIRING" => Some(Self::Expiring),
            "CERT_EXPIRED" => Some(Self::Expired),
            _ => None,
        }
    }

    const fn bit(self) -> i64 {
        match self {
            Self::Expiring => 1,
            Self::Expired => 2,
        }
    }
}

/// Switches notices of certificates on or off: of all or, if one is unknown, of none.
///
/// # Errors
/// `Forbidden` naming the action, `NotFound`, `Invalid` for more than 100 certificates.
pub async fn set_notices(
    app: &App,
    caller: &Caller,
    wanted: &[(String, Vec<Notice>)],
    on: bool,
) -> Result<()> {
    authz::account_some(app, caller, Action::CertUpdate)?;
    if wanted.len() > MAX_CALLS {
        return Err(Error::invalid("body", "must name at most 100 certificates"));
    }
    transact!(app.db, |tx| {
        for (id, notices) in wanted {
            let mut found = permitted(tx, app, caller, Action::CertUpdate, id).await?;
            for notice in notices {
                match on {
                    true => found.notices |= notice.bit(),
                    false => found.notices &= !notice.bit(),
                }
            }
            store::update(tx, &found).await?;
            audit::append(tx, app, caller, Action::CertUpdate, "", &super::target(id)).await?;
        }
        Ok(())
    })
}
