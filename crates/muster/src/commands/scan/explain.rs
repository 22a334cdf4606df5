//! `muster scan --explain`: what proves one component, and what is known against it.

use crate::output::harmless;
use muster_model::{Error, ErrorKind, Result};
use muster_sca::known::{Verdict, Vulnerability};
use muster_sca::{Component, Report};
use std::io::{self, Write};

/// Writes it.
pub(super) fn write(report: &Report, wanted: &str, out: &mut dyn Write) -> Result<io::Result<()>> {
    let Some(at) = find(report, wanted) else {
        let message = format!("{wanted}: not in what was scanned");
        return Err(Error::new(ErrorKind::NotFound, message));
    };
    let verdict = report.known.as_ref().and_then(|known| known.components.get(at));
    let mut text = Vec::new();
    let written = report.components.get(at).map_or(Ok(()), |one| component(one, &mut text));
    let written = written.and_then(|()| verdict.map_or(Ok(()), |it| known(it, &mut text)));
    let text = harmless(&String::from_utf8_lossy(&text));
    Ok(written.and_then(|()| out.write_all(text.as_bytes())))
}

/// The component with this package URL, or the only one of this name.
fn find(report: &Report, wanted: &str) -> Option<usize> {
    let of = |matches: &dyn Fn(&Component) -> bool| report.components.iter().position(matches);
    of(&|component| component.purl.to_string() == wanted)
        .or_else(|| of(&|component| component.purl.without_qualifiers().to_string() == wanted))
        .or_else(|| of(&|component| component.purl.package().to_string() == wanted))
        .or_else(|| of(&|component| component.purl.name() == wanted))
}

fn component(component: &Component, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", component.purl)?;
    writeln!(out, "  confidence: {} %", component.confidence)?;
    for (title, text) in [
        ("scope", component.scope.name()),
        ("relation", component.relation.name()),
        ("licences", &component.licences.join("; ")),
    ] {
        if !text.is_empty() {
            writeln!(out, "  {title}: {text}")?;
        }
    }
    for place in &component.places {
        let (kind, by, sure) = (place.kind.name(), place.extractor, place.confidence);
        writeln!(out, "  {}\n    {kind}, by {by}, {sure} %", place.path)?;
        if !place.reason.is_empty() {
            writeln!(out, "    {}", place.reason)?;
        }
    }
    for on in &component.depends {
        writeln!(out, "  needs {on}")?;
    }
    Ok(())
}

fn known(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    if let Some(why) = verdict.not_checked {
        return writeln!(out, "  not compared with known vulnerabilities: {why}");
    }
    writeln!(out, "  vulnerabilities: {}", verdict.vulnerabilities.len())?;
    for one in &verdict.vulnerabilities {
        vulnerability(one, out)?;
    }
    if let Some(advice) = &verdict.advice {
        let version = if advice.version.is_empty() { "stay" } else { &advice.version };
        writeln!(out, "  move to: {version}\n    {}", advice.explanation)?;
    }
    if let Some(ended) = &verdict.ended {
        writeln!(out, "  {ended}")?;
    }
    Ok(())
}

fn vulnerability(one: &Vulnerability, out: &mut dyn Write) -> io::Result<()> {
    let finding = &one.finding;
    writeln!(out, "  {}  {}: {}", finding.id, finding.grade.word(), finding.reason)?;
    if !one.details.summary.is_empty() {
        writeln!(out, "    {}", one.details.summary)?;
    }
    for hit in &finding.hits {
        let fixed = match hit.fixed.as_slice() {
            [] => "no fix".to_owned(),
            versions => format!("fixed in {}", versions.join(", ")),
        };
        let (advisory, source, package) = (&hit.advisory, &hit.source, &hit.package);
        writeln!(out, "    {advisory} by {source}: {package} {}, {fixed}", hit.range)?;
    }
    if let Some(judgement) = &one.judgement {
        let (standing, source) = (judgement.standing.name(), &judgement.source);
        writeln!(
            out,
            "    {standing} by {source}: {} {}",
            judgement.justification, judgement.text
        )?;
    }
    Ok(())
}
