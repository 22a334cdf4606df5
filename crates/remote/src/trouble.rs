//! What goes wrong between us and a host.

use std::fmt;

/// Why a host was not changed. `Display` is fit for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is no OpenSSH client where the configuration says.
    NoClient(String),
    /// No address of the host answers; the last one's reason. May be tried again.
    Unreachable(String),
    /// The connection broke off or took too long. The change may have happened. May be tried again.
    Broken(String),
    /// Whoever answers has another key than the host.
    HostKey,
    /// The account does not let in by this credential.
    Denied,
    /// The host refused the change; its reason.
    Refused(String),
    /// What went wrong, and that the host may have been changed half-way: somebody must look.
    Uncertain(String),
}

impl Trouble {
    /// Whether another attempt can go better by itself.
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Broken(_))
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoClient(why) => write!(f, "the OpenSSH client cannot be run: {why}"),
            Self::Unreachable(why) => write!(f, "the host cannot be reached: {why}"),
            Self::Broken(why) => write!(f, "the connection to the host broke off: {why}"),
            Self::HostKey => f.write_str(
                "the server that answers has none of the host keys the inventory knows of this host",
            ),
            Self::Denied => f.write_str("the account does not let in by the credential given"),
            Self::Uncertain(why) => f.write_str(why),
            Self::Refused(why) => write!(f, "the host refused the change: {why}"),
        }
    }
}

impl std::error::Error for Trouble {}
