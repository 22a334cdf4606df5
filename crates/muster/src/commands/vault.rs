//! `muster vault`

mod recovery;

use super::{Context, rows};
use crate::cli::vault::{VaultArgs, VaultCommand};
use crate::config::Config;
use crate::messages::{Lang, Message, say};
use crate::output::{complain, print_list};
use crate::server::root_key;
use muster_model::Result;
use serde_json::{Value, json};
use std::path::Path;

/// Shows and turns the keys that seal; makes what recovers them and recovers them, without a server.
pub(crate) fn run(
    args: &VaultArgs,
    (data_dir, lang): (&Path, Lang),
    load: impl Fn() -> Result<Config>,
    ask: impl Fn() -> Result<Context>,
) -> Result<()> {
    match &args.command {
        VaultCommand::Status => status(&ask()?),
        VaultCommand::Rotate => change(&ask()?, "rotate"),
        VaultCommand::Rewrap => change(&ask()?, "rewrap"),
        VaultCommand::NewRootKey => {
            let file = root_key::add(&load()?, data_dir)?;
            complain(&say(lang, Message::RootKeyAdded, &[&file.display().to_string()]));
            Ok(())
        }
        VaultCommand::Keygen { file } => recovery::keygen(file),
        VaultCommand::Recover { identity, root_key_file } => {
            recovery::recover(&load()?.store(data_dir), identity, root_key_file, lang)
        }
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
        ("suite", "/suite"),
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
