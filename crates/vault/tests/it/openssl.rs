//! The openssl program, run in a folder of its own.
#![expect(clippy::disallowed_methods, reason = "the program whose word counts is run")]

use std::path::Path;
use std::process::Command;

/// The user id of SM2 signatures, as openssl takes it.
pub(crate) const SM2: &str = "distid:1234567812345678";

/// A folder in which commands run and files lie.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs a line of openssl; words are separated by blanks.
    pub(crate) fn run(&self, line: &str) {
        let (ok, said) = self.ask(line);
        assert!(ok, "openssl {line}: {said}");
    }

    /// Runs a line and tells how it ended and what it said.
    pub(crate) fn ask(&self, line: &str) -> (bool, String) {
        let output = Command::new("openssl")
            .args(line.split_ascii_whitespace())
            .current_dir(self.path())
            .env("RANDFILE", self.path().join("rnd"))
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub(crate) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap()
    }

    pub(crate) fn bytes(&self, file: &str) -> Vec<u8> {
        std::fs::read(self.path().join(file)).unwrap()
    }

    pub(crate) fn put(&self, file: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(file), content).unwrap();
    }
}

/// What `openssl genpkey` makes each kind of key of.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("RSA_2048", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
    ("EC_P256", "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"),
    ("EC_P384", "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"),
    ("EC_P521", "-algorithm EC -pkeyopt ec_paramgen_curve:P-521"),
    ("ED25519", "-algorithm ED25519"),
    ("SM2", "-algorithm SM2"),
];
