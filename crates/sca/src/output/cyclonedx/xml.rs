//! CycloneDX as XML: the JSON document in the standard's other spelling.
//!
//! The schemas of the two differ in names of lists, in what is an attribute, and in that XML has an order. A [`Shape`] says
//! that of one kind of object; what no shape names is not written, so that a new member is missed by the test that
//! compares the two.

use super::super::xml::Xml;
use serde_json::{Map, Value};

/// The members of one kind of object, in the order of the XML schema.
type Shape = &'static [Field];

struct Field {
    /// Its name in JSON.
    json: &'static str,
    /// Its element, or attribute.
    xml: &'static str,
    how: How,
}

/// How a member is written.
enum How {
    /// As an attribute.
    Attribute,
    /// As the text of the object's own element.
    Content,
    /// As an element with a text; a list as several.
    Text,
    /// As an element; a list as several.
    Object(Shape),
    /// A list, in an element around elements of this name: objects.
    Objects(&'static str, Shape),
    /// The same with texts.
    Texts(&'static str),
    /// The same with elements that only point, by their attribute `ref`.
    Refs(&'static str),
    /// A list in an element around what the objects hold, without elements of their own.
    Bare(Shape),
    /// A list of elements that only point, without an element around.
    Pointers,
}

use How::{Attribute, Bare, Content, Object, Objects, Pointers, Refs, Text, Texts};

const fn field(name: &'static str, how: How) -> Field {
    Field { json: name, xml: name, how }
}

const fn renamed(json: &'static str, xml: &'static str, how: How) -> Field {
    Field { json, xml, how }
}

const ROOT: Shape = &[
    field("metadata", Object(METADATA)),
    field("components", Objects("component", COMPONENT)),
    renamed("dependencies", "dependencies", Objects("dependency", DEPENDENCY)),
    field("compositions", Objects("composition", COMPOSITION)),
    field("vulnerabilities", Objects("vulnerability", VULNERABILITY)),
];
const METADATA: Shape = &[
    field("timestamp", Text),
    field("tools", Object(&[field("components", Objects("component", COMPONENT))])),
    field("component", Object(COMPONENT)),
    field("manufacturer", Object(ORGANISATION)),
];
const ORGANISATION: Shape = &[
    field("name", Text),
    field("url", Text),
    field("contact", Object(&[field("name", Text), field("email", Text)])),
];
const COMPONENT: Shape = &[
    field("type", Attribute),
    field("bom-ref", Attribute),
    field("supplier", Object(ORGANISATION)),
    field("group", Text),
    field("name", Text),
    field("version", Text),
    field("scope", Text),
    field("hashes", Objects("hash", &[field("alg", Attribute), field("content", Content)])),
    field("licenses", LICENCES),
    field("purl", Text),
    field("properties", Objects("property", PROPERTY)),
    field("evidence", Object(EVIDENCE)),
];
const LICENCES: How = Bare(&[
    field("license", Object(&[field("id", Text), field("name", Text)])),
    field("expression", Text),
]);
const PROPERTY: Shape = &[field("name", Attribute), field("value", Content)];
const EVIDENCE: Shape = &[
    field(
        "identity",
        Object(&[
            field("field", Text),
            field("confidence", Text),
            field(
                "methods",
                Objects(
                    "method",
                    &[field("technique", Text), field("confidence", Text), field("value", Text)],
                ),
            ),
        ]),
    ),
    field("occurrences", Objects("occurrence", &[field("location", Text)])),
    field("licenses", LICENCES),
];
const DEPENDENCY: Shape = &[field("ref", Attribute), renamed("dependsOn", "dependency", Pointers)];
const COMPOSITION: Shape = &[field("aggregate", Text), field("assemblies", Refs("assembly"))];
const SOURCE: Shape = &[field("name", Text)];
const VULNERABILITY: Shape = &[
    field("id", Text),
    field("source", Object(SOURCE)),
    field(
        "references",
        Objects("reference", &[field("id", Text), field("source", Object(SOURCE))]),
    ),
    field(
        "ratings",
        Objects(
            "rating",
            &[
                field("source", Object(SOURCE)),
                field("score", Text),
                field("severity", Text),
                field("method", Text),
                field("vector", Text),
                field("justification", Text),
            ],
        ),
    ),
    field("cwes", Texts("cwe")),
    field("description", Text),
    field("detail", Text),
    field("recommendation", Text),
    field("advisories", Objects("advisory", &[field("url", Text)])),
    field("published", Text),
    field("updated", Text),
    field(
        "analysis",
        Object(&[
            field("state", Text),
            field("justification", Text),
            renamed("response", "responses", Texts("response")),
            field("detail", Text),
        ]),
    ),
    field(
        "affects",
        Objects(
            "target",
            &[
                field("ref", Text),
                field(
                    "versions",
                    Objects("version", &[field("version", Text), field("status", Text)]),
                ),
            ],
        ),
    ),
    field("properties", Objects("property", PROPERTY)),
];

/// The document as XML.
pub(super) fn spell(document: &Value, edition: &str) -> String {
    let mut xml = Xml::new();
    let empty = Map::new();
    let members = document.as_object().unwrap_or(&empty);
    let head = [
        ("xmlns", format!("http://cyclonedx.org/schema/bom/{edition}")),
        ("serialNumber", text(members.get("serialNumber"))),
        ("version", text(members.get("version"))),
    ];
    xml.begin("bom", &head);
    within(&mut xml, members, ROOT);
    xml.finish()
}

/// One object as an element.
fn element(xml: &mut Xml, name: &str, value: &Value, shape: Shape) {
    let Some(members) = value.as_object() else { return };
    let of = |how: fn(&How) -> bool| shape.iter().filter(move |field| how(&field.how));
    let attributes: Vec<(&str, String)> = of(|how| matches!(how, Attribute))
        .filter_map(|field| Some((field.xml, text(Some(members.get(field.json)?)))))
        .collect();
    let inner = shape
        .iter()
        .any(|field| !matches!(field.how, Attribute | Content) && members.contains_key(field.json));
    if inner {
        xml.begin(name, &attributes);
        within(xml, members, shape);
        xml.end();
    } else {
        let content = of(|how| matches!(how, Content)).find_map(|field| members.get(field.json));
        xml.leaf(name, &attributes, &text(content));
    }
}

/// What an object holds, in the order of its shape.
fn within(xml: &mut Xml, members: &Map<String, Value>, shape: Shape) {
    for Field { json, xml: name, how } in shape {
        let Some(value) = members.get(*json) else { continue };
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        match how {
            Attribute | Content => {}
            Text => list.iter().for_each(|one| xml.leaf(name, &[], &text(Some(one)))),
            Object(shape) => list.iter().for_each(|one| element(xml, name, one, shape)),
            Pointers => list.iter().for_each(|one| xml.leaf(name, &pointer(one), "")),
            // An element around nothing is left out.
            _ if list.is_empty() => {}
            Objects(..) | Texts(_) | Refs(_) | Bare(_) => {
                xml.begin(name, &[]);
                for one in list {
                    match how {
                        Objects(item, shape) => element(xml, item, one, shape),
                        Texts(item) => xml.leaf(item, &[], &text(Some(one))),
                        Refs(item) => xml.leaf(item, &pointer(one), ""),
                        Bare(shape) => {
                            if let Some(members) = one.as_object() {
                                within(xml, members, shape);
                            }
                        }
                        _ => {}
                    }
                }
                xml.end();
            }
        }
    }
}

fn pointer(to: &Value) -> [(&'static str, String); 1] {
    [("ref", text(Some(to)))]
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
