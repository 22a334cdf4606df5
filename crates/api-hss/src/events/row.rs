//! One event, as lists and exports tell of it.

use super::class::{EVENT_TYPE, class, severity};
use crate::hosts::HostRow;
use crate::list::millis;
use muster_model::container::{Sign, SignKind};
use muster_service::events::Event;
use muster_service::hosts::Known;
use serde::Serialize;

/// Longest `event_abstract`, characters.
const MAX_ABSTRACT: usize = 512;

/// `EventManagementResponseInfo`, as far as there is something to say.
#[derive(Debug, Serialize)]
pub(crate) struct EventRow {
    event_id: String,
    event_class_id: &'static str,
    event_type: i32,
    event_name: &'static str,
    severity: &'static str,
    container_name: String,
    image_name: String,
    host_name: String,
    host_id: String,
    private_ip: String,
    public_ip: String,
    os_type: &'static str,
    host_status: Option<&'static str>,
    agent_status: &'static str,
    protect_status: &'static str,
    asset_value: String,
    attack_tag: &'static str,
    occur_time: i64,
    handle_time: Option<i64>,
    handle_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler: Option<String>,
    operate_accept_list: [&'static str; 2],
    forensic_info: Evidence,
    resource_info: Resource,
    recommendation: &'static str,
    description: &'static str,
    event_abstract: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_info_list: Option<[Program; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_info_list: Option<[File; 1]>,
    event_details: String,
    event_count: i32,
}

/// By what an event was seen.
#[derive(Debug, Serialize)]
struct Evidence {
    sign: &'static str,
    evidence: String,
    container_id: String,
}

/// `EventResourceResponseInfo`: where it happened, as far as that is known.
#[derive(Debug, Serialize)]
struct Resource {
    enterprise_project_id: String,
    vm_name: String,
    vm_uuid: String,
    container_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster_name: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    image_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sys_arch: String,
    os_type: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    os_name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    os_version: String,
}

impl Resource {
    fn new(event: &Event, known: &Known) -> Self {
        let profile = &known.host.profile;
        // The names of containers in pods: what runs on a node beside its pods is not the cluster's.
        let mut parts = event.container.name.split('/').map(str::to_owned);
        let (namespace, pod_name) = parts.next().zip(parts.next()).unzip();
        let cluster = profile.cluster.as_ref().filter(|_| pod_name.is_some());
        Self {
            enterprise_project_id: known.host.owner.enterprise_project_id.clone(),
            vm_name: profile.name.clone(),
            vm_uuid: known.host.id.to_string(),
            container_id: event.container.id.clone(),
            cluster_id: cluster.map(|it| it.id.clone()),
            cluster_name: cluster.map(|it| it.name.clone()),
            pod_name,
            namespace,
            image_name: event.image.clone(),
            sys_arch: profile.arch.clone(),
            os_type: "Linux",
            os_name: profile.os_name.clone(),
            os_version: profile.os_version.clone(),
        }
    }
}

/// `EventProcessResponseInfo`, of a program that its image is not known for, or that entered the host.
#[derive(Debug, PartialEq, Serialize)]
struct Program {
    process_name: String,
    process_path: String,
    /// 1 where it was kept from running.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<i32>,
}

impl Program {
    /// The program a sign is about; none where the evidence does not say, as it was cut.
    fn of(sign: &Sign) -> Option<Self> {
        let (path, block) = match sign.kind {
            SignKind::UnknownProgram => (sign.evidence.as_str(), None),
            SignKind::BlockedProgram => (sign.evidence.rsplit_once(" (started by ")?.0, Some(1)),
            SignKind::EnteredHost => (sign.evidence.rsplit_once(" in the host's ")?.0, None),
            _ => return None,
        };
        let name = path.rsplit('/').next().unwrap_or(path).to_owned();
        Some(Self { process_name: name, process_path: path.to_owned(), block })
    }
}

/// `EventFileResponseInfo`, of a protected file.
#[derive(Debug, PartialEq, Serialize)]
struct File {
    file_path: String,
    /// What was done to it: `changed`, `replaced` or `removed`.
    file_action: String,
}

impl File {
    /// The file a sign is about; none where the evidence does not say, as it was cut.
    fn of(sign: &Sign) -> Option<Self> {
        let (path, action) = sign.evidence.rsplit_once(' ')?;
        let told = ["changed", "replaced", "removed"].contains(&action);
        (sign.kind == SignKind::ProtectedFile && told)
            .then(|| Self { file_path: path.to_owned(), file_action: action.to_owned() })
    }
}

/// What happened where, in one line of the contract's length.
fn summary(what: &str, container: &str, host: &str) -> String {
    format!("{what}: {container} on {host}").chars().take(MAX_ABSTRACT).collect()
}

impl From<&(Event, Known)> for EventRow {
    fn from((event, known): &(Event, Known)) -> Self {
        let host = HostRow::from(known);
        let class = class(event.sign.kind);
        let handled = event.handled.as_ref();
        Self {
            event_id: event.id.clone(),
            event_class_id: class.id,
            event_type: EVENT_TYPE,
            event_name: class.name,
            severity: severity(event.sign.kind.severity()),
            container_name: event.container.name.clone(),
            image_name: event.image.clone(),
            event_abstract: summary(class.name, &event.container.name, &host.host_name),
            host_name: host.host_name,
            host_id: host.host_id,
            private_ip: host.private_ip,
            public_ip: host.public_ip,
            os_type: "Linux",
            host_status: host.host_status,
            agent_status: known.status.name(),
            protect_status: host.protect_status,
            asset_value: known.host.owner.importance.clone(),
            attack_tag: "abnormal_behavior",
            occur_time: event.occurred_at.millis(),
            handle_time: millis(handled.map(|it| it.at)),
            handle_status: if handled.is_some() { "handled" } else { "unhandled" },
            handle_method: handled.map(|it| it.method.clone()),
            handler: handled.map(|it| it.remark.clone()),
            operate_accept_list: ["mark_as_handled", "ignore"],
            forensic_info: Evidence {
                sign: event.sign.kind.name(),
                evidence: event.sign.evidence.clone(),
                container_id: event.container.id.clone(),
            },
            resource_info: Resource::new(event, known),
            recommendation: class.advice,
            description: class.meaning,
            process_info_list: Program::of(&event.sign).map(|it| [it]),
            file_info_list: File::of(&event.sign).map(|it| [it]),
            event_details: event.sign.evidence.clone(),
            event_count: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(kind: SignKind, evidence: &str) -> Sign {
        Sign { kind, evidence: evidence.to_owned() }
    }

    #[test]
    fn a_program_is_named_by_its_path() {
        let program = |kind, evidence| {
            Program::of(&sign(kind, evidence))
                .map(|it| (it.process_name, it.process_path, it.block))
        };
        let owned = |name: &str, path: &str, block| Some((name.to_owned(), path.to_owned(), block));
        let (unknown, blocked) = (SignKind::UnknownProgram, SignKind::BlockedProgram);
        assert_eq!(program(unknown, "/opt/a b"), owned("a b", "/opt/a b", None));
        assert_eq!(program(blocked, "/x (started by /bin/sh)"), owned("x", "/x", Some(1)));
        let entered = program(SignKind::EnteredHost, "/bin/sleep in the host's mounts");
        assert_eq!(entered, owned("sleep", "/bin/sleep", None));
        assert_eq!(program(blocked, "/a/very/long"), None);
        assert_eq!(program(SignKind::HostMount, "/etc on /etc rw"), None);
    }

    #[test]
    fn a_protected_file_is_told_with_what_was_done_to_it() {
        let file = |kind, evidence| File::of(&sign(kind, evidence));
        let removed = File { file_path: "/etc/a b".to_owned(), file_action: "removed".to_owned() };
        assert_eq!(file(SignKind::ProtectedFile, "/etc/a b removed"), Some(removed));
        assert_eq!(file(SignKind::ProtectedFile, "/etc/a b remo"), None);
        assert_eq!(file(SignKind::Privileged, "/etc/passwd changed"), None);
    }

    #[test]
    fn a_summary_is_as_short_as_the_contract_wants_it() {
        assert_eq!(summary("It", "shop", "web-1"), "It: shop on web-1");
        assert_eq!(summary("It", &"é".repeat(600), "web-1").chars().count(), MAX_ABSTRACT);
    }
}
