//! CSAF 2.0 and 2.1, profile VEX (OASIS): products are numbers that a tree resolves.

use super::{Judgement, Name, Standing, Statement, Target, list, text};
use serde_json::Value;
use std::collections::HashMap;

/// Deepest branch of the product tree.
const MAX_DEPTH: usize = 64;
/// States with the lists of products they stand in.
const STATES: [(&str, Standing); 5] = [
    ("known_not_affected", Standing::NotAffected),
    ("fixed", Standing::Fixed),
    ("first_fixed", Standing::Fixed),
    ("known_affected", Standing::Affected),
    ("under_investigation", Standing::UnderInvestigation),
];

pub(super) fn read(file: &str, document: &Value) -> Vec<Statement> {
    let mut products = HashMap::new();
    if let Some(tree) = document.get("product_tree") {
        branches(tree, 0, &mut products);
        for product in list(tree, "full_product_names") {
            take(product, &mut products);
        }
        for relation in list(tree, "relationships") {
            let whole = relation.get("full_product_name").unwrap_or(&Value::Null);
            let of = |name: &str| products.get(text(relation, name)).cloned();
            let Some(part) = of("product_reference") else { continue };
            let around = of("relates_to_product_reference").map(|target| target.component);
            let target = Target { component: part.component, product: around };
            products.insert(text(whole, "product_id").to_owned(), target);
        }
    }
    let mut statements = Vec::new();
    for (at, one) in list(document, "vulnerabilities").enumerate() {
        let mut ids = vec![text(one, "cve").to_owned()];
        ids.extend(list(one, "ids").map(|id| text(id, "text").to_owned()));
        ids.retain(|id| !id.is_empty());
        let Some(status) = one.get("product_status") else { continue };
        for (name, standing) in STATES {
            for product in list(status, name).filter_map(Value::as_str) {
                let target = products
                    .get(product)
                    .cloned()
                    .unwrap_or_else(|| Target { component: Name::of(product), product: None });
                statements.push(Statement {
                    ids: ids.clone(),
                    targets: vec![target],
                    judgement: Judgement {
                        standing,
                        justification: about(one, "flags", "label", product),
                        text: about(one, "threats", "details", product),
                        source: file.to_owned(),
                    },
                    place: format!("{file}, vulnerability {}, {name} {product}", at + 1),
                    until: None,
                });
            }
        }
    }
    statements
}

/// What a list of notes says about a product; a note without products is about all.
fn about(one: &Value, notes: &str, name: &str, product: &str) -> String {
    let mut found = list(one, notes).filter(|note| {
        let mut named = list(note, "product_ids").peekable();
        named.peek().is_none() || named.any(|id| id.as_str() == Some(product))
    });
    found.next().map(|note| text(note, name).to_owned()).unwrap_or_default()
}

fn branches(of: &Value, depth: usize, products: &mut HashMap<String, Target>) {
    if depth > MAX_DEPTH {
        return;
    }
    for branch in list(of, "branches") {
        if let Some(product) = branch.get("product") {
            take(product, products);
        }
        branches(branch, depth + 1, products);
    }
}

fn take(product: &Value, products: &mut HashMap<String, Target>) {
    let helper = product.get("product_identification_helper").unwrap_or(&Value::Null);
    // CSAF 2.1 has a list of them.
    let purl =
        list(helper, "purls").find_map(Value::as_str).unwrap_or_else(|| text(helper, "purl"));
    let name = if purl.is_empty() { text(product, "name") } else { purl };
    let target = Target { component: Name::of(name), product: None };
    products.insert(text(product, "product_id").to_owned(), target);
}
