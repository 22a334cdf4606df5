//! Events of a range, in any order, become ascending stretches of affected versions.

use crate::record::{Interval, Upper};
use crate::version::{Scheme, VersionKey};
use muster_model::Diagnostic;
use serde::Deserialize;

/// Most events of one range.
const MAX_EVENTS: usize = 20_000;

#[derive(Deserialize)]
pub(super) struct RangeDocument {
    #[serde(default, deserialize_with = "super::nullable", rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "super::nullable")]
    events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// At the same version a fix counts before a new introduction, and that before the last affected version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Fixed,
    Introduced,
    LastAffected,
}

/// Adds the stretches of one range. Ranges of commits are no versions and are left out.
pub(super) fn intervals(
    range: &RangeDocument,
    scheme: Scheme,
    id: &str,
    last_known: Option<&VersionKey>,
    out: &mut Vec<Interval>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if range.kind == "GIT" {
        return;
    }
    // No key stands for the beginning of all versions, which the format writes as 0.
    let mut events: Vec<(Option<VersionKey>, Kind, &str)> = Vec::with_capacity(range.events.len());
    let mut limits: Vec<(VersionKey, &str)> = Vec::new();
    for event in range.events.iter().take(MAX_EVENTS) {
        let all = [
            (&event.introduced, Some(Kind::Introduced)),
            (&event.fixed, Some(Kind::Fixed)),
            (&event.last_affected, Some(Kind::LastAffected)),
            (&event.limit, None),
        ];
        for (version, kind) in all {
            let Some(version) = version else { continue };
            if kind == Some(Kind::Introduced) && version == "0" {
                events.push((None, Kind::Introduced, version));
            } else if kind.is_none() && version == "*" {
                // No limit.
            } else if let Some(key) = scheme.key(version) {
                match kind {
                    Some(kind) => events.push((Some(key), kind, version)),
                    None => limits.push((key, version)),
                }
            } else {
                diagnostics.push(Diagnostic::new(
                    "version.unreadable",
                    id,
                    format!("{scheme:?} version {}", super::cut(version.clone(), 100)),
                ));
            }
        }
    }
    events.sort_by(|(left, kind, _), (right, other, _)| left.cmp(right).then(kind.cmp(other)));
    let start = out.len();
    let mut open: Option<Option<(VersionKey, String)>> = None;
    // A fix that closed nothing: introduced in the same version there never was anything.
    let (mut idle, mut closed): (Option<VersionKey>, Option<VersionKey>) = (None, None);
    for (key, kind, text) in events {
        match (kind, key) {
            (Kind::Introduced, Some(key)) if open.is_none() && idle.as_ref() == Some(&key) => {}
            (Kind::Introduced, key) if open.is_none() => {
                open = Some(key.map(|key| (key, text.to_owned())));
            }
            (Kind::Fixed, Some(key)) => {
                if let Some(lower) = open.take() {
                    closed = Some(key.clone());
                    out.push(Interval {
                        lower,
                        upper: Upper::Fixed(key, text.to_owned()),
                        last_known: None,
                    });
                } else if closed.as_ref() != Some(&key) {
                    idle = Some(key);
                }
            }
            (Kind::LastAffected, Some(key)) => {
                if let Some(lower) = open.take() {
                    out.push(Interval {
                        lower,
                        upper: Upper::LastAffected(key, text.to_owned()),
                        last_known: None,
                    });
                }
            }
            _ => {}
        }
    }
    if let Some(lower) = open {
        out.push(Interval { lower, upper: Upper::Open, last_known: last_known.cloned() });
    }
    if let Some((limit, text)) = limits.into_iter().max() {
        for interval in out.iter_mut().skip(start) {
            interval.limit(&limit, text);
        }
    }
    if out.len() == start && !range.events.is_empty() {
        diagnostics.push(Diagnostic::new(
            "range.empty",
            id,
            "no introduced version that can be read",
        ));
    }
}

impl Interval {
    /// Whether the version lies inside.
    pub(crate) fn contains(&self, version: &VersionKey) -> bool {
        let above = self.lower.as_ref().is_none_or(|(lower, _)| lower <= version);
        above
            && match &self.upper {
                Upper::Open => true,
                Upper::Fixed(upper, _) => version < upper,
                Upper::LastAffected(upper, _) => version <= upper,
            }
    }

    /// Nothing from `limit` on.
    fn limit(&mut self, limit: &VersionKey, text: &str) {
        let ends_before = match &self.upper {
            Upper::Open => false,
            Upper::Fixed(upper, _) | Upper::LastAffected(upper, _) => upper < limit,
        };
        if !ends_before {
            self.upper = Upper::Fixed(limit.clone(), text.to_owned());
        }
    }
}
