//! The file of check points beside the segments of a node: `<node>.checkpoints`, a signed line each.
//!
//! What a line means and who signed it is the caller's business; here it is text.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Largest file that is read, in bytes: some 25,000 days of one check point every five minutes are 7 GiB, a year
/// is 25 MiB.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Appends a line; it is on the disk when this returns. Blocks.
///
/// # Errors
/// Those of the system.
pub fn append(folder: &Path, node: &str, line: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let path = folder.join(format!("{node}.checkpoints"));
    let mut file = options.append(true).create(true).mode(0o600).open(path)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

/// The files of check points in a folder, by name. Blocks.
///
/// # Errors
/// Those of the system.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == "checkpoints") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The lines of a file, without empty ones. Bytes that are no text become replacement characters, which no
/// signature survives. Blocks.
///
/// # Errors
/// Those of the system; one for a file of more than 256 MiB.
pub fn lines(path: &Path) -> io::Result<Vec<String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}
