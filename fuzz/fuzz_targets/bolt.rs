//! Any bytes as a bbolt database: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::bolt::{Bucket, Database, Entry, Go};

fn down(database: &Database<'_>, bucket: &Bucket, depth: usize) {
    let mut inner = Vec::new();
    let _ = bucket.each(database, |key, entry| {
        if let Entry::Bucket(bucket) = entry {
            inner.push(bucket);
        } else if key.len() < 64 {
            let _ = bucket.get(database, key);
        }
        Go::Continue(())
    });
    for bucket in inner.iter().filter(|_| depth < 8) {
        down(database, bucket, depth + 1);
    }
}

fuzz_target!(|data: &[u8]| {
    if let Ok(database) = Database::open(&data) {
        down(&database, &database.root(), 0);
        let _ = database.is_current();
    }
});
