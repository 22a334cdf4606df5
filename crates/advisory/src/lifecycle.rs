//! Whether a product's release line is still maintained.

use muster_model::Purl;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A release line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// `2.7`: the versions that are it or continue it after a dot.
    pub name: String,
    /// Over, without a day being known.
    pub ended: bool,
    /// Day it ends, `2025-10-31`; empty where none is set.
    pub ends: String,
    /// Newest version of the line.
    pub latest: String,
}

/// A product with release lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// What people call it.
    pub title: String,
    /// Newest line first.
    pub cycles: Vec<Cycle>,
}

/// Products by package URL without version.
#[derive(Clone, Debug, Default)]
pub struct Lifecycles(BTreeMap<String, Product>);

impl Lifecycles {
    pub(crate) fn new(products: BTreeMap<String, Product>) -> Self {
        Self(products)
    }

    /// Product and release line of a component; None where nothing is known.
    pub fn of(&self, purl: &Purl) -> Option<(&Product, &Cycle)> {
        let product = self.0.get(&purl.package().to_string())?;
        let version = purl.version().trim_start_matches('v');
        let fits = |cycle: &&Cycle| {
            version.strip_prefix(cycle.name.trim_start_matches('v')).is_some_and(|rest| {
                rest.is_empty() || !rest.starts_with(|c: char| c.is_ascii_alphanumeric())
            })
        };
        let cycle = product.cycles.iter().filter(fits).max_by_key(|cycle| cycle.name.len())?;
        Some((product, cycle))
    }
}

impl Cycle {
    /// Whether the line has ended on a day written `2026-11-25`.
    pub fn is_over(&self, today: &str) -> bool {
        self.ended || (!self.ends.is_empty() && self.ends.as_str() <= today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_line_that_fits_counts() {
        let cycle = |name: &str, ends: &str| Cycle {
            name: name.into(),
            ends: ends.into(),
            ..Cycle::default()
        };
        let product = Product {
            title: "A".into(),
            cycles: vec![cycle("1", "2020-01-01"), cycle("1.2", "2030-01-01")],
        };
        let lifecycles = Lifecycles::new([("pkg:npm/a".to_owned(), product)].into());
        let of = |text: &str| lifecycles.of(&text.parse().unwrap()).map(|(_, cycle)| cycle.clone());
        assert_eq!(of("pkg:npm/a@1.2.3").unwrap().name, "1.2");
        assert_eq!(of("pkg:npm/a@1.20.3").unwrap().name, "1");
        assert!(of("pkg:npm/a@1.3").unwrap().is_over("2026-01-01"));
        assert!(!of("pkg:npm/a@1.2").unwrap().is_over("2026-01-01"));
        assert!(of("pkg:npm/a@12.0").is_none() && of("pkg:npm/b@1").is_none());
    }
}
