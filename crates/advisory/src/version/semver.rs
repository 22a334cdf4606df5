//! Semantic versions 2.0 and those built on them: npm, crates.io, Go, NuGet, Pub, Hex, Swift, Bitnami.
//!
//! Read leniently, as advisories write them: a leading `v`, fewer or more than three numbers. Missing numbers are zero.

use super::key::{Writer, digits, split, without_trailing_zeros};

const END: u8 = 2;
const NUMBER: u8 = 3;
const PRERELEASE: u8 = 1;
const RELEASE: u8 = 2;
const REVISION: u8 = 3;
const NUMERIC: u8 = 1;
const TEXT: u8 = 2;

/// Precedence of semver.org: the build part does not count.
pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let (label, _) = core(version, key)?;
    prerelease(label, key)
}

/// Dart's `pub_semver`: versions that are equal otherwise are ordered by their build part.
pub(super) fn with_build(version: &str, key: &mut Writer) -> Option<()> {
    let (label, build) = core(version, key)?;
    prerelease(label, key)?;
    if build.is_empty() {
        key.tag(0);
        return Some(());
    }
    identifiers(build, key)
}

/// NuGet: labels have no case.
pub(super) fn nuget(version: &str, key: &mut Writer) -> Option<()> {
    self::key(&version.to_ascii_lowercase(), key)
}

/// Go: `v1.2.3`, pseudo-versions (whose labels are ordinary ones), `+incompatible`, and Go's own `go1.21rc2`.
pub(super) fn go(version: &str, key: &mut Writer) -> Option<()> {
    let version = version.strip_prefix("go").unwrap_or(version);
    let numbers = split(version, |b| b.is_ascii_digit() || b == b'.').1;
    if numbers.starts_with("rc") || numbers.starts_with("beta") {
        let (core, label) = version.split_at_checked(version.len() - numbers.len())?;
        let (word, number) = split(label, |b| b.is_ascii_alphabetic());
        return self::key(&format!("{core}-{word}.{number}"), key);
    }
    self::key(version, key)
}

/// Bitnami: a suffix of digits, or `r` and digits, counts builds of the same upstream version and follows it.
pub(super) fn bitnami(version: &str, key: &mut Writer) -> Option<()> {
    let (label, _) = core(version, key)?;
    let revision = label.strip_prefix('r').unwrap_or(label);
    if !revision.is_empty() && digits(revision).1.is_empty() {
        key.tag(REVISION);
        return key.number(revision);
    }
    prerelease(label, key)
}

/// Writes the numbers; returns label and build part.
fn core<'a>(version: &'a str, key: &mut Writer) -> Option<(&'a str, &'a str)> {
    let version = version.strip_prefix('=').unwrap_or(version).trim_start();
    let version = version.strip_prefix(['v', 'V']).unwrap_or(version);
    let (version, build) = version.split_once('+').unwrap_or((version, ""));
    let (numbers, label) = split(version, |b| b.is_ascii_digit() || b == b'.');
    let numbers: Vec<&str> = numbers.strip_suffix('.').unwrap_or(numbers).split('.').collect();
    if numbers.iter().any(|number| number.is_empty()) {
        return None;
    }
    for number in without_trailing_zeros(&numbers) {
        key.tag(NUMBER);
        key.number(number)?;
    }
    key.tag(END);
    Some((label.strip_prefix('-').unwrap_or(label), build))
}

fn prerelease(label: &str, key: &mut Writer) -> Option<()> {
    if label.is_empty() {
        key.tag(RELEASE);
        return Some(());
    }
    key.tag(PRERELEASE);
    identifiers(label, key)
}

fn identifiers(list: &str, key: &mut Writer) -> Option<()> {
    for identifier in list.split('.') {
        if !identifier.is_empty() && digits(identifier).1.is_empty() {
            key.tag(NUMERIC);
            key.number(identifier)?;
        } else {
            key.tag(TEXT);
            key.text(identifier);
        }
    }
    key.tag(0);
    Some(())
}
