//! sshd's configuration, as far as it decides who may log in (sshd_config(5)).
//!
//! Conditions on the user and its groups are decided here. Those on the peer's address and the like
//! cannot be: [`Config::for_user`] answers once as if none of them held and once as if all did.

use crate::include::{Budget, MAX_DEPTH, Sources, matches};

/// The host keys OpenSSH's server uses unless it is told otherwise.
const HOST_KEYS: [&str; 3] =
    ["/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_rsa_key"];

/// A whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Block {
    conditions: Vec<Condition>,
    /// Keyword in lower case, and arguments.
    settings: Vec<(String, Vec<String>)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    User(Vec<String>),
    Group(Vec<String>),
    /// On what only a connection tells.
    Peer,
}

/// What holds for one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The list that refuses the account, if one does.
    pub refused_by: Option<&'static str>,
    /// `PermitRootLogin`: `yes`, `prohibit-password`, `forced-commands-only` or `no`.
    pub root_login: String,
    /// A password is accepted, typed or by way of keyboard-interactive.
    pub password: bool,
    /// An empty one too.
    pub empty_password: bool,
    /// A key is accepted.
    pub key: bool,
    /// PAM decides on locked and expired accounts.
    pub pam: bool,
    /// Files with keys, with their `%h`, `%u`, `%U` and `%%` replaced, relative ones beside the home.
    pub key_files: Vec<String>,
    /// Keys in files that others may write do not count.
    pub strict_modes: bool,
    /// Keys may also come from a program or be vouched for by a certificate authority.
    pub other_keys: bool,
}

/// The account asked about.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// Login name.
    pub name: &'a str,
    /// Its number.
    pub uid: u32,
    /// Names of all its groups.
    pub groups: &'a [&'a str],
    /// Home directory.
    pub home: &'a str,
}

impl Config {
    /// Reads the text and what it includes.
    pub fn read(text: &str, sources: &mut dyn Sources) -> Self {
        let mut config = Self { blocks: vec![Block::default()] };
        config.add(text, sources, &mut Budget::default(), 0);
        config
    }

    fn add(&mut self, text: &str, sources: &mut dyn Sources, budget: &mut Budget, depth: usize) {
        if !budget.take(text.len()) {
            return;
        }
        for line in text.lines() {
            let mut words = words(line).into_iter();
            let Some(keyword) = words.next() else { continue };
            let arguments: Vec<String> = words.collect();
            match keyword.to_ascii_lowercase().as_str() {
                "match" => {
                    let conditions = conditions(&arguments);
                    self.blocks.push(Block { conditions, settings: Vec::new() });
                }
                "include" if depth < MAX_DEPTH => {
                    let outer = self.blocks.last().map(|block| block.conditions.clone());
                    for pattern in &arguments {
                        let pattern = if pattern.starts_with('/') {
                            pattern.clone()
                        } else {
                            format!("/etc/ssh/{pattern}")
                        };
                        for file in sources.matching(&pattern) {
                            self.add(&file.text, sources, budget, depth + 1);
                            // A `Match` in an included file ends with it.
                            let conditions = outer.clone().unwrap_or_default();
                            if self.blocks.last().is_none_or(|b| b.conditions != conditions) {
                                self.blocks.push(Block { conditions, settings: Vec::new() });
                            }
                        }
                    }
                }
                keyword => {
                    if let Some(block) = self.blocks.last_mut() {
                        block.settings.push((keyword.to_owned(), arguments));
                    }
                }
            }
        }
    }

    /// Paths of the private keys the server proves itself by; those of `ssh-keygen -A` where none is named.
    pub fn host_keys(&self) -> Vec<&str> {
        let global = self.blocks.iter().filter(|block| block.conditions.is_empty());
        let settings = global.flat_map(|block| &block.settings);
        let named = settings.filter(|(name, _)| name == "hostkey");
        let named: Vec<_> = named.filter_map(|(_, paths)| paths.first()).collect();
        match named.is_empty() {
            true => HOST_KEYS.to_vec(),
            false => named.into_iter().map(String::as_str).collect(),
        }
    }

    /// What holds for an account, assuming that the conditions on its peer hold or not.
    pub fn for_user(&self, login: Login<'_>, peer: bool) -> Rules {
        // Within one block, and among blocks, the first setting counts; a `Match` outdoes the rest.
        let applies = |block: &&Block| block.conditions.iter().all(|c| c.holds(login, peer));
        let matched = self.blocks.iter().filter(|block| !block.conditions.is_empty());
        let global = self.blocks.iter().filter(|block| block.conditions.is_empty());
        let blocks: Vec<&Block> = matched.filter(applies).chain(global).collect();
        let first = |keyword: &str| {
            let all = blocks.iter().flat_map(|block| &block.settings);
            all.filter(|(name, _)| name == keyword).map(|(_, arguments)| arguments).next()
        };
        let word = |keyword: &str, default: &str| {
            let value = first(keyword).and_then(|arguments| arguments.first());
            value.map_or_else(|| default.to_owned(), |value| value.to_ascii_lowercase())
        };
        let is = |keyword: &str, default: &str| word(keyword, default) == "yes";
        let interactive = is("kbdinteractiveauthentication", "yes")
            && (first("kbdinteractiveauthentication").is_some()
                || is("challengeresponseauthentication", "yes"));
        let pam = is("usepam", "no");
        let root_login = match word("permitrootlogin", "prohibit-password").as_str() {
            "without-password" => "prohibit-password".to_owned(),
            other => other.to_owned(),
        };
        let mut key_files: Vec<String> = match first("authorizedkeysfile") {
            Some(files) => files.iter().filter(|file| *file != "none").cloned().collect(),
            None => vec![".ssh/authorized_keys".to_owned(), ".ssh/authorized_keys2".to_owned()],
        };
        for file in &mut key_files {
            *file = expand(file, login);
        }
        let set = |keyword: &str| first(keyword).is_some() && word(keyword, "none") != "none";
        Rules {
            refused_by: refused_by(&blocks, login),
            root_login,
            password: is("passwordauthentication", "yes") || (pam && interactive),
            empty_password: is("permitemptypasswords", "no"),
            key: is("pubkeyauthentication", "yes"),
            pam,
            key_files,
            strict_modes: is("strictmodes", "yes"),
            other_keys: set("authorizedkeyscommand") || set("trustedusercakeys"),
        }
    }
}

impl Condition {
    fn holds(&self, login: Login<'_>, peer: bool) -> bool {
        match self {
            Self::User(patterns) => listed(patterns, login.name),
            Self::Group(patterns) => login.groups.iter().any(|group| listed(patterns, group)),
            Self::Peer => peer,
        }
    }
}

fn conditions(arguments: &[String]) -> Vec<Condition> {
    let mut found = Vec::new();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        let name = name.to_ascii_lowercase();
        if name == "all" {
            // Holds for everybody, yet is a block of its own.
            found.push(Condition::User(vec!["*".to_owned()]));
            continue;
        }
        let value = inline.or_else(|| words.next().cloned()).unwrap_or_default();
        let list = value.split(',').map(str::to_owned).collect();
        found.push(match name.as_str() {
            "user" => Condition::User(list),
            "group" => Condition::Group(list),
            _ => Condition::Peer,
        });
    }
    if found.is_empty() {
        found.push(Condition::Peer);
    }
    found
}

/// Patterns with `*`, `?` and `!`; one negated match refuses.
fn listed(patterns: &[String], name: &str) -> bool {
    let one = |pattern: &str| matches(&pattern.replace('[', "\\["), name);
    let refused = patterns.iter().any(|pattern| pattern.strip_prefix('!').is_some_and(one));
    !refused && patterns.iter().any(|pattern| !pattern.starts_with('!') && one(pattern))
}

/// The four lists, in the order sshd asks them.
fn refused_by(blocks: &[&Block], login: Login<'_>) -> Option<&'static str> {
    // Lines of one block add up, and the first block that has any replaces those of the others.
    let list = |keyword: &str| -> Vec<String> {
        let of = |block: &&Block| {
            let settings = block.settings.iter().filter(|(name, _)| name == keyword);
            settings.flat_map(|(_, arguments)| arguments.clone()).collect::<Vec<_>>()
        };
        blocks.iter().map(of).find(|list| !list.is_empty()).unwrap_or_default()
    };
    // `user@host` depends on the peer and is taken as if it came from there.
    let user = |patterns: &[String], strict: bool| {
        patterns.iter().any(|pattern| match pattern.split_once('@') {
            Some(_) if strict => false,
            Some((name, _)) => listed(&[name.to_owned()], login.name),
            None => listed(std::slice::from_ref(pattern), login.name),
        })
    };
    let group = |patterns: &[String]| login.groups.iter().any(|group| listed(patterns, group));
    if user(&list("denyusers"), true) {
        return Some("DenyUsers");
    }
    let allowed = list("allowusers");
    if !allowed.is_empty() && !user(&allowed, false) {
        return Some("AllowUsers");
    }
    if group(&list("denygroups")) {
        return Some("DenyGroups");
    }
    let allowed = list("allowgroups");
    (!allowed.is_empty() && !group(&allowed)).then_some("AllowGroups")
}

fn expand(pattern: &str, login: Login<'_>) -> String {
    let mut path = String::new();
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match (char, if char == '%' { chars.next() } else { None }) {
            ('%', Some('h')) => path.push_str(login.home),
            ('%', Some('u')) => path.push_str(login.name),
            ('%', Some('U')) => path.push_str(&login.uid.to_string()),
            ('%', Some(other)) => path.push(other),
            (other, _) => path.push(other),
        }
    }
    if path.starts_with('/') {
        path
    } else {
        format!("{}/{path}", login.home.trim_end_matches('/'))
    }
}

/// Words of a line: separated by blanks or one `=`, quoted or not, up to a comment.
fn words(line: &str) -> Vec<String> {
    let line = line.trim();
    if line.starts_with('#') {
        return Vec::new();
    }
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    let mut open = false;
    for char in line.chars() {
        match char {
            '"' => {
                quoted = !quoted;
                open = true;
            }
            '#' if !quoted && !open => break,
            '=' if !quoted && words.is_empty() => {
                if open {
                    words.push(std::mem::take(&mut word));
                    open = false;
                }
            }
            ' ' | '\t' if !quoted => {
                if open {
                    words.push(std::mem::take(&mut word));
                    open = false;
                }
            }
            other => {
                word.push(other);
                open = true;
            }
        }
    }
    if open {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::Included;
    use proptest::prelude::*;

    fn login<'a>(name: &'a str, groups: &'a [&'a str]) -> Login<'a> {
        Login { name, uid: 7, groups, home: "/home/x" }
    }

    fn rules(text: &str, name: &str, groups: &[&str]) -> Rules {
        Config::read(text, &mut ()).for_user(login(name, groups), false)
    }

    #[test]
    fn defaults_are_those_of_sshd() {
        let rules = rules("# nothing\n", "root", &[]);
        assert_eq!(rules.root_login, "prohibit-password");
        assert!(rules.password && rules.key && !rules.pam && !rules.empty_password);
        assert_eq!(rules.refused_by, None);
        let files = ["/home/x/.ssh/authorized_keys", "/home/x/.ssh/authorized_keys2"];
        assert_eq!(rules.key_files, files);
    }

    #[test]
    fn host_keys_are_those_named_or_the_usual_ones() {
        assert_eq!(Config::read("Port 22\n", &mut ()).host_keys(), HOST_KEYS);
        let text = "HostKey /a/one\nhostkey=\"/a/two\"\nMatch User a\nHostKey /a/three\n";
        assert_eq!(Config::read(text, &mut ()).host_keys(), ["/a/one", "/a/two"]);
    }

    #[test]
    fn the_lists_allow_and_refuse() {
        let text =
            "AllowUsers ann b*@10.0.0.* \nAllowUsers dan\nDenyUsers dan eve@host\nDenyGroups bad\n";
        let refused = |name, groups: &[&str]| rules(text, name, groups).refused_by;
        assert_eq!(refused("ann", &[]), None);
        assert_eq!(refused("bob", &[]), None);
        assert_eq!(refused("dan", &[]), Some("DenyUsers"));
        assert_eq!(refused("eve", &[]), Some("AllowUsers"));
        assert_eq!(refused("ann", &["x", "bad"]), Some("DenyGroups"));
        assert_eq!(rules("AllowGroups ssh *-ops\n", "a", &["db-ops"]).refused_by, None);
        assert_eq!(rules("AllowGroups ssh\n", "a", &["db"]).refused_by, Some("AllowGroups"));
    }

    #[test]
    fn the_first_setting_counts_and_a_match_outdoes_it() {
        let text = "PasswordAuthentication=no\nPasswordAuthentication yes\nPermitRootLogin \"no\" # x\n\
            Match User ann,!bob Group adm\n PasswordAuthentication yes\nMatch Address 10.0.0.0/8\n \
            PermitRootLogin yes\nMatch all\n X11Forwarding no\n";
        assert!(!rules(text, "ann", &[]).password);
        assert!(rules(text, "ann", &["adm"]).password);
        assert_eq!(rules(text, "root", &[]).root_login, "no");
        let config = Config::read(text, &mut ());
        assert_eq!(config.for_user(login("root", &[]), true).root_login, "yes");
    }

    struct Dir;
    impl Sources for Dir {
        fn matching(&mut self, pattern: &str) -> Vec<Included> {
            assert_eq!(pattern, "/etc/ssh/sshd_config.d/*.conf");
            vec![Included {
                path: "x".into(),
                text: "Match User u\nPubkeyAuthentication no".into(),
            }]
        }
    }

    #[test]
    fn a_match_in_an_included_file_ends_with_it() {
        let config = Config::read("Include sshd_config.d/*.conf\nUsePAM yes\n", &mut Dir);
        let rules = |name| config.for_user(login(name, &[]), false);
        assert!(!rules("u").key && rules("v").key);
        assert!(rules("v").pam);
    }

    #[test]
    fn key_files_are_expanded() {
        let text = "AuthorizedKeysFile /etc/keys/%u-%U %h/k keys/%% none\n";
        let files = ["/etc/keys/ann-7", "/home/x/k", "/home/x/keys/%"];
        assert_eq!(rules(text, "ann", &[]).key_files, files);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "(Match|Include|AllowUsers|[a-zA-Z!*,@=#\" \\n%]){0,60}") {
            let _ = rules(&text, "a", &["b"]);
        }
    }
}
