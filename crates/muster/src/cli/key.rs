//! `muster key`

use super::asking::Asking;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args)]
pub(crate) struct KeyArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// List key pairs: one's own and those for everybody.
    List,
    /// Show a key pair, where it is bound, and the accounts its key was found to open.
    Show {
        /// Its name.
        name: String,
    },
    /// Make a key pair. Its private key is handed out once, into --file, unless it is kept.
    ///
    /// RSA of 2048 bits, or what the server's keypairs.algorithm and keypairs.rules say for the name.
    Create {
        /// Its name: letters, digits, _ and -.
        name: String,
        /// The file to write the private key into; only you can read it. It must not be there yet.
        #[arg(long, value_name = "FILE", required_unless_present = "keep")]
        file: Option<PathBuf>,
        /// Keep the private key on the server, sealed, to be exported later.
        #[arg(long)]
        keep: bool,
        #[command(flatten)]
        kind: KindArgs,
    },
    /// Import a key pair: its public key, its private key (then kept, sealed), or both.
    Import {
        /// Its name: letters, digits, _ and -.
        name: String,
        /// File with the public key: OpenSSH, RFC 4716 or PEM; of an x509 pair the certificate.
        #[arg(long, value_name = "FILE", required_unless_present = "private_key")]
        public_key: Option<PathBuf>,
        /// File with the private key, without a passphrase: OpenSSH, PKCS#1, SEC 1 or PKCS#8.
        #[arg(long, value_name = "FILE")]
        private_key: Option<PathBuf>,
        #[command(flatten)]
        kind: KindArgs,
    },
    /// Keep the private key of a pair that is there.
    Keep {
        /// Name of the pair.
        name: String,
        /// File with the private key.
        #[arg(long, value_name = "FILE")]
        private_key: PathBuf,
    },
    /// Write a kept private key into a file that only you can read.
    Export {
        /// Name of the pair.
        name: String,
        /// The file. It must not be there yet.
        #[arg(long, value_name = "FILE")]
        file: PathBuf,
    },
    /// Say what a pair is for.
    Describe {
        /// Name of the pair.
        name: String,
        /// At most 255 characters.
        description: String,
    },
    /// Forget the private key of a pair; the pair stays.
    Clear {
        /// Name of the pair.
        name: String,
    },
    /// Delete a pair. Hosts it is bound to keep its key: unbind it first.
    Delete {
        /// Name of the pair.
        name: String,
    },
    /// List keys that open accounts of hosts and belong to no key pair.
    Unknown {
        /// Rows at most, 1 to 1000.
        #[arg(long, default_value_t = 100)]
        limit: u32,
        /// Rows to skip.
        #[arg(long, default_value_t = 0)]
        offset: u32,
    },
    /// Let a pair open an account of a host, in place of the pair that is bound to it. Waits for the end.
    Bind {
        /// Name of the pair.
        name: String,
        #[command(flatten)]
        host: HostArgs,
    },
    /// Take the bound pair from an account of a host. Waits for the end.
    Unbind {
        #[command(flatten)]
        host: HostArgs,
    },
    /// List tasks under way and failed ones.
    Tasks {
        /// Forget the failed ones.
        #[arg(long)]
        forget_failed: bool,
    },
}

#[derive(Args)]
pub(crate) struct KindArgs {
    /// domain: for everybody of the project; user: for oneself alone.
    #[arg(long, default_value = "user", value_parser = ["domain", "user"])]
    pub(crate) scope: String,
    /// ssh, or x509 where the public half is a certificate.
    #[arg(long = "type", default_value = "ssh", value_parser = ["ssh", "x509"])]
    pub(crate) kind: String,
}

#[derive(Args)]
pub(crate) struct HostArgs {
    /// The host's id (`muster hosts`).
    #[arg(long, value_name = "ID")]
    pub(crate) host: String,
    /// The account [default: the server's keypairs.account].
    #[arg(long)]
    pub(crate) account: Option<String>,
    /// Port of the host's SSH server [default: the one the bound pair was bound over, or 22].
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// File with the account's password; - for standard input. Without it and --key-file the host's agent does it,
    /// where its operator allows that (allow.bind), or else the kept private key of the bound pair lets in.
    #[arg(long, value_name = "FILE", conflicts_with = "key_file")]
    pub(crate) password_file: Option<PathBuf>,
    /// File with a private key that lets in. With no pair bound here yet, it is the one replaced.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}
