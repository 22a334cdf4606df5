//! Every operation of the identity contract, served or not.

use muster_http::Verb::{Delete, Get, Patch, Post, Put};
use muster_http::{Needs, Operation, Verb};
use muster_model::Action;

const fn open(
    name: &'static str,
    verb: Verb,
    path: &'static str,
    summary: &'static str,
) -> Operation {
    Operation::served(name, verb, path, Action::IdentityShow, summary).needing(Needs::Nothing)
}

const fn own(
    name: &'static str,
    verb: Verb,
    path: &'static str,
    summary: &'static str,
) -> Operation {
    Operation::served(name, verb, path, Action::IdentityShow, summary).needing(Needs::Caller)
}

/// The table. Several ways to get a token share one path: there the served one answers, and names the
/// method it does not take.
pub const OPERATIONS: &[Operation] = &[
    open("KeystoneListVersions", Get, "/", "Versions of the identity API"),
    open("KeystoneShowVersion", Get, "/v3", "The version this server speaks"),
    Operation::served(
        "ListPermanentAccessKeys",
        Get,
        "/v3.0/OS-CREDENTIAL/credentials",
        Action::AccessKeyList,
        "Access keys of a user",
    ),
    Operation::served(
        "CreatePermanentAccessKey",
        Post,
        "/v3.0/OS-CREDENTIAL/credentials",
        Action::AccessKeyUpdate,
        "Make an access key",
    ),
    Operation::served(
        "DeletePermanentAccessKey",
        Delete,
        "/v3.0/OS-CREDENTIAL/credentials/{access_key}",
        Action::AccessKeyUpdate,
        "Remove an access key",
    ),
    Operation::served(
        "ShowPermanentAccessKey",
        Get,
        "/v3.0/OS-CREDENTIAL/credentials/{access_key}",
        Action::AccessKeyList,
        "One access key",
    ),
    Operation::served(
        "UpdatePermanentAccessKey",
        Put,
        "/v3.0/OS-CREDENTIAL/credentials/{access_key}",
        Action::AccessKeyUpdate,
        "Switch an access key on or off",
    ),
    own("KeystoneShowCatalog", Get, "/v3/auth/catalog", "Services and where they answer"),
    own("KeystoneListAuthDomains", Get, "/v3/auth/domains", "The caller's account"),
    own(
        "KeystoneListAuthProjects",
        Get,
        "/v3/auth/projects",
        "Projects the caller can get a token for",
    ),
    own("KeystoneValidateToken", Get, "/v3/auth/tokens", "Whose token is this"),
    open("KeystoneCreateUserTokenByPassword", Post, "/v3/auth/tokens", "Get a token by password"),
    Operation::served(
        "KeystoneListProjects",
        Get,
        "/v3/projects",
        Action::ProjectList,
        "Projects of the account",
    ),
    Operation::served(
        "KeystoneShowProject",
        Get,
        "/v3/projects/{project_id}",
        Action::ProjectList,
        "One project",
    ),
    Operation::served(
        "KeystoneListUsers",
        Get,
        "/v3/users",
        Action::UserList,
        "Users of the account",
    ),
    Operation::served("KeystoneShowUser", Get, "/v3/users/{user_id}", Action::UserList, "One user"),
    own("GetCallerIdentity", Get, "/v5/caller-identity", "Whose credentials are these"),
    Operation::unsupported(
        "ShowProjectDetailsAndStatus",
        Get,
        "/v3-ext/projects/{project_id}",
        "A project with its status",
    ),
    Operation::unsupported(
        "UpdateProjectStatus",
        Put,
        "/v3-ext/projects/{project_id}",
        "Switch a project on or off",
    ),
    Operation::unsupported(
        "CreateTokenWithIdToken",
        Post,
        "/v3.0/OS-AUTH/id-token/tokens",
        "Token for an OpenID Connect identity",
    ),
    Operation::unsupported(
        "CreateLoginToken",
        Post,
        "/v3.0/OS-AUTH/securitytoken/logintokens",
        "Token for the console of a custom login",
    ),
    Operation::unsupported(
        "CreateTemporaryAccessKeyByAgency",
        Post,
        "/v3.0/OS-CREDENTIAL/securitytokens",
        "Temporary access key for an agency",
    ),
    Operation::unsupported(
        "CreateTemporaryAccessKeyByToken",
        Post,
        "/v3.0/OS-CREDENTIAL/securitytokens",
        "Temporary access key for a token",
    ),
    Operation::unsupported(
        "ListUserLoginProtects",
        Get,
        "/v3.0/OS-USER/login-protects",
        "Login protection of all users",
    ),
    Operation::unsupported("CreateUser", Post, "/v3.0/OS-USER/users", "Add a user (newer form)"),
    Operation::unsupported(
        "ShowUser",
        Get,
        "/v3.0/OS-USER/users/{user_id}",
        "One user (newer form)",
    ),
    Operation::unsupported(
        "UpdateUser",
        Put,
        "/v3.0/OS-USER/users/{user_id}",
        "Change a user (newer form)",
    ),
    Operation::unsupported(
        "UpdateUserInformation",
        Put,
        "/v3.0/OS-USER/users/{user_id}/info",
        "Change the own user",
    ),
    Operation::unsupported(
        "ShowUserLoginProtect",
        Get,
        "/v3.0/OS-USER/users/{user_id}/login-protect",
        "Login protection of a user",
    ),
    Operation::unsupported(
        "UpdateLoginProtect",
        Put,
        "/v3.0/OS-USER/users/{user_id}/login-protect",
        "Change login protection",
    ),
    Operation::unsupported(
        "KeystoneListFederationDomains",
        Get,
        "/v3/OS-FEDERATION/domains",
        "Accounts of a federated user",
    ),
    Operation::unsupported(
        "KeystoneListFederationProjects",
        Get,
        "/v3/OS-FEDERATION/projects",
        "Projects of a federated user",
    ),
    Operation::unsupported(
        "KeystoneCreateAgencyToken",
        Post,
        "/v3/auth/tokens",
        "Token for an agency",
    ),
    Operation::unsupported(
        "KeystoneCreateScopedToken",
        Post,
        "/v3/auth/tokens",
        "Token for a federated user",
    ),
    Operation::unsupported(
        "KeystoneCreateUserTokenByPasswordAndMfa",
        Post,
        "/v3/auth/tokens",
        "Token by password and one-time code",
    ),
    Operation::unsupported(
        "KeystoneShowSecurityCompliance",
        Get,
        "/v3/domains/{domain_id}/config/security_compliance",
        "Password rules",
    ),
    Operation::unsupported(
        "KeystoneShowSecurityComplianceByOption",
        Get,
        "/v3/domains/{domain_id}/config/security_compliance/{option}",
        "One password rule",
    ),
    Operation::unsupported("KeystoneListEndpoints", Get, "/v3/endpoints", "Endpoints"),
    Operation::unsupported(
        "KeystoneShowEndpoint",
        Get,
        "/v3/endpoints/{endpoint_id}",
        "One endpoint",
    ),
    Operation::unsupported("KeystoneCreateProject", Post, "/v3/projects", "Add a project"),
    Operation::unsupported(
        "KeystoneUpdateProject",
        Patch,
        "/v3/projects/{project_id}",
        "Change a project",
    ),
    Operation::unsupported("KeystoneListRegions", Get, "/v3/regions", "Regions"),
    Operation::unsupported("KeystoneShowRegion", Get, "/v3/regions/{region_id}", "One region"),
    Operation::unsupported("KeystoneListServices", Get, "/v3/services", "Services"),
    Operation::unsupported("KeystoneShowService", Get, "/v3/services/{service_id}", "One service"),
    Operation::unsupported("KeystoneCreateUser", Post, "/v3/users", "Add a user"),
    Operation::unsupported("KeystoneDeleteUser", Delete, "/v3/users/{user_id}", "Remove a user"),
    Operation::unsupported(
        "KeystoneUpdateUserByAdmin",
        Patch,
        "/v3/users/{user_id}",
        "Change a user",
    ),
    Operation::unsupported(
        "KeystoneListGroupsForUser",
        Get,
        "/v3/users/{user_id}/groups",
        "Groups of a user",
    ),
    Operation::unsupported(
        "KeystoneUpdateUserPassword",
        Post,
        "/v3/users/{user_id}/password",
        "Change the own password",
    ),
    Operation::unsupported(
        "KeystoneListProjectsForUser",
        Get,
        "/v3/users/{user_id}/projects",
        "Projects of a user",
    ),
];
