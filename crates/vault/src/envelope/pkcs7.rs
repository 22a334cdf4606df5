//! Enveloped data of GM/T 0010 (the shape of PKCS#7 1.5), as far as the key in it needs.

use super::{BLOCK, SM4, SM4_CBC, SM4_ECB};
use der::asn1::{AnyRef, ObjectIdentifier};
use der::{Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};

const ENVELOPED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.2.3");
const SIGNED_AND_ENVELOPED: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.2.4");
/// The names PKCS#7 itself has for the two.
const RSA_ENVELOPED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3");
const RSA_SIGNED_AND_ENVELOPED: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.4");
/// Most values of one level.
const MAX_ITEMS: usize = 64;

/// What is needed of it.
pub(super) struct Enveloped<'a> {
    /// The SM4 key for each recipient. Who it is for is not looked at: by issuer and serial number or by key
    /// identifier, the one that opens is ours.
    pub(super) keys: Vec<&'a [u8]>,
    /// The initial vector of CBC.
    pub(super) vector: Option<&'a [u8]>,
    /// The encrypted content.
    pub(super) content: Vec<u8>,
}

/// Reads it, with or without the content info around it.
pub(super) fn read(der: &[u8]) -> Option<Enveloped<'_>> {
    let outer = items(AnyRef::from_der(der).ok()?)?;
    let known = [ENVELOPED, SIGNED_AND_ENVELOPED, RSA_ENVELOPED, RSA_SIGNED_AND_ENVELOPED];
    let data = match outer.as_slice() {
        [kind, content] if kind.tag() == Tag::ObjectIdentifier => {
            known.contains(&kind.decode_as().ok()?).then_some(())?;
            items(AnyRef::from_der(content.value()).ok()?)?
        }
        _ => outer,
    };
    // version, recipients, perhaps hash algorithms, encrypted content, perhaps certificates and signatures
    let mut sets = data.iter().filter(|item| item.tag() == Tag::Set);
    let keys: Option<Vec<_>> = items(*sets.next()?)?.into_iter().map(recipient).collect();
    let content = items(*data.iter().find(|item| item.tag() == Tag::Sequence)?)?;
    let [_, algorithm, content] = content.as_slice() else { return None };
    let algorithm = items(*algorithm)?;
    let vector = match algorithm.first()?.decode_as::<ObjectIdentifier>().ok()? {
        SM4 | SM4_ECB => None,
        SM4_CBC => {
            Some(algorithm.get(1)?.value()).filter(|vector| vector.len() == BLOCK).map(Some)?
        }
        _ => return None,
    };
    Some(Enveloped { keys: keys?, vector, content: octets(*content)? })
}

/// The encrypted key of a recipient: the last of version, who, algorithm, key.
fn recipient(item: AnyRef<'_>) -> Option<&[u8]> {
    let key = *items(item)?.get(3)?;
    (key.tag() == Tag::OctetString).then(|| key.value())
}

/// `[0]` holding octets, or pieces of them.
fn octets(content: AnyRef<'_>) -> Option<Vec<u8>> {
    match content.tag() {
        Tag::OctetString => Some(content.value().to_vec()),
        Tag::ContextSpecific { number: TagNumber(0), constructed: false } => {
            Some(content.value().to_vec())
        }
        Tag::ContextSpecific { number: TagNumber(0), constructed: true } => {
            Some(items(content)?.iter().flat_map(|piece| piece.value().to_vec()).collect())
        }
        _ => None,
    }
}

/// The values inside a constructed one.
fn items(outer: AnyRef<'_>) -> Option<Vec<AnyRef<'_>>> {
    let mut reader = SliceReader::new(outer.value()).ok()?;
    let mut items = Vec::new();
    while !reader.is_finished() {
        (items.len() < MAX_ITEMS).then_some(())?;
        items.push(reader.decode().ok()?);
    }
    Some(items)
}
