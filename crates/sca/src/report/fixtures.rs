//! What is there but does not belong to the product: the lock files that vendored packages ship, packages that
//! lie in test data, and examples.

use crate::finding::{Finding, Kind};
use std::collections::HashSet;

/// Folders that hold other people's packages as they were published.
const VENDORED: &[&str] = &[
    "node_modules",
    "bower_components",
    "site-packages",
    "dist-packages",
    ".cargo",
    "gems",
    "Pods",
];

/// Folders with material for tests.
const FIXTURES: &[&str] = &[
    "test",
    "tests",
    "testdata",
    "testing",
    "fixtures",
    "fixture",
    "__tests__",
    "__fixtures__",
    "test-fixtures",
    "test_fixtures",
    "testfixtures",
    "spec",
    "specs",
];

/// Folders with material for readers.
const EXAMPLES: &[&str] = &["example", "examples", "sample", "samples", "demo", "demos"];

/// Folders of an environment where its installed packages put files that are no modules.
const DATA: &[&str] = &["share", "etc"];

/// The environments that Python packages are installed into, by the path of their `lib`'s parent with its slash.
pub(super) struct Environments(HashSet<String>);

impl Environments {
    /// Those that the findings show.
    pub(super) fn of(findings: &[Finding]) -> Self {
        let installed = |one: &&Finding| one.kind == Kind::Installed && one.purl.kind() == "pypi";
        let prefix = |one: &Finding| environment(&one.place).map(str::to_owned);
        Self(findings.iter().filter(installed).filter_map(prefix).collect())
    }

    /// Why a finding is left out; none when it counts.
    pub(super) fn reason(&self, finding: &Finding) -> Option<&'static str> {
        let place = finding.place.as_str();
        match finding.kind {
            Kind::Locked | Kind::Declared => {
                let folders = place.rsplit_once('/').map_or("", |(folders, _)| folders);
                let parts = || folders.split(['/', '!']);
                let within = |known: &[&str]| parts().any(|part| known.contains(&part));
                if within(VENDORED) || self.is_data(place) {
                    Some("lock or manifest of a vendored package")
                } else if within(FIXTURES) {
                    Some("test fixture")
                } else if within(EXAMPLES) {
                    Some("example")
                } else {
                    None
                }
            }
            Kind::Installed if finding.extractor == "npm-installed" => {
                (!is_installed_module(place)).then_some("test fixture")
            }
            _ => None,
        }
    }

    /// Whether a file lies where the packages of an environment put their data.
    fn is_data(&self, place: &str) -> bool {
        !self.0.is_empty()
            && DATA.iter().any(|data| {
                place.match_indices(data).any(|(at, _)| {
                    let before = place.get(..at).unwrap_or_default();
                    let after = place.get(at + data.len()..).unwrap_or_default();
                    after.starts_with('/') && self.0.contains(before)
                })
            })
    }
}

/// The environment that a package is installed into: what stands before `lib/python3.11/site-packages/`.
fn environment(place: &str) -> Option<&str> {
    let at = ["/site-packages/", "/dist-packages/"].iter().find_map(|name| place.find(name))?;
    let (folders, python) = place.get(..at)?.rsplit_once('/')?;
    let before = folders.strip_suffix("lib").or_else(|| folders.strip_suffix("lib64"))?;
    let root = before.is_empty() || before.ends_with('/');
    (root && python.starts_with("python")).then_some(before)
}

/// Whether a `package.json` lies where npm, yarn or pnpm install packages: each `node_modules` on the way
/// belongs to the package right before it. Anything deeper is a package's own material.
fn is_installed_module(place: &str) -> bool {
    let inner = place.rsplit("!/").next().unwrap_or(place);
    let parts: Vec<&str> = inner.split('/').collect();
    let Some(first) = parts.iter().position(|part| *part == "node_modules") else { return false };
    let mut rest = parts.get(first..).unwrap_or_default();
    loop {
        rest = match rest {
            ["node_modules", ".pnpm", _, "node_modules", after @ ..] => {
                let skip = usize::from(after.first().is_some_and(|name| name.starts_with('@')));
                after.get(1 + skip..).unwrap_or_default()
            }
            ["node_modules", scope, _, after @ ..] if scope.starts_with('@') => after,
            ["node_modules", _, after @ ..] => after,
            ["package.json"] => return true,
            _ => return false,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_npm_installs_is_installed() {
        for (place, want) in [
            ("node_modules/a/package.json", true),
            ("x/node_modules/@s/a/package.json", true),
            ("a.zip!/node_modules/a/node_modules/b/package.json", true),
            ("node_modules/.pnpm/a@1.0.0/node_modules/a/package.json", true),
            ("node_modules/.pnpm/a@1.0.0/node_modules/@s/b/package.json", true),
            ("node_modules/resolve/test/module_dir/zmodules/bbb/package.json", false),
            ("node_modules/resolve/test/node_modules/x/package.json", false),
            ("package.json", false),
        ] {
            assert_eq!(is_installed_module(place), want, "{place}");
        }
    }
}
