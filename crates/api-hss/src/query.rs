//! Parameters that many operations share, with the contract's ranges and defaults.

use muster_http::Params;
use muster_model::{Category, Error, Kind, Paging, Result};

/// The largest `offset`.
const MAX_OFFSET: i64 = 2_000_000;
/// The longest text of a filter, in characters.
const MAX_TEXT: usize = 512;

/// `limit` 10 to 200, `offset` 0 to 2,000,000, defaults 10 and 0.
pub(crate) fn paging(params: &Params) -> Result<Paging> {
    paging_from(params, 10)
}

/// The same with another smallest `limit`: CGS sets none.
pub(crate) fn paging_from(params: &Params, min: i64) -> Result<Paging> {
    let limit = params.int("limit", min..=200)?.unwrap_or(10);
    let offset = params.int("offset", 0..=MAX_OFFSET)?.unwrap_or(0);
    Ok(Paging {
        limit: u32::try_from(limit).unwrap_or_default(),
        offset: u32::try_from(offset).unwrap_or_default(),
    })
}

/// `category`: `host` or `container`, also written 0 and 1; the default is `host`.
pub(crate) fn category(params: &Params) -> Result<Category> {
    match params.text("category") {
        None | Some("host" | "0") => Ok(Category::Host),
        Some("container" | "1") => Ok(Category::Container),
        Some(_) => Err(Error::invalid("category", "must be host or container")),
    }
}

/// `catalogue` of the services call: the SDK's words and the documentation's.
pub(crate) fn catalogue(params: &Params) -> Result<Kind> {
    match params.required("catalogue")? {
        "web_cms" | "web-app" => Ok(Kind::WebCms),
        "web_service" | "web-service" => Ok(Kind::WebService),
        "database" => Ok(Kind::Database),
        _ => Err(Error::invalid("catalogue", "must be web_cms, web_service or database")),
    }
}

/// `enterprise_project_id`: default `0`, and `all_granted_eps` for all.
pub(crate) fn enterprise_project(params: &Params) -> Result<Option<String>> {
    match text(params, "enterprise_project_id")?.unwrap_or("0") {
        "all_granted_eps" => Ok(None),
        id => Ok(Some(id.to_owned())),
    }
}

/// A text of bearable length.
pub(crate) fn text<'a>(params: &'a Params, name: &'static str) -> Result<Option<&'a str>> {
    match params.text(name) {
        Some(text) if text.chars().nth(MAX_TEXT).is_some() => {
            Err(Error::invalid(name, format_args!("must have at most {MAX_TEXT} characters")))
        }
        text => Ok(text),
    }
}

/// One of a closed list of words.
pub(crate) fn word(
    params: &Params,
    name: &'static str,
    words: &'static [&'static str],
) -> Result<Option<&'static str>> {
    let Some(text) = params.text(name) else { return Ok(None) };
    match words.iter().find(|word| **word == text) {
        Some(word) => Ok(Some(word)),
        None => Err(Error::invalid(name, format_args!("must be {}", words.join(", ")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &str) -> Params {
        Params::parse(query).unwrap()
    }

    #[test]
    fn paging_has_the_contracts_ranges_and_defaults() {
        let page = |query| paging(&params(query)).map(|p| (p.limit, p.offset));
        assert_eq!(page("").unwrap(), (10, 0));
        assert_eq!(page("limit=200&offset=2000000").unwrap(), (200, 2_000_000));
        for (query, parameter) in [
            ("limit=0", "limit"),
            ("limit=9", "limit"),
            ("limit=201", "limit"),
            ("limit=ten", "limit"),
            ("offset=-1", "offset"),
            ("offset=2000001", "offset"),
        ] {
            assert_eq!(page(query).unwrap_err().parameter(), Some(parameter), "{query}");
        }
        assert!(paging_from(&params("limit=1"), 1).is_ok());
    }

    #[test]
    fn words_are_closed_lists() {
        assert_eq!(category(&params("")).unwrap(), Category::Host);
        assert_eq!(category(&params("category=1")).unwrap(), Category::Container);
        assert!(category(&params("category=2")).is_err());
        assert_eq!(catalogue(&params("catalogue=web-app")).unwrap(), Kind::WebCms);
        assert_eq!(catalogue(&params("")).unwrap_err().message(), "catalogue: is required");
        let error = word(&params("x=c"), "x", &["a", "b"]).unwrap_err();
        assert_eq!(error.message(), "x: must be a, b");
    }

    #[test]
    fn the_default_enterprise_project_is_0() {
        let id = |query| enterprise_project(&params(query)).unwrap();
        assert_eq!(id("").as_deref(), Some("0"));
        assert_eq!(id("enterprise_project_id=all_granted_eps"), None);
        assert_eq!(id("enterprise_project_id=x").as_deref(), Some("x"));
    }
}
