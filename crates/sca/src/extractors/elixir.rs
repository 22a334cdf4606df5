//! Elixir and Erlang: the lock files of mix and rebar, which are terms of their languages, a package a line.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;

/// `mix.lock`: `"name": {:hex, :package, "1.0.0", ...},`.
pub(super) fn mix(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    for line in file.text().lines() {
        let Some((_, rest)) = line.split_once("{:hex, :") else { continue };
        let Some((name, rest)) = rest.split_once(',') else { continue };
        if let Some(version) = quoted(rest)
            && let Some(purl) = purl("hex", "", name.trim_matches('"'), version)
        {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}

/// `rebar.lock`: `{<<"name">>,{pkg,<<"package">>,<<"1.0.0">>},0}`.
pub(super) fn rebar(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    for line in file.text().lines() {
        let Some((_, rest)) = line.split_once("{pkg,") else { continue };
        let Some((first, rest)) = rest.split_once(',') else { continue };
        if let (Some(name), Some(version)) = (quoted(first), quoted(rest))
            && let Some(purl) = purl("hex", "", name, version)
        {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}

fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}
