//! What of an SBOM's JSON is looked at. The rest, by far the most of it (hashes, references, places), is passed over without being
//! kept.

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// The members that are looked at, in whatever object they stand, sorted.
const MEMBERS: &[&str] = &[
    "@graph",
    "bomFormat",
    "components",
    "expression",
    "externalRefs",
    "group",
    "id",
    "licences",
    "license",
    "licenseConcluded",
    "licenseDeclared",
    "licenses",
    "name",
    "packageUrl",
    "packages",
    "purl",
    "referenceLocator",
    "referenceType",
    "schema",
    "software_packageUrl",
    "spdxVersion",
    "type",
    "version",
];

/// A document without the other members, and without what is neither text, list nor object.
pub(super) struct Kept(pub(super) Value);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("JSON")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Kept(one)) = from.next_element()? {
            list.push(one);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(Member(name)) = from.next_key()? {
            if let Some(name) = name {
                let Kept(value) = from.next_value()?;
                object.insert(name.to_owned(), value);
            } else {
                from.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Value::Object(object))
    }
}

/// The name of a member, if it is looked at.
struct Member(Option<&'static str>);

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Member;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("the name of a member")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Member, E> {
                let at = MEMBERS.binary_search(&name).ok();
                Ok(Member(at.and_then(|at| MEMBERS.get(at)).copied()))
            }
        }

        from.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_looked_at_is_kept() {
        assert!(MEMBERS.is_sorted());
        let text = r#"{"bomFormat":"CycloneDX","serialNumber":"urn","components":[
            {"p\u0075rl":"pkg:npm/a@1","version":1,"hashes":[{"content":"00"}],"components":[{"name":"\n"},null,true]}]}"#;
        let Kept(kept) = serde_json::from_str(text).unwrap();
        assert_eq!(
            kept,
            json!({"bomFormat": "CycloneDX", "components": [
                {"purl": "pkg:npm/a@1", "version": null, "components": [{"name": "\n"}, null, null]}]})
        );
        for deep in ["[".repeat(100_000), r#"{"x":"#.repeat(100_000), r#"{"name":"#.repeat(100_000)]
        {
            assert!(serde_json::from_str::<Kept>(&deep).is_err());
        }
        assert!(serde_json::from_str::<Kept>(r#"{"a":}"#).is_err());
    }
}
