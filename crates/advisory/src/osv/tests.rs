//! Documents as sources write them, and as they should not.

use super::*;
use crate::record::Upper;
use proptest::prelude::*;

fn record(affected: &str) -> (Record, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let text =
        format!(r#"{{"id":"X-1","modified":"0001-01-01T00:00:00Z","affected":[{affected}]}}"#);
    (parse(text.as_bytes(), &mut diagnostics).unwrap(), diagnostics)
}

fn affected(events: &str) -> Vec<String> {
    let (record, _) = record(&format!(
        r#"{{"package":{{"ecosystem":"npm","name":"a"}},"ranges":[{{"type":"SEMVER","events":[{events}]}}]}}"#
    ));
    let intervals = &record.affected[0].intervals;
    intervals
        .iter()
        .map(|interval| {
            let lower = interval.lower.as_ref().map_or("", |(_, text)| text);
            match &interval.upper {
                Upper::Open => format!("{lower}.."),
                Upper::Fixed(_, text) => format!("{lower}..<{text}"),
                Upper::LastAffected(_, text) => format!("{lower}..={text}"),
            }
        })
        .collect()
}

#[test]
fn events_in_any_order_become_ascending_stretches() {
    assert_eq!(affected(r#"{"introduced":"0"},{"fixed":"1.2.0"}"#), ["..<1.2.0"]);
    assert_eq!(
        affected(
            r#"{"fixed":"2.1.0"},{"introduced":"2.0.0"},{"fixed":"1.10.0"},{"introduced":"1.9.0"}"#
        ),
        ["1.9.0..<1.10.0", "2.0.0..<2.1.0"]
    );
    assert_eq!(affected(r#"{"introduced":"1.0.0"},{"last_affected":"1.0.0"}"#), ["1.0.0..=1.0.0"]);
    assert_eq!(
        affected(r#"{"introduced":"1.0.0"},{"fixed":"2.0.0"},{"introduced":"2.0.0"}"#),
        ["1.0.0..<2.0.0", "2.0.0.."]
    );
    assert_eq!(affected(r#"{"introduced":"1.0.0"},{"limit":"2.0.0"}"#), ["1.0.0..<2.0.0"]);
    assert_eq!(
        affected(r#"{"introduced":"1.0.0"},{"introduced":"1.5.0"},{"fixed":"2.0.0"}"#),
        ["1.0.0..<2.0.0"]
    );
    assert_eq!(affected(r#"{"fixed":"2.0.0"}"#), Vec::<String>::new());
}

#[test]
fn listed_versions_are_kept_where_no_range_has_them() {
    let (record, diagnostics) = record(
        r#"{"package":{"ecosystem":"PyPI","name":"A_b"},"versions":["1.0","2.0","dev"],
            "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.5"}]},{"type":"GIT","events":[{"introduced":"0"}]}]}"#,
    );
    assert_eq!(record.affected[0].versions, ["2.0", "dev"]);
    assert_eq!(record.affected[0].package.name, "a-b");
    assert!(diagnostics.is_empty());
    assert_eq!(record.modified, "", "year 1 means unknown");
}

#[test]
fn what_cannot_be_used_is_said() {
    let (record, diagnostics) = record(
        r#"{"package":{"ecosystem":"Atlantis","name":"a"}},
           {"package":{"ecosystem":"npm","name":"a"},"ranges":[{"type":"SEMVER","events":[{"introduced":"latest"}]}]}"#,
    );
    assert_eq!(record.affected.len(), 1);
    let codes: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.code.as_str()).collect();
    assert_eq!(codes, ["ecosystem.unknown", "version.unreadable", "range.empty"]);
    let mut none = Vec::new();
    assert_eq!(parse(b"{}", &mut none).unwrap_err().code, "osv.unreadable");
    assert_eq!(parse(b"[1]", &mut none).unwrap_err().code, "osv.unreadable");
}

#[test]
fn a_distribution_names_what_it_repairs() {
    let mut diagnostics = Vec::new();
    let text = br#"{"id":"DSA-1","related":["CVE-1-1"],"affected":[{"package":{"ecosystem":"Debian:6.0","name":"x"},
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.0-1"}]}]}]}"#;
    let record = parse(text, &mut diagnostics).unwrap();
    assert_eq!(record.upstream, ["CVE-1-1"]);
    assert_eq!(record.affected[0].package.ecosystem_label(), "Debian:6");
    assert_eq!((record.source.as_str(), record.licence), ("Debian Security Tracker", "not stated"));
}

proptest! {
    #[test]
    fn stretches_are_what_the_format_says(
        events in proptest::collection::vec((0_u8..3, 0_u8..9), 1..8), version in 0_u8..10,
    ) {
        // The format's own evaluation: walk the versions in order and remember whether one is affected. A fix counts
        // before a new introduction, unless nothing was open: then that version never was affected.
        let has = |kind: u8, at: u8| events.contains(&(kind, at));
        let (mut open, mut expected) = (false, false);
        for at in 0..9 {
            let begins = has(1, at) && (!has(0, at) || open);
            open = (open && !has(0, at) || begins) && !has(2, at);
            if version >= at && (has(0, at) || begins) {
                expected = begins;
            }
            if version > at && has(2, at) {
                expected = false;
            }
        }
        let text: Vec<String> = events
            .iter()
            .map(|(kind, at)| format!(r#"{{"{}":"{at}.0.0"}}"#, ["fixed", "introduced", "last_affected"][usize::from(*kind)]))
            .collect();
        let (record, _) = record(&format!(
            r#"{{"package":{{"ecosystem":"npm","name":"a"}},"ranges":[{{"type":"SEMVER","events":[{}]}}]}}"#, text.join(",")
        ));
        let key = crate::Scheme::Semver.key(&format!("{version}.0.0")).unwrap();
        let found = record.affected[0].intervals.iter().any(|interval| interval.contains(&key));
        prop_assert_eq!(found, expected, "{:?} {}", events, version);
    }
}

#[test]
fn what_is_repaired_where_it_was_introduced_never_was_there() {
    let affected = |events: &str, version: &str| {
        let document = format!(
            r#"{{"id":"X-1","affected":[{{"package":{{"ecosystem":"crates.io","name":"a"}},
            "ranges":[{{"type":"SEMVER","events":[{events}]}}]}}]}}"#
        );
        let record = parse(document.as_bytes(), &mut Vec::new()).unwrap();
        let key = crate::Scheme::Semver.key(version).unwrap();
        record.affected[0].intervals.iter().any(|interval| interval.contains(&key))
    };
    let empty =
        r#"{"introduced":"1.0.0"},{"fixed":"1.2.0"},{"introduced":"2.0.0"},{"fixed":"2.0.0"}"#;
    assert!(affected(empty, "1.1.0"));
    assert!(!affected(empty, "2.0.0") && !affected(empty, "2.1.0"));
    // Two stretches that meet are none of that.
    let meeting =
        r#"{"introduced":"0"},{"fixed":"1.0.0"},{"introduced":"1.0.0"},{"fixed":"1.2.0"}"#;
    assert!(
        affected(meeting, "0.9.0") && affected(meeting, "1.0.0") && !affected(meeting, "1.2.0")
    );
}

#[test]
fn null_is_nothing() {
    let text = br#"{"id":"X-1","modified":null,"aliases":null,"upstream":null,"related":null,"severity":null,"references":null,
        "database_specific":null,"affected":[{"package":{"ecosystem":"npm","name":"a"},"ranges":null,"versions":["1.0.0"],
        "severity":null,"database_specific":null},{"package":null},{"package":{"ecosystem":"npm","name":"b"},
        "ranges":[{"type":"SEMVER","events":null}],"versions":null}]}"#;
    let record = parse(text, &mut Vec::new()).unwrap();
    assert_eq!(record.affected.len(), 2);
}
