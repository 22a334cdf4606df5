//! `SPDX-License-Identifier` lines, as the REUSE rules ask for them at the top of a file.

use memchr::memmem;

/// Bytes from the begin in which a tag is looked for.
const TOP: usize = 8 << 10;
/// Longest expression taken.
const LONGEST: usize = 200;

/// The licence expression that a file's tag states.
pub(crate) fn tagged(text: &[u8]) -> Option<&str> {
    let top = text.get(..TOP).unwrap_or(text);
    let at = memmem::find(top, b"SPDX-License-Identifier:")? + b"SPDX-License-Identifier:".len();
    let line = top.get(at..)?.split(|byte| matches!(byte, b'\n' | b'\r')).next()?;
    let line = std::str::from_utf8(line).ok()?.trim();
    let line =
        ["*/", "-->", "*)", "#}"].into_iter().fold(line, |line, end| line.trim_end_matches(end));
    let line = line.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || " ()+-.:".contains(c);
    (!line.is_empty() && line.len() <= LONGEST && line.chars().all(fits)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_any_comment() {
        assert_eq!(
            tagged(b"/* SPDX-License-Identifier: MIT OR Apache-2.0 */\nx"),
            Some("MIT OR Apache-2.0")
        );
        assert_eq!(
            tagged(b"# SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note\r\n"),
            Some("GPL-2.0-only WITH Linux-syscall-note")
        );
        assert_eq!(tagged(b"SPDX-License-Identifier: {{ licence }}"), None);
        assert_eq!(tagged(b"nothing"), None);
    }
}
