//! The agency a request wants to act as.

use muster_model::{Error, Result};
use muster_service::identity::DomainRef;
use muster_service::identity::assume::AgencyRef;
use serde::Deserialize;

/// `auth.identity.assume_role`.
#[derive(Deserialize)]
pub(crate) struct AssumeRole {
    #[serde(default)]
    agency_name: Option<String>,
    #[serde(default)]
    domain_id: Option<String>,
    #[serde(default)]
    domain_name: Option<String>,
    #[serde(default)]
    pub(crate) duration_seconds: Option<i64>,
}

impl AssumeRole {
    /// Which agency is meant.
    pub(crate) fn named(given: Option<&Self>) -> Result<AgencyRef> {
        let missing = |what| Error::invalid(what, "is a required property");
        let given = given.ok_or_else(|| missing("auth.identity.assume_role"))?;
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let name = text(&given.agency_name)
            .ok_or_else(|| missing("auth.identity.assume_role.agency_name"))?;
        let id = text(&given.domain_id).map(DomainRef::Id);
        let domain = id.or_else(|| text(&given.domain_name).map(DomainRef::Name));
        let domain = domain.ok_or_else(|| missing("auth.identity.assume_role.domain_name"))?;
        Ok(AgencyRef { name, domain })
    }
}
