//! What an export is ordered with, checked, and kept with its task so that it survives a restart.

use super::cell::Language;
use super::columns::{self, Source};
use crate::assets::Ask;
use muster_model::{Category, Column, Error, Kind, Result, Value};
use muster_store::assets::Filter;
use serde::{Deserialize, Serialize};

/// Columns a file may have: more than any kind has keys.
const MAX_COLUMNS: usize = 64;
/// Longest column title, in characters.
const MAX_TITLE: usize = 128;

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heading {
    /// One of [`super::keys`].
    pub key: String,
    /// Free text.
    pub title: String,
}

/// What is to be exported.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Which assets.
    pub ask: Ask,
    /// The columns, in their order.
    pub headings: Vec<Heading>,
    /// The language of yes and no.
    pub language: Language,
}

impl Order {
    /// Checks the columns and finds where their cells come from.
    ///
    /// # Errors
    /// `Invalid`, naming the entry of `export_headers` and the key or limit.
    pub(super) fn sources(&self) -> Result<Vec<Source>> {
        if !(1..=MAX_COLUMNS).contains(&self.headings.len()) {
            let why = format_args!("must have 1 to {MAX_COLUMNS} entries").to_string();
            return Err(Error::invalid("export_headers", why));
        }
        let kind = self.ask.kind;
        self.headings
            .iter()
            .enumerate()
            .map(|(at, heading)| {
                let name = || format!("export_headers[{at}]");
                if heading.title.chars().nth(MAX_TITLE).is_some() {
                    let why =
                        format_args!("a title has at most {MAX_TITLE} characters").to_string();
                    return Err(Error::invalid(name(), why));
                }
                columns::source(kind, &heading.key).ok_or_else(|| {
                    let key: String = heading.key.chars().take(64).collect();
                    let known: Vec<_> = columns::keys(kind).collect();
                    let known = known.join(", ");
                    Error::invalid(name(), format_args!("{kind} has no key {key}, only {known}"))
                })
            })
            .collect()
    }

    /// As it is kept with the task.
    pub(super) fn to_json(&self) -> Result<String> {
        let ask = &self.ask;
        serde_json::to_string(&Kept {
            kind: ask.kind,
            in_containers: ask.category == Category::Container,
            enterprise_project: ask.enterprise_project.clone(),
            filters: ask.filters.iter().map(KeptFilter::from).collect(),
            headings: self.headings.clone(),
            language: self.language,
        })
        .map_err(Error::internal)
    }

    /// Back from [`Order::to_json`].
    pub(super) fn from_json(json: &str) -> Result<Self> {
        let kept: Kept = serde_json::from_str(json).map_err(Error::internal)?;
        Ok(Self {
            ask: Ask {
                kind: kept.kind,
                category: if kept.in_containers { Category::Container } else { Category::Host },
                enterprise_project: kept.enterprise_project,
                filters: kept.filters.into_iter().map(Filter::try_from).collect::<Result<_>>()?,
            },
            headings: kept.headings,
            language: kept.language,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Kept {
    kind: Kind,
    in_containers: bool,
    enterprise_project: Option<String>,
    filters: Vec<KeptFilter>,
    headings: Vec<Heading>,
    language: Language,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptFilter {
    Equals { column: String, value: Value },
    Contains { column: String, text: String },
    HostId(String),
    HostName { text: String, exact: bool },
    HostIp { text: String, exact: bool },
}

impl From<&Filter> for KeptFilter {
    fn from(filter: &Filter) -> Self {
        match filter.clone() {
            Filter::Equals(column, value) => {
                Self::Equals { column: column.name().to_owned(), value }
            }
            Filter::Contains(column, text) => {
                Self::Contains { column: column.name().to_owned(), text }
            }
            Filter::HostId(id) => Self::HostId(id),
            Filter::HostName { text, exact } => Self::HostName { text, exact },
            Filter::HostIp { text, exact } => Self::HostIp { text, exact },
        }
    }
}

impl TryFrom<KeptFilter> for Filter {
    type Error = Error;

    fn try_from(kept: KeptFilter) -> Result<Self> {
        let column = |name: &str| {
            Column::from_name(name).ok_or_else(|| Error::internal(format!("no column {name}")))
        };
        Ok(match kept {
            KeptFilter::Equals { column: name, value } => Self::Equals(column(&name)?, value),
            KeptFilter::Contains { column: name, text } => Self::Contains(column(&name)?, text),
            KeptFilter::HostId(id) => Self::HostId(id),
            KeptFilter::HostName { text, exact } => Self::HostName { text, exact },
            KeptFilter::HostIp { text, exact } => Self::HostIp { text, exact },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(headings: &[(&str, &str)]) -> Order {
        Order {
            ask: Ask {
                kind: Kind::Port,
                category: Category::Container,
                enterprise_project: Some("0".to_owned()),
                filters: vec![
                    Filter::Equals(Column::Port, Value::Int(22)),
                    Filter::Contains(Column::Path, "ssh".to_owned()),
                    Filter::HostName { text: "web".to_owned(), exact: true },
                ],
            },
            headings: headings
                .iter()
                .map(|(key, title)| Heading { key: (*key).into(), title: (*title).into() })
                .collect(),
            language: Language::Zh,
        }
    }

    #[test]
    fn survives_being_kept() {
        let order = order(&[("port", "端口"), ("port_status", "")]);
        assert_eq!(Order::from_json(&order.to_json().unwrap()).unwrap(), order);
    }

    #[test]
    fn headings_are_checked_and_the_bad_one_is_named() {
        let long = "x".repeat(10 << 20);
        let many = vec![("port", ""); MAX_COLUMNS + 1];
        for (headings, parameter, words) in [
            (&[][..], "export_headers", "1 to 64"),
            (&many[..], "export_headers", "1 to 64"),
            (&[("port", ""), ("status", "")][..], "export_headers[1]", "port has no key status"),
            (&[("port", long.as_str())][..], "export_headers[0]", "at most 128 characters"),
            (&[(long.as_str(), "")][..], "export_headers[0]", "has no key xxx"),
        ] {
            let error = order(headings).sources().unwrap_err();
            assert_eq!(error.parameter(), Some(parameter));
            assert!(error.message().contains(words), "{}", error.message());
            assert!(error.message().len() < 400);
        }
        assert_eq!(order(&[("port", "")]).sources().unwrap(), [Source::Int(Column::Port)]);
    }
}
