//! What sources state as a licence, as an SPDX expression (SPDX 2.3 annex D): expressions are put into the standard's spelling, names
//! of the SPDX list become their identifiers, everything else stays what it is.

use spdx::{Expression, ParseMode};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Longest text looked at, bytes.
const LONGEST: usize = 1_000;
/// Words that say nothing about which licence it is.
const FILLING: &[&str] = &["the", "license", "licence", "version", "v", "software"];
/// Names in wide use that are not those of the list, without the words that say nothing.
const ALSO: &[(&str, &str)] = &[
    ("apache 2", "Apache-2.0"),
    ("asl 2.0", "Apache-2.0"),
    ("bsd 2-clause", "BSD-2-Clause"),
    ("simplified bsd", "BSD-2-Clause"),
    ("bsd 3-clause", "BSD-3-Clause"),
    ("new bsd", "BSD-3-Clause"),
    ("revised bsd", "BSD-3-Clause"),
    ("modified bsd", "BSD-3-Clause"),
    ("eclipse distribution 1.0", "BSD-3-Clause"),
    ("edl 1.0", "BSD-3-Clause"),
    ("epl 1.0", "EPL-1.0"),
    ("epl 2.0", "EPL-2.0"),
    ("mpl 1.1", "MPL-1.1"),
    ("mpl 2.0", "MPL-2.0"),
    ("cddl 1.0", "CDDL-1.0"),
    ("cddl 1.1", "CDDL-1.1"),
];

/// The expression of what is stated; none where it is not certain which licence that is.
pub(crate) fn normalised(stated: &str) -> Option<String> {
    let stated = stated.trim();
    if stated.is_empty() || stated.len() > LONGEST {
        return None;
    }
    spelled(stated).or_else(|| called(stated).map(str::to_owned))
}

/// Of all that is stated together. None where a part is not certain: half an expression would be a wrong one.
pub(crate) fn all(stated: &[String]) -> Option<String> {
    let mut parts = stated.iter().map(|text| normalised(text)).collect::<Option<Vec<_>>>()?;
    parts.sort_unstable();
    parts.dedup();
    match parts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            let part = |part: &String| if is_id(part) { part.clone() } else { format!("({part})") };
            Some(parts.iter().map(part).collect::<Vec<_>>().join(" AND "))
        }
    }
}

/// Whether an expression is one identifier of the list.
pub(crate) fn is_id(expression: &str) -> bool {
    spdx::license_id(expression).is_some()
}

/// An expression in the standard's spelling. `/` is Cargo's old way to write OR.
fn spelled(stated: &str) -> Option<String> {
    let apart = stated.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut text = String::new();
    for word in apart.split_whitespace() {
        let word = match word.to_ascii_uppercase().as_str() {
            operator @ ("AND" | "OR" | "WITH") => operator.to_owned(),
            "(" | ")" => word.to_owned(),
            _ => id(word),
        };
        if !text.is_empty() && word != ")" && !text.ends_with('(') {
            text.push(' ');
        }
        text.push_str(&word);
    }
    let text = without_parentheses(&text);
    let mode = ParseMode { allow_deprecated: true, ..ParseMode::STRICT };
    Expression::parse_mode(text, mode).is_ok().then(|| text.to_owned())
}

/// An expression without parentheses around all of it.
fn without_parentheses(text: &str) -> &str {
    let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) else {
        return text;
    };
    let mut open = 0_i32;
    let closed = inner.chars().any(|c| {
        open += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        open < 0
    });
    if closed { text } else { without_parentheses(inner) }
}

/// An identifier as the list writes it. Those of the GNU family once did not say whether later versions may be taken.
fn id(word: &str) -> String {
    static IDS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
        spdx::identifiers::LICENSES
            .iter()
            .map(|one| (one.name.to_ascii_lowercase(), one.name))
            .collect()
    });
    let lower = word.to_ascii_lowercase();
    let (base, later) =
        lower.strip_suffix('+').map_or((lower.as_str(), false), |base| (base, true));
    let now = IDS.get(&format!("{base}{}", if later { "-or-later" } else { "-only" }));
    let known = now.or_else(|| IDS.get(&lower));
    match (known, IDS.get(base)) {
        (Some(known), _) => (*known).to_owned(),
        (None, Some(base)) => format!("{base}+"),
        (None, None) => word.to_owned(),
    }
}

/// The licence that the list calls so, or others do.
fn called(stated: &str) -> Option<&'static str> {
    static NAMES: LazyLock<HashMap<String, Option<&'static str>>> = LazyLock::new(|| {
        let mut names: HashMap<String, Option<&'static str>> = HashMap::new();
        let listed = spdx::identifiers::LICENSES
            .iter()
            .filter(|one| !spdx::license_id(one.name).is_some_and(spdx::LicenseId::is_deprecated));
        for (name, id) in listed.map(|one| (one.full_name, one.name)).chain(ALSO.iter().copied()) {
            // A name that two have is nobody's.
            names
                .entry(plain(name))
                .and_modify(|known| *known = known.filter(|known| *known == id))
                .or_insert(Some(id));
        }
        names
    });
    NAMES.get(&plain(stated)).copied().flatten()
}

/// A name in lower case, without punctuation and the words that say nothing.
fn plain(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower
        .split(|c: char| c.is_whitespace() || "\"'(),:;".contains(c))
        .map(|word| word.trim_matches('-'))
        .map(|word| {
            word.strip_prefix('v')
                .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
                .unwrap_or(word)
        })
        .filter(|word| !word.is_empty() && !FILLING.contains(word));
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_becomes_an_expression() {
        for (stated, expression) in [
            ("MIT", "MIT"),
            ("mit", "MIT"),
            ("MIT/Apache-2.0", "MIT OR Apache-2.0"),
            ("(apache-2.0 or MIT) and bsd-3-clause", "(Apache-2.0 OR MIT) AND BSD-3-Clause"),
            (
                "GPL-2.0+ WITH Classpath-exception-2.0",
                "GPL-2.0-or-later WITH Classpath-exception-2.0",
            ),
            ("((MIT or isc))", "MIT OR ISC"),
            ("(MIT OR ISC) AND (0BSD)", "(MIT OR ISC) AND (0BSD)"),
            ("GPL-3.0", "GPL-3.0-only"),
            ("GFDL-1.3-or-later", "GFDL-1.3-or-later"),
            ("MPL-1.1+", "MPL-1.1+"),
            ("The Apache Software License, Version 2.0", "Apache-2.0"),
            ("Apache License v2.0", "Apache-2.0"),
            ("The MIT License", "MIT"),
            ("Eclipse Public License - v 2.0", "EPL-2.0"),
            ("Mozilla Public License 2.0", "MPL-2.0"),
            ("LicenseRef-ours", "LicenseRef-ours"),
        ] {
            assert_eq!(normalised(stated).as_deref(), Some(expression), "{stated}");
        }
    }

    #[test]
    fn what_is_not_certain_stays_what_it_is() {
        for stated in
            ["", "BSD", "Apache", "GNU GPL", "see LICENSE", "MIT AND", "http://x.org/license"]
        {
            assert_eq!(normalised(stated), None, "{stated}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_asked_and_an_answer_stays_what_it_is(text in "[ ()/+a-zA-Z0-9.-]{0,60}|.{0,40}") {
            if let Some(expression) = normalised(&text) {
                proptest::prop_assert_eq!(normalised(&expression), Some(expression));
            }
        }
    }

    #[test]
    fn several_stand_together_or_not_at_all() {
        let all =
            |stated: &[&str]| all(&stated.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_eq!(all(&["MIT OR ISC", "mit license"]).as_deref(), Some("MIT AND (MIT OR ISC)"));
        assert_eq!(all(&["MIT", "The MIT License"]).as_deref(), Some("MIT"));
        assert_eq!(all(&["MIT", "ours"]), None);
        assert_eq!(all(&[]), None);
    }
}
