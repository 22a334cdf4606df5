//! Conan 2: items parted by `.`, a pre-release after `-`, a build after `+`.
//!
//! Conan compares a number with a text as texts, which is not transitive (`9` < `10` < `1a` < `9`); here an item
//! is its leading number and then the rest, so that `1.1.1k` lies between `1.1.1` and `1.1.2`.

use super::key::{Writer, digits, is_zero};

pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    if version.starts_with(['[', '<', '>', '=', '~', '^']) {
        return None;
    }
    let (version, build) = version.split_once('+').unwrap_or((version, ""));
    let (version, label) = version.split_once('-').unwrap_or((version, ""));
    items(version, key)?;
    if label.is_empty() {
        key.tag(2);
    } else {
        key.tag(1);
        items(label, key)?;
    }
    if build.is_empty() {
        key.tag(1);
    } else {
        key.tag(2);
        items(build, key)?;
    }
    Some(())
}

fn items(text: &str, key: &mut Writer) -> Option<()> {
    let mut items: Vec<&str> = text.split('.').collect();
    while items.len() > 1 && items.last().is_some_and(|item| is_zero(item)) {
        items.pop();
    }
    for item in items {
        let (number, rest) = digits(item);
        if number.is_empty() {
            key.tag(3);
        } else {
            key.tag(2);
            key.number(number)?;
        }
        key.text(rest);
    }
    key.tag(1);
    Some(())
}
