//! The account files: passwd(5), shadow(5), group(5).

/// A line of passwd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Login name.
    pub name: String,
    /// Where the password is.
    pub password: Password,
    /// Account number.
    pub uid: u32,
    /// Number of the primary group.
    pub gid: u32,
    /// Full name and more, for people.
    pub gecos: String,
    /// Home directory.
    pub home: String,
    /// Login shell; the system takes `/bin/sh` if it is empty.
    pub shell: String,
}

/// What a password field says. The field itself is never kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Password {
    /// It is in shadow (`x`).
    Shadowed,
    /// There is none: whoever knows the name gets in, where the service permits it.
    Empty,
    /// One that can match.
    Set,
    /// Switched off by a leading `!`; some services then refuse the account altogether.
    Locked,
    /// Something no password can match (`*`, `x` in shadow ...).
    Unusable,
}

impl Password {
    /// Reads a field of passwd or shadow.
    fn of(field: &str, in_shadow: bool) -> Self {
        if field.is_empty() {
            return Self::Empty;
        }
        if field == "x" && !in_shadow {
            return Self::Shadowed;
        }
        match field {
            _ if field.starts_with('!') => Self::Locked,
            _ if is_hash(field) => Self::Set,
            _ => Self::Unusable,
        }
    }
}

/// The forms crypt(5) can give: `$id$...`, `_` and 19 characters, or the 13 of the oldest.
fn is_hash(field: &str) -> bool {
    let rest = field.strip_prefix('_').unwrap_or(field);
    let alphabet = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/')
    };
    (field.starts_with('$') && field.matches('$').count() >= 2)
        || (field.starts_with('_') && rest.len() == 19 && alphabet(rest))
        || (field.len() == 13 && alphabet(field))
}

/// A line of shadow. Times are days since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// Login name.
    pub name: String,
    /// The password.
    pub password: Password,
    /// Last change; 0 demands a new password at the next login.
    pub changed: Option<i64>,
    /// Days after which the password must be changed.
    pub max_days: Option<i64>,
    /// Days after that in which it is still accepted.
    pub inactive_days: Option<i64>,
    /// Day from which on the account is closed.
    pub expires: Option<i64>,
}

/// A line of group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its number.
    pub gid: u32,
    /// Those who are in it beyond those whose primary group it is.
    pub members: Vec<String>,
}

/// Reads passwd. Lines without seven fields or with no number are left out, as the system does.
pub fn accounts(text: &str) -> Vec<Account> {
    text.lines().filter_map(account).collect()
}

fn account(line: &str) -> Option<Account> {
    let mut fields = entry(line)?;
    let name = fields.next()?;
    let password = Password::of(fields.next()?, false);
    let uid = fields.next()?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    let gecos = fields.next()?;
    let home = fields.next()?;
    let shell = fields.next()?;
    Some(Account {
        name: name.to_owned(),
        password,
        uid,
        gid,
        gecos: gecos.to_owned(),
        home: home.to_owned(),
        shell: shell.trim_end().to_owned(),
    })
}

/// Reads shadow.
pub fn shadows(text: &str) -> Vec<Shadow> {
    let shadow = |line| {
        let mut fields = entry(line)?;
        let name = fields.next()?.to_owned();
        let password = Password::of(fields.next()?, true);
        let numbers: Vec<Option<i64>> = fields.map(|field| field.trim().parse().ok()).collect();
        let number = |at: usize| numbers.get(at).copied().flatten();
        Some(Shadow {
            name,
            password,
            changed: number(0),
            max_days: number(2),
            inactive_days: number(4),
            expires: number(5),
        })
    };
    text.lines().filter_map(shadow).collect()
}

/// Reads group.
pub fn groups(text: &str) -> Vec<Group> {
    let group = |line| {
        let mut fields = entry(line)?;
        let name = fields.next()?.to_owned();
        let gid = fields.nth(1)?.parse().ok()?;
        let members = fields.next().unwrap_or_default().split(',').map(str::trim);
        let members = members.filter(|member| !member.is_empty()).map(str::to_owned).collect();
        Some(Group { name, gid, members })
    };
    text.lines().filter_map(group).collect()
}

/// The fields of a line that is neither empty, nor a comment, nor one for the NIS (`+`, `-`).
fn entry(line: &str) -> Option<std::str::Split<'_, char>> {
    let line = line.trim_start();
    let skipped = line.is_empty() || line.starts_with(['#', '+', '-', ':']);
    (!skipped).then(|| line.split(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn damaged_lines_are_left_out() {
        let text = "root:x:0:0:root:/root:/bin/bash\nshort:x:1\nnan:x:a:0::/:\n# c\n+::::::\n\nu:x:7:8:A,B:/home/u:\n";
        let accounts = accounts(text);
        assert_eq!(accounts.len(), 2);
        assert_eq!(accounts[0].password, Password::Shadowed);
        assert_eq!((accounts[1].uid, accounts[1].gid, accounts[1].shell.as_str()), (7, 8, ""));
    }

    #[test]
    fn passwords_are_told_apart_without_being_kept() {
        for (field, meaning) in [
            ("", Password::Empty),
            ("*", Password::Unusable),
            ("!", Password::Locked),
            ("!!", Password::Locked),
            ("!*", Password::Locked),
            ("x", Password::Unusable),
            ("*LK*", Password::Unusable),
            ("$y$j9T$abc$def", Password::Set),
            ("!$6$salt$hash", Password::Locked),
            ("!!$6$salt$hash", Password::Locked),
            ("ab01FAX.bQRSU", Password::Set),
            ("_J9..CCCCXBrJUJV154M", Password::Set),
        ] {
            let shadow = shadows(&format!("u:{field}:19000:0:99999:7:::"));
            assert_eq!(shadow[0].password, meaning, "{field}");
        }
    }

    #[test]
    fn shadow_numbers_are_days_or_nothing() {
        let shadow = &shadows("u:*:19000:0:90:7:14:20000:")[0];
        assert_eq!(
            (shadow.changed, shadow.max_days, shadow.inactive_days, shadow.expires),
            (Some(19_000), Some(90), Some(14), Some(20_000))
        );
        assert_eq!(shadows("u:*::::::")[0].expires, None);
    }

    #[test]
    fn group_members_are_listed() {
        assert_eq!(groups("sudo:x:27:a, b,\nx:x:1:")[0].members, ["a", "b"]);
    }

    proptest! {
        #[test]
        fn anything_can_be_read(text in "[a-z:0-9!$*\\n#+-]{0,200}") {
            for account in accounts(&text) {
                prop_assert!(!account.name.is_empty());
            }
            let _ = (shadows(&text), groups(&text));
        }
    }
}
