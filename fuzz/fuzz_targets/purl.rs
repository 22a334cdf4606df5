//! Any text as a package URL: what is understood reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_model::purl::Purl;

fuzz_target!(|text: &str| {
    if let Ok(purl) = text.parse::<Purl>() {
        assert_eq!(purl.to_string().parse::<Purl>().expect("our own text"), purl);
    }
    let mut parts = text.split('\n');
    let mut part = || parts.next().unwrap_or_default();
    let made = muster_formats::purl("deb", part(), part(), part(), &[("arch", part())]);
    let _ = made.parse::<Purl>();
});
