//! Whether the host's SSH server counts the keys of an account, by its configuration.

use muster_formats::include::{Included, Sources, matches};
use muster_formats::passwd::{self, Account};
use muster_formats::sshd::{Config, Login, Rules};
use std::path::Path;

/// Longest file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// The rules by which keys in the account's own `authorized_keys` let in, or why they would not.
pub(super) fn counts(etc: &Path, account: &Account) -> Result<Rules, String> {
    let groups = passwd::groups(&text(&etc.join("group")));
    let own = groups
        .iter()
        .filter(|group| group.gid == account.gid || group.members.contains(&account.name));
    let groups: Vec<&str> = own.map(|group| group.name.as_str()).collect();
    let Account { name, uid, home, .. } = account;
    let login = Login { name, uid: *uid, groups: &groups, home };
    let config = Config::read(&text(&etc.join("ssh/sshd_config")), &mut Folder(etc));
    // What depends on where somebody comes from may let in somebody: either answer counts.
    let near = judge(config.for_user(login, false), home);
    near.or_else(|why| judge(config.for_user(login, true), home).map_err(|_| why))
}

fn judge(rules: Rules, home: &str) -> Result<Rules, String> {
    let file = format!("{}/.ssh/authorized_keys", home.trim_end_matches('/'));
    if let Some(list) = rules.refused_by {
        return Err(format!("the host's SSH server refuses the account by {list}"));
    }
    if !rules.key {
        return Err("the host's SSH server takes no keys".to_owned());
    }
    if !rules.key_files.contains(&file) {
        return Err(format!("the host's SSH server reads no keys from {file}"));
    }
    Ok(rules)
}

/// Files that the configuration includes, below the folder that stands for `/etc`.
struct Folder<'a>(&'a Path);

impl Sources for Folder<'_> {
    fn matching(&mut self, pattern: &str) -> Vec<Included> {
        let Some((folder, names)) = pattern.rsplit_once('/') else { return Vec::new() };
        // Others than those within `/etc` are as rare as patterns in the folder's own name.
        let within = folder
            .strip_prefix("/etc")
            .map_or(Path::new(folder).to_owned(), |rest| self.0.join(rest.trim_start_matches('/')));
        let Ok(entries) = std::fs::read_dir(within) else { return Vec::new() };
        let mut found: Vec<_> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(|name| matches(names, name)))
            .map(|entry| entry.path())
            .filter(|path| path.is_file())
            .collect();
        found.sort();
        let read = |path: &std::path::PathBuf| Included {
            path: path.display().to_string(),
            text: text(path),
        };
        found.iter().map(read).collect()
    }
}

/// A file's text; nothing where it cannot be read or is too long.
fn text(path: &Path) -> String {
    let short = std::fs::metadata(path).is_ok_and(|it| it.is_file() && it.len() <= MAX_FILE);
    let read = if short { std::fs::read(path) } else { return String::new() };
    String::from_utf8_lossy(&read.unwrap_or_default()).into_owned()
}
