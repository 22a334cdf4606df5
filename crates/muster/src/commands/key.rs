//! `muster key`

mod binding;
mod shown;

use super::{Context, rows, text};
use crate::cli::key::{KeyArgs, KeyCommand, KindArgs};
use crate::files::{create_private, read_text};
use crate::messages::Message;
use crate::output::print_list;
use muster_model::{Error, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

const KEYPAIRS: &str = "/v3/{project}/keypairs";

/// Does what is asked of key pairs.
pub(crate) fn run(context: &Context, args: &KeyArgs) -> Result<()> {
    match &args.command {
        KeyCommand::List => list(context),
        KeyCommand::Show { name } => shown::show(context, name),
        KeyCommand::Unknown { limit, offset } => shown::unknown(context, *limit, *offset),
        KeyCommand::Create { name, file, keep, kind } => {
            create(context, name, file.as_deref(), *keep, kind)
        }
        KeyCommand::Import { name, public_key, private_key, kind } => {
            import(context, name, public_key.as_deref(), private_key.as_deref(), kind)
        }
        KeyCommand::Keep { name, private_key } => {
            let body =
                json!({"keypair": {"name": name, "key_protection": kept(Some(private_key))?}});
            let path = format!("{KEYPAIRS}/private-key/import");
            context.client.send_json("POST", &path, Some(&body))?;
            context.tell(Message::KeypairKept, &[name]);
            Ok(())
        }
        KeyCommand::Export { name, file } => export(context, name, file),
        KeyCommand::Describe { name, description } => {
            let body = json!({"keypair": {"description": description}});
            context.client.send_json("PUT", &one(name), Some(&body))?;
            context.tell(Message::KeypairChanged, &[name]);
            Ok(())
        }
        KeyCommand::Clear { name } => {
            context.client.send_json("DELETE", &format!("{}/private-key", one(name)), None)?;
            context.tell(Message::KeypairCleared, &[name]);
            Ok(())
        }
        KeyCommand::Delete { name } => {
            context.client.send_json("DELETE", &one(name), None)?;
            context.tell(Message::KeypairDeleted, &[name]);
            Ok(())
        }
        KeyCommand::Bind { name, host } => binding::bind(context, name, host),
        KeyCommand::Unbind { host } => binding::unbind(context, host),
        KeyCommand::Tasks { forget_failed } => binding::tasks(context, *forget_failed),
    }
}

/// The path of a pair. What stands in a name that can be one needs no encoding.
fn one(name: &str) -> String {
    format!("{KEYPAIRS}/{name}")
}

/// How a private key is kept, with the key where there is one already.
fn kept(private_key: Option<&Path>) -> Result<Value> {
    let mut protection = Map::new();
    protection.insert("encryption".to_owned(), json!({"type": "default"}));
    if let Some(file) = private_key {
        protection.insert("private_key".to_owned(), json!(read_text(file)?.as_str()));
    }
    Ok(protection.into())
}

fn body(name: &str, kind: &KindArgs) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("name".to_owned(), name.into());
    body.insert("scope".to_owned(), kind.scope.as_str().into());
    body.insert("type".to_owned(), kind.kind.as_str().into());
    body
}

fn create(
    context: &Context,
    name: &str,
    file: Option<&Path>,
    keep: bool,
    kind: &KindArgs,
) -> Result<()> {
    // Before there is a key that could get lost.
    let file = file.map(|path| Ok::<_, Error>((path, create_private(path)?))).transpose()?;
    let mut body = body(name, kind);
    if keep {
        body.insert("key_protection".to_owned(), kept(None)?);
    }
    let answer = context.client.send_json("POST", KEYPAIRS, Some(&json!({"keypair": body})));
    let answer = match (answer, file) {
        (Ok(answer), Some((path, file))) => {
            let private_key = text(answer.get("keypair").unwrap_or(&Value::Null), "private_key");
            file.write(private_key.as_bytes())?;
            context.tell(Message::PrivateKeyIn, &[&path.display().to_string()]);
            answer
        }
        (answer, _) => answer?,
    };
    let made = answer.get("keypair").cloned().unwrap_or_default();
    context.tell(Message::KeypairMade, &[name, text(&made, "fingerprint")]);
    crate::output::print(&format!("{}\n", text(&made, "public_key").trim_end()))
}

fn import(
    context: &Context,
    name: &str,
    public_key: Option<&Path>,
    private_key: Option<&Path>,
    kind: &KindArgs,
) -> Result<()> {
    let mut body = body(name, kind);
    if let Some(file) = public_key {
        body.insert("public_key".to_owned(), json!(read_text(file)?.as_str()));
    }
    if private_key.is_some() {
        body.insert("key_protection".to_owned(), kept(private_key)?);
    }
    let answer = context.client.send_json("POST", KEYPAIRS, Some(&json!({"keypair": body})))?;
    let made = answer.get("keypair").cloned().unwrap_or_default();
    context.tell(Message::KeypairMade, &[name, text(&made, "fingerprint")]);
    Ok(())
}

fn export(context: &Context, name: &str, path: &Path) -> Result<()> {
    let file = create_private(path)?;
    let body = json!({"keypair": {"name": name}});
    let answer =
        context.client.send_json("POST", &format!("{KEYPAIRS}/private-key/export"), Some(&body))?;
    let private_key = text(answer.get("keypair").unwrap_or(&Value::Null), "private_key");
    file.write(private_key.as_bytes())?;
    context.tell(Message::PrivateKeyIn, &[&path.display().to_string()]);
    Ok(())
}

fn list(context: &Context) -> Result<()> {
    let columns = [
        ("name", "/name"),
        ("type", "/type"),
        ("scope", "/scope"),
        ("kept", "/is_key_protection"),
        ("fingerprint", "/fingerprint"),
    ];
    let (mut all, mut marker) = (Vec::new(), String::new());
    loop {
        let query = [("limit", "1000".to_owned()), ("marker", marker.clone())];
        let page = context.client.get(KEYPAIRS, &query)?;
        all.extend(rows(&page, "keypairs").iter().filter_map(|row| row.get("keypair").cloned()));
        match page.pointer("/page_info/next_marker").and_then(Value::as_str) {
            Some(next) => next.clone_into(&mut marker),
            None => return print_list(context.output, &columns, &all),
        }
    }
}
