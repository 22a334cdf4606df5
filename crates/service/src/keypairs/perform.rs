//! Carrying a task out on its host.
//!
//! A pair is added first, then it is shown that the host lets in by it, and only then the one before it is taken
//! away. Every step can be repeated: an attempt that comes after a crash goes on where that one was.

use super::settings::KeypairSettings;
use muster_model::{Error, Result};
use muster_remote::{Credential, Edit, Ssh, Target, Trouble};
use muster_store::hosts::Host;
use muster_store::keypairs::tasks::Task;
use muster_vault::ssh::PublicKey;
use std::net::IpAddr;

/// How an attempt ends.
type Outcome = std::result::Result<(), Trouble>;

/// The account of a host, at the addresses and with the keys its agent reported.
///
/// # Errors
/// `Invalid` naming what is not known or not possible.
pub(super) fn target(
    settings: &KeypairSettings,
    host: &Host,
    port: i64,
    account: &str,
) -> Result<Target> {
    let addresses = host.profile.addresses.iter().filter_map(|text| text.parse().ok());
    let addresses = addresses.filter(|address| may_be_reached(*address, settings.loopback));
    let keys = host.profile.ssh_host_keys.iter();
    let keys = keys.filter_map(|line| PublicKey::parse(line).ok());
    let port =
        u16::try_from(port).map_err(|_| Error::invalid("server.port", "must be 1 to 65535"))?;
    Target::new(addresses.collect(), port, account, keys.collect())
}

/// Addresses that stand for a machine of the network. A host says itself which are its own; it must not lead us
/// to this machine or to what answers only here.
fn may_be_reached(address: IpAddr, loopback: bool) -> bool {
    let address = address.to_canonical();
    let local = match address {
        IpAddr::V4(it) => it.is_link_local() || it.is_broadcast(),
        IpAddr::V6(it) => it.is_unicast_link_local(),
    };
    !local
        && !address.is_unspecified()
        && !address.is_multicast()
        && (loopback || !address.is_loopback())
}

/// The word that marks the line a task adds: only such a line is taken back where the task fails.
pub(super) fn mark(task: &str) -> String {
    format!("muster:{task}")
}

/// A task made ready.
pub(super) struct Work {
    target: Target,
    credential: Credential,
    add: Option<PublicKey>,
    remove: Vec<PublicKey>,
    mark: String,
}

impl Work {
    pub(super) fn new(task: &Task, target: Target, credential: Credential) -> Result<Self> {
        let read = |line: &str| PublicKey::parse(line).map_err(Error::internal);
        let add = Some(task.add_key.as_str()).filter(|line| !line.is_empty());
        Ok(Self {
            target,
            credential,
            add: add.map(read).transpose()?,
            remove: task.remove_keys.lines().map(read).collect::<Result<_>>()?,
            mark: mark(&task.id),
        })
    }

    /// Does it. `again`: an attempt before this one may have got anywhere. `last`: there is none after it.
    pub(super) async fn perform(&self, ssh: &Ssh, again: bool, last: bool) -> Outcome {
        match &self.add {
            Some(key) => self.bind(ssh, key, again, last).await,
            None => self.unbind(ssh, again).await,
        }
    }

    async fn bind(&self, ssh: &Ssh, key: &PublicKey, again: bool, last: bool) -> Outcome {
        let edit = Edit { add: Some(key.clone()), ..Edit::default() };
        let trouble = match ssh.edit(&self.target, &self.credential, &edit).await {
            Ok(_) => match self.switch(ssh, key).await {
                Ok(()) => return Ok(()),
                Err(trouble) => trouble,
            },
            // Nothing was changed yet.
            Err(trouble) if !again && !matches!(trouble, Trouble::Broken(_)) => {
                return Err(trouble);
            }
            Err(trouble) => trouble,
        };
        if trouble.may_pass() && !last {
            return Err(trouble);
        }
        match self.is_reached(ssh).await {
            Ok(true) => Ok(()),
            Ok(false) => self.take_back(ssh, key, trouble).await,
            // Taken back blindly, the account could end up with neither key.
            Err(second) => Err(uncertain(&trouble, &second)),
        }
    }

    /// From the old key to the new one, which stands there already.
    async fn switch(&self, ssh: &Ssh, key: &PublicKey) -> Outcome {
        if !ssh.accepts(&self.target, key).await? {
            return Err(Trouble::Refused(
                "its SSH server does not let in by the new key: see its AuthorizedKeysFile, its \
                 PubkeyAcceptedAlgorithms and the modes of the home folder"
                    .to_owned(),
            ));
        }
        if self.remove.is_empty() {
            return Ok(());
        }
        let edit = Edit { remove: self.remove.clone(), ..Edit::default() };
        ssh.edit(&self.target, &self.credential, &edit).await.map(drop)
    }

    async fn take_back(&self, ssh: &Ssh, key: &PublicKey, trouble: Trouble) -> Outcome {
        let marked = self.mark.clone();
        let back = Edit { remove: vec![key.clone()], marked, ..Edit::default() };
        match ssh.edit(&self.target, &self.credential, &back).await {
            Ok(_) => Err(trouble),
            Err(second) => Err(uncertain(&trouble, &second)),
        }
    }

    async fn unbind(&self, ssh: &Ssh, again: bool) -> Outcome {
        let edit = Edit { remove: self.remove.clone(), ..Edit::default() };
        let done = ssh.edit(&self.target, &self.credential, &edit).await;
        if let Err(trouble) = done {
            let gone = again
                || match &trouble {
                    Trouble::Broken(_) => true,
                    Trouble::Denied => self.is_let_in_by_what_goes(),
                    _ => false,
                };
            return if gone && self.is_reached(ssh).await == Ok(true) {
                Ok(())
            } else {
                Err(trouble)
            };
        }
        for key in &self.remove {
            if ssh.accepts(&self.target, key).await? {
                let why = "its SSH server still lets in by the key: it stands elsewhere, too";
                return Err(Trouble::Refused(why.to_owned()));
            }
        }
        Ok(())
    }

    /// Whether the credential is the very key that is not to let in any more.
    fn is_let_in_by_what_goes(&self) -> bool {
        let Credential::Key(own) = &self.credential else { return false };
        self.remove.iter().any(|key| own.fits(key))
    }

    /// Whether the host is as it shall be, as far as it can be seen from outside.
    async fn is_reached(&self, ssh: &Ssh) -> std::result::Result<bool, Trouble> {
        if let Some(key) = &self.add
            && !ssh.accepts(&self.target, key).await?
        {
            return Ok(false);
        }
        for key in &self.remove {
            if ssh.accepts(&self.target, key).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn uncertain(trouble: &Trouble, second: &Trouble) -> Trouble {
    Trouble::Uncertain(format!(
        "{trouble}; whether the new key still stands in the account's authorized_keys could not be seen to ({second})"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_lead_us_home() {
        for (address, reached) in [
            ("192.0.2.1", true),
            ("10.0.0.1", true),
            ("2001:db8::1", true),
            ("127.0.0.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("169.254.169.254", false),
            ("fe80::1", false),
            ("0.0.0.0", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
        ] {
            assert_eq!(may_be_reached(address.parse().unwrap(), false), reached, "{address}");
        }
        assert!(may_be_reached("127.0.0.1".parse().unwrap(), true));
        assert!(!may_be_reached("169.254.169.254".parse().unwrap(), true));
    }
}
