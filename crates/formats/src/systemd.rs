//! systemd's unit files (systemd.syntax(7)), and desktop entries, which are written alike.
//!
//! [`Unit`] is a file with its drop-ins put over it. Which files those are, and in which directory each
//! was found, is the caller's business.

use std::collections::HashMap;

/// Most assignments kept of one unit.
const MAX_SETTINGS: usize = 10_000;

/// The settings of a unit, by section and key, in the order of their assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unit {
    settings: HashMap<(String, String), Vec<String>>,
    count: usize,
}

impl Unit {
    /// Reads a unit file.
    pub fn parse(text: &str) -> Self {
        let mut unit = Self::default();
        unit.apply(text);
        unit
    }

    /// Puts a drop-in over what was read so far. An empty assignment clears the earlier ones.
    pub fn apply(&mut self, text: &str) {
        let mut section = String::new();
        for line in logical_lines(text) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = name.to_owned();
                continue;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let value = value.trim();
            let values =
                self.settings.entry((section.clone(), key.trim_end().to_owned())).or_default();
            if value.is_empty() {
                self.count -= values.len();
                values.clear();
            } else if self.count < MAX_SETTINGS {
                self.count += 1;
                values.push(value.to_owned());
            }
        }
    }

    /// All values of a key.
    pub fn all(&self, section: &str, key: &str) -> &[String] {
        let key = (section.to_owned(), key.to_owned());
        self.settings.get(&key).map(Vec::as_slice).unwrap_or_default()
    }

    /// The value that holds of a key that takes one.
    pub fn last(&self, section: &str, key: &str) -> Option<&str> {
        self.all(section, key).last().map(String::as_str)
    }

    /// The words of all values of a key that takes a list of names.
    pub fn words(&self, section: &str, key: &str) -> impl Iterator<Item = &str> {
        self.all(section, key).iter().flat_map(|value| value.split_ascii_whitespace())
    }

    /// Is there any value in this section?
    pub fn has_section(&self, section: &str) -> bool {
        self.settings.keys().any(|(name, _)| name == section)
    }
}

/// Trimmed lines without comments; one that ends in a backslash goes on in the next.
fn logical_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut current = String::new();
    for line in text.lines() {
        let line = line.trim();
        // A comment within a continued line is skipped, and the line goes on behind it.
        if line.starts_with(['#', ';']) || (line.is_empty() && current.is_empty()) {
            continue;
        }
        if let Some(part) = line.strip_suffix('\\') {
            current.push_str(part.trim_end());
            current.push(' ');
        } else {
            current.push_str(line);
            lines.push(std::mem::take(&mut current));
        }
    }
    if !current.is_empty() {
        lines.push(current);
    }
    lines
}

/// A unit's name, `prefix@instance.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// Before the `@`, or all but the type.
    pub prefix: &'a str,
    /// Between `@` and type; empty in the name of a template.
    pub instance: Option<&'a str>,
    /// `service`, `socket`, `timer` ...
    pub suffix: &'a str,
}

impl<'a> Name<'a> {
    /// Takes a name apart; nothing if it has no type.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (stem, suffix) = name.rsplit_once('.')?;
        let (prefix, instance) = match stem.split_once('@') {
            Some((prefix, instance)) => (prefix, Some(instance)),
            None => (stem, None),
        };
        (!prefix.is_empty() && !suffix.is_empty()).then_some(Self { prefix, instance, suffix })
    }

    /// The template that a name with an instance is made from.
    pub fn template(&self) -> Option<String> {
        self.instance.map(|_| format!("{}@.{}", self.prefix, self.suffix))
    }

    /// Replaces the specifiers that depend on the name alone: `%i %I %n %N %p %P %%`.
    pub fn expand(&self, text: &str) -> String {
        let stem = match self.instance {
            Some(instance) => format!("{}@{instance}", self.prefix),
            None => self.prefix.to_owned(),
        };
        let instance = self.instance.unwrap_or_default();
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(char) = chars.next() {
            if char != '%' {
                out.push(char);
                continue;
            }
            match chars.next() {
                Some('i') => out.push_str(instance),
                Some('I') => out.push_str(&unescape(instance)),
                Some('n') => out.push_str(&format!("{stem}.{}", self.suffix)),
                Some('N') => out.push_str(&stem),
                Some('p') => out.push_str(self.prefix),
                Some('P') => out.push_str(&unescape(self.prefix)),
                Some('%') => out.push('%'),
                Some(other) => out.extend(['%', other]),
                None => out.push('%'),
            }
        }
        out
    }
}

/// `-` stands for `/`, `\xNN` for a byte (systemd-escape(1)).
fn unescape(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = tail.strip_prefix(b"x").filter(|_| *first == b'\\').and_then(|hex| hex.get(..2));
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match byte {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                out.push(if *first == b'-' { b'/' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A command without the signs before it that change how it is run (`@ - : + !`).
pub fn command(value: &str) -> &str {
    value.trim_start_matches(['@', '-', ':', '+', '!', '|'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn drop_ins_add_and_clear() {
        let mut unit = Unit::parse(
            "[Unit]\nAfter=a b\n# c\nAfter = c\n[Service]\nExecStart=/bin/a \\\n; comment\n  b\nUser=x\n",
        );
        assert_eq!(unit.words("Unit", "After").collect::<Vec<_>>(), ["a", "b", "c"]);
        assert_eq!(unit.all("Service", "ExecStart"), ["/bin/a b"]);
        unit.apply("[Service]\nExecStart=\nExecStart=-/bin/c\nUser=y");
        assert_eq!(unit.all("Service", "ExecStart"), ["-/bin/c"]);
        assert_eq!(unit.last("Service", "User"), Some("y"));
        assert_eq!(command("-@/bin/c"), "/bin/c");
        assert!(unit.has_section("Unit") && !unit.has_section("Timer"));
    }

    #[test]
    fn a_name_may_be_an_instance() {
        let name = Name::parse("getty@tty-1.service").unwrap();
        assert_eq!(name.template().unwrap(), "getty@.service");
        assert_eq!(name.expand("%p %i %I %n %% %x"), "getty tty-1 tty/1 getty@tty-1.service % %x");
        assert_eq!(Name::parse("a\\x2db.socket").unwrap().expand("%P"), "a-b");
        assert_eq!(Name::parse("x.service").unwrap().template(), None);
        assert_eq!(Name::parse("README"), None);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[a-zA-Z@%\\\\=\\[\\]#; \\n.x0-9-]{0,200}") {
            let _ = Unit::parse(&text);
            if let Some(name) = Name::parse(&text) {
                let _ = (name.template(), name.expand(&text));
            }
        }
    }
}
