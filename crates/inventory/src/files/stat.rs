//! What a path is, as far as collectors and the gates need to know.

use muster_model::Micros;
use rustix::fs::{FileType, RawMode};

/// A file's metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Device that holds it.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
    /// Bytes.
    pub size: u64,
    /// Type and permission bits, as `st_mode`.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last change of the content.
    pub mtime: Micros,
    /// Last change of the inode: cannot be set back by its owner.
    pub ctime: Micros,
    /// Last read.
    pub atime: Micros,
}

impl Stat {
    /// A regular file?
    pub fn is_file(&self) -> bool {
        self.file_type() == FileType::RegularFile
    }

    /// A directory?
    pub fn is_dir(&self) -> bool {
        self.file_type() == FileType::Directory
    }

    /// A symbolic link? Only ever true of [`super::Files::link_stat`].
    pub fn is_link(&self) -> bool {
        self.file_type() == FileType::Symlink
    }

    /// May anyone execute it?
    pub const fn is_executable(&self) -> bool {
        self.mode & 0o111 != 0
    }

    /// Permission bits as four octal digits, `0755`.
    pub fn permissions(&self) -> String {
        format!("{:04o}", self.mode & 0o7777)
    }

    /// What must be equal for the content to count as unchanged.
    pub const fn signature(&self) -> Signature {
        Signature {
            dev: self.dev,
            ino: self.ino,
            size: self.size,
            mode: self.mode,
            owner: (self.uid, self.gid),
            mtime: self.mtime,
            ctime: self.ctime,
        }
    }

    pub(crate) fn file_type(&self) -> FileType {
        FileType::from_raw_mode(RawMode::from(self.mode))
    }
}

/// See [`Stat::signature`]. Reading a file changes none of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    dev: u64,
    ino: u64,
    size: u64,
    mode: u32,
    owner: (u32, u32),
    mtime: Micros,
    ctime: Micros,
}

impl Signature {
    /// A write within the tick of a file's time stamp leaves the stamp as it is, so a signature taken
    /// this soon after the change proves nothing later.
    pub fn is_settled(&self, now: Micros) -> bool {
        const SETTLES_AFTER_SECS: i64 = 1;
        self.ctime.plus_secs(SETTLES_AFTER_SECS) < now
    }
}

impl From<rustix::fs::Stat> for Stat {
    #[expect(
        clippy::useless_conversion,
        reason = "the widths of these fields differ between architectures"
    )]
    fn from(stat: rustix::fs::Stat) -> Self {
        let micros = |secs: i64, nanos: i64| Micros(secs.saturating_mul(1_000_000) + nanos / 1_000);
        let nanos = |n| i64::try_from(n).unwrap_or_default();
        Self {
            dev: u64::from(stat.st_dev),
            ino: u64::from(stat.st_ino),
            size: u64::try_from(stat.st_size).unwrap_or_default(),
            mode: u32::from(stat.st_mode),
            uid: stat.st_uid,
            gid: stat.st_gid,
            mtime: micros(stat.st_mtime.into(), nanos(stat.st_mtime_nsec)),
            ctime: micros(stat.st_ctime.into(), nanos(stat.st_ctime_nsec)),
            atime: micros(stat.st_atime.into(), nanos(stat.st_atime_nsec)),
        }
    }
}
