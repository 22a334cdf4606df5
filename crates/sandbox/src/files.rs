//! No files: everything that Landlock knows is handled, and no rule opens any of it again.

use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, RulesetStatus, Scope,
};

/// Closes the file system; on newer kernels also TCP, abstract sockets and signals to others.
pub(crate) fn close() -> Result<(), String> {
    match restrict() {
        Ok(RulesetStatus::NotEnforced) => {
            Err("the kernel has no Landlock, or it is off".to_owned())
        }
        // What an older kernel does not know is more than reading, writing and running files.
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn restrict() -> Result<RulesetStatus, RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}
