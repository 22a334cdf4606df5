//! Does an account have root's rights, and by what?

use muster_formats::passwd::{Account, Password};
use muster_formats::sudoers::{Policy, Right, Subject};

/// What sudo grants the account.
pub(super) fn rights(
    sudo: &Policy,
    account: &Account,
    groups: &[(&str, u32)],
    host: &str,
) -> Vec<Right> {
    let groups = groups.to_vec();
    sudo.rights_of(&Subject { name: &account.name, uid: account.uid, groups, host })
}

/// The verdict and the reason for it.
pub(super) fn decide(account: &Account, rights: &[Right], password: Password) -> (bool, String) {
    if account.uid == 0 {
        return (true, "root by uid 0".to_owned());
    }
    let Some(right) = rights.iter().find(|right| right.is_root()) else {
        let what = if rights.is_empty() { "not root" } else { "not root: sudo for some commands" };
        return (false, what.to_owned());
    };
    let has_password = matches!(password, Password::Set | Password::Empty);
    let asks = rights.iter().filter(|right| right.is_root()).all(|right| !right.nopasswd);
    let lack =
        if asks && !has_password { ", whose password question it cannot answer" } else { "" };
    (true, format!("root by sudo {right}{lack}"))
}
