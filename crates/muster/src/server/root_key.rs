//! Where the root key comes from; that of `muster server` lies not where the database lies.

use super::place::Place;
use crate::config::{Config, Pkcs11Config};
use crate::files::write_bytes;
use muster_model::{Error, ErrorKind, Micros, Result};
use muster_store::identity::access_keys;
use muster_store::{Db, meta, transact};
use muster_vault::pkcs11::Token;
use muster_vault::{Keyring, random};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Largest passphrase file in bytes.
const MAX_FILE: u64 = 64 * 1024;
/// What the salt of passphrases is called in the database.
const SALT: &str = "root_passphrase_salt";
/// The variable with the root key itself.
pub(crate) const VARIABLE: &str = "MUSTER_ROOT_KEY";

/// Salt of the passphrases of an installation. It is no secret.
pub(crate) type Salt = [u8; 16];

/// The one place the configuration names.
enum Source<'a> {
    /// A file with root keys, one a line; [`Keyring::read`] says which.
    File(PathBuf),
    /// A file with passphrases.
    Passphrases(&'a Path),
    /// The environment.
    Variable(&'a str),
    /// A file wrapped by a token's key.
    Token(&'a Pkcs11Config),
}

impl<'a> Source<'a> {
    fn of(config: &'a Config, data_dir: &Path) -> Result<Self> {
        let server = &config.server;
        let file = server.root_key_file.as_deref();
        if let Some(token) = &server.pkcs11 {
            if file.is_some() || server.root_passphrase_file.is_some() || server.root_key.is_some()
            {
                return Err(refused("and server.pkcs11 exclude other places: name one"));
            }
            return Ok(Self::Token(token));
        }
        match (file, server.root_passphrase_file.as_deref(), server.root_key.as_ref()) {
            (Some(file), None, None) => Ok(Self::File(file.to_owned())),
            (None, Some(file), None) => Ok(Self::Passphrases(file)),
            (None, None, Some(text)) => Ok(Self::Variable(text.as_str())),
            (None, None, None) => Ok(Self::File(data_dir.join("root.key"))),
            _ => Err(refused(&format!(
                "server.root_passphrase_file and {VARIABLE} exclude each other: name one"
            ))),
        }
    }
}

fn refused(why: &str) -> Error {
    Error::invalid(
        "server.root_key_file",
        format!("{why} (--root-key-file): 64 hexadecimal digits, mode 0600"),
    )
}

/// Whoever gets hold of the data folder alone must not be able to read its secrets.
///
/// # Errors
/// `Invalid` if no file is named or it lies in the data folder.
pub(super) fn outside(config: &Config, data_dir: &Path) -> Result<()> {
    let named = config.server.root_key_file.is_some();
    let file = match Source::of(config, data_dir)? {
        // What lies in the file is worth nothing without the token.
        Source::Variable(_) | Source::Token(_) => return Ok(()),
        Source::File(_) if !named => {
            return Err(refused("is needed, outside the data folder"));
        }
        Source::File(file) => file,
        Source::Passphrases(file) => file.to_owned(),
    };
    // The file may not be there yet, its folder is.
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = real(folder.unwrap_or(Path::new(".")));
    if folder.starts_with(real(data_dir)) || real(&file).starts_with(real(data_dir)) {
        return Err(refused("must lie outside the data folder"));
    }
    Ok(())
}

/// The same for a key that must be there already: a server that made itself a new one could read nothing.
///
/// # Errors
/// As [`outside`], and `Invalid` if there is no such file.
pub(super) fn existing(config: &Config, data_dir: &Path) -> Result<()> {
    outside(config, data_dir)?;
    there(config, data_dir, "`muster init` makes it")
}

fn there(config: &Config, data_dir: &Path, otherwise: &str) -> Result<()> {
    let file = match Source::of(config, data_dir)? {
        Source::Variable(_) => return Ok(()),
        Source::File(file) => file,
        Source::Passphrases(file) => file.to_owned(),
        Source::Token(token) => token.wrapped_file.clone(),
    };
    if !file.exists() {
        return Err(refused(&format!("{} is not there; {otherwise}", file.display())));
    }
    Ok(())
}

/// The root keys: from where the configuration says, else from a file in the data folder. A key file is made if it is
/// not there.
///
/// # Errors
/// `Unavailable` naming the file, if it cannot be read, is open to others or holds nothing fit; `Invalid` for a variable
/// that holds no root key.
pub(super) async fn read(config: &Config, place: &Place, db: &Db, now: Micros) -> Result<Keyring> {
    match Source::of(config, place.dir())? {
        Source::File(file) => {
            // A new one could open nothing of what is there.
            if !file.exists() && !access_keys::all(&mut db.read().await?).await?.is_empty() {
                return Err(gone(&file));
            }
            Keyring::read_or_create(&file)
        }
        Source::Token(token) => {
            if token.wrapped_file.exists() {
                return unwrapped(token);
            }
            if !access_keys::all(&mut db.read().await?).await?.is_empty() {
                return Err(gone(&token.wrapped_file));
            }
            wrap_new(token)
        }
        Source::Variable(text) => {
            tracing::warn!(
                "the root key comes from {VARIABLE}: whoever sees this process's environment, or what starts it, has \
                 every secret; prefer a file or a systemd credential"
            );
            variable(text)
        }
        Source::Passphrases(file) => {
            let salt = make_salt(db, now).await?;
            let text = private(file)?;
            let made = tokio::task::spawn_blocking(move || Keyring::of_passphrases(&text, &salt));
            made.await.map_err(Error::internal)?
        }
    }
}

/// The root keys of an installation that runs already, and the salt they need. Makes nothing.
///
/// # Errors
/// As [`read`], and `Invalid` if there is no such file.
pub(crate) async fn known(
    config: &Config,
    data_dir: &Path,
    db: &Db,
) -> Result<(Keyring, Option<Salt>)> {
    let stored = meta::get(&mut db.read().await?, SALT).await?;
    let salt = stored.map(|salt| salt.try_into()).transpose();
    let salt = salt.map_err(|_| Error::internal("the salt of the passphrases"))?;
    Ok((given(config, data_dir, salt)?, salt))
}

/// The root keys, made with this salt where they are made of passphrases. Makes nothing.
///
/// # Errors
/// As [`known`].
pub(crate) fn given(config: &Config, data_dir: &Path, salt: Option<Salt>) -> Result<Keyring> {
    there(config, data_dir, "name it")?;
    match Source::of(config, data_dir)? {
        Source::File(file) => Keyring::read(&file),
        Source::Variable(text) => variable(text),
        Source::Token(token) => unwrapped(token),
        Source::Passphrases(file) => {
            let salt =
                salt.ok_or_else(|| refused("is needed: no passphrase was ever used here"))?;
            Keyring::of_passphrases(&private(file)?, &salt)
        }
    }
}

fn gone(file: &Path) -> Error {
    let message = format!(
        "root key file {}: is not there, but the database has secrets sealed by it; put it back, or run `muster vault \
         recover` if there is a recovery recipient",
        file.display()
    );
    Error::new(ErrorKind::Unavailable, message)
}

/// Several keys are separated by commas: a variable has one line.
fn variable(text: &str) -> Result<Keyring> {
    let lines = Zeroizing::new(text.replace(',', "\n"));
    Keyring::parse(&lines).ok_or_else(|| {
        Error::invalid(VARIABLE, "must be 64 hexadecimal digits, several keys separated by commas")
    })
}

fn open_token(config: &Pkcs11Config) -> Result<Token> {
    let pin = private(&config.pin_file)?;
    Token::open(&config.module, &config.token, pin.trim_end_matches(['\r', '\n']), &config.key)
}

/// Makes a root key and writes it wrapped.
fn wrap_new(config: &Pkcs11Config) -> Result<Keyring> {
    write_bytes(&config.wrapped_file, wrapped_line(config)?.as_bytes(), 0o600)?;
    // As it will be read: a token that cannot decrypt is noticed before anything is sealed.
    unwrapped(config)
}

fn wrapped_line(config: &Pkcs11Config) -> Result<String> {
    let key = Keyring::generate_text()?;
    Ok(format!("{}\n", open_token(config)?.wrap(&key)?))
}

/// The keys of a wrapped file, one a line as in a file of root keys.
fn unwrapped(config: &Pkcs11Config) -> Result<Keyring> {
    let (token, wrapped) = (open_token(config)?, private(&config.wrapped_file)?);
    let mut keys = Zeroizing::new(String::new());
    for line in wrapped.lines().filter(|line| !line.trim().is_empty()) {
        keys.push_str(&token.unwrap(line)?);
    }
    Keyring::parse(&keys).ok_or_else(|| Error::internal("what the token unwrapped is no root key"))
}

/// Puts a new root key in front of those that the configured place holds. Answers the file.
///
/// # Errors
/// `Unsupported` where keys are not kept in a file of their own; as [`known`] for what the place holds.
pub(crate) fn add(config: &Config, data_dir: &Path) -> Result<PathBuf> {
    there(config, data_dir, "name it")?;
    let (file, line) = match Source::of(config, data_dir)? {
        Source::File(file) => {
            Keyring::read(&file)?;
            (file, Keyring::generate_text()?)
        }
        Source::Token(token) => {
            unwrapped(token)?;
            (token.wrapped_file.clone(), wrapped_line(token)?.into())
        }
        Source::Passphrases(_) | Source::Variable(_) => {
            let why = "root keys from passphrases and from the environment are whoever sets them to change: put the new one \
                       in front of the old one";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
    };
    let all = Zeroizing::new([line.as_str(), private(&file)?.as_str()].concat());
    write_bytes(&file, all.as_bytes(), 0o600)?;
    Ok(file)
}

/// A text only its owner may read.
fn private(file: &Path) -> Result<Zeroizing<String>> {
    let trouble = |why: &str| {
        let message = format!("{}: {why}", file.display());
        Error::new(ErrorKind::Unavailable, message)
    };
    let meta = std::fs::metadata(file).map_err(|error| trouble(&error.to_string()))?;
    if !meta.is_file() || meta.len() > MAX_FILE {
        return Err(trouble("must be a file of at most 64 KiB"));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(trouble("must not be readable by group or others (chmod 600)"));
    }
    let text = std::fs::read_to_string(file).map_err(|error| trouble(&error.to_string()))?;
    Ok(Zeroizing::new(text))
}

/// The installation's salt, made when it is first asked for.
async fn make_salt(db: &Db, now: Micros) -> Result<Salt> {
    let fresh = *random::bytes::<16>()?;
    let stored = transact!(db, |tx| {
        match meta::get(tx, SALT).await? {
            Some(stored) => Ok(stored),
            None => meta::put(tx, SALT, &fresh, now).await.map(|()| fresh.to_vec()),
        }
    })?;
    stored.try_into().map_err(|_| Error::internal("the salt of the passphrases"))
}
