//! Which scopes of hosts are held.

use super::facts;
use crate::Tx;
use crate::db::Bind;
use muster_model::Result;
use muster_model::report::{ContainerRef, Scope};
use std::collections::HashMap;

/// The scopes in containers that are there now, whatever is in them, by the keys of these hosts.
///
/// # Errors
/// Those of the database.
pub async fn in_containers(tx: &mut Tx, hosts: &[i64]) -> Result<HashMap<i64, Vec<Scope>>> {
    let from = "FROM host_kinds k JOIN containers c ON c.key = k.container \
                WHERE k.container > 0 AND length(k.digest) > 0 AND k.host";
    let hosts = hosts.iter().copied().map(Bind::from).collect();
    let mut held: HashMap<i64, Vec<Scope>> = HashMap::new();
    let scopes = tx.gathered_in("k.host, k.kind, c.id, c.name", from, vec![], hosts).await?;
    for (host, kind, id, name) in scopes {
        let scope = Scope { kind: facts::kind(kind)?, container: Some(ContainerRef { id, name }) };
        held.entry(host).or_default().push(scope);
    }
    for scopes in held.values_mut() {
        scopes.sort_unstable();
    }
    Ok(held)
}
