//! `/muster/v1/{project_id}/sca/tasks/{task_id}/sbom` and `/sca/compare`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use muster_http::{Caller, Failure, Params, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::sca::documents::{self, Form, Told};

fn form(params: &Params) -> Result<Form, Error> {
    let Some(name) = params.text("format") else { return Ok(documents::USUAL) };
    Form::named(name).ok_or_else(|| {
        let names = Form::ALL.map(Form::name).join(", ");
        Error::invalid("format", format_args!("must be one of {names}"))
    })
}

pub(crate) async fn sbom(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<impl IntoResponse, Failure> {
    let form = form(&params)?;
    let judged = params.flag("vulnerabilities")?.unwrap_or(true);
    let (project, task) = (path.project()?, path.text("task_id"));
    let text = documents::bill(&app, &caller, &project, task, form, judged).await?;
    Ok(([(CONTENT_TYPE, form.media_type())], text))
}

pub(crate) async fn compare(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<impl IntoResponse, Failure> {
    let (told, media) = match params.text("format") {
        None | Some("json") => (Told::Json, Form::Json.media_type()),
        Some("table") => (Told::Text, Form::Table.media_type()),
        Some(_) => return Err(Error::invalid("format", "must be json or table").into()),
    };
    let tasks = (params.required("old")?, params.required("new")?);
    let text = documents::compare(&app, &caller, &path.project()?, tasks, told).await?;
    Ok(([(CONTENT_TYPE, media)], text))
}
