//! Accounts: who is there, who may log in, who has root's rights, and why.
//!
//! Password fields are read to tell whether a password can match and are dropped at once. Of keys only
//! fingerprints, option names and comments are kept.

mod login;
mod root;

use crate::collector::{Collector, Findings};
use crate::files::Files;
use crate::host::Host;
use crate::names::MAX_BYTES;
use login::{Key, Ways};
use muster_formats::passwd::{self, Account, Group, Shadow};
use muster_formats::sshd::{Config, Login};
use muster_formats::sudoers::Policy;
use muster_formats::{authorized_keys, sshd};
use muster_model::Kind;
use muster_model::asset::User;
use muster_model::report::Volatile;
use serde_json::json;
use std::collections::{BTreeSet, HashMap};

/// Largest configuration or key file that is read, in bytes.
const MAX_CONFIG: u64 = 1024 * 1024;
const SECONDS_A_DAY: i64 = 86_400;

/// The accounts of passwd.
pub(crate) struct Users;

impl Collector for Users {
    fn kind(&self) -> Kind {
        Kind::Users
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let files = host.files();
        let text = |path| files.text(path, MAX_BYTES).unwrap_or_default();
        let accounts = passwd::accounts(&text("/etc/passwd"));
        if accounts.is_empty() {
            return;
        }
        let system = System::read(host);
        for account in accounts {
            out.push(system.describe(files, account), Volatile::default());
        }
    }
}

/// What is read once and asked for every account.
struct System {
    shadows: HashMap<String, Shadow>,
    groups: Vec<Group>,
    memberships: HashMap<String, Vec<usize>>,
    sudo: Policy,
    sshd: Config,
    host_name: String,
    first_uid: u32,
    today: i64,
}

impl System {
    fn read(host: &Host<'_>) -> Self {
        let files = host.files();
        let text = |path, max| files.text(path, max).unwrap_or_default();
        let shadows = passwd::shadows(&text("/etc/shadow", MAX_BYTES));
        let groups = passwd::groups(&text("/etc/group", MAX_BYTES));
        let mut memberships: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, group) in groups.iter().enumerate() {
            for member in &group.members {
                memberships.entry(member.clone()).or_default().push(at);
            }
        }
        let host_name = host
            .proc_text("sys/kernel/hostname")
            .or_else(|| files.text("/etc/hostname", MAX_CONFIG))
            .map(|name| name.trim().to_owned())
            .unwrap_or_default();
        let sudoers = ["/etc/sudoers", "/usr/local/etc/sudoers"]
            .into_iter()
            .find_map(|path| Some((path, files.text(path, MAX_CONFIG)?)));
        let sudo = sudoers.map_or_else(Policy::default, |(path, text)| {
            Policy::read(path, &text, &host_name, &mut &*files)
        });
        if sudo.skipped > 0 {
            let message = format!("{} lines could not be read", sudo.skipped);
            host.trouble("file.malformed", "/etc/sudoers", message);
        }
        Self {
            shadows: shadows.into_iter().map(|shadow| (shadow.name.clone(), shadow)).collect(),
            groups,
            memberships,
            sudo,
            sshd: Config::read(&text("/etc/ssh/sshd_config", MAX_CONFIG), &mut &*files),
            host_name,
            first_uid: first_uid(&text("/etc/login.defs", MAX_CONFIG)),
            today: host.now().secs().div_euclid(SECONDS_A_DAY),
        }
    }

    fn describe(&self, files: &Files, account: Account) -> User {
        let groups = self.groups_of(&account);
        let names: Vec<&str> = groups.iter().map(|(name, _)| *name).collect();
        let login =
            Login { name: &account.name, uid: account.uid, groups: &names, home: &account.home };
        // Whether a peer-dependent block applies is not known here, so either answer counts.
        let near = self.sshd.for_user(login, false);
        let far = self.sshd.for_user(login, true);
        let keys = keys_of(files, &near, &far);
        let shadow = self.shadows.get(&account.name);
        let shell_exists = account.shell.is_empty() || files.stat(&account.shell).is_some();
        let ways = Ways { account: &account, shadow, shell_exists, keys: &keys, today: self.today };
        let (login_permission, why_login) = ways.decide(&[near, far]);
        let rights = root::rights(&self.sudo, &account, &groups, &self.host_name);
        let (root_permission, why_root) = root::decide(&account, &rights, ways.password());

        let mut user = User {
            uid: account.uid,
            gid: account.gid,
            group_name: self.name_of(account.gid).unwrap_or_default().to_owned(),
            login_permission,
            root_permission,
            reason: format!("{why_login}; {why_root}"),
            ..User::default()
        };
        let mut prove = |name: &str, value| user.evidence.insert(name.to_owned(), value);
        prove("groups", json!(names));
        prove("system", json!(account.uid != 0 && account.uid < self.first_uid));
        if !account.gecos.trim_matches([',', ' ']).is_empty() {
            prove("comment", json!(account.gecos));
        }
        if !keys.is_empty() {
            prove("authorized_keys", keys.iter().map(Key::to_json).collect());
        }
        if !rights.is_empty() {
            prove("sudo", rights.iter().map(|right| json!(right.to_string())).collect());
        }
        user.name = account.name;
        user.home_dir = account.home;
        user.shell = account.shell;
        user
    }

    /// The primary group first, then the others in the order of the file.
    fn groups_of(&self, account: &Account) -> Vec<(&str, u32)> {
        let mut groups = Vec::new();
        groups.extend(self.name_of(account.gid).map(|name| (name, account.gid)));
        let others = self.memberships.get(&account.name).into_iter().flatten();
        for group in others.filter_map(|at| self.groups.get(*at)) {
            if !groups.iter().any(|(name, _)| *name == group.name) {
                groups.push((&group.name, group.gid));
            }
        }
        groups
    }

    fn name_of(&self, gid: u32) -> Option<&str> {
        self.groups.iter().find(|group| group.gid == gid).map(|group| group.name.as_str())
    }
}

fn keys_of(files: &Files, near: &sshd::Rules, far: &sshd::Rules) -> Vec<Key> {
    let paths: BTreeSet<&String> = near.key_files.iter().chain(&far.key_files).collect();
    let mut keys = Vec::new();
    for path in paths {
        let text = files.text(path, MAX_CONFIG).unwrap_or_default();
        let found = authorized_keys::parse(&text).into_iter();
        keys.extend(found.map(|key| Key { key, path: path.clone() }));
    }
    keys.sort_unstable_by(|a, b| (&a.key, &a.path).cmp(&(&b.key, &b.path)));
    keys
}

/// `UID_MIN` of login.defs(5): numbers below it belong to the system.
fn first_uid(login_defs: &str) -> u32 {
    const DEFAULT: u32 = 1000;
    let value = login_defs.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next()? == "UID_MIN").then(|| words.next()?.parse().ok())?
    });
    value.unwrap_or(DEFAULT)
}
