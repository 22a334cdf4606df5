//! May an account log in, and by what?
//!
//! It may if its shell is one, it is not expired, no list of sshd's refuses it, and it has a password
//! or key that some service accepts: a password opens the console, and sshd where it permits that.

use muster_formats::authorized_keys::AuthorizedKey;
use muster_formats::passwd::{Account, Password, Shadow};
use muster_formats::sshd::Rules;
use serde_json::json;

/// Programs in place of a shell that end a login at once.
const NO_SHELLS: &[&str] = &["nologin", "false", "true", "sync", "halt", "shutdown"];

/// A key and the file that holds it.
pub(super) struct Key {
    pub(super) key: AuthorizedKey,
    pub(super) path: String,
}

impl Key {
    pub(super) fn to_json(&self) -> serde_json::Value {
        json!({
            "fingerprint": self.key.fingerprint,
            "algorithm": self.key.algorithm,
            "options": self.key.options,
            "comment": self.key.comment,
            "path": self.path,
        })
    }
}

/// What is known of an account's ways in.
pub(super) struct Ways<'a> {
    pub(super) account: &'a Account,
    pub(super) shadow: Option<&'a Shadow>,
    pub(super) shell_exists: bool,
    pub(super) keys: &'a [Key],
    /// Days since 1970.
    pub(super) today: i64,
}

impl Ways<'_> {
    /// Where the account's password stands, passwd and shadow taken together.
    pub(super) fn password(&self) -> Password {
        match (self.account.password, self.shadow) {
            (Password::Shadowed, Some(shadow)) => shadow.password,
            (Password::Shadowed, None) => Password::Unusable,
            (own, _) => own,
        }
    }

    /// The verdict under any of the rule sets, and the reason for it.
    pub(super) fn decide(&self, rules: &[Rules]) -> (bool, String) {
        if let Some(reason) = self.barred() {
            return (false, format!("no login: {reason}"));
        }
        let refusal = rules.iter().find_map(|rules| rules.refused_by);
        if let Some(list) = refusal
            && rules.iter().all(|rules| rules.refused_by.is_some())
        {
            return (false, format!("no login: refused by {list} of sshd"));
        }
        let mut ways: Vec<&str> = Vec::new();
        match self.password() {
            Password::Set => ways.push("password"),
            Password::Empty => ways.push("empty password"),
            Password::Locked | Password::Unusable | Password::Shadowed => {}
        }
        if rules.iter().any(|rules| self.opens_by_key(rules)) {
            ways.push("key");
        }
        if rules.iter().any(|rules| self.opens_by_other(rules)) {
            ways.push("key command or certificate authority of sshd");
        }
        if ways.is_empty() {
            let lack = match self.password() {
                Password::Locked => "password locked",
                _ => "no usable password",
            };
            let keys = if self.keys.is_empty() { "no key" } else { "keys not accepted" };
            return (false, format!("no login: {lack}, {keys}"));
        }
        let mut reason = format!("login by {}", ways.join(" or "));
        let remote = rules.iter().any(|rules| self.opens_by_password(rules));
        if matches!(self.password(), Password::Set | Password::Empty) && !remote {
            reason.push_str(" (the password not through sshd)");
        }
        (true, reason)
    }

    fn barred(&self) -> Option<String> {
        let shell = self.account.shell.as_str();
        if NO_SHELLS.contains(&shell.rsplit('/').next().unwrap_or_default()) {
            return Some(format!("its shell is {shell}"));
        }
        if !self.shell_exists {
            return Some(format!("its shell {shell} does not exist"));
        }
        let shadow = self.shadow?;
        // The rules of pam_unix's account phase; -1 stands for "never".
        if shadow.expires.is_some_and(|day| day >= 0 && self.today >= day) {
            return Some("the account has expired".to_owned());
        }
        if let (Some(changed), Some(max), Some(inactive)) =
            (shadow.changed, shadow.max_days, shadow.inactive_days)
            && changed > 0
            && max >= 0
            && inactive >= 0
            && self.today.saturating_sub(changed) > max.saturating_add(inactive)
        {
            return Some("its password expired too long ago".to_owned());
        }
        None
    }

    fn is_root(&self) -> bool {
        self.account.uid == 0
    }

    fn opens_by_password(&self, rules: &Rules) -> bool {
        let allowed = !self.is_root() || rules.root_login == "yes";
        let fits = match self.password() {
            Password::Set => true,
            Password::Empty => rules.empty_password,
            Password::Locked | Password::Unusable | Password::Shadowed => false,
        };
        rules.refused_by.is_none() && rules.password && allowed && fits
    }

    fn accepts_keys(&self, rules: &Rules) -> bool {
        // Without PAM sshd itself refuses an account whose password is locked.
        let locked = self.password() == Password::Locked && !rules.pam;
        rules.refused_by.is_none()
            && rules.key
            && !locked
            && !(self.is_root() && rules.root_login == "no")
    }

    fn opens_by_key(&self, rules: &Rules) -> bool {
        let forced = self.is_root() && rules.root_login == "forced-commands-only";
        let fits = |key: &Key| {
            let has_command = key.key.options.iter().any(|option| option == "command");
            rules.key_files.contains(&key.path) && (!forced || has_command)
        };
        self.accepts_keys(rules) && self.keys.iter().any(fits)
    }

    fn opens_by_other(&self, rules: &Rules) -> bool {
        self.accepts_keys(rules) && rules.other_keys
    }
}
