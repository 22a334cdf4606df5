//! Ordering an export.

use crate::filters;
use crate::list::Answer;
use crate::query::{category, enterprise_project};
use axum::extract::State;
use muster_http::{Caller, Json, Params, PathParams, RequestInfo};
use muster_model::{Category, Error, Kind, Result};
use muster_service::App;
use muster_service::assets::Ask;
use muster_service::export::{self, Heading, Language, Order};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// `DownloadAssetFileRequestBody`.
#[derive(Debug, Deserialize)]
pub(crate) struct Body {
    #[serde(default)]
    search_param: Option<String>,
    #[serde(default)]
    export_headers: Option<Vec<Vec<String>>>,
}

/// `DownloadAssetFileResponse`.
#[derive(Debug, Serialize)]
pub(crate) struct Ordered {
    task_id: String,
}

/// Longest `search_param`, in characters.
const MAX_SEARCH: usize = 128;

/// `DownloadAssetFile`: the name is the contract's, what it returns is a task.
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    path: PathParams,
    params: Params,
    request: axum::Extension<Arc<RequestInfo>>,
    Json(body): Json<Body>,
) -> Answer<Ordered> {
    let kind = Kind::from_name(params.required("asset_type")?)
        .ok_or_else(|| Error::invalid("asset_type", format_args!("must be {}", kinds())))?;
    let category = category(&params)?;
    let search = search(kind, category, body.search_param.as_deref().unwrap_or(""))?;
    let order = Order {
        ask: Ask {
            kind,
            category,
            enterprise_project: enterprise_project(&params)?,
            filters: filters::of_list(kind, &search)?,
        },
        headings: headings(body.export_headers.unwrap_or_default())?,
        language: if request.chinese { Language::Zh } else { Language::En },
    };
    let task_id = export::create(&app, &caller, &path.project()?, order).await?;
    Ok(Json(Ordered { task_id }))
}

fn kinds() -> String {
    Kind::ALL.map(Kind::name).join(", ")
}

/// `[[key, title], ...]`. What keys and titles there may be is the service's to say.
fn headings(pairs: Vec<Vec<String>>) -> Result<Vec<Heading>> {
    pairs
        .into_iter()
        .enumerate()
        .map(|(at, pair)| match <[String; 2]>::try_from(pair) {
            Ok([key, title]) => Ok(Heading { key, title }),
            Err(_) => Err(Error::invalid(
                format!("export_headers[{at}]"),
                "must be a key and a column title",
            )),
        })
        .collect()
}

/// Reads the document inside the text: the parameters of the kind's list or statistics call.
fn search(kind: Kind, category: Category, document: &str) -> Result<Params> {
    const NAME: &str = "search_param";
    if document.chars().nth(MAX_SEARCH).is_some() {
        return Err(Error::invalid(
            NAME,
            format_args!("must have at most {MAX_SEARCH} characters"),
        ));
    }
    if document.trim().is_empty() {
        return Ok(Params::default());
    }
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(document)
        .map_err(|error| Error::invalid(NAME, format_args!("must be a JSON object: {error}")))?;
    let mut pairs = Vec::new();
    for (key, value) in object {
        let text = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text,
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(flag) => flag.to_string(),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                return Err(Error::invalid(NAME, format_args!("{key} must be a plain value")));
            }
        };
        pairs.push((key, text));
    }
    for (key, _) in &pairs {
        // The window onto a list has no meaning for an export: it has all rows.
        let window = ["limit", "offset", "sort_key", "sort_dir"].contains(&key.as_str());
        let checked = ["category", "catalogue", "enterprise_project_id"].contains(&key.as_str());
        if !window && !checked && !filters::knows(kind, key) {
            return Err(Error::invalid(NAME, format_args!("{key} does not filter {kind}")));
        }
    }
    let params: Params = pairs.into_iter().collect();
    if params.has("category") && crate::query::category(&params)? != category {
        return Err(Error::invalid(NAME, "category differs from the one in the query"));
    }
    if params.has("catalogue") && crate::query::catalogue(&params)? != kind {
        return Err(Error::invalid(NAME, "catalogue differs from asset_type"));
    }
    Ok(params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::{Column, Value};
    use muster_service::assets::Filter;

    fn filtered(kind: Kind, document: &str) -> Result<Vec<Filter>> {
        filters::of_list(kind, &search(kind, Category::Host, document)?)
    }

    #[test]
    fn takes_the_keys_of_lists_and_of_statistics() {
        assert_eq!(
            filtered(Kind::Port, r#"{"port_string": "8080"}"#).unwrap(),
            [Filter::Contains(Column::Port, "8080".into())]
        );
        assert_eq!(
            filtered(Kind::Port, r#"{"port": 22, "limit": 10}"#).unwrap(),
            [Filter::Equals(Column::Port, Value::Int(22))]
        );
        assert_eq!(
            filtered(Kind::Users, r#"{"root_permission": true, "user_name": null}"#).unwrap(),
            [Filter::Equals(Column::RootPermission, Value::Bool(true))]
        );
        assert_eq!(
            filtered(Kind::Database, r#"{"catalogue": "database", "name": "redis"}"#).unwrap(),
            [Filter::Equals(Column::Name, Value::Text("redis".into()))]
        );
        assert!(filtered(Kind::App, "").unwrap().is_empty());
    }

    #[test]
    fn refuses_what_it_cannot_mean() {
        for document in [
            "{",
            "[]",
            r#"{"app_name": ["a"]}"#,
            r#"{"port": 1}"#,
            r#"{"category": "container"}"#,
            r#"{"part_match": "maybe"}"#,
            &format!(r#"{{"app_name": "{}"}}"#, "a".repeat(128)),
        ] {
            let error = filtered(Kind::App, document).unwrap_err();
            assert!(error.parameter().is_some(), "{document}: {error}");
        }
        let error = filtered(Kind::WebCms, r#"{"catalogue": "database"}"#).unwrap_err();
        assert_eq!(error.message(), "search_param: catalogue differs from asset_type");
    }

    #[test]
    fn a_heading_is_a_pair() {
        let pair = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let error = headings(vec![pair(&["name", "Name"]), pair(&["name"])]).unwrap_err();
        assert_eq!(error.parameter(), Some("export_headers[1]"));
    }
}
