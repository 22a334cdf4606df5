//! Any bytes as a policy: no panic, no hang, and one that was read can be asked. What it allows of everything at once it
//! allows of each single thing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use muster_policy::{Policy, Query, decide};

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(policy) = Policy::parse(text) else { return };
    let actions = &["scm:cert:export", "scm:cert:download"];
    let ask = |resource: &str, whole: bool| {
        decide([&policy], Query { actions, resource, whole, context: &() }).is_allowed()
    };
    if ask("scm:muster:d1:cert:*", true) {
        assert!(ask("scm:muster:d1:cert:scs1554192131150", false));
    }
});
