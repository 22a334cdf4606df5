//! A root key that rests encrypted by a key of a token (PKCS#11): a hardware module, or SoftHSM.
//!
//! The token's key is an AES-256 key that cannot be taken out of it. It encrypts the root keys, in the form of their file,
//! by AES-GCM; what comes of it lies in a file that is worth nothing without the token. While the server runs the root key
//! is in its memory, as from any other source: the token is asked at the start and never again.
//!
//! ```text
//! wrapped = 1 | nonce (12) | root keys + tag (16), in hexadecimal digits
//! ```

use crate::aead::TAG;
use crate::random;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::object::{Attribute, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use muster_model::{Error, ErrorKind, Result};
use std::path::Path;
use zeroize::Zeroizing;

const FORMAT: u8 = 1;
const NONCE: usize = 12;
const KEY: u64 = 32;
/// What the root keys are encrypted as.
const SEALED_AS: &[u8] = b"muster root keys";
/// Longest wrapped text that is read.
const MAX_WRAPPED: usize = 128 * 1024;

/// A token one is logged in at. No `Debug`.
pub struct Token {
    session: Session,
    label: String,
    _module: Pkcs11,
}

fn failed(what: &str) -> impl Fn(cryptoki::error::Error) -> Error + '_ {
    move |error| {
        Error::new(ErrorKind::Unavailable, format!("PKCS#11: {what}: {error}")).with_source(error)
    }
}

impl Token {
    /// Loads the module (a shared library, which runs in this process) and logs in at the token of this label.
    ///
    /// # Errors
    /// `Unavailable` for a module that does not load, a token that is not there and a PIN it does not take.
    pub fn open(module: &Path, token: &str, pin: &str, key: &str) -> Result<Self> {
        let place = module.display().to_string();
        let library = Pkcs11::new(module).map_err(failed(&place))?;
        let args = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
        library.initialize(args).map_err(failed(&place))?;
        let slot = slot(&library, token)?;
        let session = library.open_rw_session(slot).map_err(failed("no session"))?;
        let pin = AuthPin::new(pin.to_owned().into());
        session.login(UserType::User, Some(&pin)).map_err(failed("the login was refused"))?;
        Ok(Self { session, label: key.to_owned(), _module: library })
    }

    /// Encrypts root keys by the token's key, which is made if there is none of its label.
    ///
    /// # Errors
    /// `Unavailable`, if the token refuses.
    pub fn wrap(&self, keys: &str) -> Result<String> {
        let key = match self.find()? {
            Some(key) => key,
            None => self.make()?,
        };
        let nonce = random::bytes::<NONCE>()?;
        let sealed =
            self.cipher(&nonce, |mechanism| self.session.encrypt(mechanism, key, keys.as_bytes()))?;
        Ok(hex::encode([&[FORMAT], nonce.as_slice(), &sealed].concat()))
    }

    /// Decrypts what [`Token::wrap`] made.
    ///
    /// # Errors
    /// `NotFound` for a token without the key; `Unavailable` for what it does not open.
    pub fn unwrap(&self, wrapped: &str) -> Result<Zeroizing<String>> {
        let broken =
            || Error::new(ErrorKind::Unavailable, "PKCS#11: the wrapped root key is broken");
        if wrapped.len() > MAX_WRAPPED {
            return Err(broken());
        }
        let bytes = hex::decode(wrapped.trim()).map_err(|_| broken())?;
        let (&format, rest) = bytes.split_first().ok_or_else(broken)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().ok_or_else(broken)?;
        if format != FORMAT || sealed.len() < TAG {
            return Err(broken());
        }
        let key = self.find()?.ok_or_else(|| {
            Error::not_found(format!("PKCS#11: the key {} of the token", self.label))
        })?;
        let keys = self.cipher(nonce, |mechanism| self.session.decrypt(mechanism, key, sealed))?;
        let keys = Zeroizing::new(keys);
        let text = std::str::from_utf8(&keys).map_err(|_| broken())?;
        Ok(Zeroizing::new(text.to_owned()))
    }

    fn cipher(
        &self,
        nonce: &[u8; NONCE],
        work: impl Fn(&Mechanism<'_>) -> cryptoki::error::Result<Vec<u8>>,
    ) -> Result<Vec<u8>> {
        let mut nonce = *nonce;
        let bits = cryptoki::types::Ulong::from(128);
        let params = GcmParams::new(&mut nonce, SEALED_AS, bits).map_err(failed("AES-GCM"))?;
        work(&Mechanism::AesGcm(params)).map_err(failed("AES-GCM"))
    }

    fn find(&self) -> Result<Option<ObjectHandle>> {
        let wanted = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Label(self.label.clone().into_bytes()),
        ];
        let found = self.session.find_objects(&wanted).map_err(failed("its keys"))?;
        if found.len() > 1 {
            let message = format!("PKCS#11: the token has several keys {}", self.label);
            return Err(Error::conflict(message));
        }
        Ok(found.first().copied())
    }

    /// A key that never leaves the token.
    fn make(&self) -> Result<ObjectHandle> {
        let template = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::ValueLen(KEY.into()),
            Attribute::Label(self.label.clone().into_bytes()),
        ];
        let made = self.session.generate_key(&Mechanism::AesKeyGen, &template);
        made.map_err(failed("the key could not be made"))
    }
}

fn slot(library: &Pkcs11, token: &str) -> Result<Slot> {
    for slot in library.get_slots_with_initialized_token().map_err(failed("no slots"))? {
        let info = library.get_token_info(slot).map_err(failed("no token"))?;
        if info.label().trim_end() == token {
            return Ok(slot);
        }
    }
    Err(Error::new(ErrorKind::Unavailable, format!("PKCS#11: no token is labelled {token}")))
}
