//! A report that was written as [JSON](crate::output::json) is a report again, all but what is known against it.

use super::{Component, LicenceText, Place, Report};
use crate::extractors::TABLE;
use crate::file::FileFacts;
use crate::finding::{Kind, LicenceEvidence, Relation, Scope};
use muster_model::{Diagnostic, Error, Purl, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Whole {
    name: String,
    ended_by: Option<Trouble>,
    counts: Counts,
    components: Vec<Row>,
    licence_texts: Vec<Text>,
    troubles: Vec<Trouble>,
    left_out: BTreeMap<String, u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    files: u64,
    archives: u64,
    bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Trouble {
    code: String,
    path: String,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Row {
    purl: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    group: String,
    name: String,
    version: String,
    confidence: u8,
    scope: String,
    relation: String,
    supplier: String,
    licences: Vec<String>,
    licence_texts: Vec<Text>,
    depends_on: Vec<String>,
    file: Option<Facts>,
    places: Vec<Found>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Text {
    path: String,
    id: String,
    percent: u8,
    by: String,
    source: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Facts {
    name: String,
    size: u64,
    sha512: String,
    executable: bool,
    archive: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Found {
    path: String,
    known_as: String,
    by: String,
    confidence: u8,
    because: String,
}

impl Report {
    /// Reads one, with the name of what was scanned. What a row says that cannot be is left out of it; a row without a name is left out.
    ///
    /// # Errors
    /// `Invalid` where it is no report.
    pub fn read(json: &[u8]) -> Result<(String, Self)> {
        let whole: Whole =
            serde_json::from_slice(json).map_err(|error| Error::invalid("report", error))?;
        let Counts { files, archives, bytes } = whole.counts;
        let components: Vec<_> = whole.components.into_iter().filter_map(Row::component).collect();
        let mut texts: Vec<_> = whole.licence_texts.into_iter().map(Text::text).collect();
        texts.extend(components.iter().flat_map(|one| one.texts.iter().cloned()));
        texts.sort_unstable();
        let report = Self {
            components,
            texts,
            troubles: whole.troubles.into_iter().map(Trouble::diagnostic).collect(),
            ended: whole.ended_by.map(Trouble::diagnostic),
            left_out: whole.left_out,
            members: files,
            archives,
            bytes,
            ..Self::default()
        };
        Ok((whole.name, report))
    }
}

impl Trouble {
    fn diagnostic(self) -> Diagnostic {
        Diagnostic { code: self.code, subject: self.path, message: self.message }
    }
}

impl Row {
    fn component(self) -> Option<Component> {
        let whole = self.purl.as_deref().and_then(|text| text.parse().ok());
        let purl =
            whole.or_else(|| Purl::new(&self.kind, &self.group, &self.name, &self.version).ok())?;
        Some(Component {
            purl,
            scope: Scope::named(&self.scope),
            relation: Relation::named(&self.relation),
            confidence: self.confidence.min(100),
            supplier: Some(self.supplier).filter(|name| !name.is_empty()),
            licences: self.licences,
            texts: self.licence_texts.into_iter().map(Text::text).collect(),
            depends: self.depends_on.iter().filter_map(|text| text.parse().ok()).collect(),
            places: self.places.into_iter().map(Found::place).collect(),
            file: self.file.map(Facts::facts),
        })
    }
}

impl Text {
    fn text(self) -> LicenceText {
        LicenceText {
            path: self.path,
            id: self.id,
            percent: self.percent.min(100),
            by: LicenceEvidence::named(&self.by).unwrap_or(LicenceEvidence::Text),
            source: self.source,
        }
    }
}

impl Facts {
    fn facts(self) -> FileFacts {
        let Self { name, size, sha512, executable, archive } = self;
        FileFacts { name, size, sha512, executable, archive }
    }
}

impl Found {
    fn place(self) -> Place {
        let extractor = TABLE.iter().find(|row| row.name == self.by).map_or("", |row| row.name);
        Place {
            path: self.path,
            kind: Kind::named(&self.known_as).unwrap_or(Kind::Declared),
            extractor,
            confidence: self.confidence.min(100),
            reason: self.because,
        }
    }
}
