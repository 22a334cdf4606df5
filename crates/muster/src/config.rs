//! The configuration: one TOML file, then the environment, then flags. Read once; unknown keys are refused.
//!
//! `MUSTER__SECTION__KEY` stands for `key` in `[section]`. A value that reads as a TOML number, boolean or
//! list is one, anything else is text.

mod overlay;

pub(crate) use overlay::environment;

use crate::messages::Lang;
use crate::server::root_key;
use muster_model::{Error, ErrorKind, Result};
use muster_vault::age::{MAX_RECIPIENTS, Recipient};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Where state lies if nothing else is said.
pub(crate) const DATA_DIR: &str = "muster-data";

/// Everything that can be set. Every key has a default.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Language of messages for people: `en` or `zh`. Default: from the locale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lang: Option<Lang>,
    pub(crate) server: ServerConfig,
    pub(crate) tls: TlsConfig,
    pub(crate) database: DatabaseConfig,
    pub(crate) log: LogConfig,
    pub(crate) limits: LimitsConfig,
    /// Files that leave.
    pub(crate) export: muster_service::export::ExportSettings,
    /// What may be connected to.
    pub(crate) egress: muster_egress::EgressSettings,
    /// Where advisories come from.
    pub(crate) knowledge: muster_advisory::mirror::Publishers,
    /// Certificates.
    pub(crate) certificates: muster_service::certificates::CertificateSettings,
    /// The record of who did what.
    pub(crate) audit: muster_service::audit::AuditSettings,
    /// Composition analysis.
    pub(crate) sca: muster_service::sca::ScaSettings,
    /// Key pairs.
    pub(crate) keypairs: muster_service::keypairs::KeypairSettings,
    /// Containers that are protected.
    pub(crate) guard: muster_service::programs::GuardSettings,
    /// Images on hosts.
    pub(crate) images: muster_service::images::automatic::ImageSettings,
    /// The agent of this machine, as in the agent's own configuration.
    pub(crate) agent: muster_agent::config::Config,
}

/// `[server]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerConfig {
    /// Address and port; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// The address clients reach this server at, if it is not the one it listens on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint: Option<String>,
    /// Region, and name of the first project.
    pub(crate) region: String,
    /// File with the root key. Default for `up`: `root.key` in the data folder. `server` wants one outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root_key_file: Option<PathBuf>,
    /// File with passphrases the root key is made of, instead of the file with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) root_passphrase_file: Option<PathBuf>,
    /// A token (PKCS#11) whose key the root key is wrapped by, instead of the file with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pkcs11: Option<Pkcs11Config>,
    /// The root key itself, from the variable `MUSTER_ROOT_KEY` and from nowhere else.
    #[serde(skip)]
    pub(crate) root_key: Option<RootKeyText>,
    /// What secrets are sealed by: `aes-256-gcm`, or `sm4-gcm` in the national profile. What the other one sealed still
    /// opens; `muster vault rewrap` moves it.
    pub(crate) sealing: muster_vault::Suite,
    /// Age recipients (`age1…`) the root key is also wrapped for, so that it can be recovered; backups are written to
    /// them too.
    pub(crate) recovery: Vec<String>,
    /// Run background jobs in this process.
    pub(crate) worker: bool,
    /// Sweep this machine by an agent in this process (`up` only).
    pub(crate) local_agent: bool,
    /// Life of tokens, seconds, 60 to 604800.
    pub(crate) token_secs: i64,
    /// Whether an agent may become a host that was entered by hand because it has its name.
    pub(crate) join_by_name: bool,
}

/// `[server.pkcs11]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Pkcs11Config {
    /// The module, a shared library: `/usr/lib/softhsm/libsofthsm2.so`.
    pub(crate) module: PathBuf,
    /// Label of the token.
    pub(crate) token: String,
    /// Label of the key; made in the token if there is none.
    pub(crate) key: String,
    /// File with the user's PIN, for its owner only.
    pub(crate) pin_file: PathBuf,
    /// File with the wrapped root key; made if it is not there. Worth nothing without the token.
    pub(crate) wrapped_file: PathBuf,
}

/// A root key in the clear. Wiped when dropped, never shown.
#[derive(Clone)]
pub(crate) struct RootKeyText(Zeroizing<String>);

impl RootKeyText {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for RootKeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(a root key)")
    }
}

impl ServerConfig {
    /// Uses what systemd hands to the service (`LoadCredential=muster.root-key:...`) where nothing else is said.
    fn take_credentials(&mut self, environment: &[(String, String)]) {
        let variable = environment.iter().find(|(name, _)| name == root_key::VARIABLE);
        self.root_key = variable.map(|(_, text)| RootKeyText(Zeroizing::new(text.clone())));
        let named = self.root_key_file.is_some()
            || self.root_passphrase_file.is_some()
            || self.pkcs11.is_some();
        if named || self.root_key.is_some() {
            return;
        }
        let folder = environment.iter().find(|(name, _)| name == "CREDENTIALS_DIRECTORY");
        let Some((_, folder)) = folder else { return };
        let file = |name: &str| Some(Path::new(folder).join(name)).filter(|file| file.exists());
        self.root_key_file = file("muster.root-key");
        if self.root_key_file.is_none() {
            self.root_passphrase_file = file("muster.root-passphrase");
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8317)),
            endpoint: None,
            region: "muster".to_owned(),
            root_key_file: None,
            root_passphrase_file: None,
            pkcs11: None,
            root_key: None,
            sealing: muster_vault::Suite::default(),
            recovery: Vec::new(),
            worker: true,
            local_agent: true,
            token_secs: 24 * 3600,
            join_by_name: false,
        }
    }
}

/// `[tls]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TlsConfig {
    /// Certificate chain, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cert_file: Option<PathBuf>,
    /// Its key, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_file: Option<PathBuf>,
    /// The CA clients trust, PEM. Default: the last certificate of the chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Make a CA and a certificate here; clients trust `tls/ca.pem` of the data folder.
    pub(crate) generate: bool,
    /// More names and addresses for a generated certificate.
    pub(crate) names: Vec<String>,
}

/// `[database]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DatabaseConfig {
    /// `sqlite:PATH` or `postgres://...`. Default: `muster.db` in the data folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    /// Connections, 1 to 100.
    pub(crate) connections: u32,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self { url: None, connections: 8 }
    }
}

/// `[log]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    pub(crate) format: LogFormat,
    /// What is logged, as in `info,muster_store=debug`.
    pub(crate) filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// `[limits]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsConfig {
    /// Rate limits: `standard`, or `vendor` for those of the vendor's own cloud.
    pub(crate) preset: Preset,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { preset: Preset::Standard }
    }
}

/// A column of the table of rate limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preset {
    /// Only what protects this server.
    Standard,
    /// As the vendor's documents have it.
    Vendor,
}

impl Config {
    /// Reads `file` (none: `muster.toml` in the data folder, if it is there) and the environment.
    pub(crate) fn load(
        file: Option<&Path>,
        data_dir: &Path,
        environment: &[(String, String)],
    ) -> Result<Self> {
        let usual = data_dir.join("muster.toml");
        let text = match std::fs::read_to_string(file.unwrap_or(&usual)) {
            Ok(text) => text,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                String::new()
            }
            Err(error) => {
                let path = file.unwrap_or(&usual).display().to_string();
                return Err(Error::new(ErrorKind::Invalid, format!("{path}: {error}")));
            }
        };
        let mut config = Self::parse(&text, environment)?;
        config.server.take_credentials(environment);
        Ok(config)
    }

    fn parse(text: &str, environment: &[(String, String)]) -> Result<Self> {
        let mut table: toml::Table = toml::from_str(text)
            .map_err(|error| Error::invalid("configuration", error.to_string().trim_end()))?;
        overlay::apply(&mut table, environment)?;
        let config: Self = serde_path_to_error::deserialize(table).map_err(|error| {
            let path = error.path().to_string();
            let path = if path == "." { "configuration".to_owned() } else { path };
            Error::invalid(path, error.into_inner().message().trim_end())
        })?;
        config.check()?;
        Ok(config)
    }

    /// Where the database lies.
    pub(crate) fn store(&self, data_dir: &Path) -> muster_store::Config {
        let usual = || format!("sqlite:{}", data_dir.join("muster.db").display());
        let url = self.database.url.clone().unwrap_or_else(usual);
        muster_store::Config { url, connections: self.database.connections }
    }

    /// The recovery recipients.
    ///
    /// # Errors
    /// `Invalid` naming the one that is none.
    pub(crate) fn recovery(&self) -> Result<Vec<Recipient>> {
        let named = self.server.recovery.iter().map(|text| {
            Recipient::parse(text).map_err(|error| {
                Error::invalid("server.recovery", format!("{text}: {}", error.message()))
            })
        });
        let named: Vec<_> = named.collect::<Result<_>>()?;
        if named.len() > MAX_RECIPIENTS {
            return Err(Error::invalid(
                "server.recovery",
                format!("must be {MAX_RECIPIENTS} at most"),
            ));
        }
        Ok(named)
    }

    /// Checks what the types do not say.
    pub(crate) fn check(&self) -> Result<()> {
        self.recovery()?;
        if !(60..=604_800).contains(&self.server.token_secs) {
            return Err(Error::invalid("server.token_secs", "must be 60 to 604800"));
        }
        if !(1..=100).contains(&self.database.connections) {
            return Err(Error::invalid("database.connections", "must be 1 to 100"));
        }
        let region = &self.server.region;
        let fits = (1..=64).contains(&region.len())
            && region.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !fits {
            return Err(Error::invalid("server.region", "must be 1 to 64 letters, digits, - or _"));
        }
        self.egress.rules()?;
        self.knowledge.check()?;
        self.export.check()?;
        self.audit.check()?;
        self.keypairs.check()?;
        self.sca.check()?;
        self.guard.check()?;
        self.images.check()?;
        self.agent.check()
    }

    /// The configuration as TOML, without the password in a database address.
    pub(crate) fn print(&self) -> Result<String> {
        let mut shown = self.clone();
        if let Some(url) = &mut shown.database.url {
            *url = without_password(url);
        }
        toml::to_string_pretty(&shown).map_err(Error::internal)
    }
}

/// `scheme://user:***@host`
fn without_password(url: &str) -> String {
    let hidden = || {
        let (scheme, rest) = url.split_once("://")?;
        let (user, host) = rest.rsplit_once('@')?;
        let (user, _) = user.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{host}"))
    };
    hidden().unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_environment_goes_over_the_file() {
        let env = environment(&[
            ("MUSTER__SERVER__LISTEN", "127.0.0.1:0"),
            ("MUSTER__DATABASE__CONNECTIONS", "3"),
            ("MUSTER__TLS__NAMES", "['a', 'b']"),
            ("MUSTER__AGENT__LIMITS__CPU_PERCENT", "5.0"),
            ("MUSTER__LANG", "zh"),
            ("HOME", "/root"),
        ]);
        let config = Config::parse("[server]\nlisten = '[::1]:9'\nregion = 'x'", &env).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:0");
        assert_eq!(config.server.region, "x");
        assert_eq!(config.database.connections, 3);
        assert_eq!(config.tls.names, ["a", "b"]);
        assert_eq!(config.lang, Some(Lang::Zh));
        assert!((config.agent.limits.cpu_percent - 5.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, env, name) in [
            ("[server]\nport = 1", vec![], "port"),
            ("[sever]", vec![], "sever"),
            ("[server]\ntoken_secs = 1", vec![], "server.token_secs"),
            ("[export]\nkeep_secs = 1", vec![], "export.keep_secs"),
            ("[export]\ntime_zone = 'Mars/Olympus'", vec![], "export.time_zone"),
            ("[export]\nformat = 'pdf'", vec![], "export.format"),
            ("[audit]\nwait_ms = 1", vec![], "audit.wait_ms"),
            ("[audit]\nsyslog = \"tls://logs\"", vec![], "audit.syslog"),
            ("[keypairs]\nparallel = 0", vec![], "keypairs.parallel"),
            ("[sca]\nparallel = 0", vec![], "sca.parallel"),
            ("[guard]\nlearn_hours = 0", vec![], "guard.learn_hours"),
            ("[images]\nmax_bytes = 0", vec![], "images.max_bytes"),
            ("[sca]\nisolation = 'off'", vec![], "preferred"),
            ("[sca]\ntime_zone = 'Mars/Olympus'", vec![], "sca.time_zone"),
            ("[keypairs]\nalgorithm = 'dsa'", vec![], "rsa-2048"),
            ("[server]\nregion = 'a b'", vec![], "server.region"),
            ("[agent.limits]\ncpu_percent = 0", vec![], "limits.cpu_percent"),
            ("", environment(&[("MUSTER__SERVER__LISTEN", "here")]), "server.listen"),
            ("", environment(&[("MUSTER__SERVER__PORT", "1")]), "port"),
            ("", environment(&[("MUSTER__SERVER", "1")]), "MUSTER__SERVER"),
        ] {
            let error = Config::parse(text, &env).unwrap_err();
            assert!(error.message().contains(name), "{name}: {}", error.message());
        }
    }

    #[test]
    fn every_key_the_operators_guide_names_can_be_set() {
        let guide = include_str!("../../../docs/OPERATIONS.md");
        let table = guide.split("| key | default | meaning |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let keys = rows.flat_map(|row| row.split('|').nth(1).unwrap().split(", "));
        let mut named = 0;
        for key in keys.map(|key| key.trim().trim_matches('`')).filter(|key| !key.starts_with('.'))
        {
            let variable = format!("MUSTER__{}", key.to_uppercase().replace('.', "__"));
            let variable = variable.replace("__KIND__", "__APP__");
            let pairs = [(variable.as_str(), "no value at all")];
            if let Err(error) = Config::parse("", &environment(&pairs)) {
                assert!(!error.message().contains("unknown field"), "{key}: {}", error.message());
            }
            named += 1;
        }
        assert!(named > 15, "the table of keys was not found");
    }

    #[test]
    fn what_is_printed_can_be_read_again_and_shows_no_password() {
        let text = "[database]\nurl = 'postgres://me:secret@db/muster'";
        let printed = Config::parse(text, &[]).unwrap().print().unwrap();
        assert!(!printed.contains("secret") && printed.contains("me:***@db"));
        assert!(Config::parse(&printed, &[]).is_ok());
    }
}
