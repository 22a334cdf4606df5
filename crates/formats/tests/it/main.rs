//! Databases made by the real tools.
#![expect(clippy::disallowed_methods, reason = "the tools that make the fixtures are run")]
#![expect(clippy::unwrap_used, reason = "helper functions of tests are tests")]

mod rpm;

use std::process::Command;

/// Whether a tool is there. Without it the test has nothing to say, except where everything must be.
fn have(tool: &str) -> bool {
    let have = Command::new(tool).arg("--version").output().is_ok();
    assert!(have || std::env::var_os("CI").is_none(), "{tool} is missing");
    have
}
