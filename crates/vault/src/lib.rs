//! Secrets: request signatures, tokens, passwords, sealing at rest, SSH keys.
//!
//! No database, no network, no clock of its own: time and stored bytes are parameters. Types that hold
//! key material wipe it when dropped and have no `Debug`.
#![forbid(unsafe_code)]

mod aead;
pub mod age;
pub mod agent;
pub mod checkpoint;
pub mod envelope;
pub mod hash;
pub mod keyring;
pub mod owner_key;
pub mod password;
pub mod pem;
pub mod pkcs11;
pub mod random;
pub mod replay;
pub mod sca_signature;
pub mod signature;
pub mod ssh;
pub mod token;
pub mod x509;

#[cfg(test)]
mod national;
#[cfg(test)]
mod vectors;

pub use aead::Suite;
pub use keyring::Keyring;
pub use owner_key::OwnerKey;
