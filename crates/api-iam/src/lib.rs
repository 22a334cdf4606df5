//! The identity API: tokens, catalogue, projects, users, access keys, as the published clients use them.
#![forbid(unsafe_code)]

mod auth;
mod caller_identity;
mod credentials;
mod error;
mod operations;
mod projects;
mod tokens;
mod users;
mod versions;

pub use operations::OPERATIONS;

use axum::Router;
use error::IamError;
use muster_http::Routes;
use muster_service::App;

/// The API's router: an answer for every row of [`OPERATIONS`].
pub fn router(app: &App) -> Router {
    Routes::<IamError>::new(app, OPERATIONS)
        .on("KeystoneListVersions", versions::list)
        .on("KeystoneShowVersion", versions::show)
        .on("KeystoneCreateUserTokenByPassword", tokens::create)
        .on("KeystoneValidateToken", tokens::validate)
        .on("KeystoneShowCatalog", auth::catalog)
        .on("KeystoneListAuthProjects", auth::projects)
        .on("KeystoneListAuthDomains", auth::domains)
        .on("KeystoneListProjects", projects::list)
        .on("KeystoneShowProject", projects::show)
        .on("KeystoneListUsers", users::list)
        .on("KeystoneShowUser", users::show)
        .on("GetCallerIdentity", caller_identity::show)
        .on("ListPermanentAccessKeys", credentials::list)
        .on("CreatePermanentAccessKey", credentials::create)
        .on("ShowPermanentAccessKey", credentials::show)
        .on("UpdatePermanentAccessKey", credentials::update)
        .on("DeletePermanentAccessKey", credentials::delete)
        .finish()
}
