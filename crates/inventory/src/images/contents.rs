//! What software is in an image.

use super::{applications, layers, overlay};
use crate::collector::{Collector, Findings};
use crate::files::Files;
use crate::files::root::Root;
use crate::host::{Host, Memory, Place};
use crate::proc::Proc;
use muster_model::image::MAX_CONTENTS;
use muster_model::{Fact, Kind};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What there is without a process: the packages of the system, and what is recognised by its files.
const KINDS: [Kind; 5] =
    [Kind::App, Kind::Database, Kind::WebService, Kind::WebFramework, Kind::WebCms];

/// The software in the image with this id, each piece once. `files` are the host's, `inside` makes those of a root.
///
/// # Errors
/// Why it cannot be told, for people.
pub(crate) fn of(
    files: &Files,
    host: &Root,
    proc: &Proc,
    id: &str,
    collectors: &[&dyn Collector],
    inside: impl Fn(Arc<Root>) -> Files,
) -> Result<Vec<Fact>, String> {
    let root = Arc::new(overlay::lay(host, &layers::of(files, id)?)?);
    let (mut memory, mut owners) =
        (Memory::new(), crate::owners::index(&crate::owners::Known::default()));
    let (mut facts, mut seen) = (Vec::new(), HashSet::new());
    for collector in collectors.iter().filter(|it| KINDS.contains(&it.kind())) {
        let files = inside(Arc::clone(&root));
        let place = Place {
            processes: &[],
            ended: &[],
            all: &[],
            is_container: true,
            inner: None,
            forwarded: None,
        };
        let run = catch_unwind(AssertUnwindSafe(|| {
            let mut findings = Findings::default();
            let host = Host::new(&files, proc, place, owners.as_mut(), &mut memory);
            collector.collect(&host, &mut findings);
            findings
        }));
        let Ok(findings) = run else {
            return Err(format!("the collector of {} failed", collector.kind()));
        };
        let (_, mut troubles) = files.finish();
        let rows = findings.finish(&mut troubles);
        for row in rows.rows.iter() {
            if seen.insert(row.fact.hash()) {
                facts.push(row.fact.clone());
            }
        }
    }
    // Its troubles are those of the image, and nobody waits for them.
    let applications = catch_unwind(AssertUnwindSafe(|| applications::of(&inside(root))));
    let applications = applications.map_err(|_| "looking for applications failed".to_owned())?;
    facts.extend(applications.into_iter().filter(|fact| seen.insert(fact.hash())));
    if facts.len() > MAX_CONTENTS {
        return Err(format!("more than {MAX_CONTENTS} pieces of software are in it"));
    }
    Ok(facts)
}
