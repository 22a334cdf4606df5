//! Our own JSON for what no vendor's contract has, and the documentation pages.
//!
//! Everything is below `/muster/v1`, but for the revocation lists that certificates name (`/crl`); errors have the gateway's flat form. Times are ISO 8601 in UTC.
#![forbid(unsafe_code)]

mod assets;
mod audit;
mod certificates;
pub mod docs;
mod enrol;
mod hosts;
mod images;
mod keypairs;
pub mod operations;
mod policies;
mod programs;
mod protected_files;
mod sca;
mod users;
mod vault;
mod vulnerabilities;

pub use operations::OPERATIONS;

use axum::Router;
use muster_http::Routes;
use muster_http::gateway::Gateway;
use muster_service::App;

/// The API's routes.
pub fn router(app: &App) -> Router {
    Routes::<Gateway>::new(app, OPERATIONS)
        .on("ListHosts", hosts::list)
        .on("AddHost", hosts::add)
        .on("ImportHosts", hosts::import)
        .on("ShowHost", hosts::show)
        .on("UpdateHost", hosts::update)
        .on("RemoveHost", hosts::remove)
        .on("UpdateInstallation", hosts::installation)
        .on("RevokeAgent", hosts::revoke)
        .on("ShowImage", images::show)
        .on("CountAssets", assets::count)
        .on("ListAssets", assets::list)
        .on("ListChanges", assets::changes)
        .on("FindAssets", assets::find)
        .on("ListVulnerabilities", vulnerabilities::list)
        .on("ShowVulnerability", vulnerabilities::show)
        .on("FollowVulnerability", vulnerabilities::follow)
        .on("ShowVulnerabilityStatus", vulnerabilities::status)
        .on("ListVulnerabilityChanges", vulnerabilities::events)
        .on("ListUnchecked", vulnerabilities::unchecked)
        .on("ListEnrolTokens", enrol::list)
        .on("CreateEnrolToken", enrol::create)
        .on("ShowKeypair", keypairs::show)
        .on("ListStrayKeys", keypairs::strays)
        .on("ListLearnedImages", programs::images)
        .on("ListPrograms", programs::list)
        .on("AllowProgram", programs::allow)
        .on("RelearnPrograms", programs::relearn)
        .on("BlockPrograms", programs::block)
        .on("ListProtectedFiles", protected_files::list)
        .on("ProtectFiles", protected_files::add)
        .on("UnprotectFile", protected_files::remove)
        .on("ListAudit", audit::list)
        .on("ShowAuditCheckPoint", audit::checkpoint)
        .on("CreateUser", users::create)
        .on("UpdateUser", users::update)
        .on("SimulatePolicy", policies::simulate)
        .on("ListFoundCertificates", certificates::found)
        .on("ListAuthorities", certificates::authorities)
        .on("ShowRevocations", certificates::revocations)
        .on("FetchRevocations", certificates::open_revocations)
        .on("ApproveCertificate", certificates::approve)
        .on("RejectCertificate", certificates::reject)
        .on("RevokeCertificate", certificates::revoke)
        .on("AnnounceScaArtifact", sca::uploads::announce)
        .on("ListScaTasks", sca::tasks::list)
        .on("CreateScaTask", sca::tasks::create)
        .on("ShowScaTask", sca::tasks::show)
        .on("KeepScaTask", sca::tasks::keep)
        .on("CancelScaTask", sca::tasks::cancel)
        .on("DeleteScaTask", sca::tasks::delete)
        .on("DownloadScaSbom", sca::documents::sbom)
        .on("CompareScaTasks", sca::documents::compare)
        .on("FindComponents", sca::whereabouts::find)
        .on("ListScaPolicies", sca::policies::list)
        .on("PutScaPolicy", sca::policies::put)
        .on("DeleteScaPolicy", sca::policies::delete)
        .on("ShowScaVerdicts", sca::policies::verdicts)
        .on("ListScaKeys", sca::keys::list)
        .on("CreateScaKey", sca::keys::create)
        .on("UpdateScaKey", sca::keys::update)
        .on("DeleteScaKey", sca::keys::delete)
        .on("ShowVault", vault::status)
        .on("RotateVault", vault::rotate)
        .on("RewrapVault", vault::rewrap)
        .finish()
}
