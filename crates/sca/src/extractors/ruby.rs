//! RubyGems: Bundler's lock and installed specifications.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind, Relation};
use crate::trouble::Trouble;
use muster_formats::gem;
use std::collections::HashSet;

/// `Gemfile.lock`.
pub(super) fn lock(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let asked: HashSet<&str> = text
        .lines()
        .skip_while(|line| line.trim() != "DEPENDENCIES")
        .skip(1)
        .take_while(|line| line.starts_with(' '))
        .filter_map(|line| line.trim().split([' ', '!']).next())
        .collect();
    for gem in gem::parse_lock(&text) {
        let relation =
            if asked.contains(gem.name.as_str()) { Relation::Direct } else { Relation::Transitive };
        if let Some(purl) = purl("gem", "", &gem.name, &gem.version) {
            found.add(Finding::new(purl, Kind::Locked).relation(relation));
        }
    }
    Ok(())
}

/// `specifications/NAME-VERSION.gemspec` of an installed gem; a project's own has no version in its name.
pub(super) fn installed(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    if !file.folder().contains("specifications") {
        return Ok(());
    }
    if let Some(gem) = gem::parse_spec_name(file.name())
        && let Some(purl) = purl("gem", "", &gem.name, &gem.version)
    {
        found.add(Finding::new(purl, Kind::Installed));
    }
    Ok(())
}
