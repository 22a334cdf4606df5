//! The operators of conditions.

use crate::pattern::Pattern;
use muster_model::Micros;
use std::cmp::Ordering;
use std::net::IpAddr;

/// How a value of the request is compared with those of the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    Equals,
    EqualsIgnoreCase,
    StartsWith,
    EndsWith,
    Matches,
    Number(Order),
    Date(Order),
    Bool,
    Address,
}

/// Which way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    const fn holds(self, found: Ordering) -> bool {
        match self {
            Self::Equal => found.is_eq(),
            Self::Less => found.is_lt(),
            Self::LessOrEqual => found.is_le(),
            Self::Greater => found.is_gt(),
            Self::GreaterOrEqual => found.is_ge(),
        }
    }
}

/// Name, test, and whether it is true of what the test is not true of.
const TESTS: &[(&str, Test, bool)] = &[
    ("StringEquals", Test::Equals, false),
    ("StringNotEquals", Test::Equals, true),
    ("StringEqualsIgnoreCase", Test::EqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::EqualsIgnoreCase, true),
    ("StringStartWith", Test::StartsWith, false),
    ("StringNotStartWith", Test::StartsWith, true),
    ("StringEndWith", Test::EndsWith, false),
    ("StringNotEndWith", Test::EndsWith, true),
    ("StringMatch", Test::Matches, false),
    ("StringNotMatch", Test::Matches, true),
    ("StringLike", Test::Matches, false),
    ("StringNotLike", Test::Matches, true),
    ("NumberEquals", Test::Number(Order::Equal), false),
    ("NumberNotEquals", Test::Number(Order::Equal), true),
    ("NumberLessThan", Test::Number(Order::Less), false),
    ("NumberLessThanEquals", Test::Number(Order::LessOrEqual), false),
    ("NumberGreaterThan", Test::Number(Order::Greater), false),
    ("NumberGreaterThanEquals", Test::Number(Order::GreaterOrEqual), false),
    ("DateLessThan", Test::Date(Order::Less), false),
    ("DateLessThanEquals", Test::Date(Order::LessOrEqual), false),
    ("DateGreaterThan", Test::Date(Order::Greater), false),
    ("DateGreaterThanEquals", Test::Date(Order::GreaterOrEqual), false),
    ("Bool", Test::Bool, false),
    ("IpAddress", Test::Address, false),
    ("NotIpAddress", Test::Address, true),
];

/// A test and whether it is turned round, by the operator's name.
pub(crate) fn named(name: &str) -> Option<(Test, bool)> {
    TESTS.iter().find(|(known, ..)| *known == name).map(|(_, test, not)| (*test, *not))
}

/// A value of a policy, read as its operator wants it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    Pattern(Pattern),
    Number(f64),
    Date(Micros),
    Bool(bool),
    Network(IpAddr, u8),
}

impl Value {
    /// Reads a value; what it should have been, if it is something else.
    pub(crate) fn read(test: Test, text: &str) -> Result<Self, &'static str> {
        match test {
            Test::Equals | Test::EqualsIgnoreCase | Test::StartsWith | Test::EndsWith => {
                Ok(Self::Text(text.to_owned()))
            }
            Test::Matches => Ok(Self::Pattern(Pattern::new(text))),
            Test::Number(_) => number(text).map(Self::Number).ok_or("must be a number"),
            Test::Date(_) => Micros::from_iso(text)
                .map(Self::Date)
                .ok_or("must be a time as 2026-11-21T12:00:00Z"),
            Test::Bool => bool(text).map(Self::Bool).ok_or("must be true or false"),
            Test::Address => network(text).ok_or("must be an address or a network as 10.0.0.0/8"),
        }
    }

    /// Whether `found`, a value of the request, passes. One that cannot be read as wanted does not.
    pub(crate) fn passes(&self, test: Test, found: &str) -> bool {
        match (test, self) {
            (Test::Equals, Self::Text(text)) => found == text,
            (Test::EqualsIgnoreCase, Self::Text(text)) => {
                found.to_lowercase() == text.to_lowercase()
            }
            (Test::StartsWith, Self::Text(text)) => found.starts_with(text.as_str()),
            (Test::EndsWith, Self::Text(text)) => found.ends_with(text.as_str()),
            (Test::Matches, Self::Pattern(pattern)) => pattern.matches(found),
            (Test::Number(order), Self::Number(value)) => number(found)
                .and_then(|found| found.partial_cmp(value))
                .is_some_and(|found| order.holds(found)),
            (Test::Date(order), Self::Date(value)) => {
                Micros::from_iso(found).is_some_and(|found| order.holds(found.cmp(value)))
            }
            (Test::Bool, Self::Bool(value)) => bool(found) == Some(*value),
            (Test::Address, Self::Network(network, prefix)) => {
                found.parse().is_ok_and(|found: IpAddr| inside(found, *network, *prefix))
            }
            _ => false,
        }
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn bool(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn network(text: &str) -> Option<Value> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let prefix = match prefix {
        Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= most)?,
        None => most,
    };
    Some(Value::Network(address, prefix))
}

/// Whether an address lies in a network. An IPv4 address that came mapped into IPv6 counts as IPv4.
fn inside(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let apart = address.to_bits() ^ network.to_bits();
            apart.checked_shr(32 - u32::from(prefix.min(32))).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let apart = address.to_bits() ^ network.to_bits();
            apart.checked_shr(128 - u32::from(prefix.min(128))).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(name: &str, value: &str, found: &str) -> bool {
        let (test, not) = named(name).unwrap();
        Value::read(test, value).unwrap().passes(test, found) != not
    }

    #[test]
    fn each_operator_does_what_its_name_says() {
        for (name, value, yes, no) in [
            ("StringEquals", "a", "a", "A"),
            ("StringNotEquals", "a", "A", "a"),
            ("StringEqualsIgnoreCase", "Ä", "ä", "a"),
            ("StringStartWith", "ab", "abc", "cab"),
            ("StringNotStartWith", "ab", "cab", "abc"),
            ("StringEndWith", "ab", "cab", "abc"),
            ("StringMatch", "a*c", "abbc", "abb"),
            ("StringNotMatch", "a*c", "abb", "abbc"),
            ("NumberEquals", "1", "1.0", "2"),
            ("NumberLessThan", "1", "0.5", "1"),
            ("NumberLessThanEquals", "1", "1", "1.5"),
            ("NumberGreaterThan", "1", "2", "x"),
            (
                "DateLessThan",
                "2026-01-01T00:00:00Z",
                "2025-12-31T23:59:59Z",
                "2026-01-01T00:00:00Z",
            ),
            (
                "DateGreaterThan",
                "2026-01-01T00:00:00+08:00",
                "2025-12-31T16:00:01Z",
                "2025-01-01T00:00:00Z",
            ),
            ("Bool", "true", "True", "false"),
            ("IpAddress", "10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("IpAddress", "10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"),
            ("IpAddress", "0.0.0.0/0", "1.2.3.4", "::1"),
            ("IpAddress", "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("NotIpAddress", "10.0.0.0/8", "11.0.0.1", "10.0.0.1"),
        ] {
            assert!(passes(name, value, yes), "{name} {value} {yes}");
            assert!(!passes(name, value, no), "{name} {value} {no}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (name, value) in [
            ("NumberEquals", "one"),
            ("NumberEquals", "inf"),
            ("DateLessThan", "2026-01-01"),
            ("Bool", "yes"),
            ("IpAddress", "10.0.0.0/33"),
            ("IpAddress", "ten"),
        ] {
            let (test, _) = named(name).unwrap();
            assert!(Value::read(test, value).is_err(), "{name} {value}");
        }
        assert_eq!(named("StringSounds"), None);
    }
}
