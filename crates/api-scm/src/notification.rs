//! Which notices are wanted. The body is a bare array.

use axum::extract::State;
use muster_http::{Caller, Failure, Json};
use muster_model::Error;
use muster_service::App;
use muster_service::certificates::{Notice, set_notices};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub(crate) struct Wanted {
    resource_id: String,
    notice_type: Vec<String>,
}

pub(crate) async fn enable(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Vec<Wanted>>,
) -> Result<Json<Value>, Failure> {
    set_notices(&app, &caller, &read(body)?, true).await?;
    Ok(Json(json!({})))
}

pub(crate) async fn disable(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<Vec<Wanted>>,
) -> Result<Json<Value>, Failure> {
    set_notices(&app, &caller, &read(body)?, false).await?;
    Ok(Json(json!({})))
}

fn read(body: Vec<Wanted>) -> muster_model::Result<Vec<(String, Vec<Notice>)>> {
    let notice = |name: &String| {
        let found = Notice::from_name(name);
        found.ok_or_else(|| Error::invalid("notice_type", "must be CERT_EXPIRING or CERT_EXPIRED"))
    };
    let one = |wanted: Wanted| {
        let notices = wanted.notice_type.iter().map(notice).collect::<muster_model::Result<_>>()?;
        Ok((wanted.resource_id, notices))
    };
    body.into_iter().map(one).collect()
}
