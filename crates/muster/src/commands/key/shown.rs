//! `muster key show`, `muster key unknown`

use super::super::{Context, rows, text};
use crate::output::{Output, print, print_list};
use muster_model::{Error, Result};
use serde_json::Value;

const COLUMNS: [(&str, &str); 7] = [
    ("host", "/host_name"),
    ("host id", "/host_id"),
    ("container", "/container"),
    ("account", "/account"),
    ("bound", "/bound"),
    ("options", "/options"),
    ("file", "/path"),
];

/// A pair's properties, then what it opens.
pub(super) fn show(context: &Context, name: &str) -> Result<()> {
    let pair = context.client.get(&format!("/muster/v1/{{project}}/keypairs/{name}"), &[])?;
    if context.output == Output::Json {
        let json = serde_json::to_string_pretty(&pair).map_err(Error::internal)?;
        return print(&(json + "\n"));
    }
    if context.output == Output::Table {
        for field in [
            "name",
            "type",
            "scope",
            "algorithm",
            "sha256",
            "fingerprint",
            "description",
            "created_at",
            "public_key",
        ] {
            print(&format!("{field:<16} {}\n", text(&pair, field)))?;
        }
        let kept = pair.get("private_key_kept").and_then(Value::as_bool).unwrap_or(false);
        print(&format!("{:<16} {kept}\n\n", "private_key_kept"))?;
    }
    print_list(context.output, &COLUMNS, &opens(&pair))
}

/// What the inventory found a pair to open, and what was bound but is not seen yet.
fn opens(pair: &Value) -> Vec<Value> {
    let bound = rows(pair, "bound");
    let same = |one: &Value, other: &Value| {
        ["host_id", "account"].iter().all(|field| one.get(field) == other.get(field))
    };
    let mut opens = rows(pair, "opens");
    let unseen = bound.iter().filter(|row| !opens.iter().any(|other| same(row, other)));
    let unseen: Vec<_> = unseen.cloned().collect();
    opens.extend(unseen);
    for row in &mut opens {
        let is_bound =
            text(row, "container").is_empty() && bound.iter().any(|other| same(row, other));
        if let Some(row) = row.as_object_mut() {
            row.insert("bound".to_owned(), is_bound.into());
        }
    }
    opens
}

/// Keys of hosts that nobody manages.
pub(super) fn unknown(context: &Context, limit: u32, offset: u32) -> Result<()> {
    let query = [("limit", limit.to_string()), ("offset", offset.to_string())];
    let answer = context.client.get("/muster/v1/{project}/stray-keys", &query)?;
    let columns = [
        ("fingerprint", "/fingerprint"),
        ("algorithm", "/algorithm"),
        ("comment", "/comment"),
        ("host", "/host_name"),
        ("container", "/container"),
        ("account", "/account"),
        ("options", "/options"),
        ("file", "/path"),
    ];
    print_list(context.output, &columns, &rows(&answer, "keys"))
}
