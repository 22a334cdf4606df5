//! Which hosts are wanted.

use crate::Tx;
use crate::db::{Bind, binds, folded};
use crate::images::Named;
use muster_model::Micros;

/// What the state of a host's agent must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentFilter {
    /// Heard of since [`Filter::online_since`].
    Online,
    /// Enrolled, but not heard of since then.
    Offline,
    /// There is none, be it that one is being installed.
    Absent,
    /// There is none, and nobody tried to install one.
    NotInstalled,
    /// There is none, but one is being installed: since [`Filter::installing_since`] at least.
    Installing,
    /// There is none, because its installation failed or was never told to have ended.
    InstallFailed,
    /// There is one, online or not.
    Installed,
}

/// Which hosts are wanted: all that is set must hold. Texts match as a part, whatever the case of ASCII letters.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Exactly this id.
    pub id: Option<String>,
    /// One of these ids, where there are any.
    pub ids: Vec<String>,
    /// Part of the name, or of the one it was entered by.
    pub name: Option<String>,
    /// Exactly one of these names, where there are any.
    pub names: Vec<String>,
    /// Part of one of the addresses.
    pub ip: Option<String>,
    /// Exactly one of these addresses, where there are any.
    pub ips: Vec<String>,
    /// Part of the operating system's name for people.
    pub os_name: Option<String>,
    /// Exactly this group.
    pub group: Option<String>,
    /// Exactly this importance.
    pub importance: Option<String>,
    /// Exactly this enterprise project.
    pub enterprise_project_id: Option<String>,
    /// State of the agent.
    pub agent: Option<AgentFilter>,
    /// An agent that was heard of at this moment or later is online.
    pub online_since: Micros,
    /// An installation that began before this moment is not under way any more.
    pub installing_since: Micros,
    /// Whether it is a node: containers run on it, or its owner says so.
    pub node: Option<bool>,
    /// An image that lies on it; with nothing set, any.
    pub has: Option<Named>,
    /// Exactly this id of its agent.
    pub agent_id: Option<String>,
    /// Whether it is protected.
    pub protected: Option<bool>,
    /// Exactly what it is protected as.
    pub version: Option<String>,
    /// Exactly this tag, as `key=value`.
    pub tag: Option<String>,
}

impl Filter {
    /// The condition on `hosts`, and its values.
    pub(crate) fn sql(&self, tx: &Tx, project: i64) -> (String, Vec<Bind>) {
        let mut sql = "project = ?".to_owned();
        let mut values = binds![project];
        let mut and = |condition: &str, value: Option<Bind>| {
            sql.push_str(" AND ");
            sql.push_str(condition);
            values.extend(value);
        };
        for (column, value) in [
            ("id = ?", &self.id),
            ("host_group = ?", &self.group),
            ("agent_id = ?", &self.agent_id),
            ("importance = ?", &self.importance),
            ("enterprise_project_id = ?", &self.enterprise_project_id),
        ] {
            if let Some(value) = value {
                and(column, Some(value.into()));
            }
        }
        if let Some(name) = &self.name {
            // The name it was entered by is looked for too: its agent may call it otherwise.
            let holds = tx.contains("(name || '\n' || entered_name)");
            and(&holds, Some(folded(name).into()));
        }
        for (column, value) in [("addresses", &self.ip), ("os_name", &self.os_name)] {
            if let Some(value) = value {
                and(&tx.contains(column), Some(folded(value).into()));
            }
        }
        match self.agent {
            None => {}
            Some(AgentFilter::Online) => {
                and("agent_id IS NOT NULL AND last_seen >= ?", Some(self.online_since.into()));
            }
            Some(AgentFilter::Offline) => {
                and(
                    "agent_id IS NOT NULL AND (last_seen IS NULL OR last_seen < ?)",
                    Some(self.online_since.into()),
                );
            }
            Some(AgentFilter::Absent) => and("agent_id IS NULL", None),
            Some(AgentFilter::NotInstalled) => and("agent_id IS NULL AND install_state = ''", None),
            Some(AgentFilter::Installing) => and(
                "agent_id IS NULL AND install_state = 'installing' AND install_since >= ?",
                Some(self.installing_since.into()),
            ),
            Some(AgentFilter::InstallFailed) => and(
                "agent_id IS NULL AND (install_state = 'failed' \
                 OR install_state = 'installing' AND install_since < ?)",
                Some(self.installing_since.into()),
            ),
            Some(AgentFilter::Installed) => and("agent_id IS NOT NULL", None),
        }
        let node = "(container_node = 1 OR EXISTS (SELECT 1 FROM host_kinds k WHERE k.host = hosts.key \
                    AND k.container > 0 AND length(k.digest) > 0))";
        match self.node {
            None => {}
            Some(true) => and(node, None),
            Some(false) => and(&format!("NOT {node}"), None),
        }
        let protected = "EXISTS (SELECT 1 FROM host_protection p WHERE p.host = hosts.key";
        match self.protected {
            None => {}
            Some(true) => and(&format!("{protected})"), None),
            Some(false) => and(&format!("NOT {protected})"), None),
        }
        if let Some(version) = &self.version {
            and(&format!("{protected} AND p.version = ?)"), Some(version.into()));
        }
        if let Some(tag) = &self.tag {
            and(&tx.contains("tags"), Some(folded(&format!("\n{tag}\n")).into()));
        }
        if let Some(image) = &self.has {
            let (condition, more) = image.on_host("key");
            sql.push_str(&format!(" AND {condition}"));
            values.extend(more);
        }
        for (column, wanted) in [("id", &self.ids), ("name", &self.names)] {
            if !wanted.is_empty() {
                let places = vec!["?"; wanted.len()].join(",");
                sql.push_str(&format!(" AND {column} IN ({places})"));
                values.extend(wanted.iter().map(Bind::from));
            }
        }
        if !self.ips.is_empty() {
            let each = vec![tx.contains("addresses"); self.ips.len()].join(" OR ");
            sql.push_str(&format!(" AND ({each})"));
            values.extend(self.ips.iter().map(|ip| Bind::from(format!("\n{}\n", folded(ip)))));
        }
        (sql, values)
    }
}
