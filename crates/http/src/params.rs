//! Query parameters, read by name so that an error names the parameter and its limit.

use crate::failure::Failure;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use muster_model::{Error, Result};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Parameters a request may carry at most.
const MAX_PARAMS: usize = 256;

/// The decoded query of a request. Unknown parameters are ignored, as the vendors do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Failure> {
        Ok(Self::parse(parts.uri.query().unwrap_or(""))?)
    }
}

impl FromIterator<(String, String)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl Params {
    /// Splits and decodes a raw query.
    ///
    /// # Errors
    /// `Invalid` for more than 256 parameters or for bytes that are not UTF-8.
    pub fn parse(query: &str) -> Result<Self> {
        let mut pairs = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PARAMS {
                return Err(Error::invalid("query", "must not have more than 256 parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)
                .ok_or_else(|| Error::invalid("query", "a parameter's name is not UTF-8"))?;
            let value =
                decode(value).ok_or_else(|| Error::invalid(name.clone(), "must be UTF-8"))?;
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// A text; of a repeated parameter the first. Empty counts as absent.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next().filter(|text| !text.is_empty())
    }

    /// Whether the parameter occurs at all, even empty.
    pub fn has(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `Invalid`, naming the parameter.
    pub fn required(&self, name: &'static str) -> Result<&str> {
        self.text(name).ok_or_else(|| Error::invalid(name, "is required"))
    }

    /// Every value of a repeated parameter, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A plain decimal number within `range`.
    ///
    /// # Errors
    /// `Invalid`, naming the parameter and the range.
    pub fn int(&self, name: &'static str, range: RangeInclusive<i64>) -> Result<Option<i64>> {
        let Some(text) = self.text(name) else { return Ok(None) };
        match text.parse::<i64>() {
            Ok(int) if range.contains(&int) => Ok(Some(int)),
            _ => {
                let why = format_args!("must be {} to {}", range.start(), range.end()).to_string();
                Err(Error::invalid(name, why))
            }
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// `Invalid`, naming the parameter.
    pub fn flag(&self, name: &'static str) -> Result<Option<bool>> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Error::invalid(name, "must be true or false")),
        }
    }
}

fn decode(text: &str) -> Option<String> {
    let text =
        if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_the_parameter_and_its_limit() {
        let params = Params::parse("limit=201&offset=x&flag=yes").unwrap();
        let message = |result: Result<Option<i64>>| result.unwrap_err().message().to_owned();
        assert_eq!(message(params.int("limit", 1..=200)), "limit: must be 1 to 200");
        assert_eq!(message(params.int("offset", 0..=9)), "offset: must be 0 to 9");
        assert_eq!(params.flag("flag").unwrap_err().parameter(), Some("flag"));
        assert_eq!(params.required("name").unwrap_err().message(), "name: is required");
    }

    #[test]
    fn reads_repeated_empty_and_encoded_values() {
        let params = Params::parse("k=a&k=%E4%B8%AD+%2B&e=&b").unwrap();
        assert_eq!(params.all("k").collect::<Vec<_>>(), ["a", "中 +"]);
        assert_eq!(params.text("e"), None);
        assert!(params.has("b"));
        assert!(Params::parse("a=%ff").is_err());
        assert!(Params::parse(&"a&".repeat(257)).is_err());
    }

    proptest! {
        #[test]
        fn never_panics_and_decodes_what_was_encoded(name in "\\PC{1,20}", value in "\\PC{0,20}") {
            let encode = |text: &str| {
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
            };
            let params = Params::parse(&format!("{}={}", encode(&name), encode(&value))).unwrap();
            prop_assert_eq!(params.all(&name).collect::<Vec<_>>(), vec![value.as_str()]);
        }

        #[test]
        fn takes_any_query(query in "\\PC{0,200}") {
            let _ = Params::parse(&query);
        }
    }
}
