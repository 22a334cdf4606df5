//! `GET /v3/{project_id}/keypairs`

use super::{Within, scope};
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::keypairs::Keypair;
use muster_service::{App, keypairs};
use serde::Serialize;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 1_000;

#[derive(Serialize)]
pub(crate) struct Page {
    keypairs: Vec<Within<Row>>,
    page_info: PageInfo,
}

/// `Keypair` of the contract.
#[derive(Serialize)]
struct Row {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    scope: &'static str,
    public_key: String,
    fingerprint: String,
    is_key_protection: bool,
    /// A text here, a number in the detail.
    frozen_state: &'static str,
}

impl From<Keypair> for Row {
    fn from(pair: Keypair) -> Self {
        Self {
            scope: scope(&pair),
            name: pair.name,
            kind: pair.kind,
            public_key: pair.public_key,
            fingerprint: pair.fingerprint,
            is_key_protection: pair.has_private_key,
            frozen_state: "0",
        }
    }
}

/// A marker is the number of the pair a page begins with. At either end there is none.
#[derive(Serialize)]
struct PageInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_marker: Option<String>,
    current_count: i32,
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Page>, Failure> {
    let project = path.project()?;
    let limit = params.int("limit", 1..=MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let marker = params.text("marker").map(|text| match text.parse::<i64>() {
        Ok(marker) if marker >= 0 => Ok(marker),
        _ => Err(Error::invalid("marker", "must be one a page was answered with")),
    });
    let limit = u32::try_from(limit).unwrap_or(u32::MAX);
    let found = keypairs::list(&app, &caller, &project, marker.transpose()?, limit).await?;
    let rows: Vec<_> =
        found.rows.into_iter().map(|pair| Within { keypair: Row::from(pair) }).collect();
    let page_info = PageInfo {
        next_marker: found.next.map(|key| key.to_string()),
        previous_marker: found.previous.map(|key| key.to_string()),
        current_count: i32::try_from(rows.len()).unwrap_or(i32::MAX),
    };
    Ok(Json(Page { keypairs: rows, page_info }))
}
