//! The tables behind the masking.

/// A name with one of these words, or that ends in one (`dbpassword`), is that of a secret.
const SECRET: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
    "credentials",
    "authorization",
];
/// The same, but only as a word of its own.
const SECRET_WORD: &[&str] = &[
    "pass",
    "pwd",
    "pw",
    "passwords",
    "secrets",
    "tokens",
    "cred",
    "creds",
    "cookie",
    "bearer",
    "requirepass",
    "masterauth",
    "userpass",
    "dbpass",
    "psk",
    "key",
];
/// A name that ends in one of these says where the secret is or how it is treated, not what it is.
const HARMLESS_END: &[&str] = &[
    "file",
    "path",
    "dir",
    "directory",
    "store",
    "type",
    "policy",
    "length",
    "id",
    "name",
    "url",
    "uri",
    "ttl",
    "expiry",
    "expires",
    "timeout",
    "algorithm",
    "format",
    "prompt",
    "stdin",
    "command",
    "size",
    "env",
    "fd",
    "count",
    "encryption",
    "protocol",
    "rotation",
    "usage",
    "alias",
    "host",
    "port",
];

/// A short option that takes a secret.
pub(super) struct ShortOption {
    programs: &'static [&'static str],
    pub(super) option: &'static str,
    /// The value may also be the next argument.
    pub(super) separate: bool,
}

const fn attached(programs: &'static [&'static str], option: &'static str) -> ShortOption {
    ShortOption { programs, option, separate: false }
}

const fn either(programs: &'static [&'static str], option: &'static str) -> ShortOption {
    ShortOption { programs, option, separate: true }
}

const SHORT_OPTIONS: &[ShortOption] = &[
    attached(&["mysql", "mysqladmin", "mysqldump", "mysqlimport", "mysqlcheck"], "-p"),
    attached(&["mariadb", "mariadb-admin", "mariadb-dump", "mariadb-check"], "-p"),
    attached(&["7z", "7za", "7zr", "rar", "unrar"], "-p"),
    attached(&["xfreerdp"], "/p:"),
    either(&["sshpass", "mongo", "mongosh", "mongodump", "mongorestore", "rdesktop"], "-p"),
    either(&["redis-cli", "valkey-cli"], "-a"),
    either(&["curl"], "-u"),
    either(&["curl"], "-U"),
    either(&["curl"], "--user"),
    either(&["curl"], "--proxy-user"),
    either(&["smbclient"], "-U"),
    either(&["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete", "ldappasswd"], "-w"),
    either(&["sqlcmd", "bcp", "isql", "ipmitool", "zip", "unzip"], "-P"),
    either(&["snmpget", "snmpwalk", "snmpset", "snmptrap"], "-c"),
    either(&["snmpget", "snmpwalk", "snmpset", "snmptrap"], "-A"),
    either(&["snmpget", "snmpwalk", "snmpset", "snmptrap"], "-X"),
    either(&["openssl"], "-k"),
    either(&["openssl"], "-K"),
];

/// The secret options of a program.
pub(super) fn short_options(program: &str) -> impl Iterator<Item = &'static ShortOption> {
    SHORT_OPTIONS.iter().filter(move |rule| rule.programs.contains(&program))
}

/// Tokens that are known by how they begin, whatever stands before them.
pub(super) const TOKENS: &[&str] = &[
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "npm_",
    "pypi-",
    "dop_v1_",
    "hvs.",
    "eyJ",
];
/// Shorter words that begin like a token are none.
pub(super) const MIN_TOKEN: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    No,
    /// `key`: perhaps a file's name.
    Key,
    Yes,
}

/// Whether a name is that of a secret.
pub(super) fn is_secret(name: &str) -> Secret {
    let words = words(name);
    if words.last().is_none_or(|last| HARMLESS_END.contains(&last.as_str())) {
        return Secret::No;
    }
    let strong = |word: &String| {
        SECRET.iter().any(|secret| word.ends_with(secret))
            || (SECRET_WORD.contains(&word.as_str()) && word != "key")
    };
    let pair = |pair: &[String]| match pair {
        [first, second] => second == "key" && matches!(first.as_str(), "api" | "access" | "secret"),
        _ => false,
    };
    if words.iter().any(strong) || words.windows(2).any(pair) {
        Secret::Yes
    } else if words.last().is_some_and(|word| word == "key") {
        Secret::Key
    } else {
        Secret::No
    }
}

/// The words of a name in lower case: parted by anything but letters and digits, and where a capital
/// follows a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for char in name.chars() {
        if !char.is_alphanumeric() || (char.is_uppercase() && small) {
            words.push(String::new());
        }
        small = char.is_lowercase();
        if char.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(char.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
