//! Any bytes as a class file: no panic, no hang.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::class_file::fingerprint;

fuzz_target!(|data: &[u8]| {
    assert_eq!(fingerprint(data), fingerprint(data));
    if !data.starts_with(b"\xca\xfe\xba\xbe") {
        let _ = fingerprint(&[b"\xca\xfe\xba\xbe\0\0\0\x34", data].concat());
    }
});
