//! `GET /v5/caller-identity`: whose credentials these are. The Go client reads the body as a map of texts.

use muster_http::{Caller, Json};
use serde_json::{Value, json};

pub(crate) async fn show(caller: Caller) -> Json<Value> {
    Json(json!({
        "account_id": caller.domain_id,
        "principal_id": caller.user_id,
        "principal_urn": match &caller.assumed_by {
            None => format!("iam::{}:user:{}", caller.domain_id, caller.user_name),
            Some(by) => {
                let agency = caller.user_name.rsplit('/').next().unwrap_or_default();
                format!("sts::{}:assumed-agency:{agency}/{}", caller.domain_id, by.user_name)
            }
        },
    }))
}
