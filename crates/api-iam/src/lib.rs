//! The identity API: tokens, catalogue, projects, users, access keys, as the published clients use them.
#![forbid(unsafe_code)]

mod agencies;
mod assignments;
mod assumed;
mod auth;
mod caller_identity;
mod credentials;
mod error;
mod groups;
mod operations;
mod projects;
mod roles;
mod temporary_keys;
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
        .on("CreateTemporaryAccessKeyByToken", temporary_keys::create)
        .on("ListAgencies", agencies::list)
        .on("CreateAgency", agencies::create)
        .on("ShowAgency", agencies::show)
        .on("UpdateAgency", agencies::update)
        .on("DeleteAgency", agencies::delete)
        .on("ListAgencyDomainRoles", assignments::list)
        .on("GiveAgencyDomainRole", assignments::give)
        .on("TakeAgencyDomainRole", assignments::take)
        .on("CheckAgencyDomainRole", assignments::check)
        .on("ListAgencyProjectRoles", assignments::list)
        .on("GiveAgencyProjectRole", assignments::give)
        .on("TakeAgencyProjectRole", assignments::take)
        .on("CheckAgencyProjectRole", assignments::check)
        .on("ListAgencyInheritedRoles", assignments::list_inherited)
        .on("GiveAgencyInheritedRole", assignments::give_inherited)
        .on("TakeAgencyInheritedRole", assignments::take_inherited)
        .on("CheckAgencyInheritedRole", assignments::check_inherited)
        .on("GiveAgencyEnterpriseProjectRoles", agencies::give_in_enterprise_projects)
        .on("TakeAgencyEnterpriseProjectRoles", agencies::take_in_enterprise_projects)
        .on("CreateUser", users::create)
        .on("ShowUser", users::show)
        .on("UpdateUser", users::update)
        .on("ShowUserLoginProtect", users::login_protect)
        .on("KeystoneCreateUser", users::create)
        .on("KeystoneDeleteUser", users::delete)
        .on("KeystoneUpdateUserByAdmin", users::update)
        .on("KeystoneUpdateUserPassword", users::password)
        .on("KeystoneListGroupsForUser", groups::of_user)
        .on("KeystoneListProjectsForUser", projects::of_user)
        .on("KeystoneCreateProject", projects::create)
        .on("KeystoneUpdateProject", projects::update)
        .on("ShowProjectDetailsAndStatus", projects::details)
        .on("UpdateProjectStatus", projects::set_status)
        .on("ListGroups", groups::list)
        .on("CreateGroup", groups::create)
        .on("ShowGroup", groups::show)
        .on("UpdateGroup", groups::update)
        .on("DeleteGroup", groups::delete)
        .on("ListGroupMembers", groups::members)
        .on("AddGroupMember", groups::add_member)
        .on("RemoveGroupMember", groups::remove_member)
        .on("CheckGroupMember", groups::check_member)
        .on("ListRoles", roles::list)
        .on("ShowRole", roles::show)
        .on("ListCustomPolicies", roles::list_custom)
        .on("CreateCustomPolicy", roles::create)
        .on("ShowCustomPolicy", roles::show)
        .on("UpdateCustomPolicy", roles::update)
        .on("DeleteCustomPolicy", roles::delete)
        .on("ListDomainRoles", assignments::list)
        .on("GiveDomainRole", assignments::give)
        .on("TakeDomainRole", assignments::take)
        .on("CheckDomainRole", assignments::check)
        .on("ListProjectRoles", assignments::list)
        .on("GiveProjectRole", assignments::give)
        .on("TakeProjectRole", assignments::take)
        .on("CheckProjectRole", assignments::check)
        .on("ListInheritedRoles", assignments::list_inherited)
        .on("GiveInheritedRole", assignments::give_inherited)
        .on("TakeInheritedRole", assignments::take_inherited)
        .on("CheckInheritedRole", assignments::check_inherited)
        .on("ListRoleAssignments", assignments::everywhere)
        .on("ListEnterpriseProjectRoles", assignments::list)
        .on("GiveEnterpriseProjectRole", assignments::give)
        .on("TakeEnterpriseProjectRole", assignments::take)
        .finish()
}
