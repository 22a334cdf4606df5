//! Any bytes as sshd_config, including themselves, and as authorized keys: no panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::include::{Included, Sources};
use muster_formats::sshd::{Config, Login};

struct Itself<'a>(&'a str);

impl Sources for Itself<'_> {
    fn matching(&mut self, pattern: &str) -> Vec<Included> {
        vec![Included { path: pattern.to_owned(), text: self.0.to_owned() }]
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let config = Config::read(text, &mut Itself(text));
    let login = Login { name: "mary", uid: 1000, groups: &["wheel"], home: "/home/mary" };
    let _ = (config.for_user(login, false), config.for_user(login, true));
    let _ = muster_formats::authorized_keys::parse(text);
});
