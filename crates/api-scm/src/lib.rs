//! Certificates (SCM v3): import, export, orders, requests, tags and notices, as the published clients use them.
//!
//! Certificates belong to the account: no project stands in a path, and neither `X-Domain-Id` nor
//! `X-Project-Id` is needed.
#![forbid(unsafe_code)]

mod certificates;
mod csr;
mod deployed;
mod error;
mod notification;
mod operations;
mod orders;
mod push;
mod tags;
mod time;

pub use operations::OPERATIONS;

use axum::Router;
use error::ScmError;
use muster_http::Routes;
use muster_service::App;

/// The API's router: an answer for every row of [`OPERATIONS`].
pub fn router(app: &App) -> Router {
    Routes::<ScmError>::new(app, OPERATIONS)
        .on("ListCertificates", certificates::list::list)
        .on("ImportCertificate", certificates::import::import)
        .on("ShowCertificate", certificates::show::show)
        .on("ExportCertificate", certificates::export::export)
        .on("DeleteCertificate", certificates::delete::delete)
        .on("SubscribeCertificate", orders::buy)
        .on("ApplyCertificate", orders::apply)
        .on("CancelCertificateRequest", orders::cancel)
        .on("UnsubscribeCertificate", orders::unsubscribe)
        .on("ListCsr", csr::list)
        .on("CreateCsr", csr::create)
        .on("UploadCsr", csr::upload)
        .on("ShowCsr", csr::show)
        .on("UpdateCsr", csr::update)
        .on("DeleteCsr", csr::delete)
        .on("ShowCsrPrivateKey", csr::private_key)
        .on("PushCertificate", push::push)
        .on("BatchPushCertificate", push::batch)
        .on("DeployCertificate", push::deploy)
        .on("ListDeployedResources", deployed::list)
        .on("EnableNotification", notification::enable)
        .on("DisableNotification", notification::disable)
        .on("ListAllTags", tags::all)
        .on("ListTagsByCertificate", tags::of)
        .on("CreateCertificateTag", tags::create)
        .on("BatchCreateOrDeleteTags", tags::batch)
        .on("ListCertificatesByTag", tags::instances)
        .finish()
}
