//! `os-release`: what an operating system calls itself (os-release(5)).

/// The fields that are used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OsRelease {
    /// `ID`, lower case.
    pub id: String,
    /// `ID_LIKE`, nearest first.
    pub id_like: Vec<String>,
    /// `VERSION_ID`.
    pub version_id: String,
    /// `VERSION_CODENAME`.
    pub codename: String,
    /// `PRETTY_NAME`, or `NAME` and `VERSION` where it is missing.
    pub pretty_name: String,
}

/// Reads the file. Unknown and damaged lines are skipped.
pub fn parse(text: &str) -> OsRelease {
    let mut release = OsRelease::default();
    let mut name = String::new();
    let mut version = String::new();
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else { continue };
        let value = unquote(value);
        match key {
            "ID" => release.id = value,
            "ID_LIKE" => release.id_like = value.split_whitespace().map(str::to_owned).collect(),
            "VERSION_ID" => release.version_id = value,
            "VERSION_CODENAME" => release.codename = value,
            "PRETTY_NAME" => release.pretty_name = value,
            "NAME" => name = value,
            "VERSION" => version = value,
            _ => {}
        }
    }
    if release.pretty_name.is_empty() {
        release.pretty_name = format!("{name} {version}").trim().to_owned();
    }
    release
}

/// A value as a shell would read it: one pair of quotes, backslash before the few special characters.
fn unquote(value: &str) -> String {
    let value = value.trim();
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_taken_off() {
        let release = parse(
            "# x\nNAME='A B'\nPRETTY_NAME=\"D \\\"e\\\" 1\"\nID=debian\nVERSION_ID=\"12\"\nID_LIKE=\"rhel fedora\"\nbroken",
        );
        assert_eq!(release.pretty_name, "D \"e\" 1");
        assert_eq!((release.id.as_str(), release.version_id.as_str()), ("debian", "12"));
        assert_eq!(release.id_like, ["rhel", "fedora"]);
    }

    #[test]
    fn without_a_pretty_name_the_name_serves() {
        assert_eq!(parse("NAME=Alpine\nVERSION=3").pretty_name, "Alpine 3");
    }
}
