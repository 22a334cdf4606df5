//! What an operator may set, as plain values. The binary reads files, environment and flags into it.

use crate::audit::AuditSettings;
use crate::certificates::CertificateSettings;
use crate::export::ExportSettings;
use crate::images::automatic::ImageSettings;
use crate::keypairs::KeypairSettings;
use crate::limits::Limits;
use crate::programs::GuardSettings;
use crate::sca::ScaSettings;
use std::path::PathBuf;

/// The settings of a running server. `Default` is what `muster up` starts with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where state that is not in the database lies: exported files, spools.
    pub data_dir: PathBuf,
    /// The address clients reach us at, scheme and port included, without a slash at the end.
    pub endpoint: String,
    /// The name of the region; also the name of the first project, because the vendor's clients look
    /// their project up by it.
    pub region: String,
    /// The CA that clients and agents trust; none for plain HTTP on loopback.
    pub ca: Option<Ca>,
    /// Life of a token, in seconds.
    pub token_secs: i64,
    /// Whether an agent with a token for any host may become one that was entered by hand because it has its name.
    pub join_by_name: bool,
    /// Rate limits.
    pub limits: Limits,
    /// What may be connected to.
    pub egress: muster_egress::EgressSettings,
    /// Certificates.
    pub certificates: CertificateSettings,
    /// Files that leave.
    pub export: ExportSettings,
    /// The record of who did what.
    pub audit: AuditSettings,
    /// Key pairs.
    pub keypairs: KeypairSettings,
    /// Artifacts that come in.
    pub sca: ScaSettings,
    /// Containers that are protected.
    pub guard: GuardSettings,
    /// Images on hosts.
    pub images: ImageSettings,
}

/// A certificate that is handed out, public by nature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ca {
    /// PEM.
    pub pem: String,
    /// SHA-256 of the DER form, lower hexadecimal: what enrolment tokens pin.
    pub sha256: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("muster-data"),
            endpoint: "http://127.0.0.1:8420".to_owned(),
            region: "muster".to_owned(),
            ca: None,
            token_secs: 24 * 3600,
            join_by_name: false,
            limits: Limits::STANDARD,
            egress: muster_egress::EgressSettings::default(),
            certificates: CertificateSettings::default(),
            export: ExportSettings::default(),
            audit: AuditSettings::default(),
            keypairs: KeypairSettings::default(),
            sca: ScaSettings::default(),
            guard: GuardSettings::default(),
            images: ImageSettings::default(),
        }
    }
}
