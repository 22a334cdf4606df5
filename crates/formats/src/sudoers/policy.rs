//! What a policy grants to one account.

use super::{AliasKind, Grant, Member};
use std::collections::HashMap;

/// A whole policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub(super) rules: Vec<(Vec<Member>, Vec<Grant>)>,
    pub(super) aliases: HashMap<(AliasKind, String), Vec<Member>>,
    pub(super) no_password: Vec<Vec<Member>>,
    /// Lines and files that could not be read.
    pub skipped: usize,
}

/// The account asked about.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// Login name.
    pub name: &'a str,
    /// Its number.
    pub uid: u32,
    /// Names and numbers of all its groups.
    pub groups: Vec<(&'a str, u32)>,
    /// Name of the host it is on.
    pub host: &'a str,
}

/// One thing an account may do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// Whom it may act as, as written: `ALL`, `www-data`, `ALL : adm`; `root` if nothing is written.
    pub runas: String,
    /// Root is among them.
    pub as_root: bool,
    /// Without its password.
    pub nopasswd: bool,
    /// The command; `ALL` for any.
    pub command: String,
}

impl Right {
    /// Does it amount to being root: any command, or a shell?
    pub fn is_root(&self) -> bool {
        let program = self.command.split(' ').next().unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or_default();
        self.as_root
            && (self.command == "ALL"
                || matches!(name, "ash" | "bash" | "csh" | "dash" | "ksh" | "sh" | "su" | "tcsh")
                || matches!(name, "zsh" | "fish" | "*"))
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tag = if self.nopasswd { "NOPASSWD: " } else { "" };
        write!(f, "({}) {tag}{}", self.runas, self.command)
    }
}

/// Aliases may name aliases; a loop among them ends here.
const MAX_ALIAS_DEPTH: usize = 16;
/// Most rights listed of one account.
const MAX_RIGHTS: usize = 1_000;

impl Policy {
    /// Everything the account may do, each once, sorted. A later `!command` takes away what names it
    /// equally; it does not narrow `ALL`, which can be got around by a copy under another name.
    pub fn rights_of(&self, subject: &Subject<'_>) -> Vec<Right> {
        let free = self.no_password.iter().any(|users| {
            users.is_empty() || self.matches(users, AliasKind::User, &|name| subject.is(name))
        });
        let mut rights: Vec<Right> = Vec::new();
        for (users, grants) in &self.rules {
            if !self.matches(users, AliasKind::User, &|name| subject.is(name)) {
                continue;
            }
            for grant in grants {
                if !self.matches(&grant.hosts, AliasKind::Host, &|name| subject.is_on(name)) {
                    continue;
                }
                for command in self.commands(&grant.command, MAX_ALIAS_DEPTH) {
                    if command.negated {
                        rights.retain(|right| right.command != command.text);
                    } else if rights.len() < MAX_RIGHTS {
                        rights.push(self.right(grant, command.text, free));
                    }
                }
            }
        }
        rights.sort_unstable();
        rights.dedup();
        rights
    }

    fn right(&self, grant: &Grant, command: String, free: bool) -> Right {
        let is_root = |name: &str| matches!(name, "root" | "#0" | "ALL");
        let (runas, as_root) = match &grant.runas {
            None => ("root".to_owned(), true),
            Some(runas) => {
                let users = list(&runas.users);
                let groups = list(&runas.groups);
                let as_root = self.matches(&runas.users, AliasKind::Runas, &is_root);
                match (users.is_empty(), groups.is_empty()) {
                    (_, true) => (users, as_root),
                    (true, false) => (format!(": {groups}"), false),
                    (false, false) => (format!("{users} : {groups}"), as_root),
                }
            }
        };
        Right { runas, as_root, nopasswd: grant.nopasswd || free, command }
    }

    /// The last member that matches decides; nothing matches an empty list.
    fn matches(&self, list: &[Member], kind: AliasKind, is: &dyn Fn(&str) -> bool) -> bool {
        self.decide(list, kind, is, MAX_ALIAS_DEPTH).unwrap_or(false)
    }

    fn decide(
        &self,
        list: &[Member],
        kind: AliasKind,
        is: &dyn Fn(&str) -> bool,
        depth: usize,
    ) -> Option<bool> {
        list.iter().rev().find_map(|member| {
            let found = match self.aliases.get(&(kind, member.text.clone())) {
                Some(members) if depth > 0 => self.decide(members, kind, is, depth - 1),
                Some(_) => None,
                None => is(&member.text).then_some(true),
            };
            found.map(|found| found != member.negated)
        })
    }

    /// A command, or those its alias stands for.
    fn commands(&self, command: &Member, depth: usize) -> Vec<Member> {
        let Some(members) = self.aliases.get(&(AliasKind::Command, command.text.clone())) else {
            return vec![command.clone()];
        };
        if depth == 0 {
            return Vec::new();
        }
        let mut found = Vec::new();
        for member in members {
            for mut inner in self.commands(member, depth - 1) {
                inner.negated ^= command.negated;
                found.push(inner);
                if found.len() > MAX_RIGHTS {
                    return found;
                }
            }
        }
        found
    }
}

impl Subject<'_> {
    fn is(&self, name: &str) -> bool {
        let number = |text: &str| text.parse::<u32>().ok();
        if let Some(gid) = name.strip_prefix("%#") {
            return self.groups.iter().any(|(_, own)| Some(*own) == number(gid));
        }
        if let Some(group) = name.strip_prefix('%') {
            return self.groups.iter().any(|(own, _)| *own == group);
        }
        if let Some(uid) = name.strip_prefix('#') {
            return Some(self.uid) == number(uid);
        }
        name == "ALL" || name == self.name
    }

    /// Addresses and netgroups cannot be decided from files and count as this host.
    fn is_on(&self, name: &str) -> bool {
        let short = self.host.split('.').next().unwrap_or_default();
        let is_address = name.starts_with('+')
            || name.contains([':', '/'])
            || name.parse::<std::net::Ipv4Addr>().is_ok();
        name == "ALL" || is_address || name == self.host || name == short
    }
}

fn list(members: &[Member]) -> String {
    let text = |member: &Member| {
        let not = if member.negated { "!" } else { "" };
        format!("{not}{}", member.text)
    };
    members.iter().map(text).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::include::{Included, Sources};
    use proptest::prelude::*;

    fn rights(text: &str, name: &str, groups: &[(&str, u32)]) -> Vec<String> {
        let policy = Policy::read("/etc/sudoers", text, "web1", &mut ());
        assert_eq!(policy.skipped, 0, "{text}");
        let subject = Subject { name, uid: 1000, groups: groups.to_vec(), host: "web1" };
        policy.rights_of(&subject).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn groups_numbers_and_all_are_matched() {
        let sudo = [("sudo", 27)];
        assert_eq!(rights("%sudo ALL=(ALL:ALL) ALL", "ann", &sudo), ["(ALL : ALL) ALL"]);
        assert_eq!(rights("%#27 ALL=ALL", "ann", &sudo), ["(root) ALL"]);
        assert_eq!(rights("#1000 ALL=NOPASSWD: ALL", "ann", &[]), ["(root) NOPASSWD: ALL"]);
        assert_eq!(rights("ALL, !ann ALL=ALL", "ann", &[]), [""; 0]);
        assert_eq!(rights("%sudo ALL=ALL", "ann", &[]), [""; 0]);
    }

    #[test]
    fn aliases_stand_for_their_members() {
        let text = "User_Alias ADMINS = ann, bob : OPS = ADMINS, !bob\n\
            Host_Alias WEB = web1, web2\nRunas_Alias DB = postgres, \\\n mysql\n\
            Cmnd_Alias SVC = /bin/systemctl restart nginx, /bin/kill\n\
            OPS WEB = (DB) NOPASSWD: SVC, PASSWD: /bin/ls -l\\, -a\n";
        assert_eq!(
            rights(text, "ann", &[]),
            [
                "(DB) /bin/ls -l, -a",
                "(DB) NOPASSWD: /bin/kill",
                "(DB) NOPASSWD: /bin/systemctl restart nginx",
            ]
        );
        assert_eq!(rights(text, "bob", &[]), [""; 0]);
    }

    #[test]
    fn other_hosts_do_not_count_and_several_host_lists_are_read() {
        let text = "ann db1 = ALL : web1 = /bin/true, !/bin/true, /bin/false";
        assert_eq!(rights(text, "ann", &[]), ["(root) /bin/false"]);
    }

    #[test]
    fn root_is_any_command_or_a_shell() {
        let text = "ann ALL=(root) /usr/bin/su -, (www-data) ALL, (:adm) /bin/x, () /bin/bash";
        let policy = Policy::read("/etc/sudoers", text, "h", &mut ());
        let subject = Subject { name: "ann", host: "h", ..Subject::default() };
        let rights = policy.rights_of(&subject);
        let root: Vec<_> = rights.iter().filter(|right| right.is_root()).collect();
        assert_eq!(root.len(), 1, "{rights:?}");
        assert_eq!(root[0].command, "/usr/bin/su -");
    }

    #[test]
    fn defaults_may_waive_the_password() {
        let text = "Defaults:ann !authenticate\nDefaults env_reset, secure_path=\"/a:/b\"\nann,bob ALL=ALL";
        assert_eq!(rights(text, "ann", &[]), ["(root) NOPASSWD: ALL"]);
        assert_eq!(rights(text, "bob", &[]), ["(root) ALL"]);
    }

    #[test]
    fn comments_tags_and_digests_are_understood() {
        let text =
            "# c\n#comment\nann ALL = TIMEOUT=5m NOEXEC: SETENV: sha256:abc= /bin/x a=b # end\n";
        assert_eq!(rights(text, "ann", &[]), ["(root) /bin/x a=b"]);
    }

    struct Dir;
    impl Sources for Dir {
        fn matching(&mut self, pattern: &str) -> Vec<Included> {
            let file = |path: &str, text: &str| Included { path: path.into(), text: text.into() };
            match pattern {
                "/etc/sudoers.d/*" => vec![
                    file("/etc/sudoers.d/a", "ann ALL=ALL\n@include b"),
                    file("/etc/sudoers.d/x.dpkg-new", "bob ALL=ALL"),
                ],
                "/etc/sudoers.d/b" => vec![file("/etc/sudoers.d/b", "@include b\ncat ALL=ALL")],
                _ => Vec::new(),
            }
        }
    }

    #[test]
    fn includes_are_followed_and_loops_end() {
        let policy = Policy::read("/etc/sudoers", "#includedir /etc/sudoers.d", "h", &mut Dir);
        let has = |name| !policy.rights_of(&Subject { name, ..Subject::default() }).is_empty();
        assert!(has("ann") && has("cat") && !has("bob"));
        assert!(policy.skipped > 0, "the loop is cut");
    }

    #[test]
    fn an_alias_that_names_itself_ends() {
        let text = "User_Alias A = B\nUser_Alias B = A\nCmnd_Alias C = C, C\nA ALL=C\nALL ALL=C";
        assert_eq!(rights(text, "ann", &[]), [""; 0]);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[A-Za-z%#!:=,() \\n\\\\\"@_/.*0-9]{0,200}") {
            let policy = Policy::read("/etc/sudoers", &text, "h", &mut ());
            let _ = policy.rights_of(&Subject { name: "a", host: "h", ..Subject::default() });
        }
    }
}
