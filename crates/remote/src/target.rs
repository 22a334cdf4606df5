//! Where to, as whom, by what.

use muster_model::{Error, Result};
use muster_vault::ssh::{PrivateKey, PublicKey};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// Addresses tried at most.
const MAX_ADDRESSES: usize = 4;

/// An account on a host.
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) addresses: Vec<IpAddr>,
    pub(crate) port: u16,
    pub(crate) account: String,
    pub(crate) host_keys: Vec<PublicKey>,
}

impl Target {
    /// The account on the host with these addresses, of which the first four are tried in their order, and
    /// these keys.
    ///
    /// # Errors
    /// `Invalid` for a name no account can have, without an address, without a host key.
    pub fn new(
        addresses: Vec<IpAddr>,
        port: u16,
        account: &str,
        host_keys: Vec<PublicKey>,
    ) -> Result<Self> {
        check_account("server.account", account)?;
        if addresses.is_empty() {
            return Err(Error::invalid("server.id", "no address of this host is known"));
        }
        if host_keys.is_empty() {
            return Err(Error::invalid("server.id", "no SSH host key of this host is known"));
        }
        let addresses = addresses.into_iter().take(MAX_ADDRESSES).collect();
        Ok(Self { addresses, port, account: account.to_owned(), host_keys })
    }
}

/// Whether an account can have this name.
///
/// # Errors
/// `Invalid` naming `parameter`.
pub fn check_account(parameter: &'static str, name: &str) -> Result<()> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (1..=32).contains(&name.len()) && name.bytes().all(letter) && !name.starts_with('-') {
        return Ok(());
    }
    Err(Error::invalid(parameter, "must be 1 to 32 letters, digits, ., _ or -, the first no -"))
}

/// What lets in. No `Debug`.
pub enum Credential {
    /// The account's password.
    Password(Zeroizing<String>),
    /// The private half of a key pair the account lets in by.
    Key(Box<PrivateKey>),
}

impl Credential {
    /// A password.
    ///
    /// # Errors
    /// `Invalid` for one that is empty, longer than 1,024 bytes or of more than one line.
    pub fn password(text: Zeroizing<String>) -> Result<Self> {
        if text.is_empty() || text.len() > 1_024 || text.contains(['\n', '\r', '\0']) {
            let why = "must be 1 to 1024 bytes on one line, being a password";
            return Err(Error::invalid("server.auth.key", why));
        }
        Ok(Self::Password(text))
    }
}
