//! Against a database that bbolt 1.3 made: three levels of pages of 1 KiB, a value over several pages, buckets in buckets, and pages
//! that were freed by later changes.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Read;

fn made() -> Vec<u8> {
    let packed = include_bytes!("made.db.gz").as_slice();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Everything in a bucket, buckets as `/`.
fn all(database: &Database<'_>, bucket: &Bucket) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    bucket
        .each(database, |key, entry| {
            let value = match entry {
                Entry::Value(value) => text(value),
                Entry::Bucket(_) => "/".to_owned(),
            };
            assert_eq!(found.insert(text(key), value), None);
            Go::Continue(())
        })
        .unwrap();
    found
}

#[test]
fn what_was_put_in_is_found_and_what_was_deleted_is_not() {
    let file = made();
    let database = Database::open(&file).unwrap();
    assert!(database.is_current());
    let many = database.bucket(&[b"many"]).unwrap().unwrap();
    let found = all(&database, &many);
    let key = |n: usize| format!("key-{n:04}-{}", "k".repeat(n % 8));
    let left: Vec<usize> = (0..300).filter(|n| n % 10 >= 5).collect();
    assert_eq!(found.len(), left.len());
    for n in 0..300 {
        let value = (n % 10 >= 5).then(|| format!("value {n}"));
        assert_eq!(found.get(&key(n)), value.as_ref());
        let got = many.get(&database, key(n).as_bytes()).unwrap();
        assert_eq!(got, value.map(String::into_bytes), "{n}");
    }
    for missing in ["", "a", "key-0005", "zzz"] {
        assert_eq!(many.get(&database, missing.as_bytes()).unwrap(), None);
    }
}

#[test]
fn buckets_nest_and_long_values_come_whole() {
    let file = made();
    let database = Database::open(&file).unwrap();
    let outer = database.bucket(&[b"outer"]).unwrap().unwrap();
    let expected = [("inner", "/"), ("large", "/"), ("round", "4")];
    let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(all(&database, &outer), BTreeMap::from(expected));
    let inner = database.bucket(&[b"outer", b"inner"]).unwrap().unwrap();
    assert!(matches!(inner.0, Root::Inline(_)));
    assert_eq!(inner.get(&database, b"small").unwrap().unwrap(), b"lies inline");
    let large = outer.bucket(&database, b"large").unwrap().unwrap();
    assert_eq!(
        large.get(&database, b"long").unwrap().unwrap(),
        "0123456789".repeat(300).as_bytes()
    );
    assert_eq!(large.get(&database, b"empty").unwrap().unwrap(), b"");
    // A value is no bucket, and a bucket no value.
    assert!(outer.bucket(&database, b"round").unwrap().is_none());
    assert_eq!(outer.get(&database, b"inner").unwrap(), None);
    assert!(database.bucket(&[b"outer", b"nowhere", b"more"]).unwrap().is_none());
}

#[test]
fn the_newest_state_that_is_whole_counts() {
    let mut file = made();
    let states = [meta(&file.as_slice(), 0).unwrap(), meta(&file.as_slice(), 1_024).unwrap()];
    let newer = usize::from(states[1].state > states[0].state);
    // As a writer leaves it that was interrupted on the newest one.
    file[newer * 1_024 + PAGE_HEAD + 20] ^= 1;
    let database = Database::open(&file).unwrap();
    assert_eq!(database.state, states[1 - newer].state);
    let whole = made();
    let early = Database { file: &whole, ..database };
    assert!(!early.is_current());
    // Without any there is nothing to go by.
    file[(1 - newer) * 1_024 + PAGE_HEAD + 20] ^= 1;
    assert!(Database::open(&file).is_err());
    assert!(Database::open(&b"".as_slice()).is_err());
}

/// All that can be reached, as far as it is sound.
fn walk(file: &[u8]) -> usize {
    fn down(database: &Database<'_>, bucket: &Bucket, depth: usize) -> usize {
        let (mut count, mut inner) = (0, Vec::new());
        let _ = bucket.each(database, |_, entry| {
            count += 1;
            if let Entry::Bucket(bucket) = entry {
                inner.push(bucket);
            }
            Go::Continue(())
        });
        if depth < 8 {
            count += inner.iter().map(|it| down(database, it, depth + 1)).sum::<usize>();
        }
        count
    }
    Database::open(&file).map_or(0, |database| down(&database, &database.root(), 0))
}

#[test]
fn a_tree_that_leads_into_itself_ends() {
    let mut file = made();
    assert!(walk(&file) > 150);
    let root = usize::try_from(Database::open(&file).unwrap().root).unwrap();
    // The root becomes a branch of itself, twice.
    let page = &mut file[root * 1_024..][..1_024];
    page[8..12].copy_from_slice(&[1, 0, 2, 0]);
    for at in [16, 32] {
        page[at + 8..at + 16].copy_from_slice(&(root as u64).to_le_bytes());
    }
    assert_eq!(walk(&file), 0);
}

proptest! {
    #[test]
    fn damage_costs_entries_and_nothing_else(
        hits in prop::collection::vec((0usize..262_144, any::<u8>()), 1..60), cut in 0usize..262_144,
    ) {
        let mut file = made();
        for (at, byte) in hits {
            // Most of the file is empty: what is hit lies in what is used.
            let at = at % 40_960;
            file[at] = byte;
        }
        walk(&file);
        file.truncate(cut);
        walk(&file);
    }
}
