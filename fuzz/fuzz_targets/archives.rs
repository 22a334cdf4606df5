//! Any bytes as an archive of every format: no panic, no hang, limits hold, all forms can be written.
//!
//! The first byte chooses a format, whose magic is put in front unless the input is to say itself what it is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::Micros;
use muster_sca::output::{Document, cyclonedx, json};
use muster_sca::{Budget, Input, Limits, Options, scan};
use std::time::{Duration, Instant};

const MAGICS: &[&[u8]] = &[
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b\x08",
    b"BZh9",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"7z\xbc\xaf\x27\x1c\0\x04",
    b"Rar!\x1a\x07\0",
    b"Rar!\x1a\x07\x01\0",
    b"MSCF\0\0\0\0",
    b"!<arch>\n",
    b"\xed\xab\xee\xdb",
    b"070701",
    b"070707",
    b"\xc7\x71",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, data)) = data.split_first() else { return };
    let magic = MAGICS[usize::from(*choice) % MAGICS.len()];
    let bytes = if data.starts_with(magic) { data.to_vec() } else { [magic, data].concat() };
    let name = if choice & 0x80 == 0 { "artifact.bin" } else { "image.iso" };
    let limits = Limits {
        depth: 4,
        memory: 32 << 20,
        total: 64 << 20,
        time: Duration::from_secs(5),
        ..Limits::default()
    };
    let budget = Budget::new(limits, Instant::now());
    let options = Options {
        threads: 1,
        thorough: true,
        fixtures: true,
        files: true,
        collect_classes: true,
        ..Options::default()
    };
    let report = scan(Input::Bytes(name, &bytes), &options, &budget);
    // The same as a stream, which takes other ways.
    let budget = Budget::new(limits, Instant::now());
    scan(Input::Stream(name, &mut &*bytes), &options, &budget);
    let document = Document { name, tool_version: "0", created: Micros(0) };
    json::write(&report, &document, &mut std::io::sink()).unwrap();
    cyclonedx::write(cyclonedx::Edition::V1_6, &report, &document, &mut std::io::sink()).unwrap();
});
