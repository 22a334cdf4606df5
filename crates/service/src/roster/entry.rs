//! A host as its owner enters it, before an agent is there.

use super::OwnerChange;
use muster_model::host::HostProfile;
use muster_model::id::HostId;
use muster_model::{Error, Result};
use muster_store::hosts::{NewHost, Ownership, Registration};
use std::net::IpAddr;

/// A host to enter.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The address it has, or empty. Shown until its agent tells its addresses.
    pub address: String,
    /// Its machine id (`/etc/machine-id`), or empty. An agent of another machine does not become this host then.
    pub machine_id: String,
    /// What its owner says of it.
    pub owner: OwnerChange,
}

impl Entry {
    /// Checks everything that can be checked without a look at other hosts, and writes address and machine id in
    /// the one way they are compared in.
    ///
    /// # Errors
    /// `Invalid` with the parameter at fault.
    pub(super) fn checked(mut self) -> Result<Self> {
        if !(1..=255).contains(&self.name.chars().count())
            || self.name.trim() != self.name
            || self.name.chars().any(char::is_control)
        {
            let why = "must be 1 to 255 printable characters without spaces around them";
            return Err(Error::invalid("name", why));
        }
        if !self.address.is_empty() {
            let address: Option<IpAddr> = self.address.parse().ok();
            let sound = |it: &IpAddr| !it.is_unspecified() && !it.is_multicast();
            let Some(address) = address.map(|it| it.to_canonical()).filter(sound) else {
                return Err(Error::invalid(
                    "address",
                    "must be the IPv4 or IPv6 address of a host",
                ));
            };
            self.address = address.to_string();
        }
        if !self.machine_id.is_empty() {
            let sound = self.machine_id.len() == 32
                && self.machine_id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !sound {
                return Err(Error::invalid("machine_id", "must be 32 hexadecimal digits"));
            }
            self.machine_id.make_ascii_lowercase();
        }
        self.owner.check()?;
        Ok(self)
    }

    /// The host as it is stored. Its address is shown until its agent tells its own.
    pub(super) fn new_host(&self, id: HostId) -> NewHost {
        let address = Some(self.address.clone()).filter(|it| !it.is_empty());
        let mut owner = Ownership { enterprise_project_id: "0".to_owned(), ..Ownership::default() };
        self.owner.apply(&mut owner);
        NewHost {
            id,
            profile: HostProfile {
                name: self.name.clone(),
                addresses: address.into_iter().collect(),
                ..HostProfile::default()
            },
            owner,
            registration: Registration {
                name: self.name.clone(),
                address: self.address.clone(),
                machine_id: self.machine_id.clone(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn entry(name: &str, address: &str, machine_id: &str) -> Entry {
        let owner = OwnerChange::default();
        Entry { name: name.into(), address: address.into(), machine_id: machine_id.into(), owner }
    }

    #[test]
    fn what_is_compared_is_written_in_one_way() {
        let id = "0123456789ABCDEF0123456789abcdef";
        let checked = entry("web-1", "::ffff:10.0.0.7", id).checked().unwrap();
        assert_eq!(checked.address, "10.0.0.7");
        assert_eq!(checked.machine_id, "0123456789abcdef0123456789abcdef");
        let checked = entry("web-1", "2001:DB8:0::1", "").checked().unwrap();
        assert_eq!(checked.address, "2001:db8::1");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (name, address, machine_id, parameter) in [
            ("", "", "", "name"),
            (" a", "", "", "name"),
            ("a\nb", "", "", "name"),
            ("a", "web-1", "", "address"),
            ("a", "0.0.0.0", "", "address"),
            ("a", "ff02::1", "", "address"),
            ("a", "", "0123", "machine_id"),
            ("a", "", "0123456789abcdef0123456789abcdeg", "machine_id"),
        ] {
            let error = entry(name, address, machine_id).checked().unwrap_err();
            assert_eq!(error.parameter(), Some(parameter), "{error}");
        }
        for (key, value) in [("", "v"), ("a=b", "v"), ("k", "a\nb"), (&*"k".repeat(37), "v")] {
            let tags = BTreeMap::from([(key.to_owned(), value.to_owned())]);
            let owner = OwnerChange { tags: Some(tags), ..OwnerChange::default() };
            let error = Entry { owner, ..entry("a", "", "") }.checked().unwrap_err();
            assert_eq!(error.parameter(), Some("tags"), "{error}");
        }
    }
}
