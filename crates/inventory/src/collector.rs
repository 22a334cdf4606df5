//! What a collector is, and what it hands back.

use crate::host::Host;
use crate::processes::Process;
use muster_model::report::{Digest, Row, RowKey, Volatile, digest};
use muster_model::{Diagnostic, Fact, Kind};
use std::collections::HashMap;
use std::sync::Arc;

/// Finds the assets of one kind. Has no state of its own: what it looks at through [`Host`] is
/// remembered, and as long as all of that stays the same it is not run again.
pub trait Collector: Send + Sync {
    /// The kind it collects.
    fn kind(&self) -> Kind;

    /// Does it look at processes? Then it also runs again when those that concern it change.
    fn needs_processes(&self) -> bool {
        false
    }

    /// Whether a process that comes, goes or changes is a reason to run again. Kernel threads never are.
    fn concerns(&self, _process: &Process) -> bool {
        true
    }

    /// Looks at things that have no time stamps (sockets, mappings): runs in every sweep.
    fn always(&self) -> bool {
        false
    }

    /// Collects. Whatever it cannot read it reports by [`Host::trouble`] and goes on.
    fn collect(&self, host: &Host<'_>, out: &mut Findings);
}

/// The rows found so far.
#[derive(Debug, Default)]
pub struct Findings {
    rows: Vec<Row>,
    left_out: usize,
}

impl Findings {
    /// Most rows of one kind on one host.
    pub const MAX_ROWS: usize = 200_000;

    /// Adds an asset.
    pub fn push(&mut self, fact: impl Into<Fact>, volatile: Volatile) {
        if self.rows.len() == Self::MAX_ROWS {
            self.left_out += 1;
            return;
        }
        self.rows.push(Row { fact: fact.into(), seq: 0, volatile });
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Sorts the rows, numbers those of equal content, and computes the digest.
    pub(crate) fn finish(mut self, troubles: &mut Vec<Diagnostic>) -> Rows {
        if self.left_out > 0 {
            let message = format!("{} rows beyond the limit of 200000", self.left_out);
            troubles.push(Diagnostic::new("rows.too_many", "", message));
        }
        for row in &mut self.rows {
            if row.fact.evidence_json().len() > Fact::MAX_EVIDENCE {
                row.fact = without_evidence(&row.fact);
                let subject = row.fact.text(muster_model::Column::Name);
                let message = "details longer than 65536 bytes were left out";
                troubles.push(Diagnostic::new("row.too_large", subject, message));
            }
        }
        // Among equal contents the older process comes first, so that numbers stay when one is added.
        self.rows.sort_by_cached_key(|row| (row.volatile.started, row.volatile.pid));
        let mut next: HashMap<_, u32> = HashMap::with_capacity(self.rows.len());
        let mut keyed: Vec<(RowKey, Row)> = Vec::with_capacity(self.rows.len());
        for mut row in self.rows {
            let fact = row.fact.hash();
            let seq = next.entry(fact).or_default();
            row.seq = *seq;
            *seq += 1;
            keyed.push((RowKey { fact, seq: row.seq }, row));
        }
        keyed.sort_unstable_by_key(|(key, _)| *key);
        let digest = digest(keyed.iter().map(|(key, row)| (key, &row.volatile)));
        let (keys, rows): (Vec<_>, Vec<_>) = keyed.into_iter().unzip();
        Rows { keys: keys.into(), rows: rows.into(), digest }
    }
}

fn without_evidence(fact: &Fact) -> Fact {
    let mut bare = Fact::new(fact.kind());
    for (column, value) in fact.values() {
        match value.clone() {
            muster_model::Value::Bool(value) => bare.set(*column, value),
            muster_model::Value::Int(value) => bare.set(*column, value),
            muster_model::Value::Text(value) => bare.set(*column, value),
        }
    }
    bare.prove("truncated", true);
    bare
}

/// Finished rows; cheap to share.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) keys: Arc<[RowKey]>,
    pub(crate) rows: Arc<[Row]>,
    pub(crate) digest: Digest,
}

impl Default for Rows {
    fn default() -> Self {
        Self { keys: Arc::default(), rows: Arc::default(), digest: digest([]) }
    }
}
