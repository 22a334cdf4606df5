//! `muster db update`

use super::bundle;
use super::fetch::Door;
use crate::cli::db::UpdateArgs;
use crate::config::Config;
use crate::messages::{Lang, Message, say};
use crate::output::progress::Line;
use crate::output::{complain, print};
use muster_advisory::mirror::{Fetched, Mirror, Summary};
use muster_advisory::{Meta, Place, source};
use muster_model::{Clock as _, Error, Result, SystemClock};
use std::path::{Path, PathBuf};

/// What `--source` names.
enum Source {
    Publishers,
    Base(String),
    Folder(PathBuf),
    Bundle(PathBuf),
}

impl Source {
    fn of(named: Option<&str>) -> Result<Self> {
        let Some(named) = named else { return Ok(Self::Publishers) };
        if named.starts_with("http://") || named.starts_with("https://") {
            return Ok(Self::Base(named.trim_end_matches('/').to_owned()));
        }
        let path = PathBuf::from(named);
        let wrong = |why: &str| Err(Error::invalid("--source", format!("{named}: {why}")));
        match std::fs::metadata(&path) {
            Err(error) => wrong(&error.to_string()),
            Ok(data) if data.is_dir() => Ok(Self::Folder(path)),
            Ok(_) if muster_advisory::bundle::is_bundle(&path) => Ok(Self::Bundle(path)),
            Ok(_) => wrong(
                "is neither a folder laid out as the OSV dump nor a bundle (files of CNVD and CNNVD: muster db add)",
            ),
        }
    }
}

pub(super) fn run(config: &Config, place: &Place, args: &UpdateArgs, lang: Lang) -> Result<()> {
    let source = Source::of(args.source.as_deref())?;
    let _lock = place.take()?;
    let mut line = Line::new(args.quiet);
    let meta = match source {
        Source::Bundle(path) => {
            let manifest = bundle::take(place, &path, args.older)?;
            drop(line);
            return print(&say(
                lang,
                Message::KnowledgeTaken,
                &[&manifest.built.iso(), &manifest.advisories.to_string(), &manifest.signer],
            ));
        }
        Source::Folder(folder) => {
            let origin = folder.canonicalize().unwrap_or_else(|_| folder.clone());
            compile(place, &origin.display().to_string(), &folder, &mut line)?
        }
        Source::Base(url) => {
            let summary = fetch(config, place, &url, &mut line, |mirror| mirror.follow_base(&url))?;
            tell(lang, summary);
            compile(place, &url, &place.mirror(), &mut line)?
        }
        Source::Publishers => {
            let year = SystemClock.now().iso().get(..4).and_then(|year| year.parse().ok());
            let summary = fetch(config, place, "publishers", &mut line, |mirror| {
                mirror.follow_publishers(&config.knowledge, year.unwrap_or_default())
            })?;
            tell(lang, summary);
            compile(place, "publishers", &place.mirror(), &mut line)?
        }
    };
    drop(line);
    let troubles: u64 = meta.diagnostic_counts.values().sum();
    print(&say(
        lang,
        Message::KnowledgeCompiled,
        &[
            &meta.advisories.to_string(),
            &meta.vulnerabilities.to_string(),
            &meta.ecosystems.len().to_string(),
            &meta.feeds.len().to_string(),
            &troubles.to_string(),
        ],
    ))
}

fn fetch(
    config: &Config,
    place: &Place,
    origin: &str,
    line: &mut Line,
    follow: impl FnOnce(Mirror<'_>) -> Result<Summary>,
) -> Result<Summary> {
    let mut door = Door::new(&config.egress)?;
    let mut progress = |fetched: &Fetched<'_>| {
        line.show(|_| {
            let of = fetched.total.map(|total| format!(" of {}", kib(total))).unwrap_or_default();
            format!("fetching {}: {}{of} KiB", fetched.name, kib(fetched.bytes))
        });
    };
    follow(Mirror::open(&place.mirror(), origin, &mut door, &mut progress)?)
}

fn compile(place: &Place, origin: &str, folder: &Path, line: &mut Line) -> Result<Meta> {
    let added = place.added();
    let mut folders = vec![folder];
    if added.exists() {
        folders.push(&added);
    }
    source::compile_folders(origin, &folders, &place.file(), SystemClock.now(), &mut |progress| {
        let (at, of, records) = (progress.at, progress.of, progress.records);
        line.show(|_| match progress.feed {
            "" => format!("writing {records} records"),
            feed => format!("reading {feed} ({at} of {of}), {records} records"),
        });
    })
}

fn tell(lang: Lang, summary: Summary) {
    let counts = [summary.fetched, summary.documents, summary.unchanged].map(|n| n.to_string());
    complain(
        say(lang, Message::KnowledgeFetched, &[&counts[0], &counts[1], &counts[2]]).trim_end(),
    );
}

const fn kib(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 10)
}
