//! Every operation of the identity contract, served or not.

use muster_http::Verb::{Delete, Get, Head, Patch, Post, Put};
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

const fn served(
    name: &'static str,
    verb: Verb,
    path: &'static str,
    action: Action,
    summary: &'static str,
) -> Operation {
    Operation::served(name, verb, path, action, summary)
}

/// The table. Several ways to get a token share one path: there the served one answers, and names the
/// method it does not take.
#[rustfmt::skip]
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
    own(
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
    Operation::unsupported(
        "UpdateUserInformation",
        Put,
        "/v3.0/OS-USER/users/{user_id}/info",
        "Change the own user",
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
    Operation::unsupported("KeystoneListRegions", Get, "/v3/regions", "Regions"),
    Operation::unsupported("KeystoneShowRegion", Get, "/v3/regions/{region_id}", "One region"),
    Operation::unsupported("KeystoneListServices", Get, "/v3/services", "Services"),
    Operation::unsupported("KeystoneShowService", Get, "/v3/services/{service_id}", "One service"),
    served("ShowUserLoginProtect", Get, "/v3.0/OS-USER/users/{user_id}/login-protect", Action::UserList, "Login protection of a user: there is none"),
    served("CreateUser", Post, "/v3.0/OS-USER/users", Action::UserUpdate, "Add a user (newer form)"),
    served("ShowUser", Get, "/v3.0/OS-USER/users/{user_id}", Action::UserList, "One user (newer form)"),
    served("UpdateUser", Put, "/v3.0/OS-USER/users/{user_id}", Action::UserUpdate, "Change a user (newer form)"),
    served("KeystoneCreateUser", Post, "/v3/users", Action::UserUpdate, "Add a user"),
    served("KeystoneDeleteUser", Delete, "/v3/users/{user_id}", Action::UserUpdate, "Remove a user"),
    served("KeystoneUpdateUserByAdmin", Patch, "/v3/users/{user_id}", Action::UserUpdate, "Change a user"),
    served("KeystoneListGroupsForUser", Get, "/v3/users/{user_id}/groups", Action::GroupList, "Groups of a user"),
    own("KeystoneUpdateUserPassword", Post, "/v3/users/{user_id}/password", "Change the own password"),
    served("KeystoneListProjectsForUser", Get, "/v3/users/{user_id}/projects", Action::ProjectList, "Projects of a user"),
    served("KeystoneCreateProject", Post, "/v3/projects", Action::ProjectUpdate, "Add a project"),
    served("KeystoneUpdateProject", Patch, "/v3/projects/{project_id}", Action::ProjectUpdate, "Change a project"),
    served("ShowProjectDetailsAndStatus", Get, "/v3-ext/projects/{project_id}", Action::ProjectList, "A project with its status"),
    served("UpdateProjectStatus", Put, "/v3-ext/projects/{project_id}", Action::ProjectUpdate, "Switch a project on or off"),
    served("ListGroups", Get, "/v3/groups", Action::GroupList, "Groups of the account"),
    served("CreateGroup", Post, "/v3/groups", Action::GroupUpdate, "Add a group"),
    served("ShowGroup", Get, "/v3/groups/{group_id}", Action::GroupList, "One group"),
    served("UpdateGroup", Patch, "/v3/groups/{group_id}", Action::GroupUpdate, "Change a group"),
    served("DeleteGroup", Delete, "/v3/groups/{group_id}", Action::GroupUpdate, "Remove a group"),
    served("ListGroupMembers", Get, "/v3/groups/{group_id}/users", Action::GroupList, "Users in a group"),
    served("AddGroupMember", Put, "/v3/groups/{group_id}/users/{user_id}", Action::GroupUpdate, "Put a user into a group"),
    served("RemoveGroupMember", Delete, "/v3/groups/{group_id}/users/{user_id}", Action::GroupUpdate, "Take a user out of a group"),
    served("CheckGroupMember", Head, "/v3/groups/{group_id}/users/{user_id}", Action::GroupList, "Whether a user is in a group"),
    served("ListRoles", Get, "/v3/roles", Action::PolicyList, "Policies, built-in and own"),
    served("ShowRole", Get, "/v3/roles/{role_id}", Action::PolicyList, "One policy"),
    served("ListCustomPolicies", Get, "/v3.0/OS-ROLE/roles", Action::PolicyList, "Policies the account wrote"),
    served("CreateCustomPolicy", Post, "/v3.0/OS-ROLE/roles", Action::PolicyUpdate, "Add a policy"),
    served("ShowCustomPolicy", Get, "/v3.0/OS-ROLE/roles/{role_id}", Action::PolicyList, "One policy the account wrote"),
    served("UpdateCustomPolicy", Patch, "/v3.0/OS-ROLE/roles/{role_id}", Action::PolicyUpdate, "Change a policy"),
    served("DeleteCustomPolicy", Delete, "/v3.0/OS-ROLE/roles/{role_id}", Action::PolicyUpdate, "Remove a policy"),
    served("ListDomainRoles", Get, "/v3/domains/{domain_id}/groups/{group_id}/roles", Action::PolicyList, "What a group has in the account"),
    served("GiveDomainRole", Put, "/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}", Action::PolicyAssign, "Give a policy in the account"),
    served("TakeDomainRole", Delete, "/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}", Action::PolicyAssign, "Take a policy in the account"),
    served("CheckDomainRole", Head, "/v3/domains/{domain_id}/groups/{group_id}/roles/{role_id}", Action::PolicyList, "Whether a group has a policy in the account"),
    served("ListProjectRoles", Get, "/v3/projects/{project_id}/groups/{group_id}/roles", Action::PolicyList, "What a group has in a project"),
    served("GiveProjectRole", Put, "/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}", Action::PolicyAssign, "Give a policy in a project"),
    served("TakeProjectRole", Delete, "/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}", Action::PolicyAssign, "Take a policy in a project"),
    served("CheckProjectRole", Head, "/v3/projects/{project_id}/groups/{group_id}/roles/{role_id}", Action::PolicyList, "Whether a group has a policy in a project"),
    served("ListInheritedRoles", Get, "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/inherited_to_projects", Action::PolicyList, "What a group has in all projects"),
    served("GiveInheritedRole", Put, "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects", Action::PolicyAssign, "Give a policy in all projects"),
    served("TakeInheritedRole", Delete, "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects", Action::PolicyAssign, "Take a policy in all projects"),
    served("CheckInheritedRole", Head, "/v3/OS-INHERIT/domains/{domain_id}/groups/{group_id}/roles/{role_id}/inherited_to_projects", Action::PolicyList, "Whether a group has a policy in all projects"),
    served("ListRoleAssignments", Get, "/v3.0/OS-PERMISSION/role-assignments", Action::PolicyList, "Who has which policy where"),
    served("ListEnterpriseProjectRoles", Get, "/v3.0/OS-PERMISSION/enterprise-projects/{enterprise_project_id}/groups/{group_id}/roles", Action::PolicyList, "What a group has in an enterprise project"),
    served("GiveEnterpriseProjectRole", Put, "/v3.0/OS-PERMISSION/enterprise-projects/{enterprise_project_id}/groups/{group_id}/roles/{role_id}", Action::PolicyAssign, "Give a policy in an enterprise project"),
    served("TakeEnterpriseProjectRole", Delete, "/v3.0/OS-PERMISSION/enterprise-projects/{enterprise_project_id}/groups/{group_id}/roles/{role_id}", Action::PolicyAssign, "Take a policy in an enterprise project"),
];
