//! How a password reaches the client: through a pipe with a name, once, never through a file, an argument or an
//! environment.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the client runs to ask. It answers once: a wrong password must not be tried a second time in another
/// way, which would lock accounts out sooner.
const PROGRAM: &str = "#!/bin/sh
cd \"${0%/*}\" && mv answer given 2>/dev/null && IFS= read -r line <given && printf '%s\\n' \"$line\"
";

/// The way for one answer. It is gone when dropped.
pub(crate) struct Askpass {
    /// The program for `SSH_ASKPASS`.
    pub(crate) program: PathBuf,
    /// Holds the pipe, and what was not read, open.
    _pipe: File,
}

impl Askpass {
    /// Prepares the answer in `folder`, which nobody else may enter.
    pub(crate) fn prepare(folder: &Path, password: &str) -> io::Result<Self> {
        let program = folder.join("ask");
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o700).open(&program)?;
        file.write_all(PROGRAM.as_bytes())?;
        // Still open for writing it could not be run.
        drop(file);
        let path = folder.join("answer");
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // Open at both ends, so that neither opening nor writing waits for a reader.
        let mut pipe = OpenOptions::new().read(true).write(true).open(&path)?;
        let line = Zeroizing::new(format!("{password}\n"));
        // It fits in at once: a password is limited to far less than a pipe holds.
        pipe.write_all(line.as_bytes())?;
        Ok(Self { program, _pipe: pipe })
    }
}
