//! Any bytes as an index of classes, asked by a jar: no panic, no hang.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_sca::{Blob, Budget, ClassIndex, Input, Limits, Options, scan};
use std::time::Instant;

/// A jar with one small class.
static JAR: &[u8] = include_bytes!("../samples/one-class.jar");

fuzz_target!(|data: &[u8]| {
    for bytes in [data.to_vec(), [b"MUSTERCL\x01\0\0\0".as_slice(), data].concat()] {
        let Ok(index) = ClassIndex::new(Blob::heap(bytes, None)) else { continue };
        let options = Options { threads: 1, index: Some(index), ..Options::default() };
        let budget = Budget::new(Limits::default(), Instant::now());
        scan(Input::Bytes("a.jar", JAR), &options, &budget);
    }
});
