//! `muster init`: the first account of a database that `muster server` is going to serve, or a further one.

use super::place::Place;
use super::root_key;
use crate::config::Config;
use crate::files::CredentialsFile;
use crate::messages::{Message, say};
use crate::output;
use muster_model::{Error, Result, SystemClock};
use muster_service::{Settings, identity};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes the schema, the account (`account`: a further one of that name), its user, project and access key, and writes
/// the credentials to `file`.
/// Either all of that is there afterwards, or nothing of it.
///
/// # Errors
/// `Conflict` for a database that has an account (or one of that name) and for a file that exists; `Invalid` for a root key
/// within the data folder.
pub(crate) fn run(
    config: &Config,
    data_dir: PathBuf,
    file: &Path,
    account: Option<&str>,
) -> Result<()> {
    root_key::outside(config, &data_dir)?;
    if file.exists() {
        let message = format!("{} exists already: name another file", file.display());
        return Err(Error::conflict(message));
    }
    let place = Place::take(data_dir)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(Error::internal)?.block_on(make(config, &place, file, account))?;
    let lang = config.lang.unwrap_or_default();
    let file = file.display().to_string();
    output::print(&(say(lang, Message::FirstAccount, &[&file]) + "\n"))
}

async fn make(config: &Config, place: &Place, file: &Path, account: Option<&str>) -> Result<()> {
    let tls = config.tls.generate || config.tls.cert_file.is_some();
    let endpoint = place.public_endpoint(&config.server, config.server.listen, tls);
    let settings = Settings {
        data_dir: place.dir().to_owned(),
        region: config.server.region.clone(),
        ..Settings::default()
    };
    let app = super::open(config, place, Arc::new(SystemClock), settings).await?;
    let keep = |made: &identity::Credentials| CredentialsFile::new(made, &endpoint).write_to(file);
    let made = match account {
        Some(name) => identity::add_account(&app, name, &keep).await.map(Some),
        None => identity::bootstrap(&app, &keep).await,
    };
    app.close().await;
    if made?.is_none() {
        return Err(Error::conflict(
            "the database has an account already; its administrators add users (muster admin users add), \
             --account NAME adds an account",
        ));
    }
    Ok(())
}
