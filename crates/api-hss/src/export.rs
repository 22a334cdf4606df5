//! Following an export and fetching its file.

use crate::list::Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_service::App;
use muster_service::export::{self, Status};
use serde::Serialize;
use tokio_util::io::ReaderStream;

/// `ListQueryExportTaskResponse` and its equals.
#[derive(Debug, Serialize)]
pub(crate) struct Task {
    task_id: String,
    task_name: String,
    task_status: &'static str,
    file_id: Option<String>,
    file_name: Option<String>,
}

impl From<export::Task> for Task {
    fn from(task: export::Task) -> Self {
        let (file_id, file_name) = task.file.map(|file| (file.id, file.name)).unzip();
        Self {
            task_id: task.id,
            task_name: task.name,
            task_status: match task.status {
                Status::Running => "running",
                Status::Success => "success",
                Status::Failure => "failure",
            },
            file_id,
            file_name,
        }
    }
}

/// `ListQueryExportTask` and, under the path of events, `ShowExportTask`.
pub(crate) async fn task(State(app): State<App>, caller: Caller, path: PathParams) -> Answer<Task> {
    let task = export::task(&app, &caller, &path.project()?, path.text("task_id")).await?;
    Ok(Json(task.into()))
}

/// `ShowLatestExportTaskByType`.
pub(crate) async fn task_in_query(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Answer<Task> {
    let id = params.required("task_id")?;
    Ok(Json(export::task(&app, &caller, &path.project()?, id).await?.into()))
}

/// `ListDownloadExportedFile`: the one answer that is a stream. Its type and length are what the vendor's
/// clients need in order not to hold it in memory or take it for text.
pub(crate) async fn download(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Response, Failure> {
    let file = export::open(&app, &caller, &path.project()?, path.text("file_id")).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, file.size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(file.content))).into_response())
}
