//! Tasks that bind and unbind key pairs: what several operations share of the wire.

pub(crate) mod associate;
pub(crate) mod batch_associate;
pub(crate) mod delete;
pub(crate) mod disassociate;
pub(crate) mod list;
pub(crate) mod show;

use muster_http::Params;
use muster_model::{Paging, Result};
use muster_service::keypairs::{Auth, Server, Task};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const DEFAULT_LIMIT: i64 = 1_000;
const MAX_LIMIT: i64 = 1_000;
const MAX_OFFSET: i64 = 2_000_000;

/// `EcsServerInfo`, and `DisassociateEcsServerInfo`, which has less of it.
#[derive(Deserialize)]
pub(crate) struct ServerInfo {
    #[serde(default)]
    id: String,
    #[serde(default)]
    auth: Option<AuthInfo>,
    #[serde(default)]
    disable_password: Option<bool>,
    #[serde(default)]
    port: Option<i64>,
    /// Ours: the vendor's servers have one account that counts.
    #[serde(default)]
    account: Option<String>,
}

#[derive(Deserialize)]
struct AuthInfo {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    key: Zeroizing<String>,
}

impl From<ServerInfo> for Server {
    fn from(info: ServerInfo) -> Self {
        Self {
            id: info.id,
            auth: info.auth.map(|auth| Auth { kind: auth.kind, key: auth.key }),
            disable_password: info.disable_password.unwrap_or(false),
            port: info.port,
            account: info.account.filter(|account| !account.is_empty()),
        }
    }
}

/// `AssociateKeypairRequestBody`.
#[derive(Deserialize)]
pub(crate) struct AssociateBody {
    #[serde(default)]
    keypair_name: String,
    server: ServerInfo,
}

/// That a task was ordered, or why not.
#[derive(Serialize)]
pub(crate) struct Ordered {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_id: Option<String>,
    server_id: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_msg: Option<String>,
}

impl From<Task> for Ordered {
    fn from(task: Task) -> Self {
        Self {
            task_id: Some(task.id),
            server_id: task.host_id,
            status: "SUCCESS",
            error_code: None,
            error_msg: None,
        }
    }
}

/// A task in a list. Its time is in milliseconds since 1970, as a text.
#[derive(Serialize)]
pub(crate) struct Row {
    task_id: String,
    operate_type: String,
    task_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    task_error_msg: Option<String>,
    server_name: String,
    server_id: String,
    keypair_name: String,
}

impl From<Task> for Row {
    fn from(task: Task) -> Self {
        let operate_type = status(&task);
        let failed = task.finished_at.is_some();
        Self {
            task_id: task.id,
            operate_type,
            task_time: task.finished_at.unwrap_or(task.created_at).millis().to_string(),
            task_error_code: failed.then_some(task.error_code),
            task_error_msg: failed.then_some(task.error),
            server_name: task.host_name,
            server_id: task.host_id,
            keypair_name: task.keypair_name,
        }
    }
}

/// A page of tasks.
#[derive(Serialize)]
pub(crate) struct Rows {
    total: i32,
    tasks: Vec<Row>,
}

impl From<muster_model::Page<Task>> for Rows {
    fn from(page: muster_model::Page<Task>) -> Self {
        Self {
            total: i32::try_from(page.total).unwrap_or(i32::MAX),
            tasks: page.rows.into_iter().map(Row::from).collect(),
        }
    }
}

/// `RUNNING_RESET`: how far, and what.
fn status(task: &Task) -> String {
    format!("{}_{}", task.state.name(), task.operation.name())
}

fn paging(params: &Params) -> Result<Paging> {
    let limit = params.int("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let offset = params.int("offset", 0..=MAX_OFFSET)?.unwrap_or(0);
    Ok(Paging {
        limit: u32::try_from(limit).unwrap_or(u32::MAX),
        offset: u32::try_from(offset).unwrap_or(u32::MAX),
    })
}
