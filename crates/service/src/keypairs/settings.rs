//! `[keypairs]` of the configuration.

use muster_model::{Error, Result};
use muster_remote::check_account;
use muster_vault::ssh::Algorithm;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How key pairs are made and bound.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeypairSettings {
    /// What is made where no rule says otherwise: `rsa-2048`, `rsa-3072`, `rsa-4096`, `ecdsa-p256`,
    /// `ecdsa-p384`, `ecdsa-p521` or `ed25519`. The vendor's API has no word for it.
    pub algorithm: AlgorithmName,
    /// What is made for certain names; the first rule that fits counts.
    pub rules: Vec<Rule>,
    /// Key pairs made at a time, 1 to 16.
    pub parallel: usize,
    /// The account on hosts that pairs are bound to. The vendor's API has no word for it.
    pub account: String,
    /// The OpenSSH client, 8.4 or newer.
    pub ssh: PathBuf,
    /// Whether pairs may be bound on addresses of loopback, which a host can report as its own.
    pub loopback: bool,
}

/// An algorithm for certain names.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Names of pairs; `*` stands for any letters: `ed25519-*`.
    pub names: String,
    /// What is made for them.
    pub algorithm: AlgorithmName,
}

/// An [`Algorithm`] by its name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct AlgorithmName(pub Algorithm);

impl TryFrom<String> for AlgorithmName {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        Algorithm::from_name(&name).map(Self).ok_or_else(|| {
            let names: Vec<_> = Algorithm::ALL.iter().map(|it| it.name()).collect();
            format!("must be one of {}", names.join(", "))
        })
    }
}

impl From<AlgorithmName> for String {
    fn from(name: AlgorithmName) -> Self {
        name.0.name().to_owned()
    }
}

impl Default for KeypairSettings {
    fn default() -> Self {
        Self {
            algorithm: AlgorithmName::default(),
            rules: Vec::new(),
            parallel: 2,
            account: "root".to_owned(),
            ssh: PathBuf::from("/usr/bin/ssh"),
            loopback: false,
        }
    }
}

impl KeypairSettings {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// `Invalid`, naming the key and its limits.
    pub fn check(&self) -> Result<()> {
        if !(1..=16).contains(&self.parallel) {
            return Err(Error::invalid("keypairs.parallel", "must be 1 to 16"));
        }
        check_account("keypairs.account", &self.account)
    }

    /// What is made for a pair of this name.
    pub(super) fn algorithm_for(&self, name: &str) -> Algorithm {
        let rule = self.rules.iter().find(|rule| fits(&rule.names, name));
        rule.map_or(self.algorithm, |rule| rule.algorithm).0
    }
}

/// Whether a name fits a pattern with stars.
fn fits(pattern: &str, name: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<_> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some((_, after)) = rest.split_once(piece) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_letters() {
        for (pattern, name, fit) in [
            ("*", "", true),
            ("web", "web", true),
            ("web", "web1", false),
            ("ed-*", "ed-x", true),
            ("ed-*", "red-x", false),
            ("*-ed", "a-ed", true),
            ("a*b*c", "axxbxxc", true),
            ("a*b*c", "axxc", false),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(fits(pattern, name), fit, "{pattern} {name}");
        }
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let text = r#"{"algorithm": "rsa-3072", "rules": [
            {"names": "ed-*", "algorithm": "ed25519"}, {"names": "*", "algorithm": "ecdsa-p384"}]}"#;
        let settings: KeypairSettings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.algorithm_for("ed-1"), Algorithm::Ed25519);
        assert_eq!(settings.algorithm_for("x"), Algorithm::EcdsaP384);
        assert_eq!(KeypairSettings::default().algorithm_for("x"), Algorithm::Rsa2048);
        let wrong = serde_json::from_str::<KeypairSettings>(r#"{"algorithm": "dsa"}"#);
        assert!(wrong.unwrap_err().to_string().contains("rsa-2048"));
    }
}
