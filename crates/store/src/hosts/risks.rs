//! What stands against hosts, in numbers.

use crate::Tx;
use crate::db::Bind;
use muster_model::Result;
use std::collections::HashMap;

/// What stands against a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Risks {
    /// Vulnerabilities of its own software, not of its containers'; one in software of two classes counts for each.
    pub vulnerabilities: i64,
    /// Security events that nobody has handled.
    pub open_events: i64,
}

/// What stands against these hosts, at most some hundred; nothing does against one that is not in the answer.
///
/// # Errors
/// Those of the database.
pub async fn risks(tx: &mut Tx, hosts: &[i64]) -> Result<HashMap<i64, Risks>> {
    let mut all: HashMap<i64, Risks> = HashMap::new();
    if hosts.is_empty() {
        return Ok(all);
    }
    let places = vec!["?"; hosts.len()].join(",");
    let sql = format!(
        "SELECT host, count(*), 0 FROM (SELECT DISTINCT s.host, f.vulnerability, f.class FROM sightings s \
         JOIN fact_vulnerabilities f ON f.fact = s.fact WHERE s.container <= 0 AND s.host IN ({places})) d \
         GROUP BY host UNION ALL SELECT host, 0, count(*) FROM security_events \
         WHERE handle_method IS NULL AND host IN ({places}) GROUP BY host"
    );
    let values = hosts.iter().chain(hosts).map(|host| Bind::from(*host)).collect();
    for row in tx.all(sql, values).await? {
        let mut cells = row.cells();
        let risks = all.entry(cells.take()?).or_default();
        risks.vulnerabilities += cells.take::<i64>()?;
        risks.open_events += cells.take::<i64>()?;
    }
    Ok(all)
}
