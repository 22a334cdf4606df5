//! Accounts.

use crate::collector::{Collector, Findings};
use crate::host::Host;
use crate::names::MAX_BYTES;
use muster_formats::passwd;
use muster_model::Kind;
use muster_model::asset::User;
use muster_model::report::Volatile;

/// The accounts of passwd.
pub(crate) struct Users;

impl Collector for Users {
    fn kind(&self) -> Kind {
        Kind::Users
    }

    fn collect(&self, host: &Host<'_>, out: &mut Findings) {
        let text = host.files().text("/etc/passwd", MAX_BYTES).unwrap_or_default();
        for account in passwd::accounts(&text) {
            let user = User {
                name: account.name,
                uid: account.uid,
                gid: account.gid,
                group_name: host.group_name(account.gid).unwrap_or_default(),
                root_permission: account.uid == 0,
                home_dir: account.home,
                shell: account.shell,
                ..User::default()
            };
            out.push(user, Volatile::default());
        }
    }
}
