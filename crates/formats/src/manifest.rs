//! `META-INF/MANIFEST.MF`: the main section, with its continuation lines.
//!
//! Source of the rules: the JAR file specification, "Manifest specification".

/// Most attributes kept.
const MAX_ATTRIBUTES: usize = 512;
/// Longest value kept, bytes.
const MAX_VALUE: usize = 4096;

/// The main attributes of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    attributes: Vec<(String, String)>,
}

impl Manifest {
    /// Reads the main section; what follows the first empty line speaks of single entries and is left out.
    /// Lines that are no attributes are skipped.
    pub fn parse(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut attributes: Vec<(String, String)> = Vec::new();
        for line in text.trim_start_matches('\u{feff}').split('\n') {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.is_empty() {
                if attributes.is_empty() {
                    continue;
                }
                break;
            }
            if let Some(more) = line.strip_prefix(' ') {
                if let Some((_, value)) = attributes.last_mut()
                    && value.len() + more.len() <= MAX_VALUE
                {
                    value.push_str(more);
                }
            } else if let Some((name, value)) = line.split_once(':') {
                if attributes.len() == MAX_ATTRIBUTES {
                    break;
                }
                let value = value.strip_prefix(' ').unwrap_or(value);
                let end = value.floor_char_boundary(MAX_VALUE);
                attributes.push((name.to_owned(), value.get(..end).unwrap_or("").to_owned()));
            }
        }
        Self { attributes }
    }

    /// The value of an attribute, whose name has no case; none when it is empty or a build tool's
    /// placeholder that was never filled in.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(n, _)| n.eq_ignore_ascii_case(name))?;
        let value = value.trim();
        (!value.is_empty() && !value.contains("${") && !value.contains("@@")).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn continuation_lines_join_and_entry_sections_stay_out() {
        let manifest = Manifest::parse(
            b"Manifest-Version: 1.0\r\nBundle-SymbolicName: org.ex\r\n ample.long\r\n\
              Implementation-Version: ${project.version}\r\n\r\n\
              Name: org/example/\r\nSpecification-Version: 9\r\n",
        );
        assert_eq!(manifest.get("bundle-symbolicname"), Some("org.example.long"));
        assert_eq!(manifest.get("Implementation-Version"), None);
        assert_eq!(manifest.get("Specification-Version"), None);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Manifest::parse(&bytes).get("Name");
        }
    }
}
