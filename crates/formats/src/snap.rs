//! Snaps: `meta/snap.yaml` of an unpacked snap. Of the YAML only plain top-level scalars are read, which is
//! how snapcraft writes the fields wanted here.

/// What the file says of the snap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snap {
    /// `name`.
    pub name: String,
    /// `version`, which need not be a number.
    pub version: String,
    /// `architectures` where there is one only; a snap for all says `all`.
    pub arch: String,
    /// `type`: `app` where not given, `base`, `gadget`, `kernel`, `snapd`.
    pub kind: String,
}

/// Reads a `snap.yaml`; nothing when it lacks name or version.
pub fn snap(yaml: &str) -> Option<Snap> {
    let mut snap = Snap::default();
    let mut architectures = Vec::new();
    let mut section = "";
    for line in yaml.lines() {
        let item = line.trim_start().strip_prefix("- ");
        if let (Some(item), "architectures") = (item, section) {
            architectures.push(scalar(item));
            continue;
        }
        if line.starts_with([' ', '\t', '-', '#']) {
            continue;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        section = key;
        match key {
            "name" => snap.name = scalar(value),
            "version" => snap.version = scalar(value),
            "type" => snap.kind = scalar(value),
            "architectures" => {
                let list = value.trim().trim_start_matches('[').trim_end_matches(']');
                architectures.extend(list.split(',').map(scalar).filter(|arch| !arch.is_empty()));
            }
            _ => {}
        }
    }
    if let [arch] = architectures.as_slice() {
        snap.arch.clone_from(arch);
    }
    (!snap.name.is_empty() && !snap.version.is_empty()).then_some(snap)
}

/// A scalar without quotes and comment.
fn scalar(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.split(quote).next().unwrap_or_default().to_owned();
        }
    }
    text.split(" #").next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_snap_is_read_in_both_styles_of_list() {
        let yaml = "name: core22\nversion: '20240408'  # built\nsummary: |\n  name: other\n\
            architectures:\n- amd64\ntype: base\napps:\n  x:\n    version: 9\n";
        let expected = Snap {
            name: "core22".into(),
            version: "20240408".into(),
            arch: "amd64".into(),
            kind: "base".into(),
        };
        assert_eq!(snap(yaml), Some(expected));
        let yaml = "name: hello\nversion: \"2.10\"\narchitectures: [amd64, arm64]\n";
        let read = snap(yaml).unwrap();
        assert_eq!((read.version.as_str(), read.arch.as_str()), ("2.10", ""));
        assert_eq!(snap("name: x\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = snap(&text);
        }
    }
}
