//! Any bytes as what starts things: units, crontabs, at jobs, udev rules. No panic, no hang, limits hold.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_formats::systemd::{Name, Unit, command};
use muster_formats::{crontab, udev_rules};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut unit = Unit::parse(text);
    unit.apply(text);
    for start in unit.all("Service", "ExecStart") {
        let _ = command(start);
    }
    let _ = unit.words("Install", "WantedBy").count();
    if let Some(name) = text.lines().next().and_then(Name::parse) {
        let _ = (name.template(), name.expand(text));
    }
    for entry in crontab::parse(text, true).iter().chain(&crontab::parse(text, false)) {
        let _ = crontab::program(&entry.command);
    }
    let _ = crontab::parse_anacrontab(text);
    let _ = crontab::parse_at(text.get(..14).unwrap_or(text), text);
    let _ = udev_rules::commands(text);
});
