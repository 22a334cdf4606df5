//! Proofs of agents: see [`muster_model::proof`].

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use muster_model::proof::{Proof, signed_bytes};

/// The id that belongs to a public key: its SHA-256 in lower hexadecimal.
pub fn id(public_key: &[u8; 32]) -> String {
    hex::encode(digest(&SHA256, public_key))
}

/// SHA-256 of an enrolment token's text: all that is kept of it.
pub fn token_hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.iter_mut()
        .zip(digest(&SHA256, text.as_bytes()).as_ref())
        .for_each(|(to, from)| *to = *from);
    hash
}

/// Whether the holder of `public_key` sent this request. `body` as it was sent.
pub fn holds(public_key: &[u8; 32], proof: &Proof, method: &str, path: &str, body: &[u8]) -> bool {
    let hash = digest(&SHA256, body);
    let text = signed_bytes(method, path, proof.date, proof.counter, hash.as_ref());
    UnparsedPublicKey::new(&ED25519, public_key).verify(&text, &proof.signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
    use muster_model::Micros;

    #[test]
    fn only_what_was_signed_holds() {
        let pair = Ed25519KeyPair::generate().unwrap();
        let public: [u8; 32] = pair.public_key().as_ref().try_into().unwrap();
        let hash = digest(&SHA256, b"body");
        let text = signed_bytes("POST", "/r", Micros(5), 7, hash.as_ref());
        let signature = pair.sign(&text).as_ref().try_into().unwrap();
        let proof = Proof { agent: id(&public), date: Micros(5), counter: 7, signature };
        assert!(holds(&public, &proof, "POST", "/r", b"body"));
        assert!(!holds(&public, &proof, "POST", "/r", b"bodi"));
        assert!(!holds(&public, &proof, "POST", "/s", b"body"));
        assert!(!holds(&public, &proof, "PUT", "/r", b"body"));
        assert!(!holds(&[1; 32], &proof, "POST", "/r", b"body"));
        let later = Proof { counter: 8, ..proof.clone() };
        assert!(!holds(&public, &later, "POST", "/r", b"body"));
        let dated = Proof { date: Micros(6), ..proof };
        assert!(!holds(&public, &dated, "POST", "/r", b"body"));
    }
}
