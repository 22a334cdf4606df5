//! A transaction: the one thing statements run in.

use super::backend::{Dialect, Running};
use super::bind::Bind;
use super::gathered::gathered;
use super::row::Row;
use futures_util::future::BoxFuture;
use muster_model::{Error, Result};
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows of the largest statement of a bulk operation. Rests of up to [`SMALL`] rows go at once, larger ones in
/// powers of two: the database sees few texts and keeps each prepared.
const CHUNK: usize = 64;
const SMALL: usize = 20;
/// Keys of the largest statement that looks for keys.
const KEYS: usize = 256;

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
pub struct Tx {
    pub(super) inner: Box<dyn Running>,
    pub(super) dialect: Dialect,
    /// Statements run on the database: see [`super::Db::statements`].
    pub(super) statements: Arc<AtomicU64>,
}

impl Tx {
    /// Makes everything done so far durable.
    ///
    /// # Errors
    /// `Unavailable` when another transaction came in between; [`crate::transact!`] repeats then.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await
    }

    /// Runs a statement and tells how many rows it touched.
    pub(crate) fn execute(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        binds: Vec<Bind>,
    ) -> BoxFuture<'_, Result<u64>> {
        self.counted().execute(sql.into(), binds)
    }

    /// All rows of an answer. Callers bound their number.
    pub(crate) fn all(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        binds: Vec<Bind>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        self.counted().all(sql.into(), binds)
    }

    /// The first row of an answer, if there is one.
    pub(crate) fn optional(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        binds: Vec<Bind>,
    ) -> BoxFuture<'_, Result<Option<Row>>> {
        self.counted().optional(sql.into(), binds)
    }

    fn counted(&mut self) -> &mut dyn Running {
        self.statements.fetch_add(1, Ordering::Relaxed);
        &mut *self.inner
    }

    /// The one row of an answer that always has one.
    pub(crate) async fn one(
        &mut self,
        sql: impl Into<Cow<'static, str>>,
        binds: Vec<Bind>,
    ) -> Result<Row> {
        self.optional(sql, binds).await?.ok_or_else(|| Error::internal("a row was expected"))
    }

    /// Inserts many rows: `head` is `INSERT INTO t(a, b)`, `values` are the rows one after another, `width`
    /// values each, `tail` an `ON CONFLICT` or `RETURNING` clause or nothing. Answers what is returned.
    pub(crate) async fn bulk_insert(
        &mut self,
        head: &str,
        width: usize,
        values: Vec<Bind>,
        tail: &str,
    ) -> Result<Vec<Row>> {
        let mut answer = Vec::new();
        let mut values = values.into_iter();
        while values.len() > 0 {
            let rows = chunk(values.len() / width.max(1));
            let sql = format!("{head} VALUES {} {tail}", tuples(rows, width));
            answer.extend(self.all(sql, values.by_ref().take(rows * width).collect()).await?);
        }
        Ok(answer)
    }

    /// Runs `{head} (rows) AS v {tail}` for as many rows as there are, and answers all that is returned: for
    /// `SELECT ... FROM` and `UPDATE ... FROM`. The columns of `v` are `column1`, `column2` and so on.
    pub(crate) async fn all_from(
        &mut self,
        head: &str,
        width: usize,
        values: Vec<Bind>,
        tail: &str,
    ) -> Result<Vec<Row>> {
        self.bulk_insert(&format!("{head} ("), width, values, &format!(") AS v {tail}")).await
    }

    /// Runs `{head} IN (keys)` for as many keys as there are and answers all rows. `first` are the values of
    /// the placeholders in `head`.
    pub(crate) async fn all_in(
        &mut self,
        head: &str,
        first: Vec<Bind>,
        keys: Vec<Bind>,
    ) -> Result<Vec<Row>> {
        let mut answer = Vec::new();
        let mut keys = keys.into_iter();
        while keys.len() > 0 {
            let n = places(keys.len().min(KEYS));
            let mut binds = first.clone();
            binds.extend(keys.by_ref().take(n));
            // A key that is there twice is found once: the last one fills what is left.
            if let Some(last) = binds.last().cloned() {
                binds.resize(first.len() + n, last);
            }
            answer.extend(self.all(format!("{head} IN {}", tuple(n)), binds).await?);
        }
        Ok(answer)
    }

    /// Runs `SELECT columns {from} IN (keys)` like [`Tx::all_in`] and answers the rows as tuples, folded together on the
    /// way: see [`Tx::gather`].
    pub(crate) async fn gathered_in<T: DeserializeOwned>(
        &mut self,
        columns: &str,
        from: &str,
        first: Vec<Bind>,
        keys: Vec<Bind>,
    ) -> Result<Vec<T>> {
        let head = format!("SELECT {} {from}", self.gather(columns));
        let mut answer = Vec::with_capacity(keys.len());
        for row in self.all_in(&head, first, keys).await? {
            let folded: Option<String> = row.only()?;
            answer.append(&mut gathered(&folded.unwrap_or_default())?);
        }
        Ok(answer)
    }

    /// A condition with one placeholder: `column` holds the bound text as a part, whatever the case of
    /// ASCII letters. The bound text must have gone through [`folded`]. No character is special.
    pub(crate) fn contains(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("instr(lower({column}), ?) > 0"),
            // In the "C" collation `lower` knows ASCII only, as SQLite's does.
            Dialect::Postgres => format!("strpos(lower({column} COLLATE \"C\"), ?) > 0"),
        }
    }

    /// [`Tx::contains`] for a column whose texts went through [`folded`] when they were written, with the value to
    /// bind for `text`. Where most rows hold it (`common`), looking at each is faster than what an index finds.
    pub(crate) fn contains_folded(&self, column: &str, text: &str, common: bool) -> (String, Bind) {
        match self.dialect {
            Dialect::Postgres if common => (format!("strpos({column}, ?) > 0"), text.into()),
            // `instr` compares byte by byte; an expression without anything special in it is looked for in strides.
            Dialect::Sqlite => (format!("{column} REGEXP ?"), regex::escape(text).into()),
            // The one comparison that an index of trigrams answers.
            Dialect::Postgres => {
                (format!("{column} LIKE ? ESCAPE '!'"), format!("%{}%", unpatterned(text)).into())
            }
        }
    }

    /// An aggregate that folds rows into one text, `[1,null,"x"][4,5,"y"]`, nothing if there are no rows: crossing
    /// from the database row by row and value by value costs ten times as much. [`super::gathered`] reads it.
    /// Bytes must be wrapped in [`Tx::hex`].
    pub(crate) fn gather(&self, columns: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("group_concat(json_array({columns}), '')"),
            Dialect::Postgres => format!("string_agg(json_build_array({columns})::text, '')"),
        }
    }

    /// Bytes as hexadecimal digits of some case, for [`Tx::gather`].
    pub(crate) fn hex(&self, column: &str) -> String {
        match self.dialect {
            Dialect::Sqlite => format!("hex({column})"),
            Dialect::Postgres => format!("encode({column}, 'hex')"),
        }
    }

    /// Appended to a `SELECT` that claims rows: other workers pass over claimed rows instead of waiting.
    /// SQLite has one writer and needs nothing.
    pub(crate) const fn skip_locked(&self) -> &'static str {
        match self.dialect {
            Dialect::Sqlite => "",
            Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
        }
    }

    pub(super) fn script(&mut self, sql: String) -> BoxFuture<'_, Result<()>> {
        self.inner.script(sql)
    }
}

/// The searched text as [`Tx::contains`] wants it.
pub(crate) fn folded(text: &str) -> String {
    text.to_ascii_lowercase()
}

/// A text as `LIKE` with `ESCAPE '!'` takes it for itself.
pub(crate) fn unpatterned(text: &str) -> String {
    let special = |it: char| matches!(it, '%' | '_' | '!');
    text.chars().flat_map(|it| special(it).then_some('!').into_iter().chain([it])).collect()
}

/// How many of `rows` go into the next statement.
fn chunk(rows: usize) -> usize {
    match rows.checked_ilog2() {
        Some(log) if rows > SMALL => (1 << log).min(CHUNK),
        _ => rows.max(1),
    }
}

/// Places for `keys` keys: few different numbers here, too, without leaving a rest for another statement.
const fn places(keys: usize) -> usize {
    if keys > SMALL { keys.next_power_of_two() } else { keys }
}

fn tuple(width: usize) -> String {
    let mut text = "(?".to_owned();
    text.push_str(&",?".repeat(width.saturating_sub(1)));
    text.push(')');
    text
}

fn tuples(rows: usize, width: usize) -> String {
    let one = tuple(width);
    let mut text = one.clone();
    for _ in 1..rows {
        text.push(',');
        text.push_str(&one);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_wanted_text_is_a_pattern() {
        assert_eq!(unpatterned("a%b_c!"), "a!%b!_c!!");
    }

    #[test]
    fn statements_come_in_few_sizes() {
        let (mut rows, mut sizes) = (203, Vec::new());
        while rows > 0 {
            sizes.push(chunk(rows));
            rows -= chunk(rows);
        }
        assert_eq!(sizes, [64, 64, 64, 11]);
        assert_eq!(tuples(2, 3), "(?,?,?),(?,?,?)");
        assert_eq!([1, 20, 21, 200, KEYS].map(places), [1, 20, 32, 256, KEYS]);
    }
}
