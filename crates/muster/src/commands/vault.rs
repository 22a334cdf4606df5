//! `muster vault`

use super::{Context, rows};
use crate::cli::vault::{VaultArgs, VaultCommand};
use crate::messages::Message;
use crate::output::print_list;
use muster_model::Result;
use serde_json::{Value, json};

/// Shows and turns the keys that seal.
pub(crate) fn run(context: &Context, args: &VaultArgs) -> Result<()> {
    match &args.command {
        VaultCommand::Status => status(context),
        VaultCommand::Rotate => change(context, "rotate"),
        VaultCommand::Rewrap => change(context, "rewrap"),
    }
}

fn status(context: &Context) -> Result<()> {
    let status = context.client.get("/muster/v1/vault", &[])?;
    let roots = rows(&status, "root_keys");
    let roots: Vec<_> = roots.iter().filter_map(Value::as_str).collect();
    let stale = status.get("under_older_root_keys").and_then(Value::as_u64).unwrap_or_default();
    context.tell(Message::VaultRoots, &[&roots.join(" "), &stale.to_string()]);
    let columns = [
        ("owner", "/owner"),
        ("version", "/version"),
        ("made", "/made_at"),
        ("older versions", "/older_versions"),
        ("values", "/values"),
        ("under older", "/values_under_older"),
    ];
    print_list(context.output, &columns, &rows(&status, "owners"))
}

fn change(context: &Context, verb: &str) -> Result<()> {
    let path = format!("/muster/v1/vault/{verb}");
    let done = context.client.send_json("POST", &path, Some(&json!({})))?;
    let number =
        |name: &str| done.get(name).and_then(Value::as_u64).unwrap_or_default().to_string();
    context.tell(Message::VaultDone, &[&number("made"), &number("wrapped"), &number("forgotten")]);
    Ok(())
}
