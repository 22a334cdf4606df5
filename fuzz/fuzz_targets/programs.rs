//! Any bytes as programs and kernel modules: versions in their text, headers, `.modinfo`. No panic, no hang,
//! limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::version_strings::{Probe, find, version};
use muster_formats::{elf, kernel_module};

const PROBES: &[Probe] = &[
    Probe::version("nginx/"),
    Probe::between("/", "/Clean/RELEASE/"),
    Probe::between("\0", "-debian\0"),
    Probe::word("--conf-path="),
];

fuzz_target!(|data: &[u8]| {
    let _ = elf::machine(data);
    let _ = elf::loader(&data);
    let _ = kernel_module::read(data);
    let found = find(&mut &*data, PROBES, 1 << 20).expect("memory can be read");
    assert_eq!(found.len(), PROBES.len());
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(version(text).is_none_or(|version| text.starts_with(version)));
        let _ = kernel_module::loaded(text);
        let _ = kernel_module::paths(text).filter_map(kernel_module::name_of).count();
    }
});
