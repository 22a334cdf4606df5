//! A published contract as a check: every answer's fields and the widths of its numbers.
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a check fails by panicking")]

use serde_json::Value;
use std::collections::HashMap;

/// Operations and models of a vendor's API, as its published clients have them.
pub struct Contract {
    models: HashMap<String, HashMap<String, String>>,
    widths: HashMap<String, String>,
    operations: Vec<Operation>,
}

/// An operation.
pub struct Operation {
    /// `ListUsers`.
    pub name: String,
    /// `GET`.
    pub method: String,
    /// With `{parameters}`.
    pub path: String,
    response: String,
}

fn typed<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a contract of the known form")
}

fn text(row: &Value, key: &str) -> String {
    row[key].as_str().unwrap_or_default().to_owned()
}

impl Contract {
    /// Reads a contract that lies beside the project, `kps.json`.
    ///
    /// # Panics
    /// If it is not there.
    pub fn read(name: &str) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts/");
        let json = std::fs::read(format!("{folder}{name}"));
        let json: Value = serde_json::from_slice(&json.expect("the contracts beside the project"))
            .expect("a contract in JSON");
        let rows = json["operations"].as_array().expect("operations");
        Self {
            models: typed(&json["models"]),
            widths: json.get("int_width").map(typed).unwrap_or_default(),
            operations: rows
                .iter()
                .map(|row| Operation {
                    name: text(row, "operation"),
                    method: text(row, "method"),
                    path: text(row, "path"),
                    response: text(row, "response_model"),
                })
                .collect(),
        }
    }

    /// Every operation.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// # Panics
    /// Unless `answer` has only fields of the operation's answer, each of its type.
    pub fn check(&self, operation: &str, answer: &Value) {
        let row = self.operations.iter().find(|row| row.name == operation).expect(operation);
        self.model(&row.response, answer, operation, false);
    }

    /// The same for a server that answers more fields than this contract knows.
    pub fn check_known(&self, operation: &str, answer: &Value) {
        let row = self.operations.iter().find(|row| row.name == operation).expect(operation);
        self.model(&row.response, answer, operation, true);
    }

    fn model(&self, model: &str, value: &Value, at: &str, more: bool) {
        let fields = self.models.get(model).unwrap_or_else(|| panic!("{at}: no model {model}"));
        let object = value.as_object().unwrap_or_else(|| panic!("{at}: not an object: {value}"));
        for (name, value) in object {
            let Some(ty) = fields.get(name) else {
                assert!(more, "{at}: {model} has no field {name}");
                continue;
            };
            self.value(ty, &format!("{model}.{name}"), value, &format!("{at}/{name}"), more);
        }
    }

    fn value(&self, ty: &str, field: &str, value: &Value, at: &str, more: bool) {
        if value.is_null() && !ty.starts_with("list[") {
            return;
        }
        match ty {
            "str" => assert!(value.is_string(), "{at}: {value} is no text"),
            "bool" => assert!(value.is_boolean(), "{at}: {value} is no yes or no"),
            "float" => assert!(value.is_number(), "{at}: {value} is no number"),
            "int" => {
                let int = value.as_i64().unwrap_or_else(|| panic!("{at}: {value} is no number"));
                if self.widths.get(field).is_none_or(|width| width == "int32") {
                    assert!(i32::try_from(int).is_ok(), "{at}: {int} has more than 32 bits");
                }
            }
            _ => match ty.strip_prefix("list[").and_then(|ty| ty.strip_suffix(']')) {
                Some(ty) => {
                    let list = value.as_array().unwrap_or_else(|| panic!("{at}: no list"));
                    for (n, value) in list.iter().enumerate() {
                        self.value(ty, field, value, &format!("{at}[{n}]"), more);
                    }
                }
                None => self.model(ty, value, at, more),
            },
        }
    }
}
