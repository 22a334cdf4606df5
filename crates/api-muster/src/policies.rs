//! `/muster/v1/policies`: what policies would decide.

use axum::extract::State;
use muster_http::{Caller, Failure, Json};
use muster_service::App;
use muster_service::identity::simulate::{Answer, Question, simulate as ask};

pub(crate) async fn simulate(
    State(app): State<App>,
    caller: Caller,
    Json(question): Json<Question>,
) -> Result<Json<Answer>, Failure> {
    Ok(Json(ask(&app, &caller, &question)?))
}
