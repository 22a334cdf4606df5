//! Which assets are wanted, and how that is said in SQL.

use super::{columns, counts};
use crate::Tx;
use crate::db::{Bind, binds, folded};
use muster_model::fact::ColumnType;
use muster_model::{Category, Column, Kind, Result, Value};

/// Up to so many hosts a query starts from the hosts; beyond that it starts from the facts.
const FEW_HOSTS: i64 = 32;

/// One condition; all of a query's conditions must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// The column has exactly this value. An empty text also matches an unset name or version.
    Equals(Column, Value),
    /// The column, a number as its decimal digits, holds this text, whatever the case of ASCII letters.
    Contains(Column, String),
    /// On the host with this id.
    HostId(String),
    /// On hosts of this name.
    HostName {
        /// The name or a part of it.
        text: String,
        /// The whole name, as it is written.
        exact: bool,
    },
    /// On hosts with this address, be it the first or another one.
    HostIp {
        /// The address or a part of it.
        text: String,
        /// The whole address.
        exact: bool,
    },
}

/// Assets of one kind in one project.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Key of the project.
    pub project: i64,
    /// The kind.
    pub kind: Kind,
    /// On hosts or in containers.
    pub category: Category,
    /// Only hosts of this enterprise project.
    pub enterprise_project: Option<String>,
    /// Further conditions.
    pub filters: Vec<Filter>,
}

/// A piece of SQL and its values.
#[derive(Clone, Default)]
pub(super) struct Clause {
    pub(super) sql: String,
    pub(super) binds: Vec<Bind>,
}

impl Clause {
    pub(super) fn and(&mut self, sql: &str, binds: impl IntoIterator<Item = Bind>) {
        self.sql.push_str(" AND ");
        self.sql.push_str(sql);
        self.binds.extend(binds);
    }

    pub(super) fn and_all(&mut self, other: &Self) {
        self.sql.push_str(&other.sql);
        self.binds.extend(other.binds.iter().cloned());
    }
}

/// Which hosts a query speaks of.
pub(super) enum Hosts {
    /// All of the project.
    All,
    /// None.
    None,
    /// These few keys.
    Few(Vec<i64>),
    /// Those of a condition on `hosts`.
    Matching(Clause),
}

/// A query taken apart.
pub(super) struct Plan {
    /// Conditions on facts (`f`), each with ` AND ` before it.
    pub(super) facts: Clause,
    /// Hosts.
    pub(super) hosts: Hosts,
    project: i64,
    kind: Kind,
    category: Category,
}

/// Condition on the container of sightings. Said as a range, because SQLite takes an equality for a reason not
/// to use the order of an index beyond that column.
pub(super) const fn container_condition(category: Category) -> &'static str {
    match category {
        Category::Host => "s.container <= 0",
        Category::Container => "s.container > 0",
    }
}

/// Conditions on facts, whose columns `place` names.
pub(super) fn fact_conditions(
    tx: &Tx,
    filters: &[Filter],
    place: impl Fn(Column) -> String,
) -> Clause {
    let mut clause = Clause::default();
    for filter in filters {
        match filter {
            Filter::Equals(column, value) => {
                clause.and(&format!("{} = ?", place(*column)), [columns::value(value)]);
            }
            Filter::Contains(column, text) => {
                let place = match column.column_type() {
                    ColumnType::Text => place(*column),
                    ColumnType::Int | ColumnType::Bool => {
                        format!("CAST({} AS TEXT)", place(*column))
                    }
                };
                clause.and(&tx.contains(&place), [folded(text).into()]);
            }
            Filter::HostId(_) | Filter::HostName { .. } | Filter::HostIp { .. } => {}
        }
    }
    clause
}

/// Conditions on `hosts`, whose columns have `prefix` before their names.
pub(super) fn host_conditions(
    tx: &Tx,
    filters: &[Filter],
    enterprise_project: Option<&str>,
    prefix: &str,
) -> Clause {
    let mut clause = Clause::default();
    if let Some(id) = enterprise_project {
        clause.and(&format!("{prefix}enterprise_project_id = ?"), [id.into()]);
    }
    for filter in filters {
        match filter {
            Filter::Equals(..) | Filter::Contains(..) => {}
            Filter::HostId(id) => clause.and(&format!("{prefix}id = ?"), [id.into()]),
            Filter::HostName { text, exact: true } => {
                clause.and(&format!("{prefix}name = ?"), [text.into()]);
            }
            Filter::HostName { text, exact: false } => {
                clause.and(&tx.contains(&format!("{prefix}name")), [folded(text).into()]);
            }
            Filter::HostIp { text, exact } => {
                // Addresses lie between line feeds.
                let text = if *exact { format!("\n{text}\n") } else { text.clone() };
                clause.and(&tx.contains(&format!("{prefix}addresses")), [folded(&text).into()]);
            }
        }
    }
    clause
}

impl Query {
    /// Looks up the hosts and takes the query apart.
    pub(super) async fn plan(&self, tx: &mut Tx) -> Result<Plan> {
        let facts = fact_conditions(tx, &self.filters, |column| format!("f.{}", column.name()));
        let conditions = host_conditions(tx, &self.filters, self.enterprise_project.as_deref(), "");
        let hosts = hosts(tx, self.project, conditions).await?;
        Ok(Plan { facts, hosts, project: self.project, kind: self.kind, category: self.category })
    }
}

async fn hosts(tx: &mut Tx, project: i64, conditions: Clause) -> Result<Hosts> {
    if conditions.sql.is_empty() {
        return Ok(Hosts::All);
    }
    let mut matching = Clause { sql: "project = ?".to_owned(), binds: binds![project] };
    matching.and_all(&conditions);
    let mut binds = matching.binds.clone();
    binds.push((FEW_HOSTS + 1).into());
    let sql = format!("SELECT key FROM hosts WHERE {} LIMIT ?", matching.sql);
    let keys: Vec<i64> =
        tx.all(sql, binds).await?.iter().map(|row| row.only()).collect::<Result<_>>()?;
    if keys.is_empty() {
        return Ok(Hosts::None);
    }
    if i64::try_from(keys.len()).is_ok_and(|n| n <= FEW_HOSTS) {
        return Ok(Hosts::Few(keys));
    }
    // An enterprise project that holds the whole fleet is no condition.
    let rest = conditions.sql.strip_prefix(" AND ").unwrap_or_default();
    let sql = format!("SELECT key FROM hosts WHERE project = ? AND NOT ({rest}) LIMIT 1");
    let other = tx.optional(sql, matching.binds.clone()).await?;
    Ok(if other.is_none() { Hosts::All } else { Hosts::Matching(matching) })
}

/// Facts with the number of those of their sightings that match.
pub(super) struct Counted {
    /// The number, as an expression.
    pub(super) n: Clause,
    /// `FROM ... WHERE ...` over facts `f`.
    pub(super) from: Clause,
}

impl Plan {
    /// `FROM ... WHERE ...` over facts `f` and sightings `s` of `table`. CROSS JOIN holds SQLite to the order
    /// written; PostgreSQL finds its own.
    pub(super) fn from(&self, table: &str) -> Clause {
        let container = container_condition(self.category);
        let mut clause = if let Hosts::Few(_) = self.hosts {
            Clause {
                sql: format!(
                    "FROM {table} s CROSS JOIN facts f WHERE s.kind = ? AND {container} AND f.id = s.fact"
                ),
                binds: binds![self.kind.code()],
            }
        } else {
            Clause {
                sql: format!(
                    "FROM facts f CROSS JOIN {table} s WHERE f.project = ? AND f.kind = ? \
                     AND s.fact = f.id AND {container}"
                ),
                binds: binds![self.project, self.kind.code()],
            }
        };
        clause.and_all(&self.facts);
        clause.and_all(&self.of_hosts());
        clause
    }

    /// The facts of the query, counted: by their counters where no host is left out.
    pub(super) fn counted(&self) -> Counted {
        let mut n = Clause::default();
        let counters = if let Hosts::All = self.hosts {
            n.sql = format!("c.{}", counts::column(self.category));
            "CROSS JOIN fact_counts c WHERE c.fact = f.id AND"
        } else {
            let of_hosts = self.of_hosts();
            n.sql = format!(
                "(SELECT count(*) FROM sightings s WHERE s.fact = f.id AND {}{})",
                container_condition(self.category),
                of_hosts.sql
            );
            n.binds = of_hosts.binds;
            "WHERE"
        };
        let mut from = Clause {
            sql: format!("FROM facts f {counters} f.project = ? AND f.kind = ?"),
            binds: binds![self.project, self.kind.code()],
        };
        from.and_all(&self.facts);
        Counted { n, from }
    }

    /// The condition on `s.host`.
    pub(super) fn of_hosts(&self) -> Clause {
        let mut clause = Clause::default();
        match &self.hosts {
            Hosts::All | Hosts::None => {}
            Hosts::Few(keys) => {
                let places = vec!["?"; keys.len()].join(",");
                let keys = keys.iter().map(|key| Bind::from(*key));
                clause.and(&format!("s.host IN ({places})"), keys);
            }
            Hosts::Matching(hosts) => clause.and(
                &format!("s.host IN (SELECT key FROM hosts WHERE {})", hosts.sql),
                hosts.binds.iter().cloned(),
            ),
        }
        clause
    }
}
