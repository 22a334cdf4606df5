//! Lists of licences, kept as they are under `licences/SOURCE/NAME`: who classifies licences reads them.

use super::feeds::Found;
use crate::compile::Compiler;
use crate::file::trouble;
use muster_model::Result;
use std::path::Path;

pub(super) fn load(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let text = super::read(found)?;
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| trouble(Path::new(&found.name), error))?;
    let name =
        found.name.trim_end_matches(".zst").trim_end_matches(".gz").trim_end_matches(".json");
    let name = format!("licences/{}", name.trim_start_matches("licenses/"));
    compiler.document(&name, &text)?;
    let records = match &value {
        serde_json::Value::Array(list) => list.len(),
        serde_json::Value::Object(map) => map
            .get("licenses")
            .or_else(|| map.get("exceptions"))
            .and_then(serde_json::Value::as_array)
            .map_or(map.len(), Vec::len),
        _ => 0,
    };
    let date = value.get("releaseDate").and_then(serde_json::Value::as_str).unwrap_or_default();
    Ok((u64::try_from(records).unwrap_or_default(), date.to_owned()))
}
