//! `/docs`: the documentation, served offline, its lists of operations made from the tables that serve them.

use askama::Template;
use axum::Router;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use muster_http::{Needs, Operation};
use std::sync::Arc;

/// An API with its table.
#[derive(Clone, Copy)]
pub struct Section {
    /// `iam`, in the page's address.
    pub anchor: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it serves and what it only knows.
    pub operations: &'static [Operation],
}

/// What the guides fill in.
pub struct Guide {
    /// Where clients reach the server.
    pub endpoint: String,
    /// The region.
    pub region: String,
    /// Clients must trust a CA of their own.
    pub tls: bool,
}

#[derive(Template)]
#[template(path = "docs.html")]
struct Page<'a> {
    guide: &'a Guide,
    sections: Vec<SectionView>,
    version: &'static str,
}

struct SectionView {
    anchor: &'static str,
    title: &'static str,
    served: Vec<OperationView>,
    unsupported: Vec<OperationView>,
}

struct OperationView {
    name: &'static str,
    method: String,
    path: &'static str,
    summary: &'static str,
    needs: &'static str,
}

fn view(operation: &Operation) -> OperationView {
    OperationView {
        name: operation.name,
        method: operation.verb.method().to_string(),
        path: operation.path,
        summary: operation.summary,
        needs: match operation.needs {
            Needs::Nothing | Needs::Perhaps => "",
            Needs::Caller => "credentials",
            Needs::Action(action) | Needs::OwnProof(action) => action.name(),
        },
    }
}

/// The pages. They hold nothing secret and need no credentials.
///
/// # Errors
/// When the template cannot be filled in, which no input can bring about.
pub fn router(guide: &Guide, sections: &[Section]) -> Result<Router, askama::Error> {
    let sections = sections.iter().map(|section| {
        let (served, unsupported): (Vec<_>, Vec<_>) =
            section.operations.iter().partition(|operation| operation.is_served());
        SectionView {
            anchor: section.anchor,
            title: section.title,
            served: served.into_iter().map(view).collect(),
            unsupported: unsupported.into_iter().map(view).collect(),
        }
    });
    let version = env!("CARGO_PKG_VERSION");
    let page = Page { guide, sections: sections.collect(), version }.render()?;
    let page: Arc<str> = page.into();
    Ok(Router::new().route("/docs", get(move || async move { html(&page) })))
}

fn html(page: &str) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                          form-action 'none'; frame-ancestors 'none'";
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (StatusCode::OK, headers, page.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_stands_on_the_page_and_nothing_is_fetched_from_elsewhere() {
        let guide = Guide {
            endpoint: "https://muster.example:1<script>".into(),
            region: "muster".into(),
            tls: true,
        };
        let section = Section { anchor: "muster", title: "Muster", operations: crate::OPERATIONS };
        let sections = vec![SectionView {
            anchor: section.anchor,
            title: section.title,
            served: section.operations.iter().map(view).collect(),
            unsupported: Vec::new(),
        }];
        let page = Page { guide: &guide, sections, version: "1" }.render().unwrap();
        for operation in crate::OPERATIONS {
            assert!(page.contains(operation.name) && page.contains(operation.path));
        }
        assert!(!page.contains("<script"), "texts are escaped");
        assert!(!page.contains("src=") && !page.contains("<link"));
        assert!(router(&guide, &[section]).is_ok());
    }
}
