//! The whole SCA open API.

use muster_http::{Needs, Operation, Verb};
use muster_model::Action;

const fn signed(
    name: &'static str,
    path: &'static str,
    action: Action,
    summary: &'static str,
) -> Operation {
    Operation::served(name, Verb::Post, path, action, summary).needing(Needs::OwnProof(action))
}

/// The whole API.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    signed("GetUploadUrl", "/gateway/sca/external/upload/url", Action::ScaTaskCreate, "An address to put an artifact to. Body: fileName, timestamp."),
    Operation::served("PutArtifact", Verb::Put, "/uploads/sca/{file_id}", Action::ScaTaskCreate, "Takes an artifact at the address that GetUploadUrl handed out.").needing(Needs::Nothing),
    signed("CreateTask", "/gateway/sca/external/createTask", Action::ScaTaskCreate, "Analyse an artifact. Body: taskId, taskName, callbackUrl, fileId, timestamp."),
    signed("GetTaskStatus", "/gateway/sca/external/task/status", Action::ScaTaskGet, "How far a task is. Body: taskId, timestamp."),
    signed("GetTaskStatistics", "/gateway/sca/external/task/statistics", Action::ScaTaskGet, "How many components, vulnerabilities and licences a task found. Body: taskId, timestamp."),
    signed("ListTaskComponents", "/gateway/sca/external/task/components/page", Action::ScaTaskGet, "Components of a task, worst first. Body: taskId, current, size, timestamp."),
    signed("ListTaskVulnerabilities", "/gateway/sca/external/task/vulnerability/page", Action::ScaTaskGet, "Vulnerabilities of a task or of a component in it. Body: taskId, componentUuid, current, size, timestamp."),
    signed("ListTaskLicenses", "/gateway/sca/external/task/license/page", Action::ScaTaskGet, "Licences of a task or of a component in it. Body: taskId, componentUuid, current, size, timestamp."),
    signed("GetComponent", "/gateway/sca/external/task/component/detail", Action::ScaTaskGet, "A component. Body: componentUuid, timestamp."),
    signed("GetVulnerability", "/gateway/sca/external/task/vulnerability/detail", Action::ScaTaskGet, "A vulnerability. Body: customSzNo, timestamp."),
    signed("GetLicense", "/gateway/sca/external/task/license/detail", Action::ScaTaskGet, "A licence. Body: licenseId, timestamp."),
    signed("ListDictionary", "/gateway/sca/external/dict/type/list", Action::ScaTaskGet, "The keys of a dictionary and what they mean. Body: dictType, timestamp."),
];
