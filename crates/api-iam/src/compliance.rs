//! `/v3/domains/{domain_id}/config/security_compliance`: what a password has to be.

use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::Error;
use muster_service::identity::users::{MAX_PASSWORD, MIN_PASSWORD};
use serde_json::{Value, json};

fn rules(caller: &Caller, path: &PathParams) -> Result<Value, Failure> {
    if path.text("domain_id") != caller.domain_id.as_str() {
        return Err(Error::not_found("the account").into());
    }
    Ok(json!({
        "password_regex": format!("^[\\s\\S]{{{MIN_PASSWORD},{MAX_PASSWORD}}}$"),
        "password_regex_description":
            format!("{MIN_PASSWORD} characters or more, at most {MAX_PASSWORD} bytes"),
    }))
}

pub(crate) async fn show(caller: Caller, path: PathParams) -> Result<Json<Value>, Failure> {
    Ok(Json(json!({"config": {"security_compliance": rules(&caller, &path)?}})))
}

pub(crate) async fn option(caller: Caller, path: PathParams) -> Result<Json<Value>, Failure> {
    let (rules, option) = (rules(&caller, &path)?, path.text("option"));
    let found = rules.get(option).ok_or_else(|| {
        Error::invalid("option", "must be password_regex or password_regex_description")
    })?;
    Ok(Json(json!({"config": {option: found}})))
}
