//! Lists of integers where the shorter of two that agree is the smaller: CRAN and Hackage.

use super::key::{Writer, digits};

/// R's `package_version`: integers parted by `.` or `-`.
pub(super) fn cran(version: &str, key: &mut Writer) -> Option<()> {
    integers(version.split(['.', '-']), key)
}

/// Haskell's `Data.Version`: integers parted by `.`; tags after `-` have been without meaning for long.
pub(super) fn hackage(version: &str, key: &mut Writer) -> Option<()> {
    integers(version.split('-').next()?.split('.'), key)
}

fn integers<'a>(numbers: impl Iterator<Item = &'a str>, key: &mut Writer) -> Option<()> {
    for number in numbers {
        if number.is_empty() || !digits(number).1.is_empty() {
            return None;
        }
        key.tag(1);
        key.number(number)?;
    }
    key.tag(0);
    Some(())
}
