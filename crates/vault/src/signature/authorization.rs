//! The `Authorization` header of a signed request.

use super::{Refusal, Scheme};

/// Longest header in bytes.
const MAX_HEADER: usize = 8 * 1024;
/// Most signed headers.
const MAX_SIGNED: usize = 64;
/// Longest signature in bytes: DER of two 33-byte numbers.
const MAX_SIGNATURE: usize = 72;

/// `date/region/service` of the V11 scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    /// `YYYYMMDD`.
    pub date: &'a str,
    /// All three parts as written.
    pub text: &'a str,
}

/// What a signed request says of its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authorization<'a> {
    /// Which of the five.
    pub scheme: Scheme,
    /// The access key: says whose secret to look up.
    pub access: &'a str,
    /// Only of the V11 scheme.
    pub scope: Option<Scope<'a>>,
    /// The signed header names as written.
    pub(super) signed: Vec<&'a str>,
    /// The names joined by `;` as written.
    pub(super) signed_text: &'a str,
    /// The signature, decoded.
    pub(super) signature: Vec<u8>,
}

impl<'a> Authorization<'a> {
    /// Reads `SCHEME Access=…, SignedHeaders=…, Signature=…`. `None` if the scheme is not one of ours:
    /// then it is somebody else's header.
    pub fn parse(header: &'a str) -> Option<Result<Self, Refusal>> {
        let (word, rest) = header.trim().split_once(' ')?;
        let scheme = Scheme::from_word(word)?;
        let fits = header.len() <= MAX_HEADER;
        Some(if fits { Self::fields(scheme, rest) } else { None }.ok_or(Refusal::Malformed))
    }

    fn fields(scheme: Scheme, rest: &'a str) -> Option<Self> {
        let (mut access, mut scope, mut signed_text, mut signature) = (None, None, None, None);
        for field in rest.split(',') {
            let (name, value) = field.trim().split_once('=')?;
            let known = match (name, scheme) {
                ("Access", Scheme::HmacSha256Derived) => return None,
                ("Access", _) => access.replace(value).is_none(),
                ("Credential", Scheme::HmacSha256Derived) => {
                    let (key, text) = value.split_once('/')?;
                    let mut parts = text.split('/');
                    let (date, _, _) = (parts.next()?, parts.next()?, parts.next()?);
                    if parts.next().is_some() || date.len() != 8 {
                        return None;
                    }
                    scope = Some(Scope { date, text });
                    access.replace(key).is_none()
                }
                ("SignedHeaders", _) => signed_text.replace(value).is_none(),
                ("Signature", _) => {
                    let bytes = (value.len() <= 2 * MAX_SIGNATURE).then(|| hex::decode(value));
                    signature.replace(bytes?.ok()?).is_none()
                }
                _ => false,
            };
            if !known {
                return None;
            }
        }
        let signed_text = signed_text?;
        let signed: Vec<_> = signed_text.split(';').collect();
        let access = access.filter(|access| (1..=128).contains(&access.len()))?;
        (signed.len() <= MAX_SIGNED).then_some(())?;
        Some(Self { scheme, access, scope, signed, signed_text, signature: signature? })
    }

    /// Whether a header, named in lower case, is among the signed ones.
    pub fn signs(&self, name: &str) -> bool {
        self.signed.iter().any(|signed| signed.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_both_forms_and_leaves_others_alone() {
        let header = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=00ff";
        let read = Authorization::parse(header).unwrap().unwrap();
        assert_eq!((read.access, read.signature.as_slice()), ("AK", &[0, 255][..]));
        assert!(read.signs("host") && !read.signs("date"));
        let header =
            "V11-HMAC-SHA256 Credential=AK/20261121/r/s,SignedHeaders=x-sdk-date,Signature=00";
        let read = Authorization::parse(header).unwrap().unwrap();
        assert_eq!(read.scope.unwrap().text, "20261121/r/s");
        assert!(Authorization::parse("Bearer abc").is_none());
        assert!(Authorization::parse("").is_none());
    }

    #[test]
    fn refuses_what_is_incomplete_doubled_or_foreign() {
        for fields in [
            "Access=AK, SignedHeaders=host",
            "Access=AK, Access=AK, SignedHeaders=host, Signature=00",
            "Access=AK, SignedHeaders=host, Signature=0g",
            "Access=, SignedHeaders=host, Signature=00",
            "Credential=AK/20261121/r/s, SignedHeaders=host, Signature=00",
            "Access=AK, SignedHeaders=host, Signature=00, More=1",
        ] {
            let header = format!("SDK-HMAC-SHA256 {fields}");
            assert_eq!(Authorization::parse(&header), Some(Err(Refusal::Malformed)), "{fields}");
        }
        let derived = "V11-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=00";
        assert_eq!(Authorization::parse(derived), Some(Err(Refusal::Malformed)));
    }

    proptest! {
        #[test]
        fn takes_any_text(rest in "\\PC{0,300}") {
            let _ = Authorization::parse(&format!("SDK-SM2-SM3 {rest}"));
            let _ = Authorization::parse(&format!("V11-HMAC-SHA256 Credential={rest}"));
        }
    }
}
