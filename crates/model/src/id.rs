//! Names that leave the system are text; keys inside the store are integers and never leave it.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $parameter:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an id from outside: 1 to 64 characters of letters, digits, `-` and `_`.
            ///
            /// # Errors
            /// `Invalid`, naming the parameter.
            pub fn parse(text: &str) -> Result<Self> {
                let fits = (1..=64).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
                if fits {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(Error::invalid($parameter, "must be 1 to 64 letters, digits, - or _"))
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// An account (the vendor says domain): 32 hexadecimal digits when Muster makes it.
    DomainId,
    "domain_id"
);
text_id!(
    /// A project of an account: 32 hexadecimal digits when Muster makes it.
    ProjectId,
    "project_id"
);
text_id!(
    /// A user of an account: 32 hexadecimal digits when Muster makes it.
    UserId,
    "user_id"
);
text_id!(
    /// A host, as the server named it at enrolment (UUID).
    HostId,
    "host_id"
);
text_id!(
    /// An agent, as the server named it at enrolment (64 hexadecimal digits: SHA-256 of its public key).
    AgentId,
    "agent_id"
);
