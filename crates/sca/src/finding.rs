//! What an extractor says: one component, at one place, with the reason for believing it.

use crate::classes::Classes;
use crate::file::FileFacts;
use crate::trouble::Trouble;
use muster_model::Diagnostic;
use muster_model::purl::Purl;

/// Longest name of a supplier, in characters.
const MAX_SUPPLIER: usize = 200;

/// How a component came to be known at a place, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A package manager's record says that it is installed here.
    Installed,
    /// This file is the component: a jar, a wheel, a package.
    Archive,
    /// A program says that it was linked into it.
    Binary,
    /// The archive or program it lies in lists it: a shaded pom, a NOTICE, an SBOM inside.
    Bundled,
    /// A lock file settled on this version.
    Locked,
    /// A manifest asks for it.
    Declared,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Installed, Self::Archive, Self::Binary, Self::Bundled, Self::Locked, Self::Declared];

    /// The one with this word in reports.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == word)
    }

    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Archive => "archive",
            Self::Binary => "binary",
            Self::Bundled => "bundled",
            Self::Locked => "locked",
            Self::Declared => "declared",
        }
    }

    /// Whether the component's bytes are there, and not only its name.
    pub const fn is_present(self) -> bool {
        matches!(self, Self::Installed | Self::Archive | Self::Binary | Self::Bundled)
    }
}

/// What a component is needed for, the most important first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To run.
    Runtime,
    /// To run, but the product does without.
    Optional,
    /// To build.
    Build,
    /// To test.
    Test,
    /// To develop.
    Development,
    /// The source does not say.
    #[default]
    Unknown,
}

impl Scope {
    const ALL: [Self; 5] =
        [Self::Runtime, Self::Optional, Self::Build, Self::Test, Self::Development];

    /// The one with this word in reports, or unknown.
    pub fn named(word: &str) -> Self {
        Self::ALL.into_iter().find(|scope| scope.name() == word).unwrap_or_default()
    }

    /// The word in reports; empty for unknown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runtime => "runtime",
            Self::Optional => "optional",
            Self::Build => "build",
            Self::Test => "test",
            Self::Development => "dev",
            Self::Unknown => "",
        }
    }
}

/// Whether a component was asked for or came along.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Asked for by the product itself.
    Direct,
    /// Came along with another.
    Transitive,
    /// The source does not say.
    #[default]
    Unknown,
}

impl Relation {
    /// The one with this word in reports, or unknown.
    pub fn named(word: &str) -> Self {
        let all = [Self::Direct, Self::Transitive];
        all.into_iter().find(|relation| relation.name() == word).unwrap_or_default()
    }

    /// The word in reports; empty for unknown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Transitive => "transitive",
            Self::Unknown => "",
        }
    }
}

/// One component at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is. A Maven package URL without namespace: the group is not known.
    pub purl: Purl,
    /// How it is known.
    pub kind: Kind,
    /// How sure, in percent.
    pub confidence: u8,
    /// Why, for people: which files or lines said so.
    pub reason: String,
    /// What it is needed for.
    pub scope: Scope,
    /// Asked for or come along.
    pub relation: Relation,
    /// Who supplies it, where its own metadata says so.
    pub supplier: Option<String>,
    /// Licences as the source spells them.
    pub licences: Vec<String>,
    /// What it needs, as far as the source settles it.
    pub depends: Vec<Purl>,
    /// Virtual path of the file that told it.
    pub place: String,
    /// Which extractor.
    pub extractor: &'static str,
}

impl Finding {
    /// A component known as `kind`, as sure as that kind usually is.
    pub fn new(purl: Purl, kind: Kind) -> Self {
        let confidence = match kind {
            Kind::Installed | Kind::Locked => 100,
            Kind::Binary | Kind::Archive => 95,
            Kind::Bundled => 90,
            Kind::Declared => 80,
        };
        Self {
            purl,
            kind,
            confidence,
            reason: String::new(),
            scope: Scope::Unknown,
            relation: Relation::Unknown,
            supplier: None,
            licences: Vec::new(),
            depends: Vec::new(),
            place: String::new(),
            extractor: "",
        }
    }

    /// How sure, in percent.
    #[must_use]
    pub const fn confidence(mut self, percent: u8) -> Self {
        self.confidence = percent;
        self
    }

    /// Why.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// What it is needed for.
    #[must_use]
    pub const fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// Asked for or come along.
    #[must_use]
    pub const fn relation(mut self, relation: Relation) -> Self {
        self.relation = relation;
        self
    }

    /// Who supplies it, unless empty.
    #[must_use]
    pub fn supplier(mut self, name: &str) -> Self {
        // `A Name <mail@address> (https://page)`: the name, or else what there is.
        let short = name.split(['<', '(']).next().unwrap_or_default().trim();
        let name = if short.is_empty() { name.trim() } else { short };
        if !name.is_empty() {
            self.supplier = Some(name.chars().take(MAX_SUPPLIER).collect());
        }
        self
    }

    /// A licence, unless empty.
    #[must_use]
    pub fn licence(mut self, licence: &str) -> Self {
        let licence = licence.trim();
        if !licence.is_empty() && !self.licences.iter().any(|known| known == licence) {
            self.licences.push(licence.to_owned());
        }
        self
    }

    /// What it needs.
    #[must_use]
    pub fn depends(mut self, on: Vec<Purl>) -> Self {
        self.depends = on;
        self
    }
}

/// What a licence was recognised by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LicenceEvidence {
    /// Its text.
    Text,
    /// An `SPDX-License-Identifier` line.
    Tag,
    /// A notice that names it.
    Notice,
}

impl LicenceEvidence {
    /// Its word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Tag => "tag",
            Self::Notice => "notice",
        }
    }

    /// The evidence of this word.
    pub fn named(word: &str) -> Option<Self> {
        [Self::Text, Self::Tag, Self::Notice].into_iter().find(|one| one.name() == word)
    }
}

/// What is not a component but tells about components.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Note {
    /// A root file system's distribution.
    Distribution {
        /// Place of its `os-release`.
        place: String,
        /// `ID`.
        id: String,
        /// `VERSION_ID`.
        version: String,
    },
    /// An image: its layers from the lowest to the uppermost.
    Image {
        /// Place of the manifest.
        place: String,
        /// Virtual paths of the layers.
        layers: Vec<String>,
    },
    /// A link to an archive on disk or in a tape archive.
    Link {
        /// Place of the link.
        place: String,
        /// What it points to, as a place.
        target: String,
    },
    /// The record of an artifact in a Maven repository.
    Published {
        /// Place of the record.
        place: String,
        /// Group.
        group: String,
        /// Artifact.
        artifact: String,
        /// Version, by the folder.
        version: String,
        /// Licences as the record spells them.
        licences: Vec<String>,
    },
    /// A licence recognised in a file.
    Licence {
        /// Place of the file.
        place: String,
        /// SPDX identifier, or the expression of a tag.
        id: String,
        /// How much of the licence's text is there, in percent; 100 where a tag or a notice names it.
        percent: u8,
        /// What it was recognised by.
        by: LicenceEvidence,
        /// Whether it is the top of a source file and not a file of its own.
        source: bool,
    },
    /// A tape archive that may be a layer.
    Layer {
        /// Place of the archive.
        place: String,
        /// Hashes of the paths of all files in it, sorted.
        files: Vec<u64>,
        /// Paths it takes away from the layers below.
        removed: Vec<String>,
        /// Folders whose content below it hides.
        opaque: Vec<String>,
    },
}

/// What one thread of a scan found.
#[derive(Debug, Default)]
pub struct Found {
    pub(crate) findings: Vec<Finding>,
    pub(crate) notes: Vec<Note>,
    pub(crate) troubles: Vec<Diagnostic>,
    /// By virtual path.
    pub(crate) files: Vec<(String, FileFacts)>,
    pub(crate) classes: Vec<Classes>,
    pub(crate) extractor: &'static str,
    pub(crate) place: String,
}

impl Found {
    /// Takes a finding of the file in hand.
    pub fn add(&mut self, mut finding: Finding) {
        finding.extractor = self.extractor;
        finding.place.clone_from(&self.place);
        self.findings.push(finding);
    }

    /// Takes a note.
    pub fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// Virtual path of the file in hand.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Reports a trouble with a part of the file in hand.
    pub fn trouble(&mut self, trouble: &Trouble) {
        self.troubles.push(trouble.of(&self.place));
    }

    /// Reports a trouble with a file or member.
    pub(crate) fn trouble_at(&mut self, path: &str, trouble: &Trouble) {
        self.troubles.push(trouble.of(path));
    }

    /// Puts what another thread found behind.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.findings.append(&mut other.findings);
        self.notes.append(&mut other.notes);
        self.troubles.append(&mut other.troubles);
        self.files.append(&mut other.files);
        self.classes.append(&mut other.classes);
    }
}
