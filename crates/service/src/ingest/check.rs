//! The limits of what an agent may say.

use muster_model::container::{Details, MAX_LABELS, MAX_SIGNS, MAX_TOLD};
use muster_model::host::HostProfile;
use muster_model::image::{self, Image};
use muster_model::report::{Body, PROTOCOL, Report, Row};
use muster_model::{Error, Fact, Kind, Result};
use std::collections::HashSet;

/// Scopes in one report.
const MAX_SCOPES: usize = 10_000;
/// Rows in one report.
const MAX_ROWS: usize = 200_000;
/// Tasks or troubles in one report.
const MAX_NOTES: usize = 100;
/// Addresses of a host.
const MAX_ADDRESSES: usize = 1_000;
/// Keys of its SSH server.
const MAX_HOST_KEYS: usize = 16;
/// Any short text, in bytes.
const MAX_TEXT: usize = 1_024;

/// The present version and the two before it are served.
pub(crate) fn protocol(version: u16) -> Result<()> {
    if (PROTOCOL.saturating_sub(2).max(1)..=PROTOCOL).contains(&version) {
        return Ok(());
    }
    Err(Error::invalid("protocol", format_args!("version {version} is not served: {PROTOCOL} is")))
}

fn text(name: &'static str, text: &str) -> Result<()> {
    if text.len() > MAX_TEXT {
        return Err(Error::invalid(name, "longer than 1024 bytes"));
    }
    if text.contains('\0') {
        return Err(Error::invalid(name, "holds a NUL character"));
    }
    Ok(())
}

fn at_most(name: &'static str, count: usize, most: usize) -> Result<()> {
    if count > most {
        return Err(Error::invalid(
            name,
            format_args!("{count} of them, at most {most} are taken"),
        ));
    }
    Ok(())
}

/// What a host says of itself.
pub(crate) fn profile(profile: &HostProfile) -> Result<()> {
    for (name, value) in [
        ("host.name", &profile.name),
        ("host.machine_id", &profile.machine_id),
        ("host.boot_id", &profile.boot_id),
        ("host.os_name", &profile.os_name),
        ("host.os_id", &profile.os_id),
        ("host.os_version", &profile.os_version),
        ("host.kernel", &profile.kernel),
        ("host.arch", &profile.arch),
    ] {
        text(name, value)?;
    }
    at_most("host.addresses", profile.addresses.len(), MAX_ADDRESSES)?;
    for address in &profile.addresses {
        text("host.addresses", address)?;
        if address.contains('\n') {
            return Err(Error::invalid("host.addresses", "holds a line break"));
        }
    }
    at_most("host.ssh_host_keys", profile.ssh_host_keys.len(), MAX_HOST_KEYS)?;
    for key in &profile.ssh_host_keys {
        text("host.ssh_host_keys", key)?;
        if key.contains('\n') {
            return Err(Error::invalid("host.ssh_host_keys", "holds a line break"));
        }
    }
    if let Some(cluster) = &profile.cluster {
        text("host.cluster.id", &cluster.id)?;
        text("host.cluster.name", &cluster.name)?;
        text("host.cluster.server", &cluster.server)?;
    }
    Ok(())
}

/// What a host tells of one of its containers.
fn container(told: &Details) -> Result<()> {
    text("containers.id", &told.named.id)?;
    text("containers.name", &told.named.name)?;
    text("containers.image", &told.image)?;
    text("containers.image_id", &told.image_id)?;
    text("containers.runtime", &told.runtime)?;
    at_most("containers.signs", told.signs.len(), MAX_SIGNS)?;
    told.signs.iter().try_for_each(|sign| text("containers.signs", &sign.evidence))?;
    at_most("containers.labels", told.labels.len(), MAX_LABELS)?;
    for (key, value) in &told.labels {
        text("containers.labels", key)?;
        text("containers.labels", value)?;
    }
    Ok(())
}

/// What a host tells of its images.
fn images(told: &[Image]) -> Result<()> {
    at_most("images", told.len(), image::MAX_TOLD)?;
    let layers = told.iter().map(|it| it.layers.len()).sum();
    at_most("images.layers", layers, image::MAX_ALL_LAYERS)?;
    let mut seen = HashSet::new();
    for it in told {
        if it.id.is_empty() || !seen.insert((it.store, &it.id)) {
            return Err(Error::invalid("images.id", "is missing, or occurs twice in a store"));
        }
        text("images.id", &it.id)?;
        text("images.architecture", &it.architecture)?;
        text("images.os", &it.os)?;
        at_most("images.layers", it.layers.len(), image::MAX_LAYERS)?;
        for layer in &it.layers {
            text("images.layers", &layer.digest)?;
            text("images.layers", &layer.command)?;
        }
        for (name, texts) in [("images.names", &it.names), ("images.digests", &it.digests)] {
            at_most(name, texts.len(), image::MAX_NAMES)?;
            texts.iter().try_for_each(|it| text(name, it))?;
        }
        at_most("images.labels", it.labels.len(), image::MAX_LABELS)?;
        for (key, value) in &it.labels {
            text("images.labels", key)?;
            text("images.labels", value)?;
        }
    }
    Ok(())
}

/// A whole report. Facts are checked one by one where they are stored.
pub(super) fn report(report: &Report) -> Result<()> {
    protocol(report.protocol)?;
    text("agent_version", &report.agent_version)?;
    report.host.as_ref().map_or(Ok(()), profile)?;
    at_most("scopes", report.scopes.len(), MAX_SCOPES)?;
    let diagnostics = report.diagnostics.as_deref().unwrap_or_default();
    at_most("diagnostics", diagnostics.len(), MAX_NOTES)?;
    at_most("done", report.done.len(), MAX_NOTES)?;
    for diagnostic in diagnostics {
        text("diagnostics.code", &diagnostic.code)?;
        let long = diagnostic.subject.len() > 16 * 1024 || diagnostic.message.len() > 16 * 1024;
        if long {
            return Err(Error::invalid("diagnostics", "longer than 16384 bytes"));
        }
    }
    for done in &report.done {
        text("done.id", &done.id)?;
        text("done.error", done.error.as_deref().unwrap_or_default())?;
        done.failed.values().try_for_each(|why| text("done.failed", why))?;
    }
    report.containers.iter().flatten().try_for_each(container)?;
    let told = report.containers.as_ref().map_or(0, Vec::len);
    at_most("containers", told, MAX_TOLD)?;
    images(report.images.as_deref().unwrap_or_default())?;
    at_most("contents", report.contents.len(), 1)?;
    for told in &report.contents {
        text("contents.id", &told.id)?;
        text("contents.error", told.error.as_deref().unwrap_or_default())?;
        at_most("contents.facts", told.facts.len(), image::MAX_CONTENTS)?;
        told.facts.iter().try_for_each(Fact::check)?;
    }
    let mut rows = 0;
    let mut seen = HashSet::new();
    for it in &report.scopes {
        if !seen.insert(&it.scope) {
            return Err(Error::invalid("scopes", format_args!("{} occurs twice", it.scope.kind)));
        }
        if let Some(container) = &it.scope.container {
            text("container.id", &container.id)?;
            text("container.name", &container.name)?;
        }
        rows += match &it.body {
            Body::Same | Body::Gone => 0,
            Body::Full { rows } => of_kind(rows, it.scope.kind)?,
            Body::Delta { added, removed, .. } => of_kind(added, it.scope.kind)? + removed.len(),
        };
    }
    at_most("rows", rows, MAX_ROWS)
}

fn of_kind(rows: &[Row], kind: Kind) -> Result<usize> {
    for row in rows {
        if row.fact.kind() != kind {
            return Err(Error::invalid(
                "fact.kind",
                format_args!("is not that of its scope, {kind}"),
            ));
        }
        row.fact.check()?;
    }
    Ok(rows.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::image::{Contents, Layer};
    use muster_model::report::{Cost, Scope, ScopeReport, TaskDone, digest};
    use muster_model::{Diagnostic, Micros};
    use std::collections::BTreeMap;

    fn good() -> Report {
        Report {
            protocol: PROTOCOL,
            agent_version: "1".into(),
            counter: 1,
            host: None,
            scopes: Vec::new(),
            cost: Cost::default(),
            diagnostics: None,
            containers: None,
            images: None,
            contents: Vec::new(),
            blocking: None,
            done: Vec::new(),
        }
    }

    fn with(kind: Kind, body: Body) -> ScopeReport {
        let scope = Scope { kind, container: None };
        ScopeReport { scope, digest: digest([]), swept_at: Micros(0), body }
    }

    #[test]
    fn every_limit_names_its_parameter() {
        assert!(report(&good()).is_ok());
        let named = |change: &dyn Fn(&mut Report)| {
            let mut bad = good();
            change(&mut bad);
            report(&bad).unwrap_err().parameter().unwrap().to_owned()
        };
        assert_eq!(named(&|it| it.protocol = PROTOCOL + 1), "protocol");
        assert_eq!(named(&|it| it.protocol = 0), "protocol");
        assert_eq!(named(&|it| it.agent_version = "x".repeat(1_025)), "agent_version");
        assert_eq!(
            named(&|it| it.diagnostics = Some(vec![Diagnostic::new("a", "b", "c"); 101])),
            "diagnostics"
        );
        assert_eq!(
            named(&|it| it.done = vec![TaskDone { id: "a\0".into(), ..TaskDone::default() }]),
            "done.id"
        );
        assert_eq!(
            named(&|it| it.host = Some(HostProfile { name: "\0".into(), ..Default::default() })),
            "host.name"
        );
        let told = |details: Details| Some(vec![details]);
        let image = "x".repeat(1_025);
        assert_eq!(
            named(
                &|it| it.containers = told(Details { image: image.clone(), ..Default::default() })
            ),
            "containers.image"
        );
        let labels: BTreeMap<_, _> = (0..65).map(|n| (n.to_string(), String::new())).collect();
        assert_eq!(
            named(&|it| it.containers =
                told(Details { labels: labels.clone(), ..Default::default() })),
            "containers.labels"
        );
        assert_eq!(
            named(&|it| it.containers = Some(vec![Details::default(); MAX_TOLD + 1])),
            "containers"
        );
        let told = |image: Image| Some(vec![Image { id: "a".into(), ..image }]);
        for (image, parameter) in [
            (Image { os: "x".repeat(1_025), ..Image::default() }, "images.os"),
            (Image { names: vec![String::new(); 65], ..Image::default() }, "images.names"),
            (Image { digests: vec!["\0".into()], ..Image::default() }, "images.digests"),
            (Image { layers: vec![Layer::default(); 129], ..Image::default() }, "images.layers"),
            (Image { labels: labels.clone(), ..Image::default() }, "images.labels"),
        ] {
            assert_eq!(named(&|it| it.images = told(image.clone())), parameter);
        }
        let twice = [told(Image::default()).unwrap(), told(Image::default()).unwrap()].concat();
        assert_eq!(named(&|it| it.images = Some(twice.clone())), "images.id");
        assert_eq!(named(&|it| it.images = Some(vec![Image::default()])), "images.id");
        let contents = |it: &mut Report| it.contents = vec![Contents::default(); 2];
        assert_eq!(named(&contents), "contents");
        let told = Contents { error: Some("x".repeat(1_025)), ..Contents::default() };
        assert_eq!(named(&|it| it.contents = vec![told.clone()]), "contents.error");
        let same = with(Kind::App, Body::Same);
        assert_eq!(named(&|it| it.scopes = vec![same.clone(), same.clone()]), "scopes");
        let row = Row { fact: Fact::new(Kind::Port), seq: 0, volatile: Default::default() };
        let foreign = with(Kind::App, Body::Full { rows: vec![row] });
        assert_eq!(named(&|it| it.scopes = vec![foreign.clone()]), "fact.kind");
        let mut fact = Fact::new(Kind::App);
        fact.prove("x", "y".repeat(70_000));
        let row = Row { fact, seq: 0, volatile: Default::default() };
        let long = with(Kind::App, Body::Full { rows: vec![row] });
        assert_eq!(named(&|it| it.scopes = vec![long.clone()]), "evidence");
    }
}
