//! The vulnerabilities of a CycloneDX document (ECMA-424): of a VEX, or of an SBOM that has them inside.

use super::{Judgement, Name, Standing, Statement, Target, list, text};
use serde_json::Value;
use std::collections::HashMap;

/// Deepest nesting of components followed.
const MAX_DEPTH: usize = 32;

pub(super) fn read(file: &str, document: &Value) -> Vec<Statement> {
    let mut purls = HashMap::new();
    components(document, 0, &mut purls);
    if let Some(root) = document.pointer("/metadata/component")
        && !text(root, "bom-ref").is_empty()
    {
        let purl = text(root, "purl");
        let name = if purl.is_empty() { text(root, "name") } else { purl };
        purls.insert(text(root, "bom-ref").to_owned(), name.to_owned());
    }
    let mut statements = Vec::new();
    for (at, one) in list(document, "vulnerabilities").enumerate() {
        let Some(analysis) = one.get("analysis") else { continue };
        let Some(standing) = standing(text(analysis, "state")) else { continue };
        let mut ids = vec![text(one, "id").to_owned()];
        ids.extend(list(one, "references").map(|reference| text(reference, "id").to_owned()));
        ids.retain(|id| !id.is_empty());
        let targets = list(one, "affects")
            .map(|affected| Target {
                component: name(text(affected, "ref"), &purls),
                product: None,
            })
            .collect();
        statements.push(Statement {
            ids,
            targets,
            judgement: Judgement {
                standing,
                justification: text(analysis, "justification").to_owned(),
                text: text(analysis, "detail").to_owned(),
                source: file.to_owned(),
            },
            place: format!("{file}, vulnerability {}", at + 1),
            until: None,
        });
    }
    statements
}

fn standing(state: &str) -> Option<Standing> {
    Some(match state {
        "not_affected" | "false_positive" => Standing::NotAffected,
        "exploitable" => Standing::Affected,
        "resolved" | "resolved_with_pedigree" => Standing::Fixed,
        "in_triage" => Standing::UnderInvestigation,
        _ => return None,
    })
}

/// Package URLs of components by their references.
fn components(of: &Value, depth: usize, purls: &mut HashMap<String, String>) {
    if depth > MAX_DEPTH {
        return;
    }
    for component in list(of, "components") {
        let (reference, purl) = (text(component, "bom-ref"), text(component, "purl"));
        if !reference.is_empty() && !purl.is_empty() {
            purls.insert(reference.to_owned(), purl.to_owned());
        }
        components(component, depth + 1, purls);
    }
}

/// A reference into this document, or into another by `urn:cdx:SERIAL/VERSION#REFERENCE`.
fn name(reference: &str, purls: &HashMap<String, String>) -> Name {
    let inner = match reference.strip_prefix("urn:cdx:").and_then(|rest| rest.split_once('#')) {
        Some((_, inner)) => inner,
        None => reference,
    };
    Name::of(purls.get(inner).map_or(inner, String::as_str))
}
