//! Everything below `/muster/v1`.

use muster_http::{Needs, Operation, Verb};
use muster_model::Action;

const HOSTS: &str = "/muster/v1/{project_id}/hosts";
const IMPORT: &str = "/muster/v1/{project_id}/hosts/import";
const HOST: &str = "/muster/v1/{project_id}/hosts/{host_id}";
const AGENT: &str = "/muster/v1/{project_id}/hosts/{host_id}/agent";
const INSTALLATION: &str = "/muster/v1/{project_id}/hosts/{host_id}/installation";
const IMAGE: &str = "/muster/v1/{project_id}/images/{image_id}";
const TOTALS: &str = "/muster/v1/{project_id}/assets";
const ASSETS: &str = "/muster/v1/{project_id}/assets/{kind}";
const CHANGES: &str = "/muster/v1/{project_id}/changes";
const WHERE: &str = "/muster/v1/{project_id}/where";
const VULNERABILITIES: &str = "/muster/v1/{project_id}/vulnerabilities";
const VULNERABILITY: &str = "/muster/v1/{project_id}/vulnerabilities/{vulnerability_id}";
const CHAIN: &str = "/muster/v1/{project_id}/vulnerabilities/{vulnerability_id}/chain";
const COMPARED: &str = "/muster/v1/{project_id}/vulnerability-status";
const EVENTS: &str = "/muster/v1/{project_id}/vulnerability-changes";
const UNCHECKED: &str = "/muster/v1/{project_id}/unchecked";
const TOKENS: &str = "/muster/v1/{project_id}/enrol-tokens";
const KEYPAIR: &str = "/muster/v1/{project_id}/keypairs/{name}";
const STRAY_KEYS: &str = "/muster/v1/{project_id}/stray-keys";
const LEARNED: &str = "/muster/v1/{project_id}/learned-images";
const PROGRAMS: &str = "/muster/v1/{project_id}/programs";
const PROTECTED: &str = "/muster/v1/{project_id}/protected-files";
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
const OPEN_REVOCATIONS: &str = "/crl/{domain_id}/{file}";
const APPROVE: &str = "/muster/v1/certificates/{certificate_id}/approve";
const REJECT: &str = "/muster/v1/certificates/{certificate_id}/reject";
const REVOKE: &str = "/muster/v1/certificates/{certificate_id}/revoke";

const SCA_ARTIFACTS: &str = "/muster/v1/{project_id}/sca/artifacts";
const SCA_TASKS: &str = "/muster/v1/{project_id}/sca/tasks";
const SCA_TASK: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}";
const SCA_CANCEL: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}/cancel";
const SCA_SBOM: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}/sbom";
const SCA_VERDICTS: &str = "/muster/v1/{project_id}/sca/tasks/{task_id}/verdicts";
const SCA_COMPARE: &str = "/muster/v1/{project_id}/sca/compare";
const SCA_WHERE: &str = "/muster/v1/{project_id}/sca/where";
const SCA_POLICIES: &str = "/muster/v1/{project_id}/sca/policies";
const SCA_POLICY: &str = "/muster/v1/{project_id}/sca/policies/{name}";
const SCA_KEYS: &str = "/muster/v1/{project_id}/sca/keys";
const SCA_KEY: &str = "/muster/v1/{project_id}/sca/keys/{access_key_id}";

/// The whole API.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    Operation::served("ListHosts", Verb::Get, HOSTS, Action::HostList, "Hosts with their system, agent and owner. Query: name, agent_status (online, offline, not_installed, installing, install_failed), container_node, tag (key=value, or key), limit, offset."),
    Operation::served("AddHost", Verb::Post, HOSTS, Action::HostUpdate, "Enters a host that has no agent yet. Body: name, address, machine_id, department, importance, location, group, container_node, tags."),
    Operation::served("ImportHosts", Verb::Post, IMPORT, Action::HostUpdate, "Enters a list of hosts, whole or not at all, and changes those that are there by the name; the same list again changes nothing. Body: hosts (1 to 5,000, each as of AddHost), dry_run."),
    Operation::served("ShowHost", Verb::Get, HOST, Action::HostList, "A host with what its agent costs, when each kind was last swept, and what troubles the sweeps."),
    Operation::served("UpdateHost", Verb::Patch, HOST, Action::HostUpdate, "Changes what the owner says of a host. Body: department, importance, location, group, container_node, tags."),
    Operation::served("RemoveHost", Verb::Delete, HOST, Action::HostUpdate, "Forgets a host that never had an agent."),
    Operation::served("UpdateInstallation", Verb::Put, INSTALLATION, Action::AgentEnrol, "Notes how the installation of a host's agent goes; that it went well is told by the agent. Body: state (installing, failed, none), reason (with failed, 1 to 500 characters)."),
    Operation::served("RevokeAgent", Verb::Delete, AGENT, Action::AgentRevoke, "Shuts a host's agent out for good; what is known of the host stays."),
    Operation::served("ShowImage", Verb::Get, IMAGE, Action::AssetList, "An image that lies on hosts, by its id: its layers and what made each, its labels, the stores it lies in with its names there, and the containers of it that run."),
    Operation::served("CountAssets", Verb::Get, TOTALS, Action::AssetList, "How many assets of each kind there are. Query: category."),
    Operation::served("ListAssets", Verb::Get, ASSETS, Action::AssetList, "Assets of a kind with their evidence. Query: name, host_id, category, at (as of that moment), limit, offset."),
    Operation::served("ListChanges", Verb::Get, CHANGES, Action::AssetList, "What was added, removed and modified after a cursor. Query: since, kind, limit."),
    Operation::served("FindAssets", Verb::Get, WHERE, Action::AssetList, "Where something of this name is, over all kinds or of one. Query: name, kind, version, limit."),
    Operation::served("ListVulnerabilities", Verb::Get, VULNERABILITIES, Action::VulnerabilityList, "Vulnerabilities of the fleet's software, the worst first, with that software and how many hosts have it. Query: type (system, web_cms, application), grade, name, host_id, limit, offset."),
    Operation::served("ShowVulnerability", Verb::Get, VULNERABILITY, Action::VulnerabilityList, "A vulnerability with every piece of software that has it. Query: host_id."),
    Operation::served("FollowVulnerability", Verb::Get, CHAIN, Action::VulnerabilityList, "From a vulnerability on a host to its processes, their ports, sites and certificates, and who may log in there. Asks for hss:asset:list, too. Query: host_id."),
    Operation::served("ShowVulnerabilityStatus", Verb::Get, COMPARED, Action::VulnerabilityList, "With what the fleet's software was compared and when, what was found, and how much could not be compared, by reason."),
    Operation::served("ListVulnerabilityChanges", Verb::Get, EVENTS, Action::VulnerabilityList, "What became of known vulnerabilities when other knowledge was taken in, after a cursor: found, withdrawn, exploited, fix, grade. Of artifacts it asks for sca:task:get, too. Query: since, event, area (hosts, images, artifacts), id, limit. What lies on hosts and in images counts in both; what lies nowhere any more in none."),
    Operation::served("ListUnchecked", Verb::Get, UNCHECKED, Action::VulnerabilityList, "Software that could not be compared, and why. Query: reason (no_source, no_purl ...), limit, offset."),
    Operation::served("ListEnrolTokens", Verb::Get, TOKENS, Action::HostList, "Enrolment tokens, used or not, without their texts."),
    Operation::served("CreateEnrolToken", Verb::Post, TOKENS, Action::AgentEnrol, "Makes a one-time token for a host to join with. Body: valid_secs, description, host_id (for this host and no other; asks for hss:agent:revoke, too, where an agent speaks for it, which is replaced)."),
    Operation::served("ShowKeypair", Verb::Get, KEYPAIR, Action::KeypairGet, "A key pair, where it is bound, and the accounts its key was found to open."),
    Operation::served("ListStrayKeys", Verb::Get, STRAY_KEYS, Action::KeypairList, "Keys found to open accounts of hosts that belong to no key pair. Query: limit, offset."),
    Operation::served("ListLearnedImages", Verb::Get, LEARNED, Action::EventList, "Images whose containers' programs are learned or known. Query: limit, offset."),
    Operation::served("ListPrograms", Verb::Get, PROGRAMS, Action::EventList, "Programs that the containers of an image may run without an event. Query: image (its id), limit, offset."),
    Operation::served("AllowProgram", Verb::Post, PROGRAMS, Action::EventHandle, "Lets the containers of an image run a program. Body: image, path."),
    Operation::served("RelearnPrograms", Verb::Delete, PROGRAMS, Action::EventHandle, "Forgets the programs of an image, which is then learned anew. Query: image."),
    Operation::served("BlockPrograms", Verb::Patch, LEARNED, Action::HostProtect, "Keeps containers of an image from running programs it is not known for, on protected hosts that allow it, once it is no longer learned; or does so no more. Body: image, blocking, now (true: the learning ends with it). Answers when that is, how many protected hosts have such containers, and how many of them allow it."),
    Operation::served("ListProtectedFiles", Verb::Get, PROTECTED, Action::EventList, "Files and folders that containers on protected hosts are not to change."),
    Operation::served("ProtectFiles", Verb::Post, PROTECTED, Action::HostProtect, "Makes a change of these files in a container a security event. Body: paths (256 in all; a folder stands for all in it)."),
    Operation::served("UnprotectFile", Verb::Delete, PROTECTED, Action::HostProtect, "Takes a file or folder away from them. Query: path."),
    Operation::served("ListAudit", Verb::Get, AUDIT, Action::AuditList, "Who did what, newest first. Query: user, action, target, outcome, project_id, request_id (a * at the end stands for the rest), from, until, before (a seq), limit, offset."),
    Operation::served("ShowAuditCheckPoint", Verb::Get, CHECKPOINT, Action::AuditList, "A signed check point of this server's audit trail, to be kept elsewhere."),
    Operation::served("CreateUser", Verb::Post, USERS, Action::UserUpdate, "Adds a user. Body: name, password, role (admin, reader or none)."),
    Operation::served("UpdateUser", Verb::Patch, USER, Action::UserUpdate, "Changes a user. Body: password, role, enabled."),
    Operation::served("SimulatePolicy", Verb::Post, SIMULATE, Action::PolicySimulate, "Says what would be decided, and by which statement. Body: action, user_id or policy, project_id, resource, enterprise_project_id, context."),
    Operation::served("ListFoundCertificates", Verb::Get, FOUND, Action::CertList, "Certificates that sites of the hosts serve, managed here or not."),
    Operation::served("ListAuthorities", Verb::Get, AUTHORITIES, Action::CertList, "The account's own roots."),
    Operation::served("ShowRevocations", Verb::Get, REVOCATIONS, Action::CertList, "The revocation list of a root (RSA, EC, SM2)."),
    Operation::served("FetchRevocations", Verb::Get, OPEN_REVOCATIONS, Action::CertList, "The same in DER for everybody, as RSA.crl, EC.crl, SM2.crl, where certificates.crl_address is set.").needing(Needs::Nothing),
    Operation::served("ApproveCertificate", Verb::Post, APPROVE, Action::CertIssue, "Issues what is applied for."),
    Operation::served("RejectCertificate", Verb::Post, REJECT, Action::CertIssue, "Refuses what is applied for."),
    Operation::served("RevokeCertificate", Verb::Post, REVOKE, Action::CertIssue, "Revokes a certificate of the account's own authority. Body: reason."),
    Operation::served("AnnounceScaArtifact", Verb::Post, SCA_ARTIFACTS, Action::ScaTaskCreate, "An address to put an artifact to, good for an hour. Body: name."),
    Operation::served("ListScaTasks", Verb::Get, SCA_TASKS, Action::ScaTaskGet, "Tasks of composition analysis, newest first, with what stands before them in the queue, when they are likely to end and when they are forgotten. Query: limit, offset."),
    Operation::served("CreateScaTask", Verb::Post, SCA_TASKS, Action::ScaTaskCreate, "Analyse an artifact that was put. Body: artifact_id, name, id."),
    Operation::served("ShowScaTask", Verb::Get, SCA_TASK, Action::ScaTaskGet, "A task with what was checked against which source, what could not be read, and what the policies say of it."),
    Operation::served("KeepScaTask", Verb::Patch, SCA_TASK, Action::ScaTaskCreate, "Keeps a task for so many days from now; null: as long as the server keeps them. Body: keep_days."),
    Operation::served("CancelScaTask", Verb::Post, SCA_CANCEL, Action::ScaTaskCreate, "Ends a task that waits or runs."),
    Operation::served("DeleteScaTask", Verb::Delete, SCA_TASK, Action::ScaTaskCreate, "Forgets a task that has ended, with what it found."),
    Operation::served("DownloadScaSbom", Verb::Get, SCA_SBOM, Action::ScaTaskGet, "The bill of materials of a task, with what is known against it now. Query: format (every form of muster scan, usually cyclonedx), vulnerabilities (false leaves them out)."),
    Operation::served("CompareScaTasks", Verb::Get, SCA_COMPARE, Action::ScaTaskGet, "What came, went and moved from one task to another, and which vulnerabilities are new and gone. Query: old, new, format (json or table)."),
    Operation::served("FindComponents", Verb::Get, SCA_WHERE, Action::ScaTaskGet, "In which artifacts a component is, who pulls it in there, on which hosts it is. Query: purl (without version any), or name and version."),
    Operation::served("ListScaPolicies", Verb::Get, SCA_POLICIES, Action::ScaTaskGet, "What the artifacts of a project must be like."),
    Operation::served("PutScaPolicy", Verb::Put, SCA_POLICY, Action::ScaPolicyUpdate, "Writes a policy. Body: grade, exploited, grace_days, licences, licence_risk, end_of_life, unchecked, complete, knowledge_days."),
    Operation::served("DeleteScaPolicy", Verb::Delete, SCA_POLICY, Action::ScaPolicyUpdate, "Forgets a policy."),
    Operation::served("ShowScaVerdicts", Verb::Get, SCA_VERDICTS, Action::ScaTaskGet, "What the policies say of a task, by what is known now, and why. Query: policy."),
    Operation::served("ListScaKeys", Verb::Get, SCA_KEYS, Action::ScaKeyList, "Access keys of the SCA open API, without their secrets."),
    Operation::served("CreateScaKey", Verb::Post, SCA_KEYS, Action::ScaKeyUpdate, "Makes an access key of the SCA open API that acts with its maker's rights. Body: description."),
    Operation::served("UpdateScaKey", Verb::Patch, SCA_KEY, Action::ScaKeyUpdate, "Switches a key on or off, and whether it may sign by MD5. Body: active, allow_md5."),
    Operation::served("DeleteScaKey", Verb::Delete, SCA_KEY, Action::ScaKeyUpdate, "Removes an access key of the SCA open API."),
    Operation::served("ShowVault", Verb::Get, VAULT, Action::VaultShow, "Which keys seal how much."),
    Operation::served("RotateVault", Verb::Post, ROTATE, Action::VaultRotate, "Gives every account and project a new key, wraps everything by it, forgets the older ones."),
    Operation::served("RewrapVault", Verb::Post, REWRAP, Action::VaultRotate, "Wraps everything by the newest root key, and what a rotation left by the newest keys."),
];
