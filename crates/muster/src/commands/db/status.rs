//! `muster db status`

use crate::cli::db::StatusOutput;
use crate::output::{Output, print, print_list};
use muster_advisory::{Knowledge, Meta, Place};
use muster_model::{Clock as _, Error, Result, SystemClock};
use serde_json::{Value, json};

pub(super) fn run(place: &Place, output: StatusOutput) -> Result<()> {
    let live = muster_advisory::Live::new(place.file());
    let knowledge = live.get()?;
    let now = SystemClock.now();
    let days = (now.0 - knowledge.meta().built.0).max(0) / 86_400_000_000;
    match output {
        StatusOutput::Json => {
            let meta = knowledge.meta();
            let whole = json!({
                "file": place.file(),
                "size": knowledge.size(),
                "digest": knowledge.digest(),
                "built": meta.built.iso(),
                "age_days": days,
                "origin": meta.origin,
                "advisories": meta.advisories,
                "vulnerabilities": meta.vulnerabilities,
                "ecosystems": meta.ecosystems,
                "publishers": meta.publishers,
                "feeds": meta.feeds,
                "troubles": meta.diagnostic_counts,
                "first_troubles": meta.diagnostics,
            });
            print(&(serde_json::to_string_pretty(&whole).map_err(Error::internal)? + "\n"))
        }
        StatusOutput::Table => table(&knowledge, days),
    }
}

fn table(knowledge: &Knowledge, days: i64) -> Result<()> {
    let meta = knowledge.meta();
    let built = meta.built.iso();
    print(&format!(
        "Built {} ({days} days ago) from {}\n{} advisories, {} vulnerabilities, {} MiB, state {}\n\n",
        built.get(..19).unwrap_or(&built),
        if meta.origin.is_empty() { "an unnamed source" } else { &meta.origin },
        meta.advisories,
        meta.vulnerabilities,
        knowledge.size() >> 20,
        knowledge.digest().get(..12).unwrap_or_default(),
    ))?;
    let columns = [
        ("ecosystem", "/ecosystem"),
        ("advisories", "/advisories"),
        ("packages", "/packages"),
        ("newest", "/newest"),
        ("releases", "/releases"),
    ];
    print_list(Output::Table, &columns, &ecosystems(meta))?;
    print("\n")?;
    let columns =
        [("publisher", "/publisher"), ("advisories", "/advisories"), ("licence", "/licence")];
    print_list(Output::Table, &columns, &publishers(meta))?;
    print("\n")?;
    let columns = [
        ("feed", "/name"),
        ("kind", "/kind"),
        ("records", "/records"),
        ("as of", "/as_of"),
        ("licence", "/licence"),
    ];
    let feeds: Vec<Value> = meta.feeds.iter().map(|feed| json!(feed)).collect();
    print_list(Output::Table, &columns, &feeds)?;
    if !meta.diagnostic_counts.is_empty() {
        let counts: Vec<String> =
            meta.diagnostic_counts.iter().map(|(code, count)| format!("{code} {count}")).collect();
        print(&format!(
            "\nLeft out or not read (--output json shows which): {}\n",
            counts.join(", ")
        ))?;
    }
    Ok(())
}

fn ecosystems(meta: &Meta) -> Vec<Value> {
    meta.ecosystems
        .iter()
        .map(|(name, known)| {
            json!({
                "ecosystem": name,
                "advisories": known.advisories,
                "packages": known.packages,
                "newest": known.newest.get(..10).unwrap_or(&known.newest),
                "releases": known.releases,
            })
        })
        .collect()
}

fn publishers(meta: &Meta) -> Vec<Value> {
    meta.publishers
        .iter()
        .map(|(name, known)| {
            json!({ "publisher": name, "advisories": known.advisories, "licence": known.licence })
        })
        .collect()
}
