//! Reading a package URL from outside.

use super::{MAX_LENGTH, Purl, invalid};
use crate::{Error, Result};
use std::str::FromStr;

impl FromStr for Purl {
    type Err = Error;

    /// Reads any spelling the specification allows, and makes it canonical.
    fn from_str(text: &str) -> Result<Self> {
        if text.len() > MAX_LENGTH {
            return Err(invalid(format_args!("longer than {MAX_LENGTH} bytes")));
        }
        let (scheme, rest) = text.split_once(':').unwrap_or_default();
        if !scheme.eq_ignore_ascii_case("pkg") {
            return Err(invalid("does not start with pkg:"));
        }
        let (rest, subpath) = rest.rsplit_once('#').unwrap_or((rest, ""));
        let (rest, qualifiers) = rest.rsplit_once('?').unwrap_or((rest, ""));
        let rest = rest.trim_start_matches('/');
        let Some((kind, path)) = rest.split_once('/') else {
            return Err(invalid("the name is missing"));
        };
        let (path, version) = split_version(path);
        let path = path.trim_matches('/');
        let (namespace, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut purl =
            Self::new(kind, &decode_path(namespace)?, &decode(name)?, &decode(version)?)?;
        for pair in qualifiers.split('&').filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(invalid("a qualifier has no value"));
            };
            if purl.qualifier(&key.to_ascii_lowercase()).is_some() {
                return Err(invalid("a qualifier is given twice"));
            }
            purl = purl.with_qualifier(key, &decode(value)?)?;
        }
        Ok(purl.with_subpath(&decode_path(subpath)?))
    }
}

/// The version follows the last `@`, unless that one begins an npm scope that was left unencoded.
fn split_version(path: &str) -> (&str, &str) {
    match path.rsplit_once('@') {
        Some((before, after))
            if after.contains('/') && (before.is_empty() || before.ends_with('/')) =>
        {
            (path, "")
        }
        Some(parts) => parts,
        None => (path, ""),
    }
}

/// Decodes segment by segment; a segment may not hide a `/`.
fn decode_path(path: &str) -> Result<String> {
    let mut out = String::with_capacity(path.len());
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decode(segment)?;
        if segment.contains('/') {
            return Err(invalid("a segment holds an encoded /"));
        }
        if !out.is_empty() {
            out.push('/');
        }
        out.push_str(&segment);
    }
    Ok(out)
}

fn decode(text: &str) -> Result<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || {
            bytes.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok())
        };
        let (Some(high), Some(low)) = (digit(), digit()) else {
            return Err(invalid("a % is not followed by two hexadecimal digits"));
        };
        out.push(high << 4 | low);
    }
    String::from_utf8(out).map_err(|_| invalid("not UTF-8"))
}
