//! Which licence a text is: the texts of the SPDX list, recognised by the runs of words they are made of.
//!
//! A text is its words in lower case without lines that name who holds the copyright, so that layout, comment signs and
//! names do not matter. Of every six words in a row a hash is taken, and one in four of these, chosen by the hash itself,
//! stands for the text. A licence is there when most of its hashes are; where several share them, the one that explains most
//! is taken first. `data/licences.bin` is built by `scripts/licence-texts`.

pub(crate) mod expression;
mod index;
mod notices;
mod tags;
mod words;

pub use index::build;
pub(crate) use notices::{mentions, named};
pub(crate) use tags::tagged;

use index::Index;
use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Least part of a licence's hashes that must be in a text, in percent.
const LEAST: usize = 80;
/// Most licences told of one text.
const MOST: usize = 16;
/// Texts remembered, and hashes of the longest of them: 16 MB at most.
const SEEN_TEXTS: usize = 2048;
const SEEN_HASHES: usize = 2048;
/// Longest text looked at, bytes: Chromium's notices are larger, and are a list of licences by themselves.
pub const MAX_TEXT: u64 = 2 << 20;

/// A licence found in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// SPDX identifier.
    pub id: &'static str,
    /// How much of the licence is there, in percent.
    pub percent: u8,
}

/// The licences of the SPDX list that `text` holds, the one most of the text is of first.
pub fn recognise(text: &[u8]) -> Vec<Match> {
    // Most texts of a tree are copies of a few: what stands for a text also says whether it was seen before.
    static SEEN: LazyLock<Mutex<HashMap<Vec<u32>, Vec<Match>>>> = LazyLock::new(Mutex::default);
    let hashes = words::hashes(text);
    let seen = || SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = seen().get(&hashes) {
        return known.clone();
    }
    let found = explain(&hashes);
    if hashes.len() <= SEEN_HASHES {
        let mut seen = seen();
        if seen.len() < SEEN_TEXTS {
            seen.insert(hashes, found.clone());
        }
    }
    found
}

fn explain(hashes: &[u32]) -> Vec<Match> {
    let index = Index::shipped();
    let mut left: BTreeSet<u32> = hashes.iter().copied().collect();
    let mut found = Vec::new();
    while found.len() < MOST {
        let Some((licence, hits)) = best(index, &left) else { break };
        let of = index.size(licence);
        let percent =
            u8::try_from((hits * 100).checked_div(of).unwrap_or(0)).unwrap_or(100).min(100);
        found.push(Match { id: index.id(licence), percent });
        left.retain(|hash| !index.licences(*hash).any(|one| one == licence));
    }
    found
}

/// The licence that explains most of these hashes, and how many. What of a licence is missing counts against it, so that a
/// text is not taken for a longer one that contains it; but less than what it explains, for many copies leave the appendix out.
fn best(index: &Index, left: &BTreeSet<u32>) -> Option<(u16, usize)> {
    let mut hits = vec![0_usize; index.len()];
    for hash in left {
        for licence in index.licences(*hash) {
            if let Some(count) = hits.get_mut(usize::from(licence)) {
                *count += 1;
            }
        }
    }
    (0_u16..)
        .zip(hits)
        .filter(|(licence, hits)| *hits > 0 && hits * 100 >= index.size(*licence) * LEAST)
        .max_by_key(|(licence, hits)| {
            let missing = index.size(*licence) - hits;
            (
                (hits * 5).saturating_sub(missing),
                std::cmp::Reverse(missing),
                std::cmp::Reverse(*licence),
            )
        })
}

#[cfg(test)]
mod tests;
