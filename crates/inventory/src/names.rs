//! Names of users and groups, from the swept root's own files: the host's name service knows others.

use crate::files::Files;
use muster_formats::passwd;
use std::cell::OnceCell;
use std::collections::HashMap;

/// Largest passwd or group file that is read, in bytes.
pub const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Numbers to names, each file read when first asked for.
#[derive(Default)]
pub(crate) struct Names {
    users: OnceCell<HashMap<u32, String>>,
    groups: OnceCell<HashMap<u32, String>>,
}

impl Names {
    pub(crate) fn user(&self, files: &Files, uid: u32) -> Option<String> {
        let users = self.users.get_or_init(|| {
            let text = files.text("/etc/passwd", MAX_BYTES).unwrap_or_default();
            first_of_each(passwd::accounts(&text).into_iter().map(|user| (user.uid, user.name)))
        });
        users.get(&uid).cloned()
    }

    pub(crate) fn group(&self, files: &Files, gid: u32) -> Option<String> {
        let groups = self.groups.get_or_init(|| {
            let text = files.text("/etc/group", MAX_BYTES).unwrap_or_default();
            first_of_each(passwd::groups(&text).into_iter().map(|group| (group.gid, group.name)))
        });
        groups.get(&gid).cloned()
    }
}

/// Several names may share a number; the system shows the first.
fn first_of_each(pairs: impl Iterator<Item = (u32, String)>) -> HashMap<u32, String> {
    let mut map = HashMap::new();
    for (id, name) in pairs {
        map.entry(id).or_insert(name);
    }
    map
}
