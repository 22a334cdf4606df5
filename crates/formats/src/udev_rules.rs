//! udev's rules, as far as they run programs (udev(7)).

/// Most commands kept of one file.
const MAX_COMMANDS: usize = 10_000;

/// The commands of `RUN`, `PROGRAM` and `IMPORT{program}` in a rules file, each once, in order.
pub fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in text.replace("\\\n", " ").lines() {
        let line = line.trim();
        if line.starts_with('#') {
            continue;
        }
        for (key, value) in assignments(line) {
            let runs = matches!(key, "RUN" | "RUN{program}" | "PROGRAM" | "IMPORT{program}");
            if runs && !value.is_empty() && found.len() < MAX_COMMANDS {
                let value = value.to_owned();
                if !found.contains(&value) {
                    found.push(value);
                }
            }
        }
    }
    found
}

/// `KEY{attribute}OP"value"`, separated by commas; OP is one of `= == += -= := !=`.
fn assignments(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let (key, tail) = rest.split_once('"')?;
        // A quote within the value is written `\"`.
        let bytes = tail.as_bytes();
        let mut end = 0;
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'"' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let value = tail.get(..end)?;
        rest = tail.get(end + 1..).unwrap_or_default();
        // `e"..."` marks a value with escapes.
        let key = key.strip_suffix('e').filter(|key| key.ends_with('=')).unwrap_or(key);
        Some((key.trim_end().trim_end_matches(['=', '+', '-', ':', '!']).trim_end(), value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn programs_are_found_in_all_their_keys() {
        let text = "# RUN+=\"/bin/no\"\nSUBSYSTEM==\"net\", ACTION==\"add\", \\\n  RUN+=\"/bin/a %k \\\"x\\\"\"\n\
            KERNEL==\"sd*\", PROGRAM=\"/bin/b\", RUN{program}+=e\"/bin/c\", RUN{builtin}+=\"kmod load\"\n\
            IMPORT{program}=\"/bin/d\", RUN+=\"/bin/b\"\n";
        assert_eq!(commands(text), ["/bin/a %k \\\"x\\\"", "/bin/b", "/bin/c", "/bin/d"]);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[A-Z{}=+\", \\\\\\né]{0,200}") {
            let _ = commands(&text);
        }
    }
}
