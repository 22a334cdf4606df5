//! How a fact lies in the `facts` table: one column for each [`Column`], and how it comes back.

use crate::db::{Bind, Cells};
use muster_model::fact::{ColumnType, Evidence};
use muster_model::{Column, Error, Fact, Kind, Result, Value};
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

/// Reads a fact's columns and evidence.
pub(super) fn read(kind: Kind, cells: &mut Cells<'_>) -> Result<Fact> {
    let mut fact = Fact::new(kind);
    for column in Column::ALL {
        match column.column_type() {
            ColumnType::Text => fact.set(*column, cells.take::<Option<String>>()?),
            ColumnType::Int => fact.set(*column, cells.take::<Option<i64>>()?),
            ColumnType::Bool => fact.set(*column, cells.take::<Option<i64>>()?.map(|int| int != 0)),
        }
    }
    if let Some(json) = cells.take::<Option<String>>()? {
        for (name, value) in serde_json::from_str::<Evidence>(&json).map_err(Error::internal)? {
            fact.prove(&name, value);
        }
    }
    Ok(fact)
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
pub(super) fn read_value(column: Column, cells: &mut Cells<'_>) -> Result<Option<Value>> {
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
