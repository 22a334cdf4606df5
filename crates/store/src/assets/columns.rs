//! How a fact lies in the `facts` table: one column for each [`Column`], and how it comes back.

use crate::db::{Bind, Cells};
use muster_model::fact::{ColumnType, Evidence};
use muster_model::{Column, Fact, Kind, Value};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::fmt;
use std::sync::LazyLock;

/// `name, version, path, ...`: every column of [`Column::ALL`], then the evidence.
pub(super) static NAMES: LazyLock<String> = LazyLock::new(|| {
    let names = Column::ALL.iter().map(|column| column.name()).chain(["evidence"]);
    names.collect::<Vec<_>>().join(", ")
});

/// Values a fact binds: its columns and its evidence.
pub(super) const WIDTH: usize = Column::ALL.len() + 1;

/// Columns that give lists their order are never null.
const fn is_ordering(column: Column) -> bool {
    matches!(column, Column::Name | Column::Version)
}

/// Appends the fact's values in the order of [`NAMES`].
pub(super) fn bind(fact: &Fact, to: &mut Vec<Bind>) {
    let mut set = fact.values().iter().peekable();
    for column in Column::ALL {
        let value = set.next_if(|(at, _)| at == column).map(|(_, value)| value);
        to.push(match (value, column.column_type()) {
            (Some(Value::Text(text)), _) => text.into(),
            (Some(Value::Int(int)), _) => (*int).into(),
            (Some(Value::Bool(bool)), _) => (*bool).into(),
            (None, ColumnType::Text) if is_ordering(*column) => "".into(),
            (None, ColumnType::Text) => None::<String>.into(),
            (None, _) => None::<i64>.into(),
        });
    }
    let evidence = fact.evidence_json();
    to.push((!evidence.is_empty()).then_some(evidence).into());
}

/// A fact with its id, from what [`Tx::gather`](crate::Tx::gather) folded together of `id, kind,` and [`NAMES`]: value by value
/// a page of facts costs three times as much.
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) fact: Fact,
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_tuple(2 + WIDTH, StoredVisitor)
    }
}

struct StoredVisitor;

impl<'de> Visitor<'de> for StoredVisitor {
    type Value = Stored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a fact of {} values", 2 + WIDTH)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Stored, A::Error> {
        let (id, code): (i64, u8) = (next(&mut from)?, next(&mut from)?);
        let kind = Kind::from_code(code);
        let mut fact = Fact::new(kind.ok_or_else(|| A::Error::custom("an unknown kind"))?);
        for column in Column::ALL {
            match column.column_type() {
                ColumnType::Text => fact.set(*column, next::<Option<String>, A>(&mut from)?),
                ColumnType::Int => fact.set(*column, next::<Option<i64>, A>(&mut from)?),
                ColumnType::Bool => {
                    let int = next::<Option<i64>, A>(&mut from)?;
                    fact.set(*column, int.map(|int| int != 0));
                }
            }
        }
        if let Some(json) = next::<Option<String>, A>(&mut from)? {
            let evidence = serde_json::from_str::<Evidence>(&json).map_err(A::Error::custom)?;
            for (name, value) in evidence {
                fact.prove(&name, value);
            }
        }
        Ok(Stored { id, fact })
    }
}

fn next<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(from: &mut A) -> Result<T, A::Error> {
    from.next_element()?.ok_or_else(|| A::Error::custom("a value is missing"))
}

/// A value to compare a column with.
pub(super) fn value(value: &Value) -> Bind {
    match value {
        Value::Text(text) => text.into(),
        Value::Int(int) => (*int).into(),
        Value::Bool(bool) => (*bool).into(),
    }
}

/// Reads one column of whatever type.
pub(super) fn read_value(
    column: Column,
    cells: &mut Cells<'_>,
) -> muster_model::Result<Option<Value>> {
    Ok(match column.column_type() {
        ColumnType::Text => {
            cells.take::<Option<String>>()?.filter(|text| !text.is_empty()).map(Value::Text)
        }
        ColumnType::Int => cells.take::<Option<i64>>()?.map(Value::Int),
        ColumnType::Bool => cells.take::<Option<i64>>()?.map(|int| Value::Bool(int != 0)),
    })
}

/// The value of a column of whatever type that came as JSON.
pub(super) fn from_json(column: Column, value: serde_json::Value) -> Option<Value> {
    match (column.column_type(), value) {
        (ColumnType::Text, serde_json::Value::String(text)) => {
            (!text.is_empty()).then_some(Value::Text(text))
        }
        (ColumnType::Int, value) => value.as_i64().map(Value::Int),
        (ColumnType::Bool, value) => value.as_i64().map(|int| Value::Bool(int != 0)),
        (ColumnType::Text, _) => None,
    }
}
