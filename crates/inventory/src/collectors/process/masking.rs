//! Hides the values of secret arguments in a command line. Documented for users in `docs/MASKING.md`.
//!
//! What is masked:
//! - the value of an option, variable or property whose name says it is a secret (`--db-password=x`,
//!   `--token x`, `API_KEY=x`, `-Djavax.net.ssl.trustStorePassword=x`, `"secret": "x"`), unless the name says
//!   that the value is something else (`--password-file`, `--key-id`), or it is a key and the value a path;
//! - what follows the short options of programs known for it (`mysql -px`, `curl -u user:x`);
//! - the password of a URL (`scheme://user:x@host`) and of OpenSSL (`pass:x`);
//! - the value of a header (`Authorization: x`, `Cookie: x`), and tokens of a known form anywhere.
//!
//! An argument with blanks in it (`sh -c "..."`) is masked word by word.

mod rules;

use rules::{MIN_TOKEN, Secret, TOKENS, is_secret};

/// Stands for every masked value, whatever its length.
pub(super) const MASK: &str = "******";

/// The arguments after the program's name, masked and joined by blanks.
pub(in crate::collectors) fn masked<'a>(
    program: &str,
    args: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut masker = Masker { program: base_name(program).to_owned(), next: Next::Keep };
    let mut out = String::new();
    for arg in args {
        if !out.is_empty() {
            out.push(' ');
        }
        if arg.trim().contains(char::is_whitespace) {
            masker.words(arg, &mut out);
        } else {
            out.push_str(&masker.word(arg));
            // Quotes and headers that a blank parts only go on within one argument.
            masker.next = match masker.next {
                Next::MaskUntil(_) => Next::Keep,
                Next::MaskRest => Next::Mask,
                next => next,
            };
        }
    }
    out
}

/// What to do with the next word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Keep,
    /// The value of a secret option.
    Mask,
    /// The value of an option named `key`: a path is none.
    MaskUnlessPath,
    /// Within quotes that opened with this character in a masked value, up to where they close.
    MaskUntil(char),
    /// After a header's name or its `Bearer` in the same argument: up to the end.
    MaskRest,
}

struct Masker {
    program: String,
    next: Next,
}

impl Masker {
    /// An argument of several words: a script, a header, a rewritten title.
    fn words(&mut self, arg: &str, out: &mut String) {
        // The whole argument is the value of the option before it.
        if matches!(self.next, Next::Mask) {
            self.next = Next::Keep;
            out.push_str(MASK);
            return;
        }
        let outer = self.program.clone();
        let mut rest = arg;
        while !rest.is_empty() {
            let start = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
            let (blank, word) = rest.split_at(start);
            out.push_str(blank);
            let end = word.find(char::is_whitespace).unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            if !word.is_empty() {
                let masked = self.word(word);
                // One mask stands for all the words it covers.
                if !(masked == MASK && out.trim_end().ends_with(MASK)) {
                    out.push_str(&masked);
                } else {
                    out.truncate(out.trim_end().len());
                }
                // Within a script any word may name the program of the options after it.
                if rules::short_options(base_name(word)).next().is_some() {
                    base_name(word).clone_into(&mut self.program);
                }
            }
            rest = after;
        }
        self.program = outer;
        self.next = Next::Keep;
    }

    fn word(&mut self, word: &str) -> String {
        match std::mem::replace(&mut self.next, Next::Keep) {
            Next::MaskRest => {
                self.next = Next::MaskRest;
                return MASK.to_owned();
            }
            Next::MaskUntil(quote) => {
                if !word.contains(quote) {
                    self.next = Next::MaskUntil(quote);
                }
                return MASK.to_owned();
            }
            Next::Mask if !is_option(word) => return self.value(word),
            Next::MaskUnlessPath if !is_option(word) && !is_path(word) => return self.value(word),
            _ => {}
        }
        if let Some(masked) = self.short_option(word).or_else(|| self.named(word)) {
            return masked;
        }
        if word.starts_with("pass:") {
            return format!("pass:{MASK}");
        }
        url(word).or_else(|| token(word)).unwrap_or_else(|| word.to_owned())
    }

    /// The mask for a value, which may open quotes that a later word closes.
    fn value(&mut self, value: &str) -> String {
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        if let Some(quote) = quote
            && !value.get(1..).is_some_and(|rest| rest.contains(quote))
        {
            self.next = Next::MaskUntil(quote);
        }
        MASK.to_owned()
    }

    fn short_option(&mut self, word: &str) -> Option<String> {
        for rule in rules::short_options(&self.program.clone()) {
            let Some(value) = word.strip_prefix(rule.option) else { continue };
            if value.is_empty() {
                if rule.separate {
                    self.next = Next::Mask;
                    return Some(word.to_owned());
                }
            } else if !rule.option.starts_with("--") {
                return Some(format!("{}{}", rule.option, self.value(value)));
            } else if let Some(value) = value.strip_prefix('=') {
                return Some(format!("{}={}", rule.option, self.value(value)));
            }
        }
        None
    }

    /// `name=value`, `name:value`, or the name of an option whose value comes next.
    fn named(&mut self, word: &str) -> Option<String> {
        let equals = word.find('=');
        let at = match (equals, word.find(':')) {
            (Some(equals), Some(colon)) if is_secret(word.get(..colon)?) == Secret::Yes => {
                equals.min(colon)
            }
            (Some(equals), _) => equals,
            (None, Some(colon)) if is_secret(word.get(..colon)?) == Secret::Yes => colon,
            _ => {
                if is_option(word) {
                    self.next = match is_secret(word) {
                        Secret::No => Next::Keep,
                        Secret::Key => Next::MaskUnlessPath,
                        Secret::Yes => Next::Mask,
                    };
                }
                return None;
            }
        };
        let (name, value) = (word.get(..at)?, word.get(at + 1..)?);
        let separator = word.get(at..=at)?;
        let secret = match is_secret(name) {
            Secret::No => return None,
            Secret::Key => !is_path(value),
            Secret::Yes => true,
        };
        if !secret || value.starts_with("//") {
            return None;
        }
        if value.is_empty() || matches!(value, "\"" | "'") {
            // `Authorization: Bearer x` within one argument, or `"password": "x"`.
            self.next = if separator == ":" { Next::MaskRest } else { Next::Keep };
            return Some(word.to_owned());
        }
        Some(format!("{name}{separator}{}", self.value(value)))
    }
}

fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

fn is_path(value: &str) -> bool {
    let value = value.trim_start_matches(['"', '\'']);
    value.starts_with(['/', '.', '~'])
        || [".pem", ".key", ".crt", ".p12", ".jks"].iter().any(|end| value.ends_with(end))
}

/// A URL with the password in it masked.
fn url(word: &str) -> Option<String> {
    let authority = word.find("://")? + 3;
    let rest = word.get(authority..)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let at = rest.get(..end)?.rfind('@')?;
    let colon = rest.get(..at)?.find(':')?;
    let head = word.get(..=authority + colon)?;
    Some(format!("{head}{MASK}{}", rest.get(at..)?))
}

/// A word with a token of known form in it.
fn token(word: &str) -> Option<String> {
    TOKENS.iter().find_map(|start| {
        let at = word.find(start)?;
        // Not in the middle of another word.
        let before = word.get(..at)?;
        if before.ends_with(|c: char| c.is_alphanumeric() || c == '/') {
            return None;
        }
        let rest = word.get(at..)?;
        let end = rest
            .find(|c: char| {
                !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '='))
            })
            .unwrap_or(rest.len());
        (end >= MIN_TOKEN).then(|| format!("{before}{MASK}{}", rest.get(end..).unwrap_or_default()))
    })
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(line: &[&str]) -> String {
        masked(line[0], line[1..].iter().copied())
    }

    #[test]
    fn secrets_by_their_name_are_masked() {
        for (args, expected) in [
            (&["x", "--db-password=hunter2"][..], "--db-password=******"),
            (&["x", "--password", "hunter2", "db"], "--password ****** db"),
            (&["x", "--token", "--verbose"], "--token --verbose"),
            (
                &["java", "-Djavax.net.ssl.trustStorePassword=x", "-jar", "a.jar"],
                "-Djavax.net.ssl.trustStorePassword=****** -jar a.jar",
            ),
            (
                &["env", "API_KEY=abc", "PGPASSWORD=abc", "HOME=/root"],
                "API_KEY=****** PGPASSWORD=****** HOME=/root",
            ),
            (&["redis-server", "*:6379", "--requirepass", "x"], "*:6379 --requirepass ******"),
            (&["x", "--client-secret", "two words"], "--client-secret ******"),
            (&["x", "--key", "c2VjcmV0"], "--key ******"),
            (&["x", "-Ddb.password:x"], "-Ddb.password:******"),
            (&["x", "--passwd="], "--passwd="),
        ] {
            assert_eq!(mask(args), expected);
        }
    }

    #[test]
    fn what_only_speaks_of_secrets_stays() {
        for args in [
            &["x", "--password-file=/run/secrets/db"][..],
            &["x", "--password-file", "/run/secrets/db"],
            &["x", "--key", "/etc/ssl/private/site.key"],
            &["x", "--tls-key=server.pem"],
            &["x", "--aws-access-key-id=AKIA"],
            &["java", "-Djavax.net.ssl.trustStore=/etc/ts.jks"],
            &["x", "--keyboard=de", "--monkey=x", "--bypass", "all"],
            &["x", "http://host:80/a:b@c", "user@host:/path"],
            &["sort", "-k", "2", "--token-ttl", "60"],
            &["ssh", "-p", "22", "host"],
            &["mysql", "-p", "database"],
        ] {
            assert_eq!(mask(args), args[1..].join(" "));
        }
    }

    #[test]
    fn short_options_are_masked_for_the_programs_that_have_them() {
        for (args, expected) in [
            (&["/usr/bin/mysql", "-uroot", "-phunter2", "db"][..], "-uroot -p****** db"),
            (&["sshpass", "-p", "x", "ssh", "h"], "-p ****** ssh h"),
            (
                &["curl", "-u", "me:x", "--user-agent=y", "http://h"],
                "-u ****** --user-agent=y http://h",
            ),
            (&["redis-cli", "-a", "x", "ping"], "-a ****** ping"),
            (&["openssl", "rsa", "-passin", "pass:x"], "rsa -passin pass:******"),
        ] {
            assert_eq!(mask(args), expected);
        }
    }

    #[test]
    fn urls_headers_and_tokens_are_masked_wherever_they_stand() {
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";
        for (args, expected) in [
            (
                vec!["x", "postgres://app:hunter2@db:5432/app?x=1"],
                "postgres://app:******@db:5432/app?x=1",
            ),
            (vec!["x", "--dsn=amqp://u:p@h"], "--dsn=amqp://u:******@h"),
            (
                vec!["curl", "-H", "Authorization: Bearer abc def", "http://h"],
                "-H Authorization: ****** http://h",
            ),
            (vec!["curl", "-H", "X-Api-Key:abc"], "-H X-Api-Key:******"),
            (vec!["x", jwt], MASK),
            (vec!["x", "ghp_0123456789abcdefghij", "ghp_x"], "****** ghp_x"),
        ] {
            assert_eq!(mask(&args), expected);
        }
    }

    #[test]
    fn scripts_are_masked_word_by_word() {
        for (script, expected) in [
            ("mysql -psecret  -h db < x", "mysql -p******  -h db < x"),
            ("export TOKEN='a b c'; run --it", "export TOKEN=****** run --it"),
            ("curl -d '{\"password\":\"x\"}' h", "curl -d '{\"password\":****** h"),
            ("echo fine", "echo fine"),
        ] {
            assert_eq!(mask(&["sh", "-c", script]), format!("-c {expected}"));
        }
    }

    proptest! {
        #[test]
        fn a_password_never_shows(
            before in "[a-z ]{0,12}",
            secret in "[A-Z0-9]{6,12}",
            form in 0..6usize,
        ) {
            let line = match form {
                0 => vec![before, format!("--password={secret}")],
                1 => vec![before, "--secret".into(), secret.clone()],
                2 => vec![format!("{before} --password {secret}")],
                3 => vec![format!("https://{}:{secret}@host/", before.trim().replace(' ', "x"))],
                4 => vec![format!("{before} Password: {secret}")],
                _ => vec![before, format!("db_password={secret}")],
            };
            let shown = masked("x", line.iter().map(String::as_str));
            prop_assert!(!shown.contains(&secret), "{shown}");
        }

        #[test]
        fn any_words_are_survived(program: String, args: Vec<String>) {
            let _ = masked(&program, args.iter().map(String::as_str));
        }
    }
}
