//! `muster db show`: one vulnerability with the provenance of all that is said about it.

use crate::output::{harmless, print};
use muster_advisory::{Live, Place};
use muster_model::{Error, Result};
use std::fmt::Write as _;

pub(super) fn run(place: &Place, id: &str) -> Result<()> {
    let knowledge = Live::new(place.file()).get()?;
    let Some(found) = knowledge.vulnerability(id) else {
        return Err(Error::not_found(format!("{id} in the knowledge base")));
    };
    let details = found.details()?;
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}  {}: {}", found.id, found.grade().word(), found.signals.reason());
    let aliases: Vec<&str> = found.aliases().collect();
    let weaknesses: Vec<String> = details
        .cwes
        .iter()
        .map(|cwe| format!("{cwe} {}", knowledge.weakness(cwe).unwrap_or_default()))
        .collect();
    let vectors: Vec<String> =
        details.vectors.iter().map(|one| format!("{} ({})", one.vector, one.source)).collect();
    for (title, value) in [
        ("also", aliases.join(", ")),
        ("published", found.published.to_owned()),
        ("modified", found.modified.to_owned()),
        ("weaknesses", weaknesses.join("; ")),
        ("vectors", vectors.join("; ")),
        ("state", state(found.disputed, found.rejected).to_owned()),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "  {title}: {value}");
        }
    }
    let _ = writeln!(text, "\n{}\n", details.summary);
    for advisory in found.advisories() {
        let _ = writeln!(
            text,
            "  {}  by {} ({}), {}, from {}{}",
            advisory.id,
            advisory.source,
            advisory.licence,
            if advisory.modified.is_empty() { advisory.published } else { advisory.modified },
            advisory.feed(&knowledge)?,
            if advisory.withdrawn.is_empty() { "" } else { ", withdrawn" },
        );
    }
    for (_, url) in &details.references {
        let _ = writeln!(text, "  {url}");
    }
    print(&harmless(&text))
}

const fn state(disputed: bool, rejected: bool) -> &'static str {
    match (disputed, rejected) {
        (_, true) => "withdrawn by all who stated it",
        (true, false) => "disputed by its vendor",
        (false, false) => "",
    }
}
