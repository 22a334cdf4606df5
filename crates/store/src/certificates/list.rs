//! Lists of certificates: filtered, ordered, in pages.

use super::{COLUMNS, Certificate, Status, certificate, read};
use crate::Tx;
use crate::db::{Bind, Row, binds, folded};
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

/// Rows up to which what was searched out is kept aside and sorted, instead of being searched a second time.
const FEW: i64 = 20_000;

/// Rows of which more than half must hold a text for it to be a common one. Fewer than these are searched at once anyway.
const SAMPLE: i64 = 400;

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
    let common = is_common(tx, domain, filter).await?;
    let wanted = condition(tx, domain, filter, common, now);
    let searched = looks_through(filter);
    if searched
        && !common
        && let Some(page) = few(tx, &wanted, &sorted(order, now), paging).await?
    {
        return Ok(page);
    }
    // Where much is found, a page near the front is found soon by following the order, if that is one stretch or two.
    let far = i64::from(paging.offset) > FEW || order.by == SortKey::Status;
    let stretches = match searched && far {
        true => vec![sorted(order, now)],
        false => stretches(filter, order, now),
    };
    let counts = counts(tx, &wanted, &stretches).await?;
    let (mut skip, mut left) = (i64::from(paging.offset), i64::from(paging.limit));
    let mut rows = Vec::new();
    for (stretch, count) in stretches.iter().zip(&counts) {
        if skip >= *count {
            skip -= count;
            continue;
        }
        let some = left.min(count - skip);
        if some > 0 {
            rows.extend(stretch.rows(tx, &wanted, *count, skip, some).await?);
        }
        (skip, left) = (0, left - some);
    }
    Ok(Page { rows, total: counts.iter().sum() })
}

/// As much of a certificate as policies speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brief {
    /// Key inside the store.
    pub key: i64,
    /// `scs` and 13 digits.
    pub id: String,
    /// Enterprise project, `0` for the default one.
    pub enterprise_project_id: String,
}

/// The whole list in brief: for who may see only some of it.
///
/// # Errors
/// Those of the database.
pub async fn briefs(
    tx: &mut Tx,
    domain: i64,
    filter: &Filter,
    order: Order,
    now: Micros,
) -> Result<Vec<Brief>> {
    let (wanted, mut values) = condition(tx, domain, filter, false, now);
    let sorted = sorted(order, now);
    let order = sorted.order(false);
    values.extend(sorted.by_values);
    let sql = format!(
        "SELECT c.key, c.id, c.enterprise_project_id FROM certificates c WHERE {wanted} ORDER BY {order}"
    );
    let brief = |row: &Row| {
        let mut cells = row.cells();
        let (key, id, enterprise_project_id) = (cells.take()?, cells.take()?, cells.take()?);
        Ok(Brief { key, id, enterprise_project_id })
    };
    tx.all(sql, values).await?.iter().map(brief).collect()
}

/// The certificates with these keys, as many as make a page, in their order.
///
/// # Errors
/// Those of the database.
pub async fn by_keys(tx: &mut Tx, keys: &[i64]) -> Result<Vec<Certificate>> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let places = vec!["?"; keys.len()].join(",");
    let sql = format!("SELECT key, {COLUMNS} FROM certificates WHERE key IN ({places})");
    let found = tx.all(sql, keys.iter().map(|key| Bind::from(*key)).collect()).await?;
    let mut rows: Vec<_> = found.iter().map(certificate).collect::<Result<_>>()?;
    rows.sort_by_key(|row| keys.iter().position(|key| *key == row.key));
    Ok(rows)
}

/// A condition with the values of its placeholders.
type Condition = (String, Vec<Bind>);

/// Part of a list that an index has in the list's order, so that a deep page is found without sorting what is before it.
struct Stretch {
    /// What belongs to it.
    of: Condition,
    /// What it is ordered by, and whether from the smallest.
    by: Vec<(String, bool)>,
    /// Values of placeholders in what it is ordered by.
    by_values: Vec<Bind>,
}

impl Stretch {
    fn new(sql: &str, values: Vec<Bind>, by: &[(&str, bool)]) -> Self {
        let by = by.iter().map(|(column, ascending)| ((*column).to_owned(), *ascending));
        Self { of: (sql.to_owned(), values), by: by.collect(), by_values: Vec::new() }
    }

    fn order(&self, backwards: bool) -> String {
        let by = self.by.iter().map(|(column, ascending)| {
            format!("{column} {}", if *ascending == backwards { "DESC" } else { "ASC" })
        });
        by.collect::<Vec<_>>().join(", ")
    }

    /// `some` of the `count` rows after the first `skip`. Counted from the end where that is nearer.
    async fn rows(
        &self,
        tx: &mut Tx,
        (wanted, values): &Condition,
        count: i64,
        skip: i64,
        some: i64,
    ) -> Result<Vec<Certificate>> {
        let backwards = skip > count / 2;
        let skip = if backwards { count - skip - some } else { skip };
        let order = self.order(backwards);
        // The keys of the page first, from an index where one will do, then their rows.
        let sql = format!(
            "SELECT key, {COLUMNS} FROM certificates c JOIN \
             (SELECT c.key AS paged FROM certificates c WHERE {wanted}{} ORDER BY {order} LIMIT ? OFFSET ?) p \
             ON c.key = p.paged ORDER BY {order}",
            self.of.0
        );
        let mut values = values.clone();
        values.extend(self.of.1.iter().chain(&self.by_values).cloned());
        values.extend(binds![some, skip]);
        values.extend(self.by_values.iter().cloned());
        let mut rows: Vec<_> =
            tx.all(sql, values).await?.iter().map(certificate).collect::<Result<_>>()?;
        if backwards {
            rows.reverse();
        }
        Ok(rows)
    }
}

/// A page of what is wanted and how much that is, where it is not more than [`FEW`]: looked for once.
async fn few(
    tx: &mut Tx,
    (wanted, values): &Condition,
    sorted: &Stretch,
    paging: Paging,
) -> Result<Option<Page<Certificate>>> {
    let order = sorted.order(false);
    let sql = format!(
        "WITH hits AS MATERIALIZED (SELECT c.key, c.status, c.not_after, c.updated_at FROM certificates c \
         WHERE {wanted} LIMIT {}) \
         SELECT n.total, key, {COLUMNS} FROM (SELECT COUNT(*) AS total FROM hits) n LEFT JOIN \
         (SELECT c.key AS paged FROM hits c ORDER BY {order} LIMIT ? OFFSET ?) p ON 1 = 1 \
         LEFT JOIN certificates c ON c.key = p.paged ORDER BY {order}",
        FEW + 1
    );
    let mut values = values.clone();
    values.extend(sorted.by_values.iter().cloned());
    values.extend(binds![paging.limit, paging.offset]);
    values.extend(sorted.by_values.iter().cloned());
    let mut page = Page { rows: Vec::new(), total: 0 };
    for row in tx.all(sql, values).await? {
        let mut cells = row.cells();
        page.total = cells.take()?;
        let mut key = row.cells();
        key.take::<i64>()?;
        // Without a row of a page there is the total alone.
        if key.take::<Option<i64>>()?.is_some() {
            page.rows.push(read(&mut cells)?);
        }
    }
    Ok((page.total <= FEW).then_some(page))
}

/// Whether more than [`FEW`] rows are likely to hold the text that is looked for: some of them say so.
async fn is_common(tx: &mut Tx, domain: i64, filter: &Filter) -> Result<bool> {
    let Some(text) = &filter.content else { return Ok(false) };
    let (held, text) = tx.contains_folded("s.searched", &folded(text), true);
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT c.searched FROM certificates c WHERE c.domain = ? LIMIT {SAMPLE}) s \
         WHERE {held}"
    );
    let held: i64 = tx.one(sql, vec![domain.into(), text]).await?.only()?;
    Ok(held * 2 > SAMPLE)
}

/// How many rows each stretch has.
async fn counts(
    tx: &mut Tx,
    (wanted, values): &Condition,
    stretches: &[Stretch],
) -> Result<Vec<i64>> {
    let (mut columns, mut all) = (Vec::new(), Vec::new());
    for Stretch { of: (sql, more), .. } in stretches {
        columns.push(format!("(SELECT COUNT(*) FROM certificates c WHERE {wanted}{sql})"));
        all.extend(values.iter().chain(more).cloned());
    }
    let row = tx.one(format!("SELECT {}", columns.join(", ")), all).await?;
    let mut cells = row.cells();
    stretches.iter().map(|_| cells.take()).collect()
}

/// Whether most rows have to be looked at: then the index that has what is asked for is gone through and what fits is
/// sorted, instead of following the order and fetching each row.
const fn looks_through(filter: &Filter) -> bool {
    filter.content.is_some() || filter.enterprise_project_id.is_some()
}

/// The list as one stretch, which no index has in its order.
fn sorted(Order { by, ascending }: Order, now: Micros) -> Stretch {
    let key = ("c.key", ascending);
    match by {
        SortKey::Updated => Stretch::new("", vec![], &[("c.updated_at", ascending), key]),
        // What has no end comes last, either way.
        SortKey::Expiry => {
            let endless = ("(CASE WHEN c.not_after IS NULL THEN 1 ELSE 0 END)", true);
            Stretch::new("", vec![], &[endless, ("(+c.not_after)", ascending), key])
        }
        SortKey::Status => {
            let shown = "(CASE WHEN c.status IN ('ISSUED','UPLOAD') AND (+c.not_after) <= ? \
                         THEN 'EXPIRED' ELSE c.status || '' END)";
            let by = [(shown, ascending), ("(c.status || '')", ascending), key];
            Stretch { by_values: binds![now], ..Stretch::new("", vec![], &by) }
        }
    }
}

/// The list in its order, in stretches that an index has in theirs.
fn stretches(filter: &Filter, Order { by, ascending }: Order, now: Micros) -> Vec<Stretch> {
    let key = ("c.key", ascending);
    match by {
        SortKey::Updated => {
            vec![Stretch::new("", vec![], &[("c.updated_at", ascending), key])]
        }
        SortKey::Expiry => vec![
            Stretch::new(
                " AND c.not_after IS NOT NULL",
                vec![],
                &[("c.not_after", ascending), key],
            ),
            Stretch::new(" AND c.not_after IS NULL", vec![], &[key]),
        ],
        SortKey::Status => {
            let mut all: Vec<_> = Status::ALL
                .iter()
                .filter(|shown| filter.status.is_none_or(|status| status == **shown))
                .flat_map(|shown| of_status(*shown, now, key))
                .collect();
            all.sort_by_key(|(place, _)| *place);
            if !ascending {
                all.reverse();
            }
            all.into_iter().map(|(_, stretch)| stretch).collect()
        }
    }
}

/// The stretches of what is shown with a status, with their places in the order: by what is shown, then by what is stored.
fn of_status(
    shown: Status,
    now: Micros,
    key: (&'static str, bool),
) -> Vec<([&'static str; 2], Stretch)> {
    let stored: &[Status] = match shown {
        Status::Expired => &[Status::Issued, Status::Upload],
        _ => &[shown],
    };
    let stretch = |stored: &Status| {
        let (sql, values) = match shown {
            Status::Expired => {
                (" AND c.status = ? AND c.not_after <= ?", binds![stored.name(), now])
            }
            Status::Issued | Status::Upload => (
                " AND c.status = ? AND (c.not_after > ? OR c.not_after IS NULL)",
                binds![stored.name(), now],
            ),
            _ => (" AND c.status = ?", binds![stored.name()]),
        };
        ([shown.name(), stored.name()], Stretch::new(sql, values, &[key]))
    };
    stored.iter().map(stretch).collect()
}

fn condition(tx: &Tx, domain: i64, filter: &Filter, common: bool, now: Micros) -> Condition {
    // An expression is not looked for in an index: the one of the order is to be followed, or the list's gone through.
    let status = "(c.status || '')";
    let end = if looks_through(filter) { "(+c.not_after)" } else { "c.not_after" };
    let (mut sql, mut values) = ("c.domain = ?".to_owned(), binds![domain]);
    let mut and = |text: &str, more: Vec<Bind>| {
        sql.push_str(" AND ");
        sql.push_str(text);
        values.extend(more);
    };
    match filter.status {
        None => {}
        Some(Status::Expired) => {
            and(&format!("{status} IN ('ISSUED','UPLOAD') AND {end} <= ?"), binds![now]);
        }
        Some(it @ (Status::Issued | Status::Upload)) => {
            and(&format!("{status} = ? AND {end} > ?"), binds![it.name(), now]);
        }
        Some(it) => and(&format!("{status} = ?"), binds![it.name()]),
    }
    if filter.nothing {
        and("1 = 0", vec![]);
    }
    if let Some(id) = &filter.enterprise_project_id {
        and("c.enterprise_project_id = ?", binds![id]);
    }
    if let Some(text) = &filter.content {
        let text = folded(text);
        let (held, part) = tx.contains_folded("c.searched", &text, common);
        // Looked for once, and only if there is such a row.
        let rest = format!(
            "(c.searched_whole = 0 AND c.key IN (SELECT w.key FROM certificates w \
             WHERE w.domain = ? AND w.searched_whole = 0 AND {}))",
            tx.contains("w.sans")
        );
        and(&format!("({held} OR {rest})"), binds![part, domain, text]);
    }
    if filter.issued {
        and(&format!("{end} IS NOT NULL"), vec![]);
    }
    if let Some(from) = filter.ends_from {
        and(&format!("{end} >= ?"), binds![from]);
    }
    if let Some(before) = filter.ends_before {
        and(&format!("{end} < ?"), binds![before]);
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
