//! Fields of files that call themselves XML but hold unescaped `&` and `<`, control characters and other encodings.
//!
//! Only the asked-for element counts as markup; everything between its tags is text.

/// Most elements of one name.
const MAX_ELEMENTS: usize = 2_000_000;

/// Text of the bytes: by byte order mark, else UTF-8 where it is that, else GBK and what extends it.
pub(super) fn decoded(bytes: &[u8]) -> String {
    if let Some((encoding, length)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding
            .decode_without_bom_handling(bytes.get(length..).unwrap_or_default())
            .0
            .into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// Content of every element of that name, ignoring a namespace prefix and attributes.
pub(super) fn all<'a>(xml: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = xml;
    std::iter::from_fn(move || {
        let (content, behind) = next(rest, name)?;
        rest = behind;
        Some(content)
    })
    .take(MAX_ELEMENTS)
}

pub(super) fn first<'a>(xml: &'a str, name: &'a str) -> Option<&'a str> {
    next(xml, name).map(|(content, _)| content)
}

/// The first element's text: entities resolved, control characters left out.
pub(super) fn text(xml: &str, name: &str) -> String {
    let content = first(xml, name).unwrap_or_default().trim();
    let content = content
        .strip_prefix("<![CDATA[")
        .and_then(|text| text.strip_suffix("]]>"))
        .unwrap_or(content);
    let mut out = String::with_capacity(content.len());
    let mut rest = content;
    while let Some(at) = rest.find('&') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let known =
            [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&'), ("&quot;", '"'), ("&apos;", '\'')];
        match known.iter().find(|(entity, _)| after.starts_with(entity)) {
            Some((entity, char)) => {
                out.push(*char);
                rest = after.strip_prefix(entity).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after.strip_prefix('&').unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out.retain(|char| !char.is_control() || matches!(char, '\n' | '\t'));
    out
}

/// Content of the next element, and what follows it.
fn next<'a>(xml: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let mut from = 0;
    loop {
        let at = from + xml.get(from..)?.find('<')?;
        let tag = xml.get(at + 1..)?;
        let length = opening(tag, name);
        if length == 0 {
            from = at + 1;
            continue;
        }
        let content = tag.get(length..)?;
        if tag.get(..length)?.ends_with("/>") {
            return Some(("", content));
        }
        let (end, behind) = closing(content, name)?;
        return Some((content.get(..end)?, content.get(behind..)?));
    }
}

/// Length of `name ...>` or `prefix:name ...>`; 0 where the tag is another.
fn opening(tag: &str, name: &str) -> usize {
    let Some(end) = tag.as_bytes().iter().take(500).position(|byte| *byte == b'>') else {
        return 0;
    };
    let inner = tag.get(..end).unwrap_or_default().trim_end_matches('/');
    let word = inner.split_ascii_whitespace().next().unwrap_or_default();
    if word.rsplit(':').next() == Some(name) { end + 1 } else { 0 }
}

/// Where the closing tag begins and where it ends.
fn closing(content: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        let at = from + content.get(from..)?.find("</")?;
        let tag = content.get(at + 2..)?;
        let end = tag.find('>')?;
        if tag.get(..end)?.trim().rsplit(':').next() == Some(name) {
            return Some((at, at + 2 + end + 1));
        }
        from = at + 2;
    }
}
