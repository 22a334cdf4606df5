//! `requirements.txt` (pip's format, with PEP 508 lines). Only `==` settles a version.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation, Scope};
use crate::trouble::Trouble;

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.name().ends_with(".txt") {
        return Ok(());
    }
    let dev = ["dev", "test"].iter().any(|word| file.name().contains(word));
    let text = file.text().replace("\\\n", " ").replace("\\\r\n", " ");
    for line in text.lines() {
        if let Some((name, version)) = requirement(line)
            && let Some(purl) = purl("pypi", "", name, version)
        {
            let scope = if dev { Scope::Development } else { Scope::Unknown };
            found.add(Finding::new(purl, Kind::Declared).scope(scope).relation(Relation::Direct));
        }
    }
    Ok(())
}

/// Name and settled version of one line; none for options, addresses and comments.
pub(super) fn requirement(line: &str) -> Option<(&str, &str)> {
    let line = line.split(" #").next()?.split(';').next()?.trim();
    if line.starts_with(['#', '-', '.', '/']) || line.contains("://") {
        return None;
    }
    let end = line
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(line.len());
    let (name, rest) = line.split_at_checked(end)?;
    let mut rest = rest.trim_start();
    if let Some(extras) = rest.strip_prefix('[') {
        rest = extras.split_once(']')?.1.trim_start();
    }
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    // Prose in a file of that name has words behind the first one.
    if !rest.is_empty() && !rest.starts_with(['=', '<', '>', '!', '~', '@', '(']) {
        return (rest.starts_with("--")).then_some((name, ""));
    }
    let version = rest
        .strip_prefix("===")
        .or_else(|| rest.strip_prefix("=="))
        .map(|rest| rest.split([',', ' ', ')']).find(|part| !part.is_empty()).unwrap_or(""))
        .filter(|version| !version.contains('*'))
        .unwrap_or("");
    Some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_settle_ask_or_say_nothing() {
        for (line, want) in [
            ("Django==1.11", Some(("Django", "1.11"))),
            ("requests[security] == 2.19.1 ; python_version < '3'", Some(("requests", "2.19.1"))),
            ("flask>=1.0,<2", Some(("flask", ""))),
            ("urllib3", Some(("urllib3", ""))),
            ("a==1.0 --hash=sha256:00", Some(("a", "1.0"))),
            ("numpy==1.*", Some(("numpy", ""))),
            ("-r other.txt", None),
            ("# comment", None),
            ("https://x.org/a.whl", None),
            ("this is prose", None),
            ("", None),
        ] {
            assert_eq!(requirement(line), want, "{line}");
        }
    }
}
