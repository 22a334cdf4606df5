//! Where the segments of a node lie.

use super::read::{self, End, Tail};
use super::segment::Segment;
use crate::Hold;
use muster_model::{Error, ErrorKind, Result};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder held by one process.
pub(super) struct Folder {
    path: PathBuf,
    _hold: Hold,
}

/// Where a trail goes on.
pub(super) struct Start {
    /// The segment to write to, unless there is none yet.
    pub(super) segment: Option<Segment>,
    /// Its number.
    pub(super) number: u32,
    /// Where the chain stands.
    pub(super) end: Option<End>,
    /// What was found that should be told.
    pub(super) remarks: Vec<String>,
}

impl Folder {
    /// Takes the folder, making it for its owner only where it is missing.
    pub(super) fn take(path: &Path) -> Result<Self> {
        let hold = Hold::take(path, "another process writes this audit trail");
        let hold = hold.map_err(|error| {
            Error::new(error.kind(), format!("audit: {}", error.message())).with_source(error)
        })?;
        Ok(Self { path: path.to_owned(), _hold: hold })
    }

    /// The file of a segment.
    pub(super) fn segment(&self, node: &str, number: u32) -> PathBuf {
        self.path.join(format!("{node}-{number:06}.jsonl"))
    }

    /// Finds the end of the chain. The end of the last segment may be torn where the process was killed:
    /// that part was never acknowledged and is cut off. Anything else that is wrong stays as it is, and the
    /// chain goes on in a new segment.
    pub(super) fn start(&self) -> Result<Start> {
        let segments = read::segments(&self.path).map_err(|error| unusable(&self.path, error))?;
        let mut nodes: Vec<_> = segments.iter().map(|segment| segment.node.as_str()).collect();
        nodes.dedup();
        if nodes.len() > 1 {
            let nodes = nodes.join(", ");
            let message =
                format!("{}: holds the trails of several nodes: {nodes}", self.path.display());
            return Err(Error::conflict(message));
        }
        let mut start = Start { segment: None, number: 0, end: None, remarks: Vec::new() };
        for segment in segments.iter().rev() {
            let tail = Tail::of(&segment.path).map_err(|error| unusable(&segment.path, error))?;
            let last = start.number == 0;
            start.number = start.number.max(segment.number);
            if let Some(fault) = &tail.damage {
                start.remarks.push(format!("{}: {fault}", segment.path.display()));
            } else if last {
                if tail.torn > 0 {
                    let name = segment.path.display();
                    start.remarks.push(format!("{name}: cut off {} unfinished bytes", tail.torn));
                }
                let resumed = Segment::resume(segment.path.clone(), tail.length);
                start.segment = Some(resumed.map_err(|error| unusable(&segment.path, error))?);
            }
            if tail.end.is_some() {
                start.end = tail.end;
                break;
            }
        }
        Ok(start)
    }
}

/// The folder or a file in it cannot be used.
fn unusable(path: &Path, error: io::Error) -> Error {
    let message = format!("audit: {}: {error}", path.display());
    Error::new(ErrorKind::Unavailable, message).with_source(error)
}

/// Whether a file lies there, for tests and reports.
pub(super) fn is_regular(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.file_type().is_file())
}
