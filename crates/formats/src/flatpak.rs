//! Flatpak: the `metadata` of a deployment (flatpak-metadata(5)) and the versions in its AppStream file.

/// Looks up `key` in `[group]` of a key file.
fn key_file<'a>(text: &'a str, group: &str, key: &str) -> Option<&'a str> {
    let mut inside = false;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name == group;
        } else if inside
            && let Some((name, value)) = line.split_once('=')
            && name.trim_end() == key
        {
            return Some(value.trim_start());
        }
    }
    None
}

/// The id of an application or runtime.
pub fn name(metadata: &str) -> Option<&str> {
    key_file(metadata, "Application", "name").or_else(|| key_file(metadata, "Runtime", "name"))
}

/// The runtime of an application, `org.gnome.Platform/x86_64/46`.
pub fn runtime(metadata: &str) -> Option<&str> {
    key_file(metadata, "Application", "runtime")
}

/// The newest version that an AppStream file (uncompressed XML) names: the first `release`, as they are
/// listed from the newest on.
pub fn version(appstream: &str) -> Option<String> {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(appstream);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.name().as_ref() == "release" => {
                let version = tag.try_get_attribute("version").ok()??;
                return Some(version.value.into_owned());
            }
            Ok(Event::Eof) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn metadata_and_versions_are_read() {
        let metadata = "[Application]\nname=org.gnome.Maps\nruntime=org.gnome.Platform/x86_64/46\n\n\
            [Context]\nname=x\n";
        assert_eq!(name(metadata), Some("org.gnome.Maps"));
        assert_eq!(runtime(metadata), Some("org.gnome.Platform/x86_64/46"));
        assert_eq!(name("[Runtime]\nname = org.gnome.Platform\n"), Some("org.gnome.Platform"));
        let appstream = "<component><releases><release version=\"46.2\"/><release version=\"46.1\"/>\
            </releases></component>";
        assert_eq!(version(appstream).as_deref(), Some("46.2"));
        assert_eq!(version("<a><b>"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = (name(&text), version(&text));
        }
    }
}
