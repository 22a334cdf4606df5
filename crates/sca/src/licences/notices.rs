//! Notices: the few lines at the top of a file that name its licence instead of repeating it, in words of their own or those
//! the licence proposes.

/// Bytes of a file in which notices are looked for.
const TOP: usize = 32 << 10;
/// Words between what puts a file under a licence and the licence's name, at most.
const NEAR: usize = 14;
/// Words behind a name of the GNU family in which its version stands.
const AHEAD: usize = 40;

/// What puts a file under the licence named next.
const CUES: &[&str] = &[
    "license",
    "licensed",
    "released",
    "distributed",
    "redistribute",
    "terms",
    "subject",
    "covered",
    "governed",
    "available",
];

/// Names that say which licence it is, in words as [`words`] makes them. Of names that begin with another one the longer stands first.
const NAMES: &[(&str, &str)] = &[
    ("Apache-1.1", "apache software license version 1 1"),
    ("Apache-2.0", "apache license version 2 0"),
    ("Apache-2.0", "apache license 2 0"),
    ("Apache-2.0", "apache software license version 2 0"),
    ("Apache-2.0", "apache 2 0 license"),
    ("MPL-1.1", "mozilla public license version 1 1"),
    ("MPL-2.0", "mozilla public license version 2 0"),
    ("MPL-2.0", "mozilla public license v 2 0"),
    ("MPL-2.0", "mozilla public license 2 0"),
    ("EPL-1.0", "eclipse public license v1 0"),
    ("EPL-1.0", "eclipse public license 1 0"),
    ("EPL-2.0", "eclipse public license v2 0"),
    ("EPL-2.0", "eclipse public license v 2 0"),
    ("EPL-2.0", "eclipse public license 2 0"),
    ("BSD-3-Clause", "eclipse distribution license v 1 0"),
    ("BSD-3-Clause", "eclipse distribution license v1 0"),
    ("CDDL-1.1", "common development and distribution license version 1 1"),
    ("CDDL-1.0", "common development and distribution license version 1 0"),
    ("BSL-1.0", "boost software license version 1 0"),
    ("MIT", "mit license"),
    ("ISC", "isc license"),
    ("Zlib", "zlib license"),
    ("BSD-2-Clause", "bsd 2 clause license"),
    ("BSD-2-Clause", "2 clause bsd license"),
    ("BSD-2-Clause", "simplified bsd license"),
    ("BSD-3-Clause", "bsd 3 clause license"),
    ("BSD-3-Clause", "3 clause bsd license"),
    ("BSD-3-Clause", "new bsd license"),
    ("BUSL-1.1", "business source license 1 1"),
    ("SSPL-1.0", "server side public license version 1"),
    ("Elastic-2.0", "elastic license 2 0"),
    ("UPL-1.0", "universal permissive license v 1 0"),
    ("EUPL-1.2", "european union public license v 1 2"),
    ("MS-PL", "microsoft public license"),
    ("MulanPSL-2.0", "mulan psl v2"),
    ("OFL-1.1", "sil open font license version 1 1"),
    ("Artistic-2.0", "artistic license 2 0"),
    ("AFL-2.1", "academic free license version 2 1"),
];

/// The licences that the notices at the top of a file name, in their order, each once.
pub(crate) fn named(text: &[u8]) -> Vec<&'static str> {
    let top = text.get(..TOP).unwrap_or(text);
    if !mentions(top) {
        return Vec::new();
    }
    let words = words(top);
    let mut found = Vec::new();
    for at in 0..words.len() {
        let Some(id) = gnu(&words, at).or_else(|| by_name(&words, at)) else { continue };
        if !found.contains(&id) && is_under(&words, at) {
            found.push(id);
        }
    }
    found
}

/// Whether a text can say anything about licences at all: most files do not.
pub(crate) fn mentions(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'l', b'L', text).any(|at| {
        let word = text.get(at + 1..at + 5).unwrap_or_default();
        word.eq_ignore_ascii_case(b"icen")
    })
}

/// The words in lower case, in one spelling.
fn words(text: &[u8]) -> Vec<String> {
    text.split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let word = String::from_utf8_lossy(word).to_ascii_lowercase();
            if word == "licence" { "license".to_owned() } else { word }
        })
        .collect()
}

/// Whether the words from `at` on are these.
fn reads(words: &[String], at: usize, name: &str) -> bool {
    let mut here = words.get(at..).unwrap_or_default().iter();
    name.split(' ').all(|word| here.next().is_some_and(|here| here == word))
}

fn by_name(words: &[String], at: usize) -> Option<&'static str> {
    NAMES.iter().find(|(_, name)| reads(words, at, name)).map(|(id, _)| *id)
}

/// Whether something before the name puts the file under it: a licence that is only spoken of has no such word near.
fn is_under(words: &[String], at: usize) -> bool {
    let before = words.get(at.saturating_sub(NEAR)..at).unwrap_or_default();
    before.iter().any(|word| CUES.contains(&word.as_str()))
}

/// A licence of the GNU family with its version, and whether a later one may be chosen. Without a version it says nothing.
fn gnu(words: &[String], at: usize) -> Option<&'static str> {
    let (family, behind) = [
        ("AGPL", "gnu affero general public license"),
        ("LGPL", "gnu lesser general public license"),
        ("LGPL", "gnu library general public license"),
        ("GPL", "gnu general public license"),
    ]
    .into_iter()
    .find(|(_, name)| reads(words, at, name))
    .map(|(family, name)| (family, at + name.split(' ').count()))?;
    let rest = words.get(behind..).unwrap_or_default();
    let rest = rest.get(..AHEAD).unwrap_or(rest);
    let version = rest.iter().position(|word| word == "version" || word == "v")?;
    let mut numbers = rest.get(version + 1..).unwrap_or_default().iter().map(String::as_str);
    let (major, minor) = (numbers.next()?, numbers.next().unwrap_or_default());
    let later = rest
        .windows(2)
        .any(|two| matches!(two, [any, version] if any == "any" && version == "later"))
        || rest.windows(2).any(|two| matches!(two, [or, later] if or == "or" && later == "later"));
    Some(match (family, major, minor, later) {
        ("AGPL", "3", _, false) => "AGPL-3.0-only",
        ("AGPL", "3", _, true) => "AGPL-3.0-or-later",
        ("LGPL", "2", "1", false) => "LGPL-2.1-only",
        ("LGPL", "2", "1", true) => "LGPL-2.1-or-later",
        ("LGPL", "2", _, false) => "LGPL-2.0-only",
        ("LGPL", "2", _, true) => "LGPL-2.0-or-later",
        ("LGPL", "3", _, false) => "LGPL-3.0-only",
        ("LGPL", "3", _, true) => "LGPL-3.0-or-later",
        ("GPL", "1", _, false) => "GPL-1.0-only",
        ("GPL", "1", _, true) => "GPL-1.0-or-later",
        ("GPL", "2", _, false) => "GPL-2.0-only",
        ("GPL", "2", _, true) => "GPL-2.0-or-later",
        ("GPL", "3", _, false) => "GPL-3.0-only",
        ("GPL", "3", _, true) => "GPL-3.0-or-later",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_names_its_licence() {
        let apache = b"// Licensed to the ASF under one or more contributor license agreements.\n// The ASF licenses this file to You under the Apache\n// License, Version 2.0 (the \"License\"); you may not use it otherwise";
        assert_eq!(named(apache), ["Apache-2.0"]);
        let gnu = b" * This program is free software: you can redistribute it and/or modify\n * it under the terms of the GNU General Public License as published by\n * the Free Software Foundation, either version 3 of the License, or\n * (at your option) any later version.";
        assert_eq!(named(gnu), ["GPL-3.0-or-later"]);
        let lesser = b"# released under the GNU Lesser General Public Licence, version 2.1 only";
        assert_eq!(named(lesser), ["LGPL-2.1-only"]);
        let two = b"/* The contents of this file may be used under the terms of the Mozilla Public License Version 1.1, or, at your choice, under the terms of the GNU General Public License Version 2 or later */";
        assert_eq!(named(two), ["MPL-1.1", "GPL-2.0-or-later"]);
    }

    #[test]
    fn what_is_only_spoken_of_names_nothing() {
        assert!(named(b"we compared it with what the mit license says").is_empty());
        assert!(named(b"under the terms of the GNU General Public License").is_empty());
        assert!(named(b"no word of it").is_empty());
    }
}
