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
    pub(super) of_advisory: Lists,
    /// Advisories of each vulnerability.
    pub(super) advisories: Lists,
    numbers: HashMap<Box<str>, u32>,
}

/// Many short lists of numbers, one behind the other.
#[derive(Default)]
pub(super) struct Lists {
    ends: Vec<usize>,
    items: Vec<u32>,
}

impl Lists {
    fn push(&mut self, list: impl IntoIterator<Item = u32>) {
        self.items.extend(list);
        self.ends.push(self.items.len());
    }

    /// The list at a place; empty where there is none.
    pub(super) fn get(&self, at: usize) -> &[u32] {
        let end = |at: usize| self.ends.get(at).copied().unwrap_or(self.items.len());
        self.items.get(at.checked_sub(1).map_or(0, end)..end(at)).unwrap_or_default()
    }

    /// For each of `count` numbers in the lists, the lists it is in.
    fn turned(&self, count: usize) -> Self {
        let mut pairs = Vec::with_capacity(self.items.len());
        for (list, _) in (0_u32..).zip(&self.ends) {
            let at = usize::try_from(list).unwrap_or(usize::MAX);
            pairs.extend(self.get(at).iter().map(|item| (*item, list)));
        }
        pairs.sort_unstable();
        let mut turned = Self::default();
        let mut pairs = pairs.into_iter().peekable();
        for number in (0_u32..).take(count) {
            turned.push(
                std::iter::from_fn(|| pairs.next_if(|(item, _)| *item == number))
                    .map(|pair| pair.1),
            );
        }
        turned
    }
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
            if named(row, &cves_of).is_empty() {
                sets.join(number, row);
            }
        }
        let best: HashMap<usize, &str> = sets.best(rows).into_iter().collect();
        for (number, row) in rows.iter().enumerate() {
            let mut of: Vec<u32> =
                named(row, &cves_of).into_iter().map(|id| groups.add(id)).collect();
            of.extend(best.get(&number).map(|id| groups.add(id)));
            groups.of_advisory.push(of);
        }
        groups.advisories = groups.of_advisory.turned(groups.ids.len());
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

/// The numbers of the vulnerabilities an advisory surely belongs to.
fn named<'a>(row: &'a AdvisoryRow, cves_of: &HashMap<&str, Vec<&'a str>>) -> Vec<&'a str> {
    let mut of: Vec<&str> = row.ids().filter(|id| is_cve(id)).collect();
    if of.is_empty() {
        of = row.ids().filter_map(|id| cves_of.get(id)).flatten().copied().collect();
    }
    if of.is_empty() {
        of = row.upstream().collect();
    }
    of.sort_unstable();
    of.dedup();
    of
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
