//! Python distributions: `METADATA` of a `*.dist-info`, `PKG-INFO` of a `*.egg-info`, and `pyvenv.cfg`.
//!
//! Sources of the rules: the core metadata specification, PEP 376, PEP 405, PEP 503.

pub use muster_model::purl::normal_python_name as normal_name;

/// Longest name or version taken.
const MAX_VALUE: usize = 256;

/// Name and version of an installed distribution.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Distribution {
    /// The name as the project spells it.
    pub name: String,
    /// The version.
    pub version: String,
}

/// Reads the header of `METADATA` or `PKG-INFO`. None without a name.
pub fn parse_metadata(bytes: &[u8]) -> Option<Distribution> {
    let mut found = Distribution::default();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || !(found.name.is_empty() || found.version.is_empty()) {
            break;
        }
        let Ok(line) = std::str::from_utf8(line) else { continue };
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if value.len() > MAX_VALUE {
            continue;
        }
        // The first of several counts: a description folded into the header cannot take its place.
        if key.eq_ignore_ascii_case("Name") && found.name.is_empty() {
            value.clone_into(&mut found.name);
        } else if key.eq_ignore_ascii_case("Version") && found.version.is_empty() {
            value.clone_into(&mut found.version);
        }
    }
    (!found.name.is_empty()).then_some(found)
}

/// The licences that `METADATA` or `PKG-INFO` declares: the expression where there is one, else the text if
/// it is short, else the classifiers.
pub fn licences(bytes: &[u8]) -> Vec<String> {
    let (mut expression, mut text, mut classified) = (None, None, Vec::new());
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let Some((key, value)) = std::str::from_utf8(line).ok().and_then(|l| l.split_once(':'))
        else {
            continue;
        };
        let value = value.trim();
        if value.is_empty() || value.len() > MAX_VALUE || value.eq_ignore_ascii_case("UNKNOWN") {
            continue;
        }
        if key.eq_ignore_ascii_case("License-Expression") {
            expression = Some(value.to_owned());
        } else if key.eq_ignore_ascii_case("License") && text.is_none() {
            text = Some(value.to_owned());
        } else if key.eq_ignore_ascii_case("Classifier")
            && let Some(name) = value.strip_prefix("License :: ")
            && classified.len() < 16
        {
            let name = name.strip_prefix("OSI Approved :: ").unwrap_or(name);
            classified.push(name.to_owned());
        }
    }
    match (expression, text) {
        (Some(one), _) => vec![one],
        (None, Some(one)) if one.len() <= 64 => vec![one],
        _ => classified,
    }
}

/// Who makes a distribution, by `METADATA` or `PKG-INFO`: its author, else its maintainer; empty where neither is told.
pub fn author(bytes: &[u8]) -> String {
    let header =
        bytes.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    let fields: Vec<(&str, &str)> = header
        .filter_map(|line| std::str::from_utf8(line).ok()?.split_once(':'))
        .map(|(key, value)| (key, value.trim()))
        .filter(|(_, value)| {
            (1..=MAX_VALUE).contains(&value.len()) && !value.eq_ignore_ascii_case("UNKNOWN")
        })
        .collect();
    let told = ["Author", "Author-email", "Maintainer", "Maintainer-email"]
        .into_iter()
        .find_map(|wanted| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)));
    told.map(|(_, value)| (*value).to_owned()).unwrap_or_default()
}

/// A virtual environment's own configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualEnvironment {
    /// Directory of the interpreter it was made from.
    pub home: String,
    /// Also sees the packages of that interpreter.
    pub system_packages: bool,
}

/// Reads `pyvenv.cfg`. None without `home`, which makes a directory a virtual environment.
pub fn parse_pyvenv(text: &str) -> Option<VirtualEnvironment> {
    let mut found = VirtualEnvironment::default();
    for line in text.lines().take(100) {
        let Some((key, value)) = line.split_once('=') else { continue };
        match key.trim().to_ascii_lowercase().as_str() {
            "home" => value.trim().clone_into(&mut found.home),
            "include-system-site-packages" => {
                found.system_packages = value.trim().eq_ignore_ascii_case("true");
            }
            _ => {}
        }
    }
    (!found.home.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_author_is_told_or_not() {
        assert_eq!(
            author(b"Name: a\nAuthor-email: A B <a@b>\nMaintainer: C\n\nAuthor: D"),
            "A B <a@b>"
        );
        assert_eq!(author(b"Name: a\nAuthor: UNKNOWN\nMaintainer: C"), "C");
        assert_eq!(author(b"Name: a\r\n\r\nAuthor: D"), "");
    }

    #[test]
    fn the_header_tells_and_the_description_does_not() {
        let text = b"Metadata-Version: 2.1\r\nName: Django\r\nVersion: 4.2.7\r\n\r\nName: evil\r\n";
        let found = parse_metadata(text).unwrap();
        assert_eq!((found.name.as_str(), found.version.as_str()), ("Django", "4.2.7"));
        assert_eq!(parse_metadata(b"Version: 1\n\nName: x\n"), None);
    }

    #[test]
    fn the_best_of_three_licence_fields_is_taken() {
        assert_eq!(licences(b"License-Expression: MIT\nLicense: x\n"), ["MIT"]);
        assert_eq!(licences(b"Name: a\nLicense: BSD 3-Clause\n\nLicense: no"), ["BSD 3-Clause"]);
        let classified = b"License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n";
        assert_eq!(licences(classified), ["MIT License"]);
    }

    #[test]
    fn names_have_one_spelling() {
        assert_eq!(normal_name("Zope._-Interface"), "zope-interface");
    }

    #[test]
    fn a_virtual_environment_names_its_home() {
        let text = "home = /usr/bin\ninclude-system-site-packages = True\nversion = 3.11.2\n";
        let found = parse_pyvenv(text).unwrap();
        assert_eq!((found.home.as_str(), found.system_packages), ("/usr/bin", true));
        assert_eq!(parse_pyvenv("version = 3"), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (parse_metadata(&bytes), licences(&bytes));
            let _ = parse_pyvenv(&String::from_utf8_lossy(&bytes));
        }
    }
}
