//! Which images are wanted.

use super::scans::State;
use crate::Tx;
use crate::containers::RUNS;
use crate::db::{Bind, binds, folded, unpatterned};
use crate::hosts;
use crate::vulnerabilities::{self, COMPARED};
use muster_model::Micros;

/// An image as callers name it: all that is set must hold exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Its id, or the digest of one of its manifests.
    pub digest: Option<String>,
    /// Its repository.
    pub name: Option<String>,
    /// Its tag.
    pub version: Option<String>,
}

/// The registry of the contract's own cloud.
const CLOUD: &str = "swr.%.myhuaweicloud.com/%";

/// Which images are wanted: all that is set must hold. Texts match as a part, whatever the case of ASCII letters, where
/// nothing else is said.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Exactly this one.
    pub named: Named,
    /// Part of the name.
    pub name: Option<String>,
    /// Part of the name, a colon and the tag.
    pub keyword: Option<String>,
    /// Whether it is of the contract's own registry.
    pub of_cloud: Option<bool>,
    /// Exactly so many bytes.
    pub size: Option<i64>,
    /// Built at this moment or later.
    pub since: Option<Micros>,
    /// Built at this moment or before.
    pub until: Option<Micros>,
    /// Whether a container of it runs.
    pub used: Option<bool>,
    /// Exactly this id of a container of it that runs.
    pub container_id: Option<String>,
    /// Part of the name of a container of it that runs.
    pub container_name: Option<String>,
    /// Exactly this id of the pod of such a container.
    pub pod_id: Option<String>,
    /// Part of the name of the pod of such a container.
    pub pod_name: Option<String>,
    /// What is known of its latest scan.
    pub scan: Option<Scanned>,
    /// A scan asked for before this moment that has not ended will not.
    pub late: Micros,
    /// When one last went well, at this moment or later and at that moment or before.
    pub scanned: Option<(Micros, Micros)>,
    /// Whether anything is known against what is in it; it has been scanned, and where nothing is, all of it was compared.
    pub weak: Option<bool>,
    /// A vulnerability it has.
    pub vulnerability: Option<vulnerabilities::Named>,
    /// Part of the name of software that was found in it.
    pub software: Option<String>,
    /// Those on these hosts.
    pub hosts: hosts::Filter,
}

/// What is known of the latest scan of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// None was asked for.
    Never,
    /// It is so far.
    Is(State),
}

/// What a list of images is made from: names of images `i` that lie in places `s`.
pub(super) const NAMES: &str =
    "image_names n JOIN image_sightings s ON s.key = n.sighting JOIN images i ON i.key = s.image";

impl Named {
    /// The condition on [`NAMES`], to be appended to another, and its values.
    fn sql(&self) -> (String, Vec<Bind>) {
        let (mut sql, mut values) = (String::new(), Vec::new());
        if let Some(digest) = &self.digest {
            sql.push_str(" AND (i.id = ? OR s.digest = ? OR s.digests LIKE ? ESCAPE '!')");
            let listed = format!("%\"{}\"%", unpatterned(digest));
            values.extend(binds![digest, digest, listed]);
        }
        for (column, text) in [("n.name = ?", &self.name), ("n.version = ?", &self.version)] {
            if let Some(text) = text {
                sql.push_str(&format!(" AND {column}"));
                values.push(text.into());
            }
        }
        (sql, values)
    }

    /// The condition that this image lies on the host `h`, and its values.
    pub(crate) fn on_host(&self, host: &str) -> (String, Vec<Bind>) {
        let (condition, values) = self.sql();
        let sql =
            format!("{host} IN (SELECT s.host FROM {NAMES} WHERE s.gone_at IS NULL{condition})");
        (sql, values)
    }

    /// The condition that `containers c` are of this image, and its values.
    pub(crate) fn of_container(&self) -> (String, Vec<Bind>) {
        let (condition, values) = self.sql();
        let sql = format!(
            "EXISTS (SELECT 1 FROM {NAMES} WHERE s.host = c.host AND s.gone_at IS NULL AND {IS_OF}{condition})"
        );
        (sql, values)
    }
}

/// That `containers c` are of the image `i` in the place `s`: runtimes that keep images by their manifests name those.
const IS_OF: &str = "c.image_id <> '' AND (c.image_id = i.id OR c.image_id = s.digest)";

impl Filter {
    /// The condition on [`NAMES`], and its values.
    pub(super) fn sql(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let (hosts, mut values) = self.hosts.sql(tx, project);
        let mut sql =
            format!("s.host IN (SELECT key FROM hosts WHERE {hosts}) AND s.gone_at IS NULL");
        let (named, more) = self.named.sql();
        sql.push_str(&named);
        values.extend(more);
        for (column, part) in
            [("n.name", &self.name), ("(n.name || ':' || n.version)", &self.keyword)]
        {
            if let Some(part) = part {
                sql.push_str(&format!(" AND {}", tx.contains(column)));
                values.push(folded(part).into());
            }
        }
        if let Some(of_cloud) = self.of_cloud {
            let not = if of_cloud { "" } else { "NOT " };
            sql.push_str(&format!(" AND n.name {not}LIKE ?"));
            values.push(CLOUD.into());
        }
        for (column, value) in [
            ("s.size = ?", self.size.map(Bind::from)),
            ("i.created_at >= ?", self.since.map(Bind::from)),
            ("i.created_at <= ?", self.until.map(Bind::from)),
        ] {
            if let Some(value) = value {
                sql.push_str(&format!(" AND {column}"));
                values.push(value);
            }
        }
        let runs = format!(
            "EXISTS (SELECT 1 FROM containers c WHERE c.host = s.host AND {IS_OF} AND {RUNS}"
        );
        match self.used {
            None => {}
            Some(true) => sql.push_str(&format!(" AND {runs})")),
            Some(false) => sql.push_str(&format!(" AND NOT {runs})")),
        }
        let (scans, more) = self.scans(tx);
        sql.push_str(&scans);
        values.extend(more);
        let (containers, more) = self.containers(tx);
        if !containers.is_empty() {
            sql.push_str(&format!(" AND {runs}{containers})"));
            values.extend(more);
        }
        (sql, values)
    }

    /// What must hold of the latest scan.
    fn scans(&self, tx: &Tx) -> (String, Vec<Bind>) {
        let (mut sql, mut values) = (String::new(), Vec::new());
        let scan = "EXISTS (SELECT 1 FROM image_scans q WHERE q.image = i.key";
        match self.scan {
            None => {}
            Some(Scanned::Never) => sql.push_str(&format!(" AND NOT {scan})")),
            Some(Scanned::Is(State::Failed)) => {
                let late = "q.ended_at IS NULL AND q.asked_at < ?";
                sql.push_str(&format!(" AND {scan} AND (q.state = 'failed' OR {late}))"));
                values.push(self.late.into());
            }
            Some(Scanned::Is(State::Success)) => {
                sql.push_str(&format!(" AND {scan} AND q.state = 'success')"));
            }
            Some(Scanned::Is(state)) => {
                sql.push_str(&format!(" AND {scan} AND q.state = ? AND q.asked_at >= ?)"));
                values.extend(binds![state.name(), self.late]);
            }
        }
        if let Some((start, end)) = self.scanned {
            sql.push_str(&format!(" AND {scan} AND q.scanned_at >= ? AND q.scanned_at <= ?)"));
            values.extend(binds![start, end]);
        }
        if let Some(weak) = self.weak {
            let not = if weak { "" } else { "NOT " };
            if !weak {
                sql.push_str(&format!(
                    " AND NOT EXISTS (SELECT 1 FROM image_facts x WHERE x.image = i.key AND NOT {COMPARED})"
                ));
            }
            sql.push_str(&format!(
                " AND {scan} AND q.state = 'success') AND {not}EXISTS (SELECT 1 FROM image_facts x \
                 JOIN fact_vulnerabilities w ON w.fact = x.fact WHERE x.image = i.key)"
            ));
        }
        if let Some(wanted) = &self.vulnerability {
            let (facts, more) = wanted.facts();
            sql.push_str(&format!(
                " AND i.key IN (SELECT x.image FROM image_facts x WHERE x.fact IN ({facts}))"
            ));
            values.extend(more);
        }
        if let Some(part) = &self.software {
            let holds = tx.contains("f.name");
            sql.push_str(&format!(
                " AND EXISTS (SELECT 1 FROM image_facts x JOIN facts f ON f.id = x.fact \
                 WHERE x.image = i.key AND {holds})"
            ));
            values.push(folded(part).into());
        }
        (sql, values)
    }

    /// What must hold of one container `c`.
    fn containers(&self, tx: &Tx) -> (String, Vec<Bind>) {
        let (mut sql, mut values) = (String::new(), Vec::new());
        if let Some(id) = &self.container_id {
            sql.push_str(" AND c.id = ?");
            values.push(id.into());
        }
        if let Some(part) = &self.container_name {
            sql.push_str(&format!(" AND {}", tx.contains("c.name")));
            values.push(folded(part).into());
        }
        if let Some(id) = &self.pod_id {
            // Labels are JSON as it is written here: without spaces.
            sql.push_str(" AND c.labels LIKE ? ESCAPE '!'");
            values.push(format!("%\"io.kubernetes.pod.uid\":\"{}\"%", unpatterned(id)).into());
        }
        if let Some(part) = &self.pod_name {
            let (pod, more) = crate::containers::in_pod(part);
            sql.push_str(&format!(" AND ({pod})"));
            values.extend(more);
        }
        (sql, values)
    }
}
