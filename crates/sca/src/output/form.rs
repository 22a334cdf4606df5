//! The forms of a report by name, for whoever lets people choose.

use super::cyclonedx::{self, Edition};
use super::{Document, csv, dsdx, html, json, openvex, sarif, spdx, spdx3, table};
use crate::report::Report;
use muster_model::Purl;
use std::io::{self, Write};

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Aligned columns for people.
    Table,
    /// Everything there is to know.
    Json,
    /// CycloneDX as JSON.
    Cyclonedx(Edition),
    /// CycloneDX as XML.
    CyclonedxXml(Edition),
    /// SPDX 2.3 as JSON.
    Spdx,
    /// SPDX 3.0.1 as JSON-LD.
    Spdx3,
    /// One line a component.
    Csv,
    /// DSDX 1.0.
    Dsdx,
    /// SARIF 2.1.0.
    Sarif,
    /// One self-contained page.
    Html,
    /// OpenVEX 0.2.
    Openvex,
}

impl Form {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Table,
        Self::Json,
        Self::Cyclonedx(Edition::V1_6),
        Self::Cyclonedx(Edition::V1_7),
        Self::CyclonedxXml(Edition::V1_6),
        Self::CyclonedxXml(Edition::V1_7),
        Self::Spdx,
        Self::Spdx3,
        Self::Csv,
        Self::Dsdx,
        Self::Sarif,
        Self::Html,
        Self::Openvex,
    ];

    /// Its name on the command line and in addresses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Cyclonedx(Edition::V1_6) => "cyclonedx",
            Self::Cyclonedx(Edition::V1_7) => "cyclonedx-1.7",
            Self::CyclonedxXml(Edition::V1_6) => "cyclonedx-xml",
            Self::CyclonedxXml(Edition::V1_7) => "cyclonedx-1.7-xml",
            Self::Spdx => "spdx",
            Self::Spdx3 => "spdx-3",
            Self::Csv => "csv",
            Self::Dsdx => "dsdx",
            Self::Sarif => "sarif",
            Self::Html => "html",
            Self::Openvex => "openvex",
        }
    }

    /// The form of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.name() == name)
    }

    /// What it is, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Table => "Aligned columns for people",
            Self::Json => "Everything there is to know",
            Self::Cyclonedx(Edition::V1_6) => "CycloneDX 1.6, JSON",
            Self::Cyclonedx(Edition::V1_7) => "CycloneDX 1.7, JSON",
            Self::CyclonedxXml(Edition::V1_6) => "CycloneDX 1.6, XML",
            Self::CyclonedxXml(Edition::V1_7) => "CycloneDX 1.7, XML",
            Self::Spdx => "SPDX 2.3, JSON",
            Self::Spdx3 => "SPDX 3.0.1, JSON-LD",
            Self::Csv => "One line a component (RFC 4180)",
            Self::Dsdx => "DSDX 1.0, JSON",
            Self::Sarif => {
                "SARIF 2.1.0: the vulnerabilities, for platforms that show findings beside code"
            }
            Self::Html => "One self-contained HTML file, for people who decide",
            Self::Openvex => {
                "OpenVEX 0.2: a statement for every vulnerability, to be decided by people and given back with --vex"
            }
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Table => "text/plain; charset=utf-8",
            Self::Json | Self::Dsdx => "application/json",
            Self::Cyclonedx(Edition::V1_6) => "application/vnd.cyclonedx+json; version=1.6",
            Self::Cyclonedx(Edition::V1_7) => "application/vnd.cyclonedx+json; version=1.7",
            Self::CyclonedxXml(Edition::V1_6) => "application/vnd.cyclonedx+xml; version=1.6",
            Self::CyclonedxXml(Edition::V1_7) => "application/vnd.cyclonedx+xml; version=1.7",
            Self::Spdx => "application/spdx+json",
            Self::Spdx3 => "application/ld+json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Sarif => "application/sarif+json",
            Self::Html => "text/html; charset=utf-8",
            Self::Openvex => "application/openvex+json",
        }
    }

    /// Writes the report. `product` is the package URL of what was scanned, which only statements name.
    ///
    /// # Errors
    /// What writing gives.
    pub fn write(
        self,
        report: &Report,
        document: &Document<'_>,
        product: Option<&Purl>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        match self {
            Self::Table => table::write(report, out),
            Self::Json => json::write(report, document, out),
            Self::Cyclonedx(edition) => cyclonedx::write(edition, report, document, out),
            Self::CyclonedxXml(edition) => cyclonedx::write_xml(edition, report, document, out),
            Self::Spdx => spdx::write(report, document, out),
            Self::Spdx3 => spdx3::write(report, document, out),
            Self::Csv => csv::write(report, out),
            Self::Dsdx => dsdx::write(report, document, out),
            Self::Sarif => sarif::write(report, document, out),
            Self::Html => html::write(report, document, out),
            Self::Openvex => openvex::write(report, document, product, out),
        }
    }
}
