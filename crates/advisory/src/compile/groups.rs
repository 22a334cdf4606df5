//! Merging advisories by alias.
//!
//! An advisory belongs to every CVE it is or names; so one that stands for several does not glue them together. One
//! without belongs to the CVEs of those that share a number with it, else to what it says it derives from, else
//! those that share numbers form a vulnerability of their own.

use super::rows::AdvisoryRow;
use std::collections::HashMap;

/// Vulnerabilities and who states them.
#[derive(Default)]
pub(super) struct Groups {
    /// Canonical number of each vulnerability.
    pub(super) ids: Vec<Box<str>>,
    /// Vulnerabilities of each advisory.
    pub(super) of_advisory: Vec<Vec<u32>>,
    /// Advisories of each vulnerability.
    pub(super) advisories: Vec<Vec<u32>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Groups {
    pub(super) fn of(rows: &[AdvisoryRow]) -> Self {
        let mut groups = Self::default();
        let mut cves_of: HashMap<&str, Vec<&str>> = HashMap::new();
        for row in rows {
            let cves: Vec<&str> = row.ids().filter(|id| is_cve(id)).collect();
            if !cves.is_empty() {
                for id in row.ids().filter(|id| !is_cve(id)) {
                    cves_of.entry(id).or_default().extend(&cves);
                }
            }
        }
        let mut sets = Sets::default();
        for (number, row) in rows.iter().enumerate() {
            let mut of: Vec<&str> = row.ids().filter(|id| is_cve(id)).collect();
            if of.is_empty() {
                of = row.ids().filter_map(|id| cves_of.get(id)).flatten().copied().collect();
            }
            if of.is_empty() {
                of = row.upstream().collect();
            }
            of.sort_unstable();
            of.dedup();
            if of.is_empty() {
                sets.join(number, row);
            }
            let of = of.into_iter().map(|id| groups.add(id)).collect();
            groups.of_advisory.push(of);
        }
        for (number, best) in sets.best(rows) {
            let vulnerability = groups.add(best);
            if let Some(of) = groups.of_advisory.get_mut(number) {
                of.push(vulnerability);
            }
        }
        groups.advisories.resize(groups.ids.len(), Vec::new());
        for (number, of) in groups.of_advisory.iter().enumerate() {
            for vulnerability in of {
                if let Some(list) = usize::try_from(*vulnerability)
                    .ok()
                    .and_then(|at| groups.advisories.get_mut(at))
                {
                    list.push(u32::try_from(number).unwrap_or(u32::MAX));
                }
            }
        }
        groups
    }

    /// The vulnerability of a canonical number, made if it is new.
    pub(super) fn add(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        self.ids.push(id.into());
        self.numbers.insert(id.into(), number);
        number
    }

    pub(super) fn number(&self, id: &str) -> Option<u32> {
        self.numbers.get(id).copied()
    }
}

/// Advisories without CVE that share numbers.
#[derive(Default)]
struct Sets<'a> {
    parents: HashMap<usize, usize>,
    first: HashMap<&'a str, usize>,
}

impl<'a> Sets<'a> {
    fn join(&mut self, number: usize, row: &'a AdvisoryRow) {
        self.parents.insert(number, number);
        for id in row.ids() {
            let other = *self.first.entry(id).or_insert(number);
            let (left, right) = (self.root(number), self.root(other));
            self.parents.insert(left.max(right), left.min(right));
        }
    }

    fn root(&self, mut number: usize) -> usize {
        while let Some(parent) = self.parents.get(&number).filter(|parent| **parent != number) {
            number = *parent;
        }
        number
    }

    /// Each advisory with the best number of its set: GHSA first, then the first by name.
    fn best(&self, rows: &'a [AdvisoryRow]) -> Vec<(usize, &'a str)> {
        let mut best: HashMap<usize, &str> = HashMap::new();
        for number in self.parents.keys() {
            let root = self.root(*number);
            for id in rows.get(*number).into_iter().flat_map(AdvisoryRow::ids) {
                let rank = |id: &str| (!id.starts_with("GHSA-"), id.to_owned());
                let entry = best.entry(root).or_insert(id);
                if rank(id) < rank(entry) {
                    *entry = id;
                }
            }
        }
        let mut list: Vec<_> = self
            .parents
            .keys()
            .filter_map(|number| Some((*number, *best.get(&self.root(*number))?)))
            .collect();
        list.sort_unstable();
        list
    }
}

pub(super) fn is_cve(id: &str) -> bool {
    id.starts_with("CVE-")
}
