//! The SCA open API: eleven calls that take an artifact and tell what is inside, and the address artifacts are
//! put to.
//!
//! Every body is signed as a whole (`signed.rs`); every answer is an envelope with HTTP status 200, but for
//! wrong signatures (401), sizes (413) and our own faults (5xx). Names on the wire are the document's,
//! misspellings included.
#![forbid(unsafe_code)]

mod advice;
mod components;
mod cvss;
mod dictionary;
mod envelope;
mod language;
mod licences;
pub mod operations;
mod paged;
mod signed;
mod tasks;
mod upload;
mod vulnerabilities;

pub use envelope::code;
pub use operations::OPERATIONS;

use axum::Router;
use envelope::Sca;
use muster_http::Routes;
use muster_service::App;

/// The API's routes.
pub fn router(app: &App) -> Router {
    Routes::<Sca>::new(app, OPERATIONS)
        .on("GetUploadUrl", upload::announce)
        .on("PutArtifact", upload::receive)
        .on("CreateTask", tasks::create)
        .on("GetTaskStatus", tasks::status)
        .on("GetTaskStatistics", tasks::statistics)
        .on("ListTaskComponents", components::page)
        .on("ListTaskVulnerabilities", vulnerabilities::page)
        .on("ListTaskLicenses", licences::page)
        .on("GetComponent", components::detail)
        .on("GetVulnerability", vulnerabilities::detail)
        .on("GetLicense", licences::detail)
        .on("ListDictionary", dictionary::list)
        .finish()
}
