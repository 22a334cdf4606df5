//! Texts with wildcards.

/// A text in which `*` stands for any characters and `?` for any one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    fold: bool,
}

impl Pattern {
    /// A pattern in which capital letters differ from small ones.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), fold: false }
    }

    /// A pattern in which ASCII capital letters do not differ from small ones.
    pub fn folded(text: impl Into<String>) -> Self {
        Self { text: text.into(), fold: true }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern fits the whole text. Takes at most the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.text.as_bytes(), text.as_bytes());
        let (mut p, mut t) = (0, 0);
        // After the last star seen, and how far the text was then.
        let mut star: Option<(usize, usize)> = None;
        loop {
            match (pattern.get(p), text.get(t)) {
                (Some(b'*'), _) => {
                    star = Some((p + 1, t));
                    p += 1;
                }
                (Some(b'?'), Some(_)) => {
                    p += 1;
                    t = next_character(text, t);
                }
                (Some(one), Some(other)) if self.same(*one, *other) => {
                    p += 1;
                    t += 1;
                }
                (None, None) => return true,
                // Does not fit so: the star takes one byte more.
                _ => match star {
                    Some((after, taken)) if taken < text.len() => {
                        star = Some((after, taken + 1));
                        (p, t) = (after, taken + 1);
                    }
                    _ => return false,
                },
            }
        }
    }

    const fn same(&self, one: u8, other: u8) -> bool {
        if self.fold { one.eq_ignore_ascii_case(&other) } else { one == other }
    }
}

/// The byte after the character that begins at `at`.
fn next_character(text: &[u8], at: usize) -> usize {
    let more = text.iter().skip(at + 1).take_while(|byte| **byte & 0xC0 == 0x80).count();
    at + 1 + more
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, fits) in [
            ("scm:cert:*", "scm:cert:export", true),
            ("scm:*:get", "scm:cert:export", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aéc", true),
            ("*ab*ab", "abxab", true),
            ("*ab*ab", "xab", false),
            ("a**b", "ab", true),
            ("A*", "ab", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), fits, "{pattern} {text}");
        }
        assert!(Pattern::folded("SCM:cert:*").matches("scm:Cert:export"));
    }

    /// The obvious way, exponential.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|n| slow(rest, &text[n..])),
            (['?', rest @ ..], [_, more @ ..]) => slow(rest, more),
            ([one, rest @ ..], [other, more @ ..]) => one == other && slow(rest, more),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn as_the_obvious_way(pattern in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
            let (p, t): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Pattern::new(&*pattern).matches(&text), slow(&p, &t));
        }
    }

    #[test]
    fn many_stars_cost_little() {
        let pattern = Pattern::new("a*".repeat(64) + "b");
        assert!(!pattern.matches(&"a".repeat(10_000)));
    }
}
