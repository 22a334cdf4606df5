//! The canonical form of a request: what was received, rewritten as every client would have written it.

use super::{Authorization, Refusal, Request};

/// The path: decoded once, split at `/` (also at a decoded one), every piece encoded again, and closed
/// by a `/`.
pub(super) fn uri(path: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len() + 16);
    for byte in Decoded(path.as_bytes()) {
        if byte == b'/' { out.push(byte) } else { encode(byte, &mut out) }
    }
    if out.last() != Some(&b'/') {
        out.push(b'/');
    }
    out
}

/// The query: decoded pairs in the order of key and value, each `key=value` even where the wire form had
/// no `=`. Java sorts by key alone and keeps repeated values in their order: where that makes a
/// difference it is the second form.
pub(super) fn queries(query: &str) -> Vec<Vec<u8>> {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (plus_decoded(key), plus_decoded(value))
        })
        .collect();
    pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
    let by_key = join(&pairs);
    pairs.sort();
    let by_both = join(&pairs);
    if by_both == by_key { vec![by_both] } else { vec![by_both, by_key] }
}

/// The block of signed headers, one `name:value` a line, an empty line, and the list of names.
pub(super) fn headers(
    authorization: &Authorization<'_>,
    request: &Request<'_>,
) -> Result<Vec<u8>, Refusal> {
    let mut out = Vec::with_capacity(512);
    for name in &authorization.signed {
        let value = request.header(name).ok_or(Refusal::HeaderMissing)?;
        out.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
        out.push(b':');
        out.extend_from_slice(value);
        out.push(b'\n');
    }
    out.push(b'\n');
    out.extend_from_slice(authorization.signed_text.as_bytes());
    Ok(out)
}

fn join(pairs: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (key, value) in pairs {
        if !out.is_empty() {
            out.push(b'&');
        }
        key.iter().for_each(|byte| encode(*byte, &mut out));
        out.push(b'=');
        value.iter().for_each(|byte| encode(*byte, &mut out));
    }
    out
}

/// In a query a `+` is a blank: so the Go SDK writes it, and so the edge reads it.
fn plus_decoded(text: &str) -> Vec<u8> {
    let blank = text.bytes().map(|byte| if byte == b'+' { b' ' } else { byte });
    let text: Vec<u8> = blank.collect();
    Decoded(&text).collect()
}

pub(super) fn encode(byte: u8, out: &mut Vec<u8>) {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        out.push(byte);
    } else {
        let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'A' - 10 };
        out.extend([b'%', digit(byte >> 4), digit(byte & 15)]);
    }
}

/// Percent-decoding. A `%` that no two hexadecimal digits follow stands for itself.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let (byte, rest) = match self.0 {
            [b'%', high, low, rest @ ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', self.0.get(1..)?),
            },
            [byte, rest @ ..] => (*byte, rest),
            [] => return None,
        };
        self.0 = rest;
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_encoded_slash_signs_as_a_slash_and_a_stray_percent_as_itself() {
        assert_eq!(text(&uri("/v3/a%2fb")), "/v3/a/b/");
        assert_eq!(text(&uri("/v3/%7Bid%7D/100%")), "/v3/%7Bid%7D/100%25/");
        assert_eq!(text(&uri("/")), "/");
    }

    #[test]
    fn a_value_that_go_dropped_the_equals_sign_of_gets_it_back() {
        assert_eq!(queries("a&b=1"), [b"a=&b=1".to_vec()]);
        assert_eq!(queries("q=a+b%2Bc"), [b"q=a%20b%2Bc".to_vec()]);
        assert_eq!(queries(""), [b"".to_vec()]);
    }

    #[test]
    fn repeated_values_have_a_second_form_only_where_their_order_matters() {
        assert_eq!(queries("k=z&k=a&b=1"), [b"b=1&k=a&k=z".to_vec(), b"b=1&k=z&k=a".to_vec()]);
        assert_eq!(queries("k=a&k=z").len(), 1);
    }

    #[test]
    fn sorts_by_the_decoded_text() {
        // '-' (0x2d) sorts before 'a', although "%2d" would sort before "0".
        assert_eq!(queries("0=1&%2d=2"), [b"-=2&0=1".to_vec()]);
    }

    proptest! {
        #[test]
        fn the_form_of_the_encoding_does_not_matter(path in "(/[ -~]{0,8}){1,5}") {
            let mut encoded = Vec::new();
            for byte in path.bytes() {
                if byte == b'/' { encoded.push(byte) } else { encode(byte, &mut encoded) }
            }
            let lower = text(&encoded).to_owned();
            prop_assert_eq!(uri(&lower), uri(&lower.replace("%2F", "%2f")));
            // Canonical once is canonical for ever.
            let once = uri(&lower);
            prop_assert_eq!(uri(text(&once)), once);
        }

        #[test]
        fn the_order_on_the_wire_does_not_matter(
            mut pairs in proptest::collection::vec("[a-c]{1,2}=[a-c]{0,2}", 0..6),
        ) {
            let one = queries(&pairs.join("&")).swap_remove(0);
            pairs.reverse();
            prop_assert_eq!(one, queries(&pairs.join("&")).swap_remove(0));
        }
    }
}
