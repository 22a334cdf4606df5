//! sudo's policy: who may run what as whom (sudoers(5)).
//!
//! [`Policy::read`] follows `@include` and `@includedir` (also spelt `#`), at most
//! [`crate::include::MAX_DEPTH`] deep; [`Policy::rights_of`] answers for one account. Lines that cannot be
//! read are counted and skipped, where sudo itself would refuse the whole file.

mod line;
mod policy;

pub use policy::{Policy, Right, Subject};

use crate::include::{Budget, MAX_DEPTH, Sources};
use line::Statement;

/// A member of a list: a name, an alias, `ALL`, `%group`, `#uid`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Member {
    /// After an odd number of `!`.
    negated: bool,
    text: String,
}

/// What some users may do: one command on some hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    hosts: Vec<Member>,
    /// None: the default, root.
    runas: Option<Runas>,
    nopasswd: bool,
    command: Member,
}

/// `(users : groups)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Runas {
    users: Vec<Member>,
    groups: Vec<Member>,
}

/// The kinds of alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum AliasKind {
    User,
    Runas,
    Host,
    Command,
}

impl Policy {
    /// Reads the policy from the text of `path` and what it includes.
    pub fn read(path: &str, text: &str, host: &str, sources: &mut dyn Sources) -> Self {
        let mut policy = Self::default();
        policy.add(path, text, host, sources, &mut Budget::default(), 0);
        policy
    }

    fn add(
        &mut self,
        path: &str,
        text: &str,
        host: &str,
        sources: &mut dyn Sources,
        budget: &mut Budget,
        depth: usize,
    ) {
        if !budget.take(text.len()) {
            self.skipped += 1;
            return;
        }
        for line in line::logical_lines(text) {
            let (included, directory) = match line::parse(&line) {
                Statement::Nothing => continue,
                Statement::Unreadable => {
                    self.skipped += 1;
                    continue;
                }
                Statement::Aliases(kind, aliases) => {
                    for (name, members) in aliases {
                        self.aliases.insert((kind, name), members);
                    }
                    continue;
                }
                Statement::Grants(users, grants) => {
                    self.rules.push((users, grants));
                    continue;
                }
                Statement::NoPassword(users) => {
                    self.no_password.push(users);
                    continue;
                }
                Statement::Include(target) => (target, false),
                Statement::IncludeDir(target) => (target, true),
            };
            if depth >= MAX_DEPTH {
                self.skipped += 1;
                continue;
            }
            let target = beside(path, &included.replace("%h", host));
            // A literal path must not be taken for a pattern.
            let mut pattern = escape(&target);
            if directory {
                pattern.push_str("/*");
            }
            for file in sources.matching(&pattern) {
                let name = file.path.rsplit('/').next().unwrap_or_default();
                // sudo skips what package managers and editors leave in a directory.
                if !directory || !(name.contains('.') || name.ends_with('~')) {
                    self.add(&file.path, &file.text, host, sources, budget, depth + 1);
                }
            }
        }
    }
}

/// A relative path stands for one beside the including file.
fn beside(path: &str, target: &str) -> String {
    if target.starts_with('/') {
        return target.to_owned();
    }
    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
    format!("{dir}/{target}")
}

fn escape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for char in path.chars() {
        if matches!(char, '*' | '?' | '[' | '\\') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}
