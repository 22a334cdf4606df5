//! The document: parsed with limits, with errors that name the place.

use crate::condition::Condition;
use crate::pattern::Pattern;
use muster_model::{Error, Result};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::marker::PhantomData;

/// The longest document, in bytes.
pub const MAX_TEXT: usize = 6_144;
const MAX_STATEMENTS: usize = 20;
const MAX_ACTIONS: usize = 100;
const MAX_RESOURCES: usize = 100;
const MAX_CONDITIONS: usize = 20;
const MAX_VALUES: usize = 100;

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its statements in their order.
    pub statements: Vec<Statement>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It forbids, whatever others allow.
    Deny,
}

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its name, for people.
    pub sid: String,
    /// What it does.
    pub effect: Effect,
    actions: Patterns,
    resources: Patterns,
    /// All have to be met.
    pub conditions: Vec<Condition>,
}

/// What a list says of a text: that it is one of these, or that it is none of these.
#[derive(Clone, Debug, PartialEq)]
struct Patterns {
    not: bool,
    patterns: Vec<Pattern>,
}

impl Patterns {
    fn matches(&self, texts: &[&str]) -> bool {
        let one = |text: &&str| self.patterns.iter().any(|pattern| pattern.matches(text));
        texts.iter().any(one) != self.not
    }
}

impl Statement {
    /// Whether it speaks of this action. What goes under several names is meant by each of them, also where
    /// it is excepted.
    pub fn concerns(&self, names: &[&str]) -> bool {
        self.actions.matches(names)
    }

    /// Whether it speaks of this resource.
    pub fn covers(&self, resource: &str) -> bool {
        self.resources.matches(&[resource])
    }

    /// Whether it speaks of every resource of a type, given as `service:region:account:type:*`.
    pub fn covers_all(&self, kind: &str) -> bool {
        if self.resources.not {
            return !self.resources.patterns.iter().any(|pattern| reaches(pattern, kind));
        }
        self.resources.patterns.iter().any(|pattern| exhausts(pattern, kind))
    }

    /// Whether it speaks of any resource of a type, given as `service:region:account:type:*`.
    pub fn covers_some(&self, kind: &str) -> bool {
        if self.resources.not {
            return !self.resources.patterns.iter().any(|pattern| exhausts(pattern, kind));
        }
        self.resources.patterns.iter().any(|pattern| reaches(pattern, kind))
    }

    /// Whether it speaks of every resource, whatever the request.
    pub fn is_unconditional(&self) -> bool {
        let everything = |pattern: &Pattern| is_anything(pattern.as_str());
        self.conditions.is_empty()
            && !self.resources.not
            && self.resources.patterns.iter().any(everything)
    }
}

/// Whether a pattern fits anything of a type: all but the path is compared, part by part.
fn reaches(pattern: &Pattern, kind: &str) -> bool {
    let parts = || pattern.as_str().splitn(5, ':');
    // `*` alone, or with a part too few, is everything.
    parts().count() < 5
        || parts()
            .zip(kind.splitn(5, ':'))
            .take(4)
            .all(|(one, part)| Pattern::new(one).matches(part))
}

/// Whether a pattern fits everything of a type: one that fits the text of its name, such as `?`, need not.
fn exhausts(pattern: &Pattern, kind: &str) -> bool {
    reaches(pattern, kind) && pattern.as_str().splitn(5, ':').last().is_some_and(is_anything)
}

fn is_anything(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|byte| byte == b'*')
}

impl Policy {
    /// Reads a document of version 1.1 or 5.0 (1.0 is read as 1.1).
    ///
    /// # Errors
    /// `Invalid`, naming the place, as in `policy.Statement[0].Effect`.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > MAX_TEXT {
            let why = format!("must have at most {MAX_TEXT} bytes, has {}", text.len());
            return Err(Error::invalid("policy", why));
        }
        let mut json = serde_json::Deserializer::from_str(text);
        let wire: Document = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { "policy".to_owned() } else { format!("policy.{path}") };
            Error::invalid(path, error.into_inner())
        })?;
        json.end().map_err(|error| Error::invalid("policy", error))?;
        if !["1.0", "1.1", "5.0"].contains(&wire.version.as_str()) {
            return Err(Error::invalid("policy.Version", "must be 1.1 or 5.0"));
        }
        within("policy.Statement", wire.statement.len(), 1, MAX_STATEMENTS)?;
        let statements = wire.statement.into_iter().enumerate();
        let statements =
            statements.map(|(at, wire)| statement(&format!("policy.Statement[{at}]"), wire));
        Ok(Self { statements: statements.collect::<Result<_>>()? })
    }
}

fn within(place: &str, count: usize, least: usize, most: usize) -> Result<()> {
    if (least..=most).contains(&count) {
        return Ok(());
    }
    Err(Error::invalid(
        place.to_owned(),
        format!("must have {least} to {most} entries, has {count}"),
    ))
}

fn statement(place: &str, wire: WireStatement) -> Result<Statement> {
    let one_of = |one: Option<Texts>, not: Option<Texts>, name: &str, most: usize| match (one, not)
    {
        (Some(_), Some(_)) => {
            Err(Error::invalid(place.to_owned(), format!("has both {name} and Not{name}")))
        }
        (Some(Texts(texts)), None) => {
            within(&format!("{place}.{name}"), texts.len(), 1, most)?;
            Ok(Some((false, texts)))
        }
        (None, Some(Texts(texts))) => {
            within(&format!("{place}.Not{name}"), texts.len(), 1, most)?;
            Ok(Some((true, texts)))
        }
        (None, None) => Ok(None),
    };
    let actions = one_of(wire.action, wire.not_action, "Action", MAX_ACTIONS)?;
    let Some((not, actions)) = actions else {
        return Err(Error::invalid(place.to_owned(), "needs Action or NotAction"));
    };
    for (at, action) in actions.iter().enumerate() {
        check_action(&format!("{place}.{}Action[{at}]", if not { "Not" } else { "" }), action)?;
    }
    let actions = Patterns { not, patterns: actions.into_iter().map(Pattern::folded).collect() };
    let resources = one_of(wire.resource, wire.not_resource, "Resource", MAX_RESOURCES)?;
    let (not, resources) = resources.unwrap_or_else(|| (false, vec!["*".to_owned()]));
    for (at, resource) in resources.iter().enumerate() {
        let form = resource == "*" || resource.split(':').count() >= 5;
        if !form || resource.len() > 1_500 {
            return Err(Error::invalid(
                format!("{place}.{}Resource[{at}]", if not { "Not" } else { "" }),
                "must be * or service:region:account:type:path",
            ));
        }
    }
    let resources = Patterns { not, patterns: resources.into_iter().map(Pattern::new).collect() };
    let mut conditions = Vec::new();
    for (operator, keys) in wire.condition.unwrap_or_default().0 {
        for (key, Texts(values)) in keys.0 {
            let at = format!("{place}.Condition.{operator}.{key}");
            within(&at, values.len(), 1, MAX_VALUES)?;
            let condition = Condition::read(&operator, &key, &values);
            conditions.push(condition.map_err(|why| Error::invalid(at, why))?);
        }
    }
    within(&format!("{place}.Condition"), conditions.len(), 0, MAX_CONDITIONS)?;
    let sid = wire.sid.unwrap_or_default();
    Ok(Statement { sid, effect: wire.effect, actions, resources, conditions })
}

/// `service:resource:verb`, any of them with wildcards; `*` and `service:*` for short.
fn check_action(place: &str, action: &str) -> Result<()> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"_-*?:.".contains(&byte);
    let parts = action.split(':').count();
    let short = action == "*" || (parts == 2 && action.ends_with(":*"));
    if (short || parts == 3) && action.len() <= 128 && action.bytes().all(letter) {
        return Ok(());
    }
    Err(Error::invalid(place.to_owned(), "must be service:resource:verb, with * where any will do"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "Version")]
    version: String,
    #[serde(rename = "Statement")]
    statement: Vec<WireStatement>,
    /// Roles of the vendor name others they need; rights do not come from there.
    #[serde(rename = "Depends", default)]
    _depends: de::IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStatement {
    #[serde(rename = "Sid")]
    sid: Option<String>,
    #[serde(rename = "Effect")]
    effect: Effect,
    #[serde(rename = "Action")]
    action: Option<Texts>,
    #[serde(rename = "NotAction")]
    not_action: Option<Texts>,
    #[serde(rename = "Resource")]
    resource: Option<Texts>,
    #[serde(rename = "NotResource")]
    not_resource: Option<Texts>,
    #[serde(rename = "Condition")]
    condition: Option<Pairs<Pairs<Texts>>>,
}

/// A text, a number, a yes or no, or a list of them.
struct Texts(Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum One {
            Text(String),
            Bool(bool),
            Number(serde_json::Number),
        }
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Vec<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Vec<String>, E> {
                Ok(vec![text.to_owned()])
            }
            fn visit_bool<E: de::Error>(self, value: bool) -> std::result::Result<Vec<String>, E> {
                Ok(vec![value.to_string()])
            }
            fn visit_seq<A: SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> std::result::Result<Vec<String>, A::Error> {
                let mut texts = Vec::new();
                while let Some(one) = list.next_element()? {
                    texts.push(match one {
                        One::Text(text) => text,
                        One::Bool(value) => value.to_string(),
                        One::Number(number) => number.to_string(),
                    });
                }
                Ok(texts)
            }
        }
        deserializer.deserialize_any(Any).map(Self)
    }
}

/// The pairs of an object. A key that comes twice is an error: readers would differ on which one counts.
struct Pairs<T>(Vec<(String, T)>);

impl<T> Default for Pairs<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Vec<(String, T)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Self::Value, A::Error> {
                let mut pairs: Vec<(String, T)> = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, T>()? {
                    if pairs.iter().any(|(known, _)| *known == key) {
                        return Err(de::Error::custom(format_args!("{key} comes twice")));
                    }
                    pairs.push((key, value));
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_map(Object(PhantomData)).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let statement = |inner: &str| format!(r#"{{"Version":"5.0","Statement":[{{{inner}}}]}}"#);
        let allow =
            |inner: &str| statement(&format!(r#""Effect":"Allow","Action":["a:b:c"]{inner}"#));
        for (text, place) in [
            ("".to_owned(), "policy"),
            ("[]".to_owned(), "policy"),
            (r#"{"Version":"5.0","Statement":[]}"#.to_owned(), "policy.Statement"),
            (
                r#"{"Version":"2","Statement":[{"Effect":"Deny","Action":"*"}]}"#.to_owned(),
                "policy.Version",
            ),
            (statement(r#""Effect":"Maybe","Action":["a:b:c"]"#), "policy.Statement[0].Effect"),
            (statement(r#""Effect":"Allow""#), "policy.Statement[0]"),
            (
                statement(r#""Effect":"Allow","Effect":"Deny","Action":["a:b:c"]"#),
                "policy.Statement[0]",
            ),
            (statement(r#""Effect":"Allow","Action":["a:b"]"#), "policy.Statement[0].Action[0]"),
            (
                statement(r#""Effect":"Allow","Action":["a:b:c","a b:c:d"]"#),
                "policy.Statement[0].Action[1]",
            ),
            (statement(r#""Effect":"Allow","Action":[]"#), "policy.Statement[0].Action"),
            (allow(r#","NotAction":["a:b:c"]"#), "policy.Statement[0]"),
            (allow(r#","Resource":["bucket"]"#), "policy.Statement[0].Resource[0]"),
            (allow(r#","Principal":"*""#), "policy.Statement[0]"),
            (
                allow(r#","Condition":{"StringEquals":{"g:UserName":["a"],"g:UserName":["b"]}}"#),
                "policy.Statement[0].Condition.StringEquals",
            ),
            (
                allow(r#","Condition":{"IpAddress":{"g:SourceIp":["10.0.0.0/99"]}}"#),
                "policy.Statement[0].Condition.IpAddress.g:SourceIp",
            ),
            (allow("") + "x", "policy"),
        ] {
            let error = Policy::parse(&text).unwrap_err();
            let parameter = error.parameter().unwrap();
            assert!(parameter.starts_with(place), "{text}: {parameter}: {}", error.message());
        }
        let long = allow(&format!(r#","Sid":"{}""#, "x".repeat(MAX_TEXT)));
        assert!(Policy::parse(&long).unwrap_err().message().contains("6144"));
    }

    #[test]
    fn both_versions_and_short_forms_are_read() {
        for text in [
            r#"{"Version":"1.1","Statement":[{"Action":["hss:*:list","hss:*:get*"],"Effect":"Allow"}],
                "Depends":[{"catalog":"BASE","display_name":"x"}]}"#,
            r#"{"Version":"5.0","Statement":[{"Sid":"s","Effect":"Deny","NotAction":"iam:*:*",
                "NotResource":["scm:*:*:cert:*"],"Condition":{"Bool":{"g:SecureTransport":false},
                "NumberLessThan":{"g:MFAAge":[900]}}}]}"#,
            r#"{"Version":"5.0","Statement":[{"Effect":"Allow","Action":"scm:*"}]}"#,
        ] {
            Policy::parse(text).unwrap();
        }
    }
}
