//! Everything below `/muster/v1`.

use muster_http::{Operation, Verb};
use muster_model::Action;

const HOSTS: &str = "/muster/v1/{project_id}/hosts";
const HOST: &str = "/muster/v1/{project_id}/hosts/{host_id}";
const AGENT: &str = "/muster/v1/{project_id}/hosts/{host_id}/agent";
const TOTALS: &str = "/muster/v1/{project_id}/assets";
const ASSETS: &str = "/muster/v1/{project_id}/assets/{kind}";
const CHANGES: &str = "/muster/v1/{project_id}/changes";
const WHERE: &str = "/muster/v1/{project_id}/where";
const TOKENS: &str = "/muster/v1/{project_id}/enrol-tokens";
const KEYPAIR: &str = "/muster/v1/{project_id}/keypairs/{name}";
const STRAY_KEYS: &str = "/muster/v1/{project_id}/stray-keys";
const AUDIT: &str = "/muster/v1/audit";
const CHECKPOINT: &str = "/muster/v1/audit/checkpoint";
const USERS: &str = "/muster/v1/users";
const SIMULATE: &str = "/muster/v1/policies/simulate";
const USER: &str = "/muster/v1/users/{user_id}";

const VAULT: &str = "/muster/v1/vault";
const ROTATE: &str = "/muster/v1/vault/rotate";
const REWRAP: &str = "/muster/v1/vault/rewrap";
const FOUND: &str = "/muster/v1/certificates/found";
const AUTHORITIES: &str = "/muster/v1/certificates/authorities";
const REVOCATIONS: &str = "/muster/v1/certificates/authorities/{kind}/revocations";
const APPROVE: &str = "/muster/v1/certificates/{certificate_id}/approve";
const REJECT: &str = "/muster/v1/certificates/{certificate_id}/reject";
const REVOKE: &str = "/muster/v1/certificates/{certificate_id}/revoke";

const SCA_TASKS: &str = "/muster/v1/{project_id}/sca/tasks";
const SCA_TASK: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}";
const SCA_CANCEL: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}/cancel";
const SCA_SBOM: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}/sbom";
const SCA_WHERE: &str = "/muster/v1/{project_id}/sca/where";
const SCA_KEYS: &str = "/muster/v1/{project_id}/sca/keys";
const SCA_KEY: &str = "/muster/v1/{project_id}/sca/keys/{access_key_id}";

/// The whole API.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    Operation::served("ListHosts", Verb::Get, HOSTS, Action::HostList, "Hosts with their system, agent and owner. Query: name, limit, offset."),
    Operation::served("AddHost", Verb::Post, HOSTS, Action::HostUpdate, "Enters a host that has no agent yet. Body: name, department, importance, location, group."),
    Operation::served("ShowHost", Verb::Get, HOST, Action::HostList, "A host with what its agent costs, when each kind was last swept, and what troubles the sweeps."),
    Operation::served("UpdateHost", Verb::Patch, HOST, Action::HostUpdate, "Changes what the owner says of a host. Body: department, importance, location, group."),
    Operation::served("RevokeAgent", Verb::Delete, AGENT, Action::AgentRevoke, "Shuts a host's agent out for good; what is known of the host stays."),
    Operation::served("CountAssets", Verb::Get, TOTALS, Action::AssetList, "How many assets of each kind there are. Query: category."),
    Operation::served("ListAssets", Verb::Get, ASSETS, Action::AssetList, "Assets of a kind with their evidence. Query: name, host_id, category, at (as of that moment), limit, offset."),
    Operation::served("ListChanges", Verb::Get, CHANGES, Action::AssetList, "What was added, removed and modified after a cursor. Query: since, kind, limit."),
    Operation::served("FindAssets", Verb::Get, WHERE, Action::AssetList, "Where something of this name is, over all kinds or of one. Query: name, kind, version, limit."),
    Operation::served("ListEnrolTokens", Verb::Get, TOKENS, Action::HostList, "Enrolment tokens, used or not, without their texts."),
    Operation::served("CreateEnrolToken", Verb::Post, TOKENS, Action::AgentEnrol, "Makes a one-time token for a host to join with. Body: valid_secs, description."),
    Operation::served("ShowKeypair", Verb::Get, KEYPAIR, Action::KeypairGet, "A key pair, where it is bound, and the accounts its key was found to open."),
    Operation::served("ListStrayKeys", Verb::Get, STRAY_KEYS, Action::KeypairList, "Keys found to open accounts of hosts that belong to no key pair. Query: limit, offset."),
    Operation::served("ListAudit", Verb::Get, AUDIT, Action::AuditList, "Who did what, newest first. Query: user, action, target, outcome, project_id, request_id (a * at the end stands for the rest), from, until, before (a seq), limit, offset."),
    Operation::served("ShowAuditCheckPoint", Verb::Get, CHECKPOINT, Action::AuditList, "A signed check point of this server's audit trail, to be kept elsewhere."),
    Operation::served("CreateUser", Verb::Post, USERS, Action::UserUpdate, "Adds a user. Body: name, password, role (admin, reader or none)."),
    Operation::served("UpdateUser", Verb::Patch, USER, Action::UserUpdate, "Changes a user. Body: password, role, enabled."),
    Operation::served("SimulatePolicy", Verb::Post, SIMULATE, Action::PolicySimulate, "Says what would be decided, and by which statement. Body: action, user_id or policy, project_id, resource, enterprise_project_id, context."),
    Operation::served("ListFoundCertificates", Verb::Get, FOUND, Action::CertList, "Certificates that sites of the hosts serve, managed here or not."),
    Operation::served("ListAuthorities", Verb::Get, AUTHORITIES, Action::CertList, "The account's own roots."),
    Operation::served("ShowRevocations", Verb::Get, REVOCATIONS, Action::CertList, "The revocation list of a root (RSA, EC, SM2)."),
    Operation::served("ApproveCertificate", Verb::Post, APPROVE, Action::CertIssue, "Issues what is applied for."),
    Operation::served("RejectCertificate", Verb::Post, REJECT, Action::CertIssue, "Refuses what is applied for."),
    Operation::served("RevokeCertificate", Verb::Post, REVOKE, Action::CertIssue, "Revokes a certificate of the account's own authority. Body: reason."),
    Operation::served("ListScaTasks", Verb::Get, SCA_TASKS, Action::ScaTaskGet, "Tasks of composition analysis, newest first, with what stands before them in the queue. Query: limit, offset."),
    Operation::served("ShowScaTask", Verb::Get, SCA_TASK, Action::ScaTaskGet, "A task with what was checked against which source, and what could not be read."),
    Operation::served("CancelScaTask", Verb::Post, SCA_CANCEL, Action::ScaTaskCreate, "Ends a task that waits or runs."),
    Operation::served("DeleteScaTask", Verb::Delete, SCA_TASK, Action::ScaTaskCreate, "Forgets a task that has ended, with what it found."),
    Operation::served("DownloadScaSbom", Verb::Get, SCA_SBOM, Action::ScaTaskGet, "The bill of materials of a task: CycloneDX 1.6, JSON."),
    Operation::served("FindComponents", Verb::Get, SCA_WHERE, Action::ScaTaskGet, "In which artifacts components of a name are, at which places. Query: name, version."),
    Operation::served("ListScaKeys", Verb::Get, SCA_KEYS, Action::ScaKeyList, "Access keys of the SCA open API, without their secrets."),
    Operation::served("CreateScaKey", Verb::Post, SCA_KEYS, Action::ScaKeyUpdate, "Makes an access key of the SCA open API that acts with its maker's rights. Body: description."),
    Operation::served("UpdateScaKey", Verb::Patch, SCA_KEY, Action::ScaKeyUpdate, "Switches a key on or off, and whether it may sign by MD5. Body: active, allow_md5."),
    Operation::served("DeleteScaKey", Verb::Delete, SCA_KEY, Action::ScaKeyUpdate, "Removes an access key of the SCA open API."),
    Operation::served("ShowVault", Verb::Get, VAULT, Action::VaultShow, "Which keys seal how much."),
    Operation::served("RotateVault", Verb::Post, ROTATE, Action::VaultRotate, "Gives every account and project a new key, wraps everything by it, forgets the older ones."),
    Operation::served("RewrapVault", Verb::Post, REWRAP, Action::VaultRotate, "Wraps everything by the newest root key, and what a rotation left by the newest keys."),
];
