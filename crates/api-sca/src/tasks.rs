//! Tasks: made, followed, counted.

use crate::envelope::Answer;
use crate::signed::Signed;
use axum::extract::State;
use muster_http::Failure;
use muster_service::App;
use muster_service::sca::tasks::{self, Order};
use muster_service::sca::{results, wall};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTask {
    task_id: String,
    task_name: String,
    file_id: String,
    callback_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Which {
    task_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    task_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    status: i64,
    process: String,
    start_time: String,
    end_time: String,
    time: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Statistics {
    component_num: i64,
    vul_num: i64,
    license_num: i64,
}

pub(crate) async fn create(
    State(app): State<App>,
    signed: Signed<NewTask>,
) -> Result<Answer<Made>, Failure> {
    let NewTask { task_id, task_name, file_id, callback_url } = signed.parameters;
    let order = Order { id: task_id, name: task_name, file: file_id, callback: callback_url };
    let task = tasks::create(&app, &signed.caller, None, order).await?;
    Ok(Answer(Made { task_id: task.id }))
}

pub(crate) async fn status(
    State(app): State<App>,
    signed: Signed<Which>,
) -> Result<Answer<Status>, Failure> {
    let task = tasks::get(&app, &signed.caller, &signed.parameters.task_id).await?;
    // Of a running task how long it has run so far.
    let until = task.ended_at.unwrap_or_else(|| app.now());
    let time = task.started_at.map(|began| (until.0.saturating_sub(began.0) / 1_000_000).max(0));
    Ok(Answer(Status {
        status: task.status.number(),
        process: format!("{}%", task.percent),
        start_time: wall(&app, task.started_at),
        end_time: wall(&app, task.ended_at),
        time: time.map(|secs| secs.to_string()).unwrap_or_default(),
    }))
}

pub(crate) async fn statistics(
    State(app): State<App>,
    signed: Signed<Which>,
) -> Result<Answer<Statistics>, Failure> {
    let task = results::finished(&app, &signed.caller, &signed.parameters.task_id).await?;
    Ok(Answer(Statistics {
        component_num: task.components,
        vul_num: task.vulnerabilities,
        license_num: task.licences,
    }))
}
