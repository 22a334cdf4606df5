//! One advisory of the file.

use super::Knowledge;
use crate::compile::rows::Body;
use crate::file::{Cursor, Place};
use muster_model::Result;

/// An advisory as its source states it. Texts are read on demand.
#[derive(Clone, Copy)]
pub struct Advisory<'a> {
    /// Its place in the file.
    pub number: u32,
    /// The source's own number.
    pub id: &'a str,
    /// Who states it.
    pub source: &'a str,
    /// Licence of the text.
    pub licence: &'a str,
    /// First published, ISO 8601 or empty.
    pub published: &'a str,
    /// Last changed, ISO 8601 or empty.
    pub modified: &'a str,
    /// Taken back at, ISO 8601; empty for one in force.
    pub withdrawn: &'a str,
    vulnerabilities: Cursor<'a>,
    count: usize,
    place: Place,
}

impl<'a> Advisory<'a> {
    pub(super) fn read(number: u32, mut row: Cursor<'a>) -> Option<Self> {
        let (id, source, licence) = (row.text()?, row.text()?, row.text()?);
        let (published, modified, withdrawn) = (row.text()?, row.text()?, row.text()?);
        let count = row.varint()?;
        let vulnerabilities = Cursor(row.take(count.checked_mul(4)?)?);
        let place = place(&mut row)?;
        Some(Self {
            number,
            id,
            source,
            licence,
            published,
            modified,
            withdrawn,
            vulnerabilities,
            count,
            place,
        })
    }

    /// Places of the vulnerabilities it is about.
    pub fn vulnerabilities(&self) -> impl Iterator<Item = u32> + 'a {
        let mut cursor = self.vulnerabilities;
        (0..self.count).map_while(move |_| cursor.u32())
    }

    /// The feed it was read from: `Maven/all.zip`.
    ///
    /// # Errors
    /// `Unavailable` where the file is damaged.
    pub fn feed(&self, knowledge: &Knowledge) -> Result<String> {
        self.body(knowledge).map(|body| body.feed)
    }

    pub(super) fn body(&self, knowledge: &Knowledge) -> Result<Body> {
        knowledge.body(self.place)
    }
}

pub(super) fn place(row: &mut Cursor<'_>) -> Option<Place> {
    Some(Place { block: row.u64()?, at: row.u32()?, length: row.u32()? })
}
