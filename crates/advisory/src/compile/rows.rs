//! Rows as they lie in the file.

use super::enrichment::Enrichment;
use super::groups::Groups;
use crate::cvss;
use crate::file::{Place, put_bytes, put_f32, put_text, put_u32, put_varint};
use crate::grade::Grade;
use crate::record::{Affected, Record, Upper};
use serde::{Deserialize, Serialize};

pub(crate) const UPPER_BOUND_UNKNOWN: u8 = 1;
pub(crate) const INFORMATIONAL: u8 = 2;
pub(crate) const MALICIOUS: u8 = 4;

pub(crate) const HAS_LOWER: u8 = 1;
pub(crate) const FIXED: u8 = 2;
pub(crate) const LAST_AFFECTED: u8 = 4;
pub(crate) const LAST_KNOWN: u8 = 8;

pub(crate) const EXPLOITED: u8 = 1;
pub(crate) const RANSOMWARE: u8 = 2;
pub(crate) const ATTACK: u8 = 4;
pub(crate) const DISPUTED: u8 = 8;
pub(crate) const REJECTED: u8 = 16;
pub(crate) const SCORED: u8 = 32;
pub(crate) const PREDICTED: u8 = 64;

/// The part of an advisory that is read when somebody wants to read it.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) summary: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) details: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) references: Vec<(String, String)>,
    /// Vector and source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) vectors: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) cwes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) aliases: Vec<String>,
    pub(crate) feed: String,
}

impl Body {
    pub(super) fn of(record: &Record, feed: &str) -> Self {
        Self {
            summary: record.summary.clone(),
            details: record.details.clone(),
            references: record.references.clone(),
            vectors: record
                .scores
                .iter()
                .map(|score| (score.vector.clone(), score.source.clone()))
                .collect(),
            cwes: record.cwes.clone(),
            aliases: record.aliases.clone(),
            feed: feed.to_owned(),
        }
    }
}

/// Texts of an advisory, by their place in its row. Lists are one text each, parted by line ends.
#[derive(Clone, Copy)]
enum Text {
    Ids,
    Upstream,
    Source,
    Published,
    Modified,
    Withdrawn,
}

/// What stays in memory of an advisory: there are hundreds of thousands, so all its texts are one.
pub(super) struct AdvisoryRow {
    texts: Box<str>,
    ends: [u32; 6],
    licence: &'static str,
    score: Option<(u8, f32)>,
    word: Option<Grade>,
    malicious: bool,
    /// Nothing from another feed is to be added.
    pub(super) complete: bool,
    place: Place,
}

impl AdvisoryRow {
    pub(super) fn of(record: &Record, place: Place, complete: bool) -> Self {
        let mut ids = record.id.clone();
        for alias in &record.aliases {
            ids.push('\n');
            ids.push_str(alias);
        }
        let upstream = record.upstream.join("\n");
        let (texts, ends) = joined([
            &ids,
            &upstream,
            &record.source,
            &record.published,
            &record.modified,
            &record.withdrawn,
        ]);
        Self {
            texts,
            ends,
            licence: record.licence,
            score: best(record.scores.iter().map(|score| (score.version, score.score))),
            word: Some(Grade::of_word(&record.severity_word))
                .filter(|grade| *grade != Grade::Unknown),
            malicious: record.is_malicious(),
            complete,
            place,
        }
    }

    /// Adds what the same advisory says elsewhere.
    pub(super) fn absorb(&mut self, record: &Record) {
        let new: Vec<&str> = record
            .aliases
            .iter()
            .map(String::as_str)
            .filter(|alias| !self.ids().any(|known| known == *alias))
            .collect();
        if !new.is_empty() {
            let ids = format!("{}\n{}", self.text(Text::Ids), new.join("\n"));
            let [_, upstream, source, published, modified, withdrawn] = self.all();
            (self.texts, self.ends) =
                joined([&ids, upstream, source, published, modified, withdrawn]);
        }
        let scores = record.scores.iter().map(|score| (score.version, score.score));
        self.score = best(self.score.into_iter().chain(scores));
    }

    fn all(&self) -> [&str; 6] {
        [Text::Ids, Text::Upstream, Text::Source, Text::Published, Text::Modified, Text::Withdrawn]
            .map(|text| self.text(text))
    }

    fn text(&self, text: Text) -> &str {
        let end = |at: usize| self.ends.get(at).map_or(0, |end| *end as usize);
        let at = text as usize;
        self.texts.get(at.checked_sub(1).map_or(0, end)..end(at)).unwrap_or_default()
    }

    fn is_withdrawn(&self) -> bool {
        !self.text(Text::Withdrawn).is_empty()
    }

    /// Its own number first.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.text(Text::Ids).split('\n')
    }

    pub(super) fn upstream(&self) -> impl Iterator<Item = &str> {
        self.text(Text::Upstream).split('\n').filter(|id| !id.is_empty())
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, vulnerabilities: &[u32]) {
        for text in [
            self.ids().next().unwrap_or_default(),
            self.text(Text::Source),
            self.licence,
            self.text(Text::Published),
            self.text(Text::Modified),
            self.text(Text::Withdrawn),
        ] {
            put_text(out, text);
        }
        put_varint(out, vulnerabilities.len());
        for vulnerability in vulnerabilities {
            put_u32(out, *vulnerability);
        }
        put_place(out, self.place);
    }
}

/// Texts as one, and where each ends.
fn joined(texts: [&str; 6]) -> (Box<str>, [u32; 6]) {
    let mut end = 0;
    let ends = texts.map(|text| {
        end += text.len();
        u32::try_from(end).unwrap_or(u32::MAX)
    });
    (texts.concat().into(), ends)
}

/// The newest version of CVSS, and of that the highest score.
fn best(scores: impl Iterator<Item = (u8, f32)>) -> Option<(u8, f32)> {
    scores.max_by(|(left, low), (right, high)| left.cmp(right).then(low.total_cmp(high)))
}

pub(super) fn put_place(out: &mut Vec<u8>, place: Place) {
    out.extend_from_slice(&place.block.to_le_bytes());
    put_u32(out, place.at);
    put_u32(out, place.length);
}

/// What one advisory says about one package.
pub(super) fn put_entry(out: &mut Vec<u8>, advisory: u32, record: &Record, affected: &Affected) {
    put_u32(out, advisory);
    let mut flags = 0;
    if affected.upper_bound_unknown {
        flags |= UPPER_BOUND_UNKNOWN;
    }
    if affected.informational.is_some() {
        flags |= INFORMATIONAL;
    }
    if record.is_malicious() {
        flags |= MALICIOUS;
    }
    out.push(flags);
    if let Some(informational) = &affected.informational {
        put_text(out, informational);
    }
    put_varint(out, affected.intervals.len());
    for interval in &affected.intervals {
        let upper = match &interval.upper {
            Upper::Open => 0,
            Upper::Fixed(..) => FIXED,
            Upper::LastAffected(..) => LAST_AFFECTED,
        };
        let lower = if interval.lower.is_some() { HAS_LOWER } else { 0 };
        let last_known = if interval.last_known.is_some() { LAST_KNOWN } else { 0 };
        out.push(upper | lower | last_known);
        if let Some((key, text)) = &interval.lower {
            put_bytes(out, key.as_bytes());
            put_text(out, text);
        }
        if let Upper::Fixed(key, text) | Upper::LastAffected(key, text) = &interval.upper {
            put_bytes(out, key.as_bytes());
            put_text(out, text);
        }
        if let Some(key) = &interval.last_known {
            put_bytes(out, key.as_bytes());
        }
    }
    put_varint(out, affected.versions.len());
    for version in &affected.versions {
        put_text(out, version);
    }
}

/// One vulnerability, merged of its advisories and what is known about its number.
pub(super) struct Vulnerability<'a> {
    id: &'a str,
    aliases: Vec<&'a str>,
    flags: u8,
    score: Option<(u8, f32)>,
    epss: Option<f32>,
    word: Option<Grade>,
    published: &'a str,
    modified: &'a str,
    advisories: &'a [u32],
}

impl<'a> Vulnerability<'a> {
    pub(super) fn of(
        number: u32,
        groups: &'a Groups,
        rows: &'a [AdvisoryRow],
        enrichment: Option<&'a Enrichment>,
    ) -> Self {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let id = groups.ids.get(at).map(AsRef::as_ref).unwrap_or_default();
        let advisories = groups.advisories.get(at);
        let rows: Vec<&AdvisoryRow> = advisories
            .iter()
            .filter_map(|advisory| rows.get(usize::try_from(*advisory).ok()?))
            .collect();
        // A CVE beside this one is no alias of it: the advisory stands for both.
        let mut aliases: Vec<&str> = rows
            .iter()
            .flat_map(|row| row.ids())
            .filter(|alias| *alias != id && !super::groups::is_cve(alias))
            .chain(
                enrichment
                    .into_iter()
                    .flat_map(|e| e.cnvd.iter().chain(&e.cnnvd))
                    .map(|n| n.id.as_str()),
            )
            .collect();
        aliases.sort_unstable_by_key(|alias| (!alias.starts_with("GHSA-"), *alias));
        aliases.dedup();
        let in_force = || rows.iter().filter(|row| !row.is_withdrawn());
        let vectors = enrichment.map(|e| e.vectors.as_slice()).unwrap_or_default();
        let known = vectors
            .iter()
            .filter_map(|vector| cvss::score(&vector.vector, ""))
            .map(|s| (s.version, s.score));
        let score = best(in_force().filter_map(|row| row.score).chain(known));
        let word = in_force().fold(None, |word, row| super::worse(word, row.word));
        let epss = enrichment.and_then(|e| e.epss).map(|(score, _)| score);
        let exploited = enrichment.and_then(|e| e.exploited.as_ref());
        let withdrawn = !rows.is_empty() && in_force().next().is_none();
        let mut flags = 0;
        for (set, flag) in [
            (exploited.is_some(), EXPLOITED),
            (exploited.is_some_and(|exploited| exploited.ransomware), RANSOMWARE),
            (in_force().any(|row| row.malicious), ATTACK),
            (enrichment.is_some_and(|e| e.disputed), DISPUTED),
            (withdrawn || enrichment.is_some_and(|e| e.rejected), REJECTED),
            (score.is_some(), SCORED),
            (epss.is_some(), PREDICTED),
        ] {
            if set {
                flags |= flag;
            }
        }
        let own =
            enrichment.map(|e| (e.published.as_str(), e.modified.as_str())).unwrap_or_default();
        let published = rows
            .iter()
            .map(|row| row.text(Text::Published))
            .chain([own.0])
            .filter(|d| !d.is_empty())
            .min();
        let modified = rows.iter().map(|row| row.text(Text::Modified)).chain([own.1]).max();
        Self {
            id,
            aliases,
            flags,
            score,
            epss,
            word,
            published: published.unwrap_or_default(),
            modified: modified.unwrap_or_default(),
            advisories,
        }
    }

    /// All names it is known by.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        [self.id].into_iter().chain(self.aliases.iter().copied())
    }

    pub(super) fn put(&self, out: &mut Vec<u8>, body: Place) {
        put_text(out, self.id);
        put_varint(out, self.aliases.len());
        for alias in &self.aliases {
            put_text(out, alias);
        }
        out.push(self.flags);
        if let Some((version, score)) = self.score {
            out.push(version);
            put_f32(out, score);
        }
        if let Some(epss) = self.epss {
            put_f32(out, epss);
        }
        out.push(self.word.map_or(0, Grade::key));
        put_text(out, self.published);
        put_text(out, self.modified);
        put_varint(out, self.advisories.len());
        for advisory in self.advisories {
            put_u32(out, *advisory);
        }
        put_place(out, body);
    }
}
