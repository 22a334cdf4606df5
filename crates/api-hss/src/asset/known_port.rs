//! `GET /asset/common-port-info`

use crate::query::category;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_model::known_port::Transport;
use muster_service::{App, known_ports};
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct View {
    port: u16,
    r#type: &'static str,
    status: &'static str,
    description: String,
    description_en: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<View>, Failure> {
    category(&params)?;
    let port =
        params.int("port", 1..=65_535)?.ok_or_else(|| Error::invalid("port", "is required"))?;
    let port = u16::try_from(port).map_err(Error::internal)?;
    let known = known_ports::show(&app, &caller, &path.project()?, port).await?;
    Ok(Json(match known {
        Some(known) => View {
            port,
            r#type: if known.transport == Transport::Udp { "UDP" } else { "TCP" },
            status: known.status(),
            description: known.description_zh(),
            description_en: known.description(),
        },
        None => View {
            port,
            r#type: "TCP",
            status: "unknown",
            description: "没有关于此端口的规则".to_owned(),
            description_en: "no rule knows this port".to_owned(),
        },
    }))
}
