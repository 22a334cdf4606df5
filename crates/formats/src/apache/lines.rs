//! Lines, words and variables of an httpd configuration.

use std::borrow::Cow;

/// Longest line; httpd itself allows 16 MiB, but none of the directives read here needs that.
const MAX_LINE: usize = 64 * 1024;

/// Logical lines: comments dropped, a `\` at the end joins the next line.
pub(super) struct Lines<'a>(std::str::Lines<'a>);

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text.lines())
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let mut line = Cow::Borrowed(self.0.next()?);
        while line.ends_with('\\') && line.len() < MAX_LINE {
            let mut joined = line.into_owned();
            joined.pop();
            joined.push_str(self.0.next().unwrap_or_default());
            line = Cow::Owned(joined);
        }
        let empty = line.trim_start().starts_with('#') || line.len() > MAX_LINE;
        Some(if empty { Cow::Borrowed("") } else { line })
    }
}

/// The words of a line; quotes hold blanks together and a backslash protects a quote.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let quote = match chars.peek() {
            None => return words,
            Some(quote @ ('"' | '\'')) => Some(*quote),
            Some(_) => None,
        };
        if quote.is_some() {
            chars.next();
        }
        let mut word = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' if chars.peek().is_some_and(|next| Some(*next) == quote) => {
                    word.extend(chars.next());
                }
                c if quote.map_or(c.is_whitespace(), |quote| c == quote) => break,
                c => word.push(c),
            }
        }
        words.push(word);
    }
}

/// Replaces `${NAME}` where the name is known and leaves it as written where not. Values are not
/// expanded again, so that this ends.
pub(super) fn expand<'a>(text: &str, known: impl Fn(&str) -> Option<&'a String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        match after.split_once('}') {
            Some((name, after)) => {
                match known(name) {
                    Some(value) if out.len() + value.len() <= MAX_LINE => out.push_str(value),
                    _ => {
                        out.push_str("${");
                        out.push_str(name);
                        out.push('}');
                    }
                }
                rest = after;
            }
            None => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_and_comments_go() {
        let lines: Vec<_> = Lines::new("a \\\nb\n  # c\nd\\").collect();
        assert_eq!(lines, ["a b", "", "d"]);
    }

    #[test]
    fn words_and_quotes() {
        assert_eq!(
            words(" Alias  \"/a b\" 'c\"d' e\\f \"g\\\"h\""),
            ["Alias", "/a b", "c\"d", "e\\f", "g\"h"]
        );
    }

    #[test]
    fn known_names_are_replaced() {
        let value = "/srv".to_owned();
        let known = |name: &str| (name == "R").then_some(&value);
        assert_eq!(expand("${R}/x${S}${R", known), "/srv/x${S}${R");
    }
}
