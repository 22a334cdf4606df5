//! Where something changed, as far as a source can tell.

use std::collections::BTreeSet;

/// One place, or all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// It may be anywhere.
    Anywhere,
    /// On the host itself, which every sweep looks at.
    Host,
    /// In the container of this id.
    Container(String),
    /// In every container in the network namespace of this number.
    Network(u64),
}

/// Where something changed since somebody last looked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spots {
    anywhere: bool,
    containers: BTreeSet<String>,
    networks: BTreeSet<u64>,
}

impl Spots {
    pub(crate) fn add(&mut self, spot: Spot) {
        match spot {
            Spot::Anywhere => self.anywhere = true,
            Spot::Host => {}
            Spot::Container(id) => {
                self.containers.insert(id);
            }
            Spot::Network(number) => {
                self.networks.insert(number);
            }
        }
    }

    /// Whether a container is to be looked at.
    pub(crate) fn concern(&self, id: &str, network: u64) -> bool {
        self.anywhere || self.containers.contains(id) || self.networks.contains(&network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_concerned_is_looked_at_and_nobody_else() {
        let mut spots = Spots::default();
        spots.add(Spot::Host);
        assert!(!spots.concern("a", 1));
        spots.add(Spot::Container("a".into()));
        spots.add(Spot::Network(2));
        assert!(spots.concern("a", 1) && spots.concern("b", 2) && !spots.concern("b", 1));
        spots.add(Spot::Anywhere);
        assert!(spots.concern("b", 1));
    }
}
