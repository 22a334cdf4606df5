//! The published contract as a check: every answer's fields and the widths of its numbers.

use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

pub(crate) struct Contract {
    models: HashMap<String, HashMap<String, String>>,
    widths: HashMap<String, String>,
    operations: Vec<Operation>,
}

pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    response: String,
}

pub(crate) static HSS: LazyLock<Contract> = LazyLock::new(|| read("hss.json"));
pub(crate) static CGS: LazyLock<Contract> = LazyLock::new(|| read("cgs.json"));

fn read(name: &str) -> Contract {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/contracts/");
    let json = std::fs::read(format!("{folder}{name}")).expect("the contracts beside the project");
    let json: Value = serde_json::from_slice(&json).unwrap();
    let texts = |value: &Value| serde_json::from_value(value.clone()).unwrap_or_default();
    Contract {
        models: texts2(&json["models"]),
        widths: texts(&json["int_width"]),
        operations: json["operations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| Operation {
                name: row["operation"].as_str().unwrap().to_owned(),
                method: row["method"].as_str().unwrap().to_owned(),
                path: row["path"].as_str().unwrap().to_owned(),
                response: row["response_model"].as_str().unwrap_or("").to_owned(),
            })
            .collect(),
    }
}

fn texts2(value: &Value) -> HashMap<String, HashMap<String, String>> {
    serde_json::from_value(value.clone()).unwrap()
}

impl Contract {
    pub(crate) fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Panics unless `answer` has only fields of the operation's answer, each of its type.
    pub(crate) fn check(&self, operation: &str, answer: &Value) {
        let row = self.operations.iter().find(|row| row.name == operation).expect(operation);
        self.model(&row.response, answer, operation, false);
    }

    /// The same for a server that answers more fields than this contract knows.
    pub(crate) fn check_known(&self, operation: &str, answer: &Value) {
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
