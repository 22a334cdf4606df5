//! Every operation of the key pair contract.

use muster_http::{Operation, Verb};
use muster_model::Action;

const KEYPAIRS: &str = "/v3/{project_id}/keypairs";
const KEYPAIR: &str = "/v3/{project_id}/keypairs/{keypair_name}";
const ASSOCIATE: &str = "/v3/{project_id}/keypairs/associate";
const BATCH_ASSOCIATE: &str = "/v3/{project_id}/keypairs/batch-associate";
const BATCH_IMPORT: &str = "/v3/{project_id}/keypairs/batch-import";
const DISASSOCIATE: &str = "/v3/{project_id}/keypairs/disassociate";
const IMPORT: &str = "/v3/{project_id}/keypairs/private-key/import";
const EXPORT: &str = "/v3/{project_id}/keypairs/private-key/export";
const BATCH_EXPORT: &str = "/v3/{project_id}/keypairs/private-key/batch-export";
const PRIVATE_KEY: &str = "/v3/{project_id}/keypairs/{keypair_name}/private-key";
const TASK: &str = "/v3/{project_id}/tasks/{task_id}";
const RUNNING: &str = "/v3/{project_id}/running-tasks";
const FAILED: &str = "/v3/{project_id}/failed-tasks";
const FAILED_ONE: &str = "/v3/{project_id}/failed-tasks/{task_id}";

/// The table.
#[rustfmt::skip]
pub const OPERATIONS: &[Operation] = &[
    Operation::served("CreateKeypair", Verb::Post, KEYPAIRS, Action::KeypairCreate, "Make a key pair, or import one"),
    Operation::served("BatchImportKeypair", Verb::Post, BATCH_IMPORT, Action::KeypairCreate, "Import up to ten key pairs"),
    Operation::served("ListKeypairs", Verb::Get, KEYPAIRS, Action::KeypairList, "Key pairs, oldest first"),
    Operation::served("ListKeypairDetail", Verb::Get, KEYPAIR, Action::KeypairGet, "One key pair"),
    Operation::served("UpdateKeypairDescription", Verb::Put, KEYPAIR, Action::KeypairUpdate, "Change what is said of a key pair"),
    Operation::served("DeleteKeypair", Verb::Delete, KEYPAIR, Action::KeypairDelete, "Delete a key pair"),
    Operation::served("ImportPrivateKey", Verb::Post, IMPORT, Action::PrivateKeyImport, "Keep the private key of a key pair"),
    Operation::served("ExportPrivateKey", Verb::Post, EXPORT, Action::PrivateKeyExport, "Hand out a private key"),
    Operation::served("BatchExportPrivateKey", Verb::Post, BATCH_EXPORT, Action::PrivateKeyExport, "Hand out up to ten private keys, as a ZIP"),
    Operation::served("ClearPrivateKey", Verb::Delete, PRIVATE_KEY, Action::PrivateKeyClear, "Forget a private key"),
    Operation::served("AssociateKeypair", Verb::Post, ASSOCIATE, Action::KeypairBind, "Bind a key pair to a host"),
    Operation::served("BatchAssociateKeypair", Verb::Post, BATCH_ASSOCIATE, Action::KeypairBind, "Bind key pairs to up to ten hosts"),
    Operation::served("DisassociateKeypair", Verb::Post, DISASSOCIATE, Action::KeypairBind, "Unbind the key pair of a host"),
    Operation::served("ListKeypairTask", Verb::Get, TASK, Action::KeypairTaskList, "How far a task is"),
    Operation::served("ListRunningTask", Verb::Get, RUNNING, Action::KeypairTaskList, "Tasks under way"),
    Operation::served("ListFailedTask", Verb::Get, FAILED, Action::KeypairTaskList, "Failed tasks"),
    Operation::served("DeleteFailedTask", Verb::Delete, FAILED_ONE, Action::KeypairTaskDelete, "Forget a failed task"),
    Operation::served("DeleteAllFailedTask", Verb::Delete, FAILED, Action::KeypairTaskDelete, "Forget all failed tasks"),
];
