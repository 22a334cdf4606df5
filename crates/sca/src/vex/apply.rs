//! Putting statements on the vulnerabilities they are about.

use super::{Name, Statement, Target};
use crate::known::{Known, Unused};
use crate::report::Report;
use muster_model::Purl;

/// What was scanned, as statements may call it.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    /// Its name in the report.
    pub name: &'a str,
    /// Its package URL, where whoever scans says one.
    pub purl: Option<&'a Purl>,
}

/// Applies statements in their order: of several about the same the last holds. What closes nothing is added to
/// `known.unused`. `today` is a day as `2026-11-25`.
pub fn apply(
    statements: &[Statement],
    report: &Report,
    product: Product<'_>,
    today: &str,
    known: &mut Known,
) {
    for statement in statements {
        let ended = statement.until.as_ref().filter(|until| until.as_str() < today);
        let reason = match ended {
            Some(until) => Some(format!("ended on {until}")),
            None => put(statement, report, product, known),
        };
        if let Some(reason) = reason {
            known.unused.push(Unused {
                place: statement.place.clone(),
                about: about(statement),
                reason,
            });
        }
    }
}

/// Puts one statement; the reason where it matched nothing.
fn put(
    statement: &Statement,
    report: &Report,
    product: Product<'_>,
    known: &mut Known,
) -> Option<String> {
    let (mut has_id, mut has_component, mut other_product, mut matched) =
        (false, false, false, false);
    for (component, verdict) in report.components.iter().zip(&mut known.components) {
        let mut here = statement.targets.is_empty();
        for target in &statement.targets {
            // Without a component of its own a statement about the whole product holds for all of it.
            let names = is_named(&target.component, &component.purl)
                || target.product.is_none() && is_product(&target.component, product);
            let fits = target.product.as_ref().is_none_or(|name| {
                is_product(name, product)
                    || report.components.iter().any(|other| is_named(name, &other.purl))
            });
            other_product |= names && !fits;
            here |= names && fits;
        }
        has_component |= here;
        for one in &mut verdict.vulnerabilities {
            let finding = &one.finding;
            let is_it =
                statement.ids.iter().any(|id| *id == finding.id || finding.aliases.contains(id));
            has_id |= is_it;
            if is_it && here {
                one.judgement = Some(statement.judgement.clone());
                matched = true;
            }
        }
    }
    if matched {
        return None;
    }
    Some(
        if other_product && !has_component {
            "it names another product than what was scanned (--product says what that is)"
        } else if !has_component {
            "it names no component that was found"
        } else if has_id {
            "the component it names does not have this vulnerability, another one does"
        } else {
            "nothing that was found has this vulnerability"
        }
        .to_owned(),
    )
}

/// Whether a name means a component: the same package, the same version if it has one, the same qualifiers where it has
/// them.
fn is_named(name: &Name, component: &Purl) -> bool {
    let Name::Purl(named) = name else { return false };
    named.package() == component.package()
        && (named.version().is_empty() || named.version() == component.version())
        && named
            .qualifiers()
            .iter()
            .all(|(key, value)| component.qualifier(key) == Some(value.as_str()))
}

/// Whether a name means what was scanned.
fn is_product(name: &Name, product: Product<'_>) -> bool {
    match (name, product.purl) {
        (Name::Purl(named), Some(purl)) => is_named(&Name::Purl(named.clone()), purl),
        (Name::Purl(named), None) => named.name() == product.name,
        (Name::Text(text), _) => text == product.name,
    }
}

fn about(statement: &Statement) -> String {
    let ids = statement.ids.join(", ");
    let of = |target: &Target| match &target.component {
        Name::Purl(purl) => purl.to_string(),
        Name::Text(text) => text.clone(),
    };
    match statement.targets.first() {
        Some(target) if statement.targets.len() == 1 => format!("{ids} in {}", of(target)),
        Some(target) => format!("{ids} in {} and others", of(target)),
        None => ids,
    }
}
