//! `muster vault keygen` and `muster vault recover`

use crate::messages::{Lang, Message, say};
use crate::output::{complain, print};
use crate::server::recovery;
use muster_model::{Error, ErrorKind, Result};
use muster_store::Db;
use muster_vault::Keyring;
use muster_vault::age::Identity;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use zeroize::Zeroizing;

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let kind = match error.kind() {
        std::io::ErrorKind::AlreadyExists => ErrorKind::Conflict,
        _ => ErrorKind::Unavailable,
    };
    Error::new(kind, format!("{}: {error}", path.display()))
}

/// Writes a secret to a file of its own.
fn keep(path: &Path, text: &str) -> Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| failed(path, &error))?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| failed(path, &error))
}

/// Makes an identity and prints its recipient.
pub(super) fn keygen(file: &Path) -> Result<()> {
    let identity = Identity::generate()?;
    let recipient = identity.recipient().to_string();
    let secret = identity.secret_text()?;
    let text = Zeroizing::new(format!("# recipient: {recipient}\n{}\n", secret.as_str()));
    keep(file, &text)?;
    print(&format!("{recipient}\n"))
}

/// Writes the root key to a file again, once it is known to open what is there.
pub(super) fn recover(
    database: &muster_store::Config,
    identity: &Path,
    root_key_file: &Path,
    lang: Lang,
) -> Result<()> {
    let text = std::fs::read_to_string(identity).map_err(|error| failed(identity, &error))?;
    let identity = Identity::parse(&Zeroizing::new(text))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let keys = runtime.map_err(Error::internal)?.block_on(async {
        let db = Db::attach(database).await?;
        let keys = recovery::recover(&db, &identity).await?;
        let ring = Keyring::parse(&keys)
            .ok_or_else(|| Error::internal("what was wrapped is no root key"))?;
        muster_service::vault::opens(&db, &ring).await?;
        db.close().await;
        Ok::<_, Error>(keys)
    })?;
    keep(root_key_file, &keys)?;
    complain(&say(lang, Message::RootRecovered, &[&root_key_file.display().to_string()]));
    Ok(())
}
