//! OpenVEX 0.2 (github.com/openvex/spec).

use super::{Judgement, Name, Standing, Statement, Target, list, text};
use serde_json::Value;

pub(super) fn read(file: &str, document: &Value) -> Vec<Statement> {
    let mut statements: Vec<(String, Statement)> = Vec::new();
    for (at, statement) in list(document, "statements").enumerate() {
        let Some(standing) = standing(text(statement, "status")) else { continue };
        let named = statement.get("vulnerability").unwrap_or(&Value::Null);
        // Before 0.2 the vulnerability was its number alone.
        let number = named.as_str().unwrap_or_else(|| text(named, "name"));
        let own = text(named, "@id").rsplit('/').next().unwrap_or_default();
        let mut ids: Vec<String> = [number, own].map(str::to_owned).to_vec();
        ids.extend(list(named, "aliases").filter_map(Value::as_str).map(str::to_owned));
        ids.retain(|id| !id.is_empty());
        let text_of = |names: [&str; 3]| {
            names.map(|name| text(statement, name)).into_iter().find(|text| !text.is_empty())
        };
        let reason = text_of(["impact_statement", "action_statement", "status_notes"]);
        let time = [text(statement, "timestamp"), text(document, "timestamp")];
        statements.push((
            time.into_iter().find(|time| !time.is_empty()).unwrap_or_default().to_owned(),
            Statement {
                ids,
                targets: list(statement, "products").flat_map(targets).collect(),
                judgement: Judgement {
                    standing,
                    justification: text(statement, "justification").to_owned(),
                    text: reason.unwrap_or_default().to_owned(),
                    source: file.to_owned(),
                },
                place: format!("{file}, statement {}", at + 1),
                until: None,
            },
        ));
    }
    // The newest statement holds; of the same time the last.
    statements.sort_by(|(left, _), (right, _)| left.cmp(right));
    statements.into_iter().map(|(_, statement)| statement).collect()
}

fn standing(status: &str) -> Option<Standing> {
    Some(match status {
        "not_affected" => Standing::NotAffected,
        "affected" => Standing::Affected,
        "fixed" => Standing::Fixed,
        "under_investigation" => Standing::UnderInvestigation,
        _ => return None,
    })
}

/// A product, or each component in it that is named.
fn targets(product: &Value) -> Vec<Target> {
    let whole = name(product);
    let parts: Vec<Target> = list(product, "subcomponents")
        .map(|part| Target { component: name(part), product: Some(whole.clone()) })
        .collect();
    if parts.is_empty() { vec![Target { component: whole, product: None }] } else { parts }
}

/// The package URL among its identifiers, else what it is called.
fn name(component: &Value) -> Name {
    let purl = component.pointer("/identifiers/purl").and_then(Value::as_str);
    let id = component.as_str().unwrap_or_else(|| text(component, "@id"));
    Name::of(purl.unwrap_or(id))
}
