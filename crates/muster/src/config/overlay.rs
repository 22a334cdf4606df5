//! The environment over the file.

use muster_model::{Error, Result};
use toml::{Table, Value};

const PREFIX: &str = "MUSTER__";

/// The environment, read here and nowhere else. What is not UTF-8 cannot be ours.
pub(crate) fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Puts `MUSTER__SECTION__KEY` variables over the file's values.
pub(super) fn apply(table: &mut Table, environment: &[(String, String)]) -> Result<()> {
    for (name, value) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let path = path.to_ascii_lowercase();
        let mut keys: Vec<&str> = path.split("__").collect();
        let last = keys.pop().unwrap_or_default();
        let mut section = &mut *table;
        for key in keys {
            let inner = section.entry(key).or_insert_with(|| Value::Table(Table::new()));
            section = inner
                .as_table_mut()
                .ok_or_else(|| Error::invalid(name.clone(), format!("{key} is not a section")))?;
        }
        if is_section(last, table_depth(&path)) {
            return Err(Error::invalid(name.clone(), "names a section, not a key"));
        }
        section.insert(last.to_owned(), parse(value));
    }
    Ok(())
}

fn table_depth(path: &str) -> usize {
    path.matches("__").count()
}

/// Whether a name at the top is a section.
fn is_section(name: &str, depth: usize) -> bool {
    depth == 0 && name != "lang"
}

/// A TOML value, or text.
fn parse(value: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {value}")).ok();
    parsed
        .and_then(|mut table| table.remove("value").filter(|_| table.is_empty()))
        .unwrap_or_else(|| Value::String(value.to_owned()))
}
