//! `/muster/v1/audit`

use crate::assets::paging;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params};
use muster_service::{App, audit_log};
use serde_json::{Value, json};

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let action = params.text("action").map(str::to_owned);
    let page = audit_log::list(&app, &caller, action, paging(&params)?).await?;
    let view = page.rows.iter().map(|entry| {
        let record = &entry.record;
        json!({
            "seq": entry.seq,
            "at": record.at.iso(),
            "user_name": record.user_name,
            "user_id": record.user_id,
            "credential": record.credential,
            "action": record.action,
            "target": record.target,
            "project_id": record.project_id,
            "outcome": record.outcome,
            "request_id": record.request_id,
        })
    });
    Ok(Json(json!({"total": page.total, "entries": view.collect::<Vec<_>>()})))
}
