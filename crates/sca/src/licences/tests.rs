use super::*;

const ISC: &str = "ISC License\n\nCopyright (c) 2019, Somebody\n\nPermission to use, copy, modify, and/or distribute this software for any\n\
    purpose with or without fee is hereby granted, provided that the above\ncopyright notice and this permission notice appear in all copies.\n\n\
    THE SOFTWARE IS PROVIDED \"AS IS\" AND THE AUTHOR DISCLAIMS ALL WARRANTIES\nWITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF\n\
    MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR\nANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES\n\
    WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN\nACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF\n\
    OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.\n";

fn ids(text: &str) -> Vec<&'static str> {
    recognise(text.as_bytes()).into_iter().map(|one| one.id).collect()
}

#[test]
fn a_text_is_recognised_in_any_layout() {
    assert_eq!(ids(ISC), ["ISC"]);
    let commented: String = ISC.lines().map(|line| format!(" * {line}\n")).collect();
    assert_eq!(ids(&commented), ["ISC"]);
    assert_eq!(ids(&ISC.replace('\n', " ").replace("Copyright (c) 2019, Somebody", "")), ["ISC"]);
    assert!(
        ids("Permission to use, copy, modify is not granted to anybody at all for any purpose.")
            .is_empty()
    );
    assert!(ids("").is_empty());
}

#[test]
fn every_shipped_licence_is_told_from_the_others() {
    let index = Index::shipped();
    assert!(index.len() > 500, "{}", index.len());
    assert!((0..index.len()).all(|at| !index.id(u16::try_from(at).unwrap()).is_empty()));
}

#[test]
fn a_text_without_its_appendix_is_not_another_one() {
    let whole = include_str!("../../../../LICENSE");
    let (terms, appendix) = whole.split_once("END OF TERMS AND CONDITIONS").unwrap();
    assert!(appendix.contains("APPENDIX"));
    assert_eq!(ids(whole), ["Apache-2.0"]);
    assert_eq!(ids(terms), ["Apache-2.0"]);
}
