//! The reverse question: in which artifacts a component is, who pulls it in there, and on which hosts it is.

use crate::app::App;
use crate::assets::Seen;
use crate::authz;
use crate::changes::{self, Wanted};
use muster_model::id::ProjectId;
use muster_model::{Action, Caller, Error, ErrorKind, Purl, Result};
use muster_store::Tx;
use muster_store::sca::results::{self, Place};
use muster_store::sca::{Component, edges};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};

/// Places answered at most.
const MAX_PLACES: u32 = 1000;
/// Hosts answered at most.
const MAX_HOSTS: u32 = 1000;
/// Ways by which a component is pulled in that are told of one place.
const MAX_WAYS: usize = 5;

/// A component that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its name alone, in any ecosystem, of one version or of any.
    Name(String, Option<String>),
    /// By its package URL; without version of any. Qualifiers are not looked at.
    Purl(Purl),
}

impl Which {
    fn name(&self) -> &str {
        match self {
            Self::Name(name, _) => name,
            Self::Purl(purl) => purl.name(),
        }
    }

    fn version(&self) -> Option<&str> {
        match self {
            Self::Name(_, version) => version.as_deref(),
            Self::Purl(purl) => Some(purl.version()).filter(|version| !version.is_empty()),
        }
    }

    fn is(&self, component: &Component) -> bool {
        match self {
            Self::Name(..) => true,
            Self::Purl(purl) => component.purl.parse().is_ok_and(|it: Purl| purl.covers(&it)),
        }
    }
}

/// Where it was found, and the shortest ways that lead to it: each from what pulls it in to what the artifact itself
/// asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The place.
    pub place: Place,
    /// The ways.
    pub ways: Vec<Vec<Component>>,
}

/// In artifacts and on hosts.
#[derive(Clone, Debug)]
pub struct Whereabouts {
    /// In artifacts, by version, the newest task first.
    pub artifacts: Vec<Held>,
    /// On hosts and in their containers; none where the caller may not look at hosts.
    pub hosts: Option<Vec<Seen>>,
}

/// Where a component is.
///
/// # Errors
/// `Invalid`; those of [`authz::require`] and of the database.
pub async fn find(
    app: &App,
    caller: &Caller,
    project: &ProjectId,
    which: &Which,
) -> Result<Whereabouts> {
    let key = authz::require(app, caller, Action::ScaTaskGet, Some(project)).await?;
    if which.name().is_empty() || which.name().len() > 1024 {
        return Err(Error::invalid("name", "must be 1 to 1024 bytes"));
    }
    let mut tx = app.db.read().await?;
    let places = results::places(&mut tx, key, which.name(), which.version(), MAX_PLACES).await?;
    let mut artifacts = Vec::new();
    let mut graphs = HashMap::new();
    for place in places.into_iter().filter(|place| which.is(&place.component)) {
        let (component, task) = place.keys;
        let graph = match graphs.entry(task) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Graph::of(&mut tx, task).await?),
        };
        let ways = graph.ways(component);
        artifacts.push((place, ways));
    }
    let keys: HashSet<i64> =
        artifacts.iter().flat_map(|(_, ways)| ways).flatten().copied().collect();
    let named = results::named(&mut tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    drop(tx);
    let named = |way: Vec<i64>| way.iter().filter_map(|key| named.get(key).cloned()).collect();
    let artifacts = artifacts
        .into_iter()
        .map(|(place, ways)| Held { place, ways: ways.into_iter().map(named).collect() })
        .collect();
    let wanted = match which {
        Which::Name(name, version) => Wanted::Name(name, version.as_deref()),
        Which::Purl(purl) => Wanted::Purl(purl),
    };
    let hosts = match changes::whereabouts(app, caller, project, None, wanted, MAX_HOSTS).await {
        Ok(hosts) => Some(hosts),
        Err(error) if error.kind() == ErrorKind::Forbidden => None,
        Err(error) => return Err(error),
    };
    Ok(Whereabouts { artifacts, hosts })
}

/// Who pulls in whom in a task.
struct Graph {
    parents: HashMap<i64, Vec<i64>>,
}

impl Graph {
    async fn of(tx: &mut Tx, task: i64) -> Result<Self> {
        let mut parents: HashMap<i64, Vec<i64>> = HashMap::new();
        for (child, parent) in edges::of(tx, task).await? {
            parents.entry(child).or_default().push(parent);
        }
        Ok(Self { parents })
    }

    /// The shortest ways from a component up to those that nothing pulls in, without the component itself.
    fn ways(&self, component: i64) -> Vec<Vec<i64>> {
        let mut from: HashMap<i64, i64> = HashMap::new();
        let (mut ways, mut next) = (Vec::new(), VecDeque::from([component]));
        while let Some(at) = next.pop_front() {
            let Some(parents) = self.parents.get(&at) else {
                if at != component {
                    ways.push(way(&from, component, at));
                }
                if ways.len() == MAX_WAYS {
                    break;
                }
                continue;
            };
            for parent in parents {
                if *parent != component && !from.contains_key(parent) {
                    from.insert(*parent, at);
                    next.push_back(*parent);
                }
            }
        }
        ways
    }
}

/// From what pulls the component in to the top.
fn way(from: &HashMap<i64, i64>, component: i64, top: i64) -> Vec<i64> {
    let mut way = vec![top];
    let mut at = top;
    while let Some(below) = from.get(&at).filter(|below| **below != component) {
        way.push(*below);
        at = *below;
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(i64, i64)]) -> Graph {
        let mut parents: HashMap<i64, Vec<i64>> = HashMap::new();
        for (child, parent) in edges {
            parents.entry(*child).or_default().push(*parent);
        }
        Graph { parents }
    }

    #[test]
    fn ways_lead_to_the_top_and_end_in_a_circle() {
        // 1 is needed by 2 and 3, which 4 needs; 5 needs 3 too.
        let it = graph(&[(1, 2), (1, 3), (2, 4), (3, 4), (3, 5)]);
        assert_eq!(it.ways(1), [vec![2, 4], vec![3, 5]]);
        assert_eq!(it.ways(4), Vec::<Vec<i64>>::new());
        let circle = graph(&[(1, 2), (2, 3), (3, 1), (3, 2)]);
        assert_eq!(circle.ways(1), Vec::<Vec<i64>>::new());
    }
}
