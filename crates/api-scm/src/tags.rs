//! Tags of certificates, and certificates by their tags.

use crate::certificates::list::small;
use axum::extract::State;
use muster_http::{Caller, Failure, Json, PathParams};
use muster_model::{Error, Micros, Paging};
use muster_service::App;
use muster_service::certificates::tags::{self, Change, Tag};
use muster_service::certificates::{self, Certificate, Filter, Order, TagRule};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A tag on the wire.
#[derive(Serialize, Deserialize)]
pub(crate) struct WireTag {
    key: String,
    #[serde(default)]
    value: Option<String>,
}

impl From<WireTag> for Tag {
    fn from(tag: WireTag) -> Self {
        Self { name: tag.key, value: tag.value.unwrap_or_default() }
    }
}

impl From<Tag> for WireTag {
    fn from(tag: Tag) -> Self {
        Self { key: tag.name, value: Some(tag.value) }
    }
}

pub(crate) async fn all(State(app): State<App>, caller: Caller) -> Result<Json<Value>, Failure> {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    // Ordered by name, so that equal names stand together.
    for tag in tags::all(&app, &caller).await? {
        match names.last_mut() {
            Some((name, values)) if *name == tag.name => values.push(tag.value),
            _ => names.push((tag.name, vec![tag.value])),
        }
    }
    let names = names.into_iter().map(|(key, values)| json!({"key": key, "values": values}));
    Ok(Json(json!({"tags": names.collect::<Vec<_>>()})))
}

pub(crate) async fn of(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
) -> Result<Json<Value>, Failure> {
    let found = tags::of(&app, &caller, path.text("resource_id")).await?;
    let found: Vec<WireTag> = found.into_iter().map(WireTag::from).collect();
    Ok(Json(json!({"tags": found})))
}

#[derive(Deserialize)]
pub(crate) struct Create {
    tag: WireTag,
}

pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Create>,
) -> Result<Json<Value>, Failure> {
    let tags = [body.tag.into()];
    tags::change(&app, &caller, path.text("resource_id"), Change::Set, &tags).await?;
    Ok(Json(json!({"desc": "success"})))
}

#[derive(Deserialize)]
pub(crate) struct Batch {
    action: String,
    #[serde(default)]
    tags: Option<Vec<WireTag>>,
}

pub(crate) async fn batch(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(body): Json<Batch>,
) -> Result<Json<Value>, Failure> {
    let change = match body.action.as_str() {
        "create" => Change::Set,
        "delete" => Change::Remove,
        _ => return Err(Error::invalid("action", "must be create or delete").into()),
    };
    let given: Vec<Tag> = body.tags.unwrap_or_default().into_iter().map(Tag::from).collect();
    tags::change(&app, &caller, path.text("resource_id"), change, &given).await?;
    Ok(Json(json!({"desc": "success"})))
}

#[derive(Deserialize)]
struct Choice {
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
struct Match {
    key: String,
    #[serde(default)]
    value: String,
}

/// Everything may be absent or null.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Search {
    without_any_tag: Option<bool>,
    tags: Option<Vec<Choice>>,
    tags_any: Option<Vec<Choice>>,
    not_tags: Option<Vec<Choice>>,
    not_tags_any: Option<Vec<Choice>>,
    limit: Option<u32>,
    offset: Option<u32>,
    action: Option<String>,
    matches: Option<Vec<Match>>,
}

impl Search {
    fn filter(&mut self) -> muster_model::Result<Filter> {
        let mut filter = Filter::default();
        for wanted in self.matches.take().unwrap_or_default() {
            if wanted.key != "resource_name" {
                return Err(Error::invalid("matches", "must have resource_name as key"));
            }
            filter.content = Some(wanted.value).filter(|text| !text.is_empty());
        }
        if self.without_any_tag == Some(true) {
            filter.untagged = true;
            return Ok(filter);
        }
        let rules = [
            ("tags", TagRule::All, self.tags.take()),
            ("tags_any", TagRule::Any, self.tags_any.take()),
            ("not_tags", TagRule::NotAll, self.not_tags.take()),
            ("not_tags_any", TagRule::NotAny, self.not_tags_any.take()),
        ];
        for (parameter, rule, choices) in rules {
            let choices = choices.unwrap_or_default();
            if choices.len() > 20 || choices.iter().any(|choice| choice.values.len() > 20) {
                return Err(Error::invalid(
                    parameter,
                    "must be at most 20 keys with 20 values each",
                ));
            }
            let choices = choices.into_iter().map(|choice| (choice.key, choice.values)).collect();
            filter.tags.push((rule, choices));
        }
        Ok(filter)
    }
}

/// The last part of the path is the constant `resource_instances`.
pub(crate) async fn instances(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    Json(mut body): Json<Search>,
) -> Result<Json<Value>, Failure> {
    if path.text("resource_instances") != "resource_instances" {
        return Err(Error::invalid("resource_instances", "must be resource_instances").into());
    }
    let filter = body.filter()?;
    let counting = match body.action.as_deref() {
        None | Some("filter") => false,
        Some("count") => true,
        Some(_) => return Err(Error::invalid("action", "must be filter or count").into()),
    };
    let paging = Paging {
        limit: if counting { 1 } else { body.limit.unwrap_or(10).clamp(1, 1000) },
        offset: body.offset.unwrap_or(0),
    };
    let page = certificates::list(&app, &caller, &filter, Order::default(), paging).await?;
    if counting {
        return Ok(Json(json!({"total_count": small(page.total)})));
    }
    let tags = tags::of_all(&app, &page.rows).await?;
    let now = app.now();
    let resources: Vec<_> =
        page.rows.iter().zip(tags).map(|(row, tags)| resource(row, tags, now)).collect();
    Ok(Json(json!({"total_count": small(page.total), "resources": resources})))
}

fn resource(it: &Certificate, tags: Vec<Tag>, now: Micros) -> Value {
    let tags: Vec<WireTag> = tags.into_iter().map(WireTag::from).collect();
    let millis = |at: Option<Micros>| at.map(|at| at.millis().to_string()).unwrap_or_default();
    json!({
        "resource_id": it.id,
        "resource_name": it.name,
        "tags": tags,
        "resource_detail": {
            "cert_id": it.id,
            "cert_name": it.name,
            "domain": it.main_domain,
            "cert_type": it.product.cert_type,
            "cert_brand": it.product.brand,
            "domain_type": it.product.domain_type,
            "purchase_period": small(it.product.validity_months / 12),
            "expired_time": millis(it.content.not_after),
            "order_status": it.status_at(now).name(),
            "domain_num": small(it.product.domain_count),
            "wildcard_number": small(it.product.wildcard_count),
            "sans": it.sans,
            "cert_des": it.description,
            "signature_algorithm": it.content.signature_algorithm,
            "fail_reason": "",
            "partner_order_id": it.product.order_id,
            "push_support": false,
            "cert_issued_time": millis(it.content.issued_at),
            "resource_id": it.id,
            "unsubscribe_support": it.status == certificates::Status::Paid,
            "enterprise_project_id": it.enterprise_project_id,
        },
    })
}
