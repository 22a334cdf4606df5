//! Maven's order, as `ComparableVersion` of maven-artifact has it.
//!
//! Maven compares nested lists, and every `-` opens one inside the last. As nothing ever follows a nested list, the
//! nest is written here as one row of items, each with the number of lists opened before it.
//!
//! On versions with a qualifier between dots (`1.sp.1`) Maven's own comparison is not transitive; here it is.

use super::key::{Writer, digits, is_zero, split};

/// Known qualifiers with their tags; what is not in the list comes after them in the order of its letters.
const QUALIFIERS: [(&str, u8); 10] = [
    ("alpha", 0x10),
    ("beta", 0x11),
    ("milestone", 0x12),
    ("rc", 0x13),
    ("cr", 0x13),
    ("snapshot", 0x14),
    ("ga", RELEASE),
    ("final", RELEASE),
    ("release", RELEASE),
    ("sp", 0x24),
];
/// A word that means no qualifier. If more follows, that decides on which side of the end it lies.
const RELEASE: u8 = 0x20;
const RELEASE_BEFORE_LESS: u8 = 0x1e;
const END: u8 = 0x20;
const RELEASE_BEFORE_MORE: u8 = 0x22;
const OTHER: u8 = 0x26;
const NUMBER: u8 = 0x7f;
/// Deeper nested numbers are smaller; beyond this depth they are all taken as equally deep.
const MAX_DEPTH: u8 = 0x50;
const WITHOUT_NUMBER: u8 = 1;
const WITH_NUMBER: u8 = 2;

enum Item {
    /// A number, and how many lists were opened before it.
    Number(u8, String),
    /// A qualifier, and the number that belongs to it.
    Word(u8, String, Option<String>),
}

impl Item {
    fn is_zero(&self) -> bool {
        matches!(self, Self::Number(_, number) if is_zero(number))
    }

    /// Says nothing if nothing follows.
    fn is_empty(&self) -> bool {
        match self {
            Self::Number(_, number) => is_zero(number),
            Self::Word(tag, _, number) => *tag == RELEASE && number.is_none(),
        }
    }
}

pub(super) fn key(version: &str, key: &mut Writer) -> Option<()> {
    let mut items = normal(parse(&version.to_lowercase()));
    // From the end, as a release word's place depends on what follows it.
    let mut after_end_is_more = true;
    for item in items.iter_mut().rev() {
        match item {
            Item::Number(..) => after_end_is_more = true,
            Item::Word(tag, _, number) => {
                if *tag == RELEASE {
                    let more = number.is_some() || after_end_is_more;
                    *tag = if more { RELEASE_BEFORE_MORE } else { RELEASE_BEFORE_LESS };
                }
                after_end_is_more = *tag > END;
            }
        }
    }
    for item in &items {
        match item {
            Item::Number(depth, number) => {
                key.tag(NUMBER - depth);
                key.number(number)?;
            }
            Item::Word(tag, word, number) => {
                key.tag(*tag);
                if *tag == OTHER {
                    key.text(word);
                }
                match number {
                    None => key.tag(WITHOUT_NUMBER),
                    Some(number) => {
                        key.tag(WITH_NUMBER);
                        key.number(number)?;
                    }
                }
            }
        }
    }
    key.tag(END);
    Some(())
}

/// Zeros before a word and at the end say nothing, nor does a release word at the end.
fn normal(items: Vec<Item>) -> Vec<Item> {
    let mut kept: Vec<Item> = Vec::with_capacity(items.len());
    for item in items {
        if matches!(item, Item::Word(..)) {
            while kept.last().is_some_and(Item::is_zero) {
                kept.pop();
            }
        }
        kept.push(item);
    }
    while kept.last().is_some_and(Item::is_empty) {
        kept.pop();
    }
    kept
}

/// Splits at `.`, at `-`, and where digits and letters meet.
fn parse(version: &str) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = version;
    let mut depth = 0;
    loop {
        let (number, behind) = digits(rest);
        if !number.is_empty() {
            items.push(Item::Number(depth, number.to_owned()));
            depth = 0;
            rest = behind;
            // 1a: the letter opens a list.
            if !rest.is_empty() && !rest.starts_with(['.', '-']) {
                depth = 1;
            }
        } else if rest.is_empty() || rest.starts_with(['.', '-']) {
            items.push(Item::Number(depth, "0".to_owned()));
            depth = 0;
        } else {
            let (word, behind) = split(rest, |b| !b.is_ascii_digit() && b != b'.' && b != b'-');
            // x1 and x-1 are one item.
            let (number, after) = digits(behind.strip_prefix('-').unwrap_or(behind));
            let number = (!number.is_empty()).then_some(number);
            rest = if number.is_some() { after } else { behind };
            items.push(self::word(word, number));
            depth = u8::from(number.is_some() && !rest.is_empty() && !rest.starts_with(['.', '-']));
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        } else if let Some(after) = rest.strip_prefix('-') {
            depth = (depth + 1).min(MAX_DEPTH);
            rest = after;
        } else if rest.is_empty() {
            return items;
        }
        if rest.is_empty() {
            // A separator at the end adds a zero, which says nothing.
            return items;
        }
    }
}

fn word(word: &str, number: Option<&str>) -> Item {
    let word = match (word, number) {
        ("a", Some(_)) => "alpha",
        ("b", Some(_)) => "beta",
        ("m", Some(_)) => "milestone",
        _ => word,
    };
    let tag = QUALIFIERS.iter().find(|(known, _)| *known == word).map_or(OTHER, |(_, tag)| *tag);
    let number = number.filter(|number| tag != RELEASE || !is_zero(number));
    Item::Word(tag, word.to_owned(), number.map(str::to_owned))
}
