//! The flags of `muster cert`.

use crate::cli::asking::Asking;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use zeroize::Zeroizing;

#[derive(Args)]
pub(crate) struct CertArgs {
    #[command(flatten)]
    pub(crate) asking: Asking,
    #[command(subcommand)]
    pub(crate) command: CertCommand,
}

#[derive(Subcommand)]
pub(crate) enum CertCommand {
    /// Import a certificate with its key (PEM; the chain in any order, also in the same file).
    Import(ImportArgs),
    /// List certificates: managed ones, and those that sites of the hosts serve.
    List(ListArgs),
    /// Show a certificate, without its key.
    Show { id: String },
    /// Order a certificate from the account's own authority and apply for it.
    ///
    /// SM2 gives a double certificate. With --csr the key stays where the request was made.
    Issue(IssueArgs),
    /// Export a certificate with its key into a file.
    ///
    /// nginx, apache, tomcat, iis, pem and ntls make a ZIP of the files such a server wants; pkcs12 and jks one
    /// protected file.
    Export(ExportArgs),
    /// Open a digital envelope (enc_private_key) with the signing key. Asks no server.
    Unwrap(UnwrapArgs),
    /// Issue what is applied for, where applications wait for somebody's approval.
    Approve { id: String },
    /// Refuse what is applied for.
    Reject { id: String },
    /// Revoke a certificate of the account's own authority.
    Revoke {
        id: String,
        /// Why.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Delete a certificate with its key.
    Delete { id: String },
    /// Print the account's own roots (PEM), for clients to trust.
    Roots,
    /// Print the revocation list of a root (PEM).
    Crl {
        /// RSA, EC or SM2.
        kind: String,
    },
}

#[derive(Args)]
pub(crate) struct ImportArgs {
    /// Name, 3 to 63 letters, digits, _ - or . [default: from the file's name].
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// File with the certificate.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: PathBuf,
    /// File with its private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// File with its chain.
    #[arg(long, value_name = "FILE")]
    pub(crate) chain: Option<PathBuf>,
    /// File with the encryption certificate of a double one.
    #[arg(long, value_name = "FILE", requires = "enc_key")]
    pub(crate) enc_certificate: Option<PathBuf>,
    /// File with its private key.
    #[arg(long, value_name = "FILE", requires = "enc_certificate")]
    pub(crate) enc_key: Option<PathBuf>,
    /// Refuse a certificate that is there already.
    #[arg(long)]
    pub(crate) once: bool,
}

#[derive(Args)]
pub(crate) struct ListArgs {
    /// Only those that end within this time: 30d, 12h. Expired ones are among them.
    #[arg(long, value_name = "TIME", value_parser = days)]
    pub(crate) expiring: Option<i64>,
    /// Only managed ones.
    #[arg(long)]
    pub(crate) managed: bool,
    /// Name or domain holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) find: Option<String>,
}

/// A time as `30d` or `12h`, in seconds.
fn days(text: &str) -> Result<i64, String> {
    let units = [('d', 86_400), ('h', 3_600)];
    let found = units.into_iter().find_map(|(unit, secs)| {
        let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
        (0..=36_500).contains(&number).then_some(number * secs)
    });
    found.ok_or_else(|| "must be a number of days or hours, as 30d or 12h".to_owned())
}

#[derive(Args)]
pub(crate) struct IssueArgs {
    /// The domain, or a wildcard one.
    pub(crate) domain: String,
    /// Further domains or addresses.
    #[arg(long = "san", value_name = "NAME")]
    pub(crate) sans: Vec<String>,
    /// RSA_2048, RSA_3072, RSA_4096, EC_P256, EC_P384 or SM2.
    #[arg(long, default_value = "EC_P256")]
    pub(crate) algorithm: String,
    /// File with a request of one's own; decides the kind of key.
    #[arg(long, value_name = "FILE")]
    pub(crate) csr: Option<PathBuf>,
    /// Years it holds.
    #[arg(long, default_value_t = 1)]
    pub(crate) years: u32,
}

/// Whom a certificate is exported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// server.crt with its chain, server.key.
    Nginx,
    /// server.crt, ca.crt, server.key.
    Apache,
    /// server.jks, keystorePass.txt.
    Tomcat,
    /// server.pfx, keystorePass.txt.
    Iis,
    /// cert.pem, chain.pem, server.key.
    Pem,
    /// One PKCS#12 file.
    Pkcs12,
    /// One Java key store.
    Jks,
    /// The pairs of an SM2 double certificate, as servers with NTLS want them.
    Ntls,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    pub(crate) id: String,
    /// For which server.
    #[arg(long, value_enum, default_value = "pem")]
    pub(crate) format: Format,
    /// The file [default: from id, domain and format].
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Password of a protected file [default: one is made and shown]. Others can see arguments: prefer the variable.
    #[arg(long, env = "MUSTER_KEYSTORE_PASSWORD", hide_env_values = true)]
    pub(crate) password: Option<Zeroizing<String>>,
}

#[derive(Args)]
pub(crate) struct UnwrapArgs {
    /// File with the envelope: base64, PEM or DER; - for standard input.
    pub(crate) envelope: PathBuf,
    /// File with the signing key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// File with the encryption certificate, to be compared; needed for enveloped data of GM/T 0010.
    #[arg(long, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// Where the key is written [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}
