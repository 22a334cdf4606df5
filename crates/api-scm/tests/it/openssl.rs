//! Certificates that hold at the tests' clock, 2026-01-01, made by openssl.
#![expect(clippy::disallowed_methods, reason = "the program that makes certificates is run")]

use std::path::Path;
use std::process::Command;

/// A folder with a root, `chain.pem`, and a leaf of 2025-12-01 to 2026-12-01 for `a.example` in `leaf.pem`, `leaf.key`.
pub(crate) struct Made(tempfile::TempDir);

impl Made {
    pub(crate) fn new() -> Self {
        Self::of(
            "-algorithm EC -pkeyopt ec_paramgen_curve:P-256",
            "251201000000Z",
            "261201000000Z",
            "DNS:a.example,DNS:*.b.example",
        )
    }

    /// Of a kind of key, for a time, with names; `""` for none.
    pub(crate) fn of(key: &str, from: &str, until: &str, names: &str) -> Self {
        let made = Self(tempfile::tempdir().unwrap());
        made.put("db", "");
        made.put("serial", "01\n");
        let names =
            if names.is_empty() { String::new() } else { format!("subjectAltName={names}\n") };
        made.put("ca.cnf", &format!(
            "[ca]\ndefault_ca=d\n[d]\ndatabase=db\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n\
             unique_subject=no\n[p]\ncommonName=optional\norganizationName=optional\n[leaf]\nbasicConstraints=CA:FALSE\n{names}"
        ));
        made.run("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out root.key");
        made.run(
            "req -new -x509 -key root.key -days 7300 -subj /CN=root -out root.pem -set_serial 1",
        );
        made.run("req -new -key root.key -subj /CN=root -out root.csr");
        made.run("ca -batch -config ca.cnf -selfsign -keyfile root.key -in root.csr -startdate 250101000000Z -enddate 350101000000Z -out chain.pem -notext");
        made.run(&format!("genpkey {key} -out leaf.key"));
        made.run("req -new -key leaf.key -subj /O=Example -out leaf.csr");
        made.run(&format!("ca -batch -config ca.cnf -cert chain.pem -keyfile root.key -in leaf.csr -startdate {from} -enddate {until} -extensions leaf -out leaf.pem -notext"));
        made
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn text(&self, file: &str) -> String {
        std::fs::read_to_string(self.path().join(file)).unwrap()
    }

    pub(crate) fn put(&self, file: &str, text: &str) {
        std::fs::write(self.path().join(file), text).unwrap();
    }

    pub(crate) fn run(&self, line: &str) {
        let (ok, said) = self.ask(line);
        assert!(ok, "openssl {line}: {said}");
    }

    pub(crate) fn ask(&self, line: &str) -> (bool, String) {
        let words = line.split_ascii_whitespace();
        let output = Command::new("openssl").args(words).current_dir(self.path()).output().unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    }
}
