//! Any bytes as sudoers, including themselves wherever they include anything: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::include::{Included, Sources};
use muster_formats::sudoers::{Policy, Subject};

struct Itself<'a>(&'a str);

impl Sources for Itself<'_> {
    fn matching(&mut self, pattern: &str) -> Vec<Included> {
        vec![Included { path: pattern.to_owned(), text: self.0.to_owned() }]
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let policy = Policy::read("/etc/sudoers", text, "host", &mut Itself(text));
    let groups = vec![("wheel", 10), ("sudo", 27)];
    let rights = policy.rights_of(&Subject { name: "mary", uid: 1000, groups, host: "host" });
    let _ = rights.iter().any(|right| right.is_root());
});
