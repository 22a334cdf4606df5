//! `/muster/v1/{project_id}/learned-images` and `/programs`: what the containers of an image may run.

use crate::assets::paging;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, Params, PathParams};
use muster_model::Error;
use muster_service::App;
use muster_service::programs::{self, Blocking};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) async fn images(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let page = programs::images(&app, &caller, &path.project()?, paging(&params)?).await?;
    let now = app.now();
    let view = page.rows.iter().map(|it| {
        json!({
            "image": it.image, "name": it.name, "programs": it.programs,
            "learned_until": it.until.iso(), "learning": now <= it.until,
            "blocking": it.blocking,
        })
    });
    Ok(Json(json!({"total": page.total, "images": view.collect::<Vec<_>>()})))
}

pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    let (image, paging) = (image(&params)?, paging(&params)?);
    let page = programs::list(&app, &caller, &path.project()?, &image, paging).await?;
    let view =
        page.rows.iter().map(|it| json!({"path": it.path, "first_seen": it.first_seen.iso()}));
    Ok(Json(json!({"total": page.total, "programs": view.collect::<Vec<_>>()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    image: String,
    path: String,
}

pub(crate) async fn allow(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(allowed): Json<Allowed>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    programs::allow(&app, &caller, &project, &allowed.image, &allowed.path).await?;
    Ok(Json(json!({})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blocked {
    image: String,
    blocking: bool,
    #[serde(default)]
    now: bool,
}

pub(crate) async fn block(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(wanted): Json<Blocked>,
) -> Result<Json<Value>, Failure> {
    let project = path.project()?;
    let blocking = Blocking { on: wanted.blocking, now: wanted.now };
    let reach = programs::block(&app, &caller, &project, &wanted.image, blocking).await?;
    Ok(Json(json!({
        "hosts": reach.hosts, "allowing_hosts": reach.allowing,
        "learned_until": reach.learned_until.iso(), "learning": app.now() <= reach.learned_until,
    })))
}

pub(crate) async fn relearn(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
) -> Result<Json<Value>, Failure> {
    programs::relearn(&app, &caller, &path.project()?, &image(&params)?).await?;
    Ok(Json(json!({})))
}

fn image(params: &Params) -> Result<String, Error> {
    let image = params.text("image").filter(|image| !image.is_empty());
    image.map(str::to_owned).ok_or_else(|| Error::invalid("image", "the image's id is missing"))
}
