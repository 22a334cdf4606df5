//! How the parser of a configuration asks for the files that it includes, and for how many at most.

/// A file that a configuration includes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Included {
    /// Its path.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Reads included files. The parser does no I/O of its own.
pub trait Sources {
    /// The files that match `pattern` (absolute; `*`, `?` and `[...]` match within one component), in
    /// the order of their paths. A directory stands for nothing unless the caller's format says so.
    fn matching(&mut self, pattern: &str) -> Vec<Included>;
}

/// For configurations that stand alone.
impl Sources for () {
    fn matching(&mut self, _pattern: &str) -> Vec<Included> {
        Vec::new()
    }
}

/// Most files that one configuration may include.
pub const MAX_FILES: usize = 2_000;
/// Most bytes of text that one configuration may have altogether.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How deep files may include files, and blocks may stand in blocks.
pub const MAX_DEPTH: usize = 24;

/// What one configuration may still read.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    files: usize,
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { files: MAX_FILES, bytes: MAX_BYTES }
    }
}

impl Budget {
    /// Takes a text of that length out of the budget; false when it does not fit any more.
    pub fn take(&mut self, bytes: usize) -> bool {
        match (self.files.checked_sub(1), self.bytes.checked_sub(bytes)) {
            (Some(files), Some(bytes)) => {
                *self = Self { files, bytes };
                true
            }
            _ => false,
        }
    }
}

/// Whether the component holds a wildcard.
pub fn is_pattern(component: &str) -> bool {
    component.contains(['*', '?', '['])
}

/// Whether `name` matches the pattern of one path component, as `glob(3)` has it: `*`, `?`, `[a-z]`,
/// `[!a]`, `\` before a literal. A leading dot is only matched by a dot. Takes time proportional to the
/// product of both lengths at most.
pub fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') && !pattern.starts_with("\\.") {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where the last star stood and which character it was last made to swallow.
    let mut star: Option<(usize, usize)> = None;
    while let Some(&c) = name.get(n) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
                continue;
            }
            Some(_) => {
                if let Some(next) = one(&pattern, p, c) {
                    p = next;
                    n += 1;
                    continue;
                }
            }
            None => {}
        }
        let Some((at, swallowed)) = star else { return false };
        star = Some((at, swallowed + 1));
        p = at + 1;
        n = swallowed + 1;
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|c| *c == '*'))
}

/// Matches one character against the element at `p`; the position behind that element if it fits.
fn one(pattern: &[char], p: usize, c: char) -> Option<usize> {
    match pattern.get(p)? {
        '?' => Some(p + 1),
        '\\' => (*pattern.get(p + 1)? == c).then_some(p + 2),
        '[' => class(pattern, p, c),
        literal => (*literal == c).then_some(p + 1),
    }
}

fn class(pattern: &[char], p: usize, c: char) -> Option<usize> {
    let negated = matches!(pattern.get(p + 1), Some('!' | '^'));
    let first = if negated { p + 2 } else { p + 1 };
    let mut at = first;
    let mut hit = false;
    loop {
        let low = *pattern.get(at)?;
        if low == ']' && at > first {
            break;
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some('-'), Some(high)) if *high != ']' => {
                hit |= (low..=*high).contains(&c);
                at += 3;
            }
            _ => {
                hit |= low == c;
                at += 1;
            }
        }
    }
    (hit != negated).then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn components_match_as_glob_has_it() {
        for (pattern, name) in [
            ("*", "a"),
            ("*.conf", "site.conf"),
            ("a*b*c", "axxbyybc"),
            ("?.conf", "a.conf"),
            ("[a-c]x", "bx"),
            ("[!a]x", "bx"),
            ("[]]", "]"),
            ("\\*", "*"),
            (".*", ".hidden"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*", ".hidden"),
            ("*.conf", "site.conf.bak"),
            ("?.conf", "ab.conf"),
            ("[a-c]x", "dx"),
            ("[!a]x", "ax"),
            ("[a", "a"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_budget_ends() {
        let mut budget = Budget::default();
        assert!(budget.take(MAX_BYTES));
        assert!(!budget.take(1));
    }

    proptest! {
        #[test]
        fn a_star_around_a_piece_finds_it(a in "[a-z]{0,8}", b in "[a-z]{0,8}", c in "[a-z]{0,8}") {
            let pattern = format!("*{b}*");
            let name = format!("{a}{b}{c}");
            prop_assert!(matches(&pattern, &name));
        }

        #[test]
        fn any_pattern_ends(pattern in "\\PC{0,40}", name in "\\PC{0,40}") {
            matches(&pattern, &name);
        }
    }
}
