//! `bun.lock`: JSON with trailing commas and comments. (`bun.lockb`, its binary form, is not read.)

use super::{package, split_spec};
use crate::extractor::File;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    packages: BTreeMap<String, Vec<Value>>,
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let plain = plain_json(&file.text());
    let lock: Lock = serde_json::from_str(&plain)
        .map_err(|_| Trouble::malformed("not the JSON that bun writes"))?;
    for entry in lock.packages.values() {
        let spec = entry.first().and_then(Value::as_str).unwrap_or_default();
        if let Some((name, version)) = split_spec(spec)
            && !version.contains(':')
            && let Some(purl) = package(name, version)
        {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}

/// Without comments and without commas in front of a closing bracket.
fn plain_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let (mut in_string, mut escaped) = (false, false);
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if c == '/' && chars.peek() == Some(&'/') {
            while chars.next_if(|c| *c != '\n').is_some() {}
        } else if matches!(c, ']' | '}') {
            let kept = out.trim_end().trim_end_matches(',').len();
            out.truncate(kept);
            out.push(c);
        } else {
            in_string = c == '"';
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_json_does_not_allow_is_taken_out() {
        let text = "{ \"a\": [\"x//,]\\\"\", 1, ], // why\n }";
        assert_eq!(
            plain_json(text).split_whitespace().collect::<String>(),
            "{\"a\":[\"x//,]\\\"\",1]}"
        );
    }
}
