//! Lists of certificates: filtered, ordered, in pages.

use super::{COLUMNS, Certificate, Status, certificate};
use crate::Tx;
use crate::db::{Bind, binds, folded};
use muster_model::{Micros, Page, Paging, Result};

/// What a list is ordered by. The newest change first where nobody says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// When it expires; what has no end comes last.
    Expiry,
    /// The status, by its word.
    Status,
    /// When it was last changed.
    #[default]
    Updated,
}

/// How a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub by: SortKey,
    /// From the smallest.
    pub ascending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { by: SortKey::Updated, ascending: false }
    }
}

/// A tag's name and the values that will do; any value where there is none.
pub type TagChoice = (String, Vec<String>);

/// How several choices of tags go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagRule {
    /// Every one is there.
    All,
    /// At least one is there.
    Any,
    /// Not all are there.
    NotAll,
    /// None is there.
    NotAny,
}

/// Which certificates of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Where they stand at the time of the question.
    pub status: Option<Status>,
    /// Of this enterprise project.
    pub enterprise_project_id: Option<String>,
    /// Name or a domain holds this text, whatever the case.
    pub content: Option<String>,
    /// Those with a certificate in them, that can be handed out.
    pub issued: bool,
    /// Those that end from then on; what has no end is not among them.
    pub ends_from: Option<Micros>,
    /// Those that end before then.
    pub ends_before: Option<Micros>,
    /// What is asked of their tags.
    pub tags: Vec<(TagRule, Vec<TagChoice>)>,
    /// Without any tag.
    pub untagged: bool,
    /// None at all: asked for something no certificate has.
    pub nothing: bool,
}

/// A page of an account's certificates.
///
/// # Errors
/// Those of the database.
pub async fn list(
    tx: &mut Tx,
    domain: i64,
    filter: &Filter,
    order: Order,
    paging: Paging,
    now: Micros,
) -> Result<Page<Certificate>> {
    let (condition, values) = condition(tx, domain, filter, now);
    let count = format!("SELECT COUNT(*) FROM certificates c WHERE {condition}");
    let total: i64 = tx.one(count, values.clone()).await?.only()?;
    let direction = if order.ascending { "ASC" } else { "DESC" };
    let by = match order.by {
        SortKey::Expiry => format!("c.not_after {direction} NULLS LAST"),
        SortKey::Status => format!("c.status {direction}"),
        SortKey::Updated => format!("c.updated_at {direction}"),
    };
    // The keys of the page first, from an index where one will do, then their rows.
    let order = format!("ORDER BY {by}, c.key {direction}");
    let sql = format!(
        "SELECT key, {COLUMNS} FROM certificates c JOIN \
         (SELECT c.key AS paged FROM certificates c WHERE {condition} {order} LIMIT ? OFFSET ?) p \
         ON c.key = p.paged {order}"
    );
    let mut values = values;
    values.extend(binds![paging.limit, paging.offset]);
    let rows = tx.all(sql, values).await?.iter().map(certificate).collect::<Result<_>>()?;
    Ok(Page { rows, total })
}

fn condition(tx: &Tx, domain: i64, filter: &Filter, now: Micros) -> (String, Vec<Bind>) {
    let (mut sql, mut values) = ("c.domain = ?".to_owned(), binds![domain]);
    let mut and = |text: &str, more: Vec<Bind>| {
        sql.push_str(" AND ");
        sql.push_str(text);
        values.extend(more);
    };
    match filter.status {
        None => {}
        Some(Status::Expired) => {
            and("c.status IN ('ISSUED','UPLOAD') AND c.not_after <= ?", binds![now]);
        }
        Some(status @ (Status::Issued | Status::Upload)) => {
            and("c.status = ? AND c.not_after > ?", binds![status.name(), now]);
        }
        Some(status) => and("c.status = ?", binds![status.name()]),
    }
    if filter.nothing {
        and("1 = 0", vec![]);
    }
    if let Some(id) = &filter.enterprise_project_id {
        and("c.enterprise_project_id = ?", binds![id]);
    }
    if let Some(text) = &filter.content {
        let text = folded(text);
        let columns = ["c.name", "c.main_domain", "c.sans"].map(|column| tx.contains(column));
        and(&format!("({})", columns.join(" OR ")), binds![&text, &text, &text]);
    }
    if filter.issued {
        and("c.not_after IS NOT NULL", vec![]);
    }
    if let Some(from) = filter.ends_from {
        and("c.not_after >= ?", binds![from]);
    }
    if let Some(before) = filter.ends_before {
        and("c.not_after < ?", binds![before]);
    }
    let tag = "EXISTS (SELECT 1 FROM certificate_tags t WHERE t.certificate = c.key";
    for (rule, choices) in filter.tags.iter().filter(|(_, choices)| !choices.is_empty()) {
        let (mut parts, mut more) = (Vec::new(), Vec::new());
        for (name, wanted) in choices {
            let places = vec!["?"; wanted.len()].join(",");
            let within = format!(" AND t.value IN ({places})");
            let within = if wanted.is_empty() { "" } else { within.as_str() };
            parts.push(format!("{tag} AND t.name = ?{within})"));
            more.extend(binds![name]);
            more.extend(wanted.iter().map(Bind::from));
        }
        let (not, word) = match rule {
            TagRule::All => ("", " AND "),
            TagRule::Any => ("", " OR "),
            TagRule::NotAll => ("NOT ", " AND "),
            TagRule::NotAny => ("NOT ", " OR "),
        };
        and(&format!("{not}({})", parts.join(word)), more);
    }
    if filter.untagged {
        and(&format!("NOT {tag})"), vec![]);
    }
    (sql, values)
}
