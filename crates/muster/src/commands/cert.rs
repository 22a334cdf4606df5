//! `muster cert`

mod files;
mod list;
mod unwrap;

pub(crate) use unwrap::unwrap;

use super::{Context, text};
use crate::cli::cert::{CertArgs, CertCommand, ExportArgs, ImportArgs, IssueArgs};
use crate::files::write_bytes;
use crate::messages::Message;
use crate::output::print;
use muster_model::{Error, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 256 * 1024;

/// Everything that asks a server.
pub(crate) fn run(context: &Context, args: &CertArgs) -> Result<()> {
    let change = |id: &str, verb: &str, body: &Value| {
        let path = format!("/muster/v1/certificates/{id}/{verb}");
        context.client.send_json("POST", &path, Some(body))?;
        context.tell(Message::CertChanged, &[id]);
        Ok(())
    };
    match &args.command {
        CertCommand::Import(args) => import(context, args),
        CertCommand::List(args) => list::list(context, args),
        CertCommand::Show { id } => {
            let shown = context.client.get(&format!("/v3/scm/certificates/{id}"), &[])?;
            print(&(serde_json::to_string_pretty(&shown).map_err(Error::internal)? + "\n"))
        }
        CertCommand::Issue(args) => issue(context, args),
        CertCommand::Export(args) => export(context, args),
        CertCommand::Unwrap(args) => unwrap(args),
        CertCommand::Approve { id } => change(id, "approve", &json!({})),
        CertCommand::Reject { id } => change(id, "reject", &json!({})),
        CertCommand::Revoke { id, reason } => change(id, "revoke", &json!({"reason": reason})),
        CertCommand::Delete { id } => {
            context.client.send_json("DELETE", &format!("/v3/scm/certificates/{id}"), None)?;
            context.tell(Message::CertDeleted, &[id]);
            Ok(())
        }
        CertCommand::Roots => {
            let all = context.client.get("/muster/v1/certificates/authorities", &[])?;
            let all = super::rows(&all, "authorities");
            print(&all.iter().map(|it| text(it, "certificate")).collect::<String>())
        }
        CertCommand::Crl { kind } => {
            let path = format!("/muster/v1/certificates/authorities/{kind}/revocations");
            print(text(&context.client.get(&path, &[])?, "revocations"))
        }
    }
}

/// A small file; the name of it is in the error.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let trouble =
        |error: std::io::Error| Error::invalid("file", format!("{}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(trouble)?.len();
    if size > MAX_FILE {
        return Err(Error::invalid("file", format!("{}: has more than 256 KiB", path.display())));
    }
    std::fs::read(path).map(Zeroizing::new).map_err(trouble)
}

fn read_text(path: &Path) -> Result<Zeroizing<String>> {
    let bytes = read(path)?;
    let text = std::str::from_utf8(&bytes);
    let text =
        text.map_err(|_| Error::invalid("file", format!("{}: is no text", path.display())))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn import(context: &Context, args: &ImportArgs) -> Result<()> {
    let usual = || {
        let stem = args.certificate.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        stem.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).take(63).collect()
    };
    let name: String = args.name.clone().unwrap_or_else(usual);
    let mut body = json!({
        "name": name,
        "certificate": *read_text(&args.certificate)?,
        "private_key": *read_text(&args.key)?,
        "duplicate_check": args.once,
    });
    let more = [
        ("certificate_chain", &args.chain),
        ("enc_certificate", &args.enc_certificate),
        ("enc_private_key", &args.enc_key),
    ];
    for (field, file) in more {
        if let (Some(file), Some(body)) = (file, body.as_object_mut()) {
            body.insert(field.to_owned(), read_text(file)?.as_str().into());
        }
    }
    let made = context.client.send_json("POST", "/v3/scm/certificates/import", Some(&body))?;
    context.tell(Message::CertImported, &[text(&made, "certificate_id")]);
    print(&format!("{}\n", text(&made, "certificate_id")))
}

fn issue(context: &Context, args: &IssueArgs) -> Result<()> {
    let csr = args.csr.as_deref().map(read_text).transpose()?;
    let domain_type = match (args.sans.is_empty(), args.domain.starts_with("*.")) {
        (false, _) => "MULTI_DOMAIN",
        (true, true) => "WILDCARD",
        (true, false) => "SINGLE_DOMAIN",
    };
    let sm2 = args.algorithm == "SM2";
    let order = json!({
        "cert_brand": if sm2 { "CFCA" } else { "GEOTRUST" },
        "cert_type": "DV_SSL_CERT",
        "domain_type": domain_type,
        "effective_time": args.years,
        "domain_numbers": args.sans.len() + 1,
        "order_number": 1,
        "agree_privacy_protection": true,
    });
    let made = context.client.send_json("POST", "/v3/scm/certificates/buy", Some(&order))?;
    let id = made.pointer("/cert/0/cert_id").and_then(Value::as_str).unwrap_or_default();
    let application = json!({
        "domain": args.domain,
        "sans": args.sans.join(";"),
        "csr": csr.as_ref().map(|csr| csr.as_str()).unwrap_or_default(),
        "applicant_name": "muster",
        "applicant_phone": "-",
        "applicant_email": "-",
        "agree_privacy_protection": true,
        "domain_method": "DNS",
        "key_algorithm": args.algorithm,
    });
    let path = format!("/v3/scm/certificates/{id}/apply");
    if let Err(error) = context.client.send_json("POST", &path, Some(&application)) {
        // Nothing is left behind of what could not be applied for.
        let path = format!("/v3/scm/certificates/{id}/unsubscribe");
        context.client.send_json("DELETE", &path, None)?;
        return Err(error);
    }
    let shown = context.client.get(&format!("/v3/scm/certificates/{id}"), &[])?;
    context.tell(Message::CertIssued, &[id, text(&shown, "status")]);
    print(&format!("{id}\n"))
}

fn export(context: &Context, args: &ExportArgs) -> Result<()> {
    let id = &args.id;
    let shown = context.client.get(&format!("/v3/scm/certificates/{id}"), &[])?;
    let path = format!("/v3/scm/certificates/{id}/export");
    let exported = context.client.send_json("POST", &path, None)?;
    let password = match &args.password {
        Some(password) => password.clone(),
        None => muster_vault::random::password()?,
    };
    let domain = text(&shown, "domain").replace('*', "_");
    let made = files::make(&exported, args.format, &password, &domain)?;
    let usual = || PathBuf::from(format!("{id}_{domain}_{}", made.suffix));
    let file = args.file.clone().unwrap_or_else(usual);
    write_bytes(&file, &made.bytes, 0o600)?;
    if exported.get("private_key").is_none() {
        context.tell(Message::CertOwnKey, &[]);
    }
    if made.envelope {
        context.tell(Message::CertEnvelope, &[]);
    }
    if made.protected && args.password.is_none() {
        context.tell(Message::CertPassword, &[&password]);
    }
    context.tell(Message::ExportMade, &[&file.display().to_string()]);
    Ok(())
}
