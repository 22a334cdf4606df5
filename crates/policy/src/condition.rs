//! When a statement holds.

use crate::decide::Context;
use crate::operator::{self, Test, Value};

/// One condition: an operator, a key, the values it is compared with. All conditions of a statement must
/// be met.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The key: `g:SourceIp`, `g:ResourceTag/<key>` …
    pub key: String,
    check: Check,
}

#[derive(Clone, Debug, PartialEq)]
enum Check {
    /// The key is absent (or, for no, present).
    Absent(bool),
    /// The key's values pass.
    Values { test: Test, not: bool, which: Which, if_exists: bool, values: Vec<Value> },
}

/// Which of the request's values have to pass, where a key has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Which {
    /// Nothing was said: one for an operator, all for one with `Not` in its name.
    Plain,
    Any,
    All,
}

impl Condition {
    /// Reads a condition. What is wrong, if it is none.
    pub(crate) fn read(operator: &str, key: &str, values: &[String]) -> Result<Self, String> {
        let known = ["g:", "scm:", "kps:", "hss:", "iam:", "sca:", "muster:"];
        let lower = key.to_ascii_lowercase();
        if !known.iter().any(|prefix| lower.starts_with(prefix)) || key.len() > 128 {
            return Err(format!(
                "the condition key {key:?} must begin with g: or a service and have at most 128 characters"
            ));
        }
        if operator == "Null" || operator == "IsNullOrEmpty" {
            return match values {
                [value] if value == "true" || value == "false" => {
                    Ok(Self { key: key.to_owned(), check: Check::Absent(value == "true") })
                }
                _ => Err("must be true or false".to_owned()),
            };
        }
        let (which, name) = if let Some(name) = operator.strip_prefix("ForAnyValue:") {
            (Which::Any, name)
        } else if let Some(name) = operator.strip_prefix("ForAllValues:") {
            (Which::All, name)
        } else {
            (Which::Plain, operator)
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let (test, not) =
            operator::named(name).ok_or_else(|| format!("{operator} is no operator"))?;
        let values = values.iter().map(|text| Value::read(test, text));
        let values = values.collect::<Result<_, _>>()?;
        let check = Check::Values { test, not, which, if_exists, values };
        Ok(Self { key: key.to_owned(), check })
    }

    /// Whether it asks about the thing the request is about, and not about the request.
    pub(crate) fn is_of_the_thing(&self) -> bool {
        let key = self.key.split('/').next().unwrap_or_default();
        ["g:ResourceTag", "g:EnterpriseProjectId"].iter().any(|it| it.eq_ignore_ascii_case(key))
    }

    /// Whether the request meets the condition. A key it does not have meets only what says
    /// `IfExists`, `ForAllValues`, or `Not`.
    pub(crate) fn met(&self, context: &dyn Context) -> bool {
        let found = context.values(&self.key);
        match &self.check {
            Check::Absent(absent) => found.iter().all(|value| value.is_empty()) == *absent,
            Check::Values { test, not, which, if_exists, values } => {
                if found.is_empty() {
                    return *if_exists || *which == Which::All || (*which == Which::Plain && *not);
                }
                let passes =
                    |found: &String| values.iter().any(|value| value.passes(*test, found)) != *not;
                match which {
                    Which::Any => found.iter().any(passes),
                    Which::All => found.iter().all(passes),
                    Which::Plain if *not => found.iter().all(passes),
                    Which::Plain => found.iter().any(passes),
                }
            }
        }
    }
}

/// Whether two condition keys are the same: capitals do not matter, but in the key of a tag.
pub fn same_key(one: &str, other: &str) -> bool {
    match (one.split_once('/'), other.split_once('/')) {
        (Some((one, tag)), Some((other, other_tag))) => {
            one.eq_ignore_ascii_case(other) && tag == other_tag
        }
        (None, None) => one.eq_ignore_ascii_case(other),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Has(Vec<(&'static str, Vec<&'static str>)>);

    impl Context for Has {
        fn values(&self, key: &str) -> Vec<String> {
            let found = self.0.iter().find(|(name, _)| same_key(name, key));
            found
                .map(|(_, values)| values.iter().map(|value| (*value).to_owned()).collect())
                .unwrap_or_default()
        }
    }

    fn met(operator: &str, values: &[&str], found: &[&'static str]) -> bool {
        let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
        let condition = Condition::read(operator, "g:TagKeys", &values).unwrap();
        let found = if found.is_empty() { vec![] } else { vec![("g:tagkeys", found.to_vec())] };
        condition.met(&Has(found))
    }

    #[test]
    fn several_values_and_none() {
        assert!(met("StringEquals", &["a", "b"], &["b"]));
        assert!(!met("StringEquals", &["a"], &[]));
        assert!(met("StringEqualsIfExists", &["a"], &[]));
        assert!(!met("StringEqualsIfExists", &["a"], &["b"]));
        assert!(met("StringNotEquals", &["a", "b"], &["c"]));
        assert!(!met("StringNotEquals", &["a", "b"], &["b"]));
        assert!(met("StringNotEquals", &["a"], &[]));
        assert!(!met("StringNotEquals", &["a"], &["a", "c"]));
        assert!(met("ForAnyValue:StringEquals", &["a"], &["c", "a"]));
        assert!(!met("ForAnyValue:StringEquals", &["a"], &[]));
        assert!(!met("ForAnyValue:StringNotEquals", &["a"], &[]));
        assert!(met("ForAllValues:StringEquals", &["a", "b"], &["a", "b"]));
        assert!(!met("ForAllValues:StringEquals", &["a"], &["a", "b"]));
        assert!(met("ForAllValues:StringEquals", &["a"], &[]));
        assert!(met("Null", &["true"], &[]) && !met("Null", &["true"], &["x"]));
        assert!(met("Null", &["false"], &["x"]) && !met("Null", &["false"], &[]));
    }

    #[test]
    fn keys_fold_but_tags_do_not() {
        assert!(same_key("G:sourceip", "g:SourceIp"));
        assert!(same_key("g:resourcetag/Env", "g:ResourceTag/Env"));
        assert!(!same_key("g:ResourceTag/env", "g:ResourceTag/Env"));
    }

    #[test]
    fn a_condition_that_is_none_says_why() {
        let read = |operator: &str, key: &str, value: &str| {
            Condition::read(operator, key, &[value.to_owned()]).unwrap_err()
        };
        assert!(read("StringSounds", "g:UserName", "a").contains("is no operator"));
        assert!(read("StringEquals", "UserName", "a").contains("must begin with g:"));
        assert!(read("Null", "g:UserName", "maybe").contains("true or false"));
        assert!(read("IpAddress", "g:SourceIp", "10.0.0.0/99").contains("a network"));
    }
}
