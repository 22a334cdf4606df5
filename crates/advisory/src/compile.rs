//! Compiling sources into one file.
//!
//! Texts go to disk as they come; what stays in memory of an advisory is its numbers and, by package, its bounds as
//! they will lie in the file. First all advisories, then what is known about their vulnerabilities.

mod enrichment;
mod groups;
pub(crate) mod rows;

use crate::file::{FileWriter, Place, Section, hash, put_text, put_u32, put_varint};
use crate::grade::Grade;
use crate::meta::{Document, EcosystemCoverage, Feed, Meta, Publisher};
use crate::record::Record;
use muster_model::{Diagnostic, Micros, Result};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

pub use enrichment::{Enrichment, Exploited, National, Vector};
use rows::AdvisoryRow;

/// Diagnostics kept word by word; beyond that they are only counted.
const MAX_DIAGNOSTICS: usize = 500;

/// Packages by their index text: how many entries, and the entries as they will lie in the file.
type Packages = HashMap<Box<str>, (u32, Vec<u8>)>;

/// Takes records, writes the file.
pub struct Compiler {
    out: FileWriter,
    origin: String,
    built: Micros,
    advisories: Vec<AdvisoryRow>,
    /// By number, where it lies in `advisories`: the same number from two feeds is one advisory.
    known: HashMap<Box<str>, u32>,
    packages: Packages,
    /// Advisories with the packages they are filed under, and a mark of the feed that said so.
    filed: HashMap<(u32, u64), u32>,
    /// Advisories with the ecosystems they are counted in.
    counted: HashSet<(u32, &'static str)>,
    publishers: BTreeMap<String, Publisher>,
    ecosystems: BTreeMap<String, EcosystemCoverage>,
    feeds: Vec<Feed>,
    documents: BTreeMap<String, Document>,
    diagnostics: Vec<Diagnostic>,
    diagnostic_counts: BTreeMap<String, u64>,
    groups: groups::Groups,
    enrichments: HashMap<u32, Enrichment>,
}

impl Compiler {
    /// Starts a file that will be `path` when it is finished. `origin` says where its sources came from, `built` is now.
    ///
    /// # Errors
    /// `Unavailable` where the file cannot be written; so for every function here.
    pub fn create(path: &Path, origin: &str, built: Micros) -> Result<Self> {
        Ok(Self {
            out: FileWriter::create(path)?,
            origin: origin.to_owned(),
            built,
            advisories: Vec::new(),
            known: HashMap::new(),
            packages: HashMap::new(),
            filed: HashMap::new(),
            counted: HashSet::new(),
            publishers: BTreeMap::new(),
            ecosystems: BTreeMap::new(),
            feeds: Vec::new(),
            documents: BTreeMap::new(),
            diagnostics: Vec::new(),
            diagnostic_counts: BTreeMap::new(),
            groups: groups::Groups::default(),
            enrichments: HashMap::new(),
        })
    }

    /// When this state of knowledge is made.
    pub fn built(&self) -> Micros {
        self.built
    }

    /// Notes a trouble of a source.
    pub fn diagnostic(&mut self, diagnostic: Diagnostic) {
        *self.diagnostic_counts.entry(diagnostic.code.clone()).or_default() += 1;
        if self.diagnostics.len() < MAX_DIAGNOSTICS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Notes where records came from.
    pub fn feed(&mut self, feed: Feed) {
        self.feeds.push(feed);
    }

    /// Keeps a document as it is, to be asked for by name.
    pub fn document(&mut self, name: &str, text: &[u8]) -> Result<()> {
        let place = self.out.text(text)?;
        self.documents.insert(
            name.to_owned(),
            Document { block: place.block, at: place.at, length: place.length },
        );
        Ok(())
    }

    /// Takes one advisory. A number that came before is the same advisory from another feed: an advisory of two
    /// ecosystems lies in both dumps, in some with its part only. What it says about further packages is added then,
    /// unless the one before was `complete` (newer than the dumps). False where it is not a new one.
    pub fn advisory(&mut self, record: &Record, feed: &str, complete: bool) -> Result<bool> {
        if let Some(number) = self.known.get(record.id.as_str()).copied() {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            if let Some(row) = self.advisories.get_mut(at).filter(|row| !row.complete) {
                row.absorb(record);
                self.affected(record, number, feed);
            }
            return Ok(false);
        }
        let number = u32::try_from(self.advisories.len()).unwrap_or(u32::MAX);
        self.known.insert(record.id.as_str().into(), number);
        let body = serde_json::to_vec(&rows::Body::of(record, feed)).unwrap_or_default();
        let place = self.out.text(&body)?;
        let publisher = self.publishers.entry(record.source.clone()).or_default();
        publisher.advisories += 1;
        record.licence.clone_into(&mut publisher.licence);
        self.advisories.push(AdvisoryRow::of(record, place, complete));
        self.affected(record, number, feed);
        Ok(true)
    }

    /// Files the advisory under its packages, each once.
    fn affected(&mut self, record: &Record, number: u32, feed: &str) {
        let dates = [&record.modified, &record.published];
        let newest = dates.into_iter().filter(|date| self.is_past(date)).max();
        for affected in &record.affected {
            let name = affected.package.ecosystem.name;
            let index = affected.package.index();
            let coverage = self.ecosystems.entry(name.to_owned()).or_default();
            if let Some(newest) = newest.filter(|newest| **newest > coverage.newest) {
                coverage.newest.clone_from(newest);
            }
            if !affected.package.release.is_empty() {
                coverage.releases.insert(affected.package.release.clone());
            }
            if !coverage.feeds.contains(feed) {
                coverage.feeds.insert(feed.to_owned());
            }
            if self.counted.insert((number, name)) {
                coverage.advisories += 1;
            }
            let part = (number, hash(&index), feed_mark(feed));
            let filed = self.filed.entry((part.0, part.1)).or_insert(part.2);
            // Twice in one document is two statements, again in another feed is a repetition.
            if *filed != part.2 || !record.withdrawn.is_empty() {
                continue;
            }
            let entries = self.packages.entry(index.into()).or_insert_with(|| {
                coverage.packages += 1;
                (0, Vec::new())
            });
            entries.0 += 1;
            rows::put_entry(&mut entries.1, number, record, affected);
        }
    }

    /// Whether a date is not in the future: one that is says nothing about how fresh a source is.
    fn is_past(&self, date: &str) -> bool {
        !date.is_empty() && date <= self.built.iso().as_str()
    }

    /// All advisories are in: merges them by their aliases into vulnerabilities.
    pub fn merge(&mut self) {
        self.known = HashMap::new();
        self.filed = HashMap::new();
        self.counted = HashSet::new();
        self.groups = groups::Groups::of(&self.advisories);
    }

    /// Adds what is known about a vulnerability by its CVE number. Of numbers no advisory has, only those known to be
    /// exploited are kept. False where it was left out.
    pub fn enrich(
        &mut self,
        cve: &str,
        add: impl FnOnce(&mut Enrichment),
        exploited: bool,
    ) -> bool {
        let number = match self.groups.number(cve) {
            Some(number) => number,
            None if exploited => self.groups.add(cve),
            None => return false,
        };
        add(self.enrichments.entry(number).or_default());
        true
    }

    /// Writes tables and header. The file has its final name only when all of it is on disk.
    pub fn finish(mut self) -> Result<Meta> {
        let mut bodies = HashMap::new();
        // In the order of their numbers, so that the same sources give the same file.
        let mut enrichments: Vec<_> = self.enrichments.iter().collect();
        enrichments.sort_unstable_by_key(|(number, _)| **number);
        for (number, enrichment) in enrichments {
            let text = serde_json::to_vec(enrichment).unwrap_or_default();
            bodies.insert(*number, self.out.text(&text)?);
        }
        self.out.end_texts()?;
        self.write_packages()?;
        self.write_advisories()?;
        let mut ids = self.write_vulnerabilities(&bodies)?;
        ids.sort_unstable();
        ids.dedup();
        let mut index = Vec::with_capacity(ids.len() * 12);
        for (hash, number) in ids {
            index.extend_from_slice(&hash.to_le_bytes());
            put_u32(&mut index, number);
        }
        self.out.section(Section::Ids, &index)?;
        let meta = Meta {
            origin: self.origin,
            built: self.built,
            advisories: u64::try_from(self.advisories.len()).unwrap_or_default(),
            vulnerabilities: u64::try_from(self.groups.ids.len()).unwrap_or_default(),
            publishers: self.publishers,
            ecosystems: self.ecosystems,
            feeds: self.feeds,
            documents: self.documents,
            diagnostics: self.diagnostics,
            diagnostic_counts: self.diagnostic_counts,
        };
        self.out.section(Section::Meta, &serde_json::to_vec(&meta).unwrap_or_default())?;
        self.out.finish()?;
        Ok(meta)
    }

    fn write_packages(&mut self) -> Result<()> {
        let packages = std::mem::take(&mut self.packages);
        let mut sorted: Vec<_> = packages.into_iter().collect();
        // By hash for the look-up, then by text, so that the same sources give the same file.
        sorted.sort_unstable_by(|(left, _), (right, _)| {
            hash(left).cmp(&hash(right)).then(left.cmp(right))
        });
        let mut index = Vec::with_capacity(sorted.len() * 16);
        let (mut start, mut head) = (0_usize, Vec::new());
        self.out.begin(Section::Packages);
        for (name, (count, entries)) in sorted {
            head.clear();
            put_text(&mut head, &name);
            put_varint(&mut head, usize::try_from(count).unwrap_or_default());
            self.out.append(Section::Packages, &head)?;
            self.out.append(Section::Packages, &entries)?;
            let length = head.len() + entries.len();
            index.extend_from_slice(&hash(&name).to_le_bytes());
            put_u32(&mut index, u32::try_from(start).unwrap_or(u32::MAX));
            put_u32(&mut index, u32::try_from(length).unwrap_or(u32::MAX));
            start += length;
        }
        self.out.section(Section::PackageIndex, &index)
    }

    fn write_advisories(&mut self) -> Result<()> {
        let (mut offsets, mut start, mut row) = (Vec::new(), 0_usize, Vec::new());
        self.out.begin(Section::Advisories);
        for (number, advisory) in self.advisories.iter().enumerate() {
            put_u32(&mut offsets, u32::try_from(start).unwrap_or(u32::MAX));
            row.clear();
            advisory.put(&mut row, self.groups.of_advisory.get(number));
            self.out.append(Section::Advisories, &row)?;
            start += row.len();
        }
        self.out.section(Section::AdvisoryOffsets, &offsets)
    }

    /// Writes the vulnerabilities; the hashes of all their numbers, and whose they are.
    fn write_vulnerabilities(&mut self, bodies: &HashMap<u32, Place>) -> Result<Vec<(u64, u32)>> {
        let (mut offsets, mut start, mut row) = (Vec::new(), 0_usize, Vec::new());
        let mut ids = Vec::new();
        self.out.begin(Section::Vulnerabilities);
        for number in 0..u32::try_from(self.groups.ids.len()).unwrap_or(u32::MAX) {
            put_u32(&mut offsets, u32::try_from(start).unwrap_or(u32::MAX));
            row.clear();
            let vulnerability = rows::Vulnerability::of(
                number,
                &self.groups,
                &self.advisories,
                self.enrichments.get(&number),
            );
            ids.extend(vulnerability.names().map(|name| (hash(name), number)));
            vulnerability.put(&mut row, bodies.get(&number).copied().unwrap_or_default());
            self.out.append(Section::Vulnerabilities, &row)?;
            start += row.len();
        }
        self.out.section(Section::VulnerabilityOffsets, &offsets)?;
        Ok(ids)
    }
}

/// Tells feeds apart, cheaper than their names.
fn feed_mark(feed: &str) -> u32 {
    u32::try_from(hash(feed) >> 32).unwrap_or_default()
}

/// Of two grades that sources give by word, the worse.
fn worse(left: Option<Grade>, right: Option<Grade>) -> Option<Grade> {
    [left, right].into_iter().flatten().filter(|grade| *grade != Grade::Unknown).min()
}
