//! The spool: what the server is known to hold, on disk.
//!
//! It holds no queue of messages. Against it the next sweep tells the difference, whatever happened in
//! between, so it is bounded by the host's own state (28 bytes a row) and an outage of any length costs
//! nothing more. A damaged spool is thrown away: the server then asks for what it lacks.

use crate::state::StateDir;
use crate::sync::Memory;
use muster_model::Result;

const FILE: &str = "spool.json";

/// Reads the spool; none when there is none or it is damaged.
///
/// # Errors
/// `Unavailable` when the disk refuses.
pub fn load(state: &StateDir) -> Result<Option<Memory>> {
    let Some(bytes) = state.read(FILE)? else { return Ok(None) };
    let memory = check(&bytes);
    if memory.is_none() {
        tracing::warn!(file = %state.path(FILE).display(), "the spool is damaged: starting over");
    }
    Ok(memory)
}

/// Writes the spool, atomically and to the disk.
///
/// # Errors
/// `Unavailable` when the disk refuses.
pub fn save(state: &StateDir, memory: &Memory) -> Result<()> {
    let mut bytes = serde_json::to_vec(memory).map_err(muster_model::Error::internal)?;
    let sum = checksum(&bytes);
    bytes.push(b'\n');
    bytes.extend_from_slice(sum.as_bytes());
    state.write(FILE, &bytes)
}

fn check(bytes: &[u8]) -> Option<Memory> {
    let at = bytes.iter().rposition(|byte| *byte == b'\n')?;
    let (json, sum) = bytes.split_at_checked(at)?;
    if sum.get(1..)? != checksum(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

fn checksum(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Sync;
    use muster_model::Micros;

    #[test]
    fn a_spool_survives_and_any_damage_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::open(dir.path()).unwrap();
        assert_eq!(load(&state).unwrap(), None);
        let memory = Sync::new(None, Micros::from_secs(9)).memory();
        save(&state, &memory).unwrap();
        assert_eq!(load(&state).unwrap(), Some(memory));
        let whole = std::fs::read(state.path(FILE)).unwrap();
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] ^= 1;
            assert_eq!(check(&broken), None, "byte {at}");
        }
        state.write(FILE, &whole[..whole.len() / 2]).unwrap();
        assert_eq!(load(&state).unwrap(), None);
    }
}
