//! SSH keys: read in every form `ssh-keygen` reads, written in the forms it writes, made, compared, signed
//! with.
//!
//! Numbers are computed by the one cryptography provider; what is here is their framing: RFC 4251 and 4253 on
//! the wire, `openssh-key-v1`, RFC 4716, and the PEM forms of PKCS#1, SEC 1 and PKCS#8. What is wrong with a
//! text from outside is a [`Refusal`], which the caller puts behind the parameter's name.

mod algorithm;
mod generate;
mod openssh;
mod pem;
mod private;
mod public;
mod refusal;
mod sign;
pub mod wire;
mod x509;

pub use algorithm::Algorithm;
pub use generate::{Generated, generate};
pub use private::{MAX_PRIVATE, PrivateKey};
pub use public::{Curve, Kind, MAX_PUBLIC, PublicKey};
pub use refusal::Refusal;
pub use x509::{Certificate, certify};
