//! The process table, read once a sweep.
//!
//! A process is read in full when it is new, when its `stat` line shows that it executed another
//! program, as long as it is young (daemons drop their rights soon after their start), and otherwise
//! every sixteenth sweep. Whoever vanishes meanwhile is simply not there: that is normal.

pub mod detail;
mod stat;

use crate::proc::{Proc, link_at, read_at};
use muster_model::Micros;
use stat::StatLine;
use std::collections::HashMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Its parent's.
    pub ppid: u32,
    /// When it was started.
    pub start: Micros,
    /// Effective user.
    pub uid: u32,
    /// Effective group.
    pub gid: u32,
    /// The kernel's name of it, at most 15 bytes.
    pub comm: String,
    /// Its executable, in terms of its own root; empty for kernel threads and where not allowed.
    pub exe: PathBuf,
    /// The executable was deleted or replaced since.
    pub exe_deleted: bool,
    /// Arguments, the program's own name first. At most 64 KiB are read.
    pub args: Vec<String>,
    /// Working directory.
    pub cwd: PathBuf,
    /// A thread of the kernel.
    pub kernel: bool,
    /// Inode number of its network namespace, 0 if not allowed to see.
    pub netns: u64,
    /// Inode number of its mount namespace, 0 if not allowed to see.
    pub mntns: u64,
    /// Its path in the unified control group hierarchy; empty if it has none.
    pub cgroup: String,
    /// Grows whenever anything above changes.
    pub(crate) revision: u64,
}

/// What is remembered from sweep to sweep.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    known: HashMap<u32, Known>,
    boot: Option<Micros>,
    sweep: u64,
    revision: u64,
}

#[derive(Debug)]
struct Known {
    process: Arc<Process>,
    line: StatLine,
    settled: bool,
}

impl ProcessTable {
    /// Every this many sweeps a process is read in full although it looks unchanged.
    const ROTATION: u64 = 16;
    /// Younger processes may still be changing their user and name.
    const SETTLED_SECS: i64 = 10;
    /// More processes than any kernel allows by default; a fixture may hold anything.
    const MAX_PROCESSES: usize = 4_194_304;

    /// Is it this process's turn to be looked at in full?
    pub(crate) fn is_due(pid: u32, sweep: u64) -> bool {
        (u64::from(pid) + sweep).is_multiple_of(Self::ROTATION)
    }

    /// The processes by pid, as of now.
    pub(crate) fn read(&mut self, proc: &Proc, now: Micros) -> Vec<Arc<Process>> {
        self.sweep += 1;
        // Derived by the kernel from the wall clock, it wanders when that is set: the first one stays.
        let boot = *self.boot.get_or_insert_with(|| boot_time(proc));
        let mut pids: Vec<u32> = proc
            .names(".")
            .iter()
            .filter_map(|name| name.to_str()?.parse().ok())
            .take(Self::MAX_PROCESSES)
            .collect();
        pids.sort_unstable();
        let mut known = HashMap::with_capacity(pids.len());
        let mut table = Vec::with_capacity(pids.len());
        for pid in pids {
            let before = self.known.remove(&pid);
            if let Some(entry) = self.look(proc, pid, before, boot, now) {
                table.push(Arc::clone(&entry.process));
                known.insert(pid, entry);
            }
        }
        self.known = known;
        table
    }

    fn look(
        &mut self,
        proc: &Proc,
        pid: u32,
        before: Option<Known>,
        boot: Micros,
        now: Micros,
    ) -> Option<Known> {
        let path = format!("{pid}/stat");
        let line = StatLine::parse(&proc.read(&path, 4096).ok()?)?;
        if let Some(before) = before {
            let due = Self::is_due(pid, self.sweep);
            if before.line == line && before.settled && !due {
                return Some(before);
            }
            let mut process = read_process(proc, pid, &line, boot)?;
            process.revision = before.process.revision;
            let settled = process.start.plus_secs(Self::SETTLED_SECS) < now;
            if process == *before.process {
                return Some(Known { process: before.process, line, settled });
            }
            self.revision += 1;
            process.revision = self.revision;
            return Some(Known { process: Arc::new(process), line, settled });
        }
        let mut process = read_process(proc, pid, &line, boot)?;
        self.revision += 1;
        process.revision = self.revision;
        let settled = process.start.plus_secs(Self::SETTLED_SECS) < now;
        Some(Known { process: Arc::new(process), line, settled })
    }
}

fn boot_time(proc: &Proc) -> Micros {
    let secs = proc.text("stat").ok().and_then(|text| {
        text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
    });
    Micros::from_secs(secs.unwrap_or_default())
}

fn read_process(proc: &Proc, pid: u32, line: &StatLine, boot: Micros) -> Option<Process> {
    /// Clock ticks a second in what the kernel tells user space; fixed on all architectures we build for.
    const USER_HZ: i64 = 100;
    /// The kernel gives a command line up to the stack's limit; this much is kept.
    const MAX_ARGS: u64 = 64 * 1024;

    let start = Micros(boot.0.saturating_add(line.start_ticks.saturating_mul(1_000_000 / USER_HZ)));
    let mut process = Process {
        pid,
        ppid: line.ppid,
        start,
        uid: 0,
        gid: 0,
        comm: line.comm.clone(),
        exe: PathBuf::new(),
        exe_deleted: false,
        args: Vec::new(),
        cwd: PathBuf::new(),
        kernel: line.kernel,
        netns: 0,
        mntns: 0,
        cgroup: String::new(),
        revision: 0,
    };
    if line.kernel {
        return Some(process);
    }
    let dir = proc.directory(pid.to_string()).ok()?;
    let status = read_at(&dir, Path::new("status"), 64 * 1024).ok()?;
    (process.uid, process.gid) = stat::effective_ids(&status);
    let link = |name: &str| link_at(&dir, Path::new(name));
    if let Some(exe) = link("exe") {
        (process.exe, process.exe_deleted) = without_deleted(exe);
    }
    process.cwd = link("cwd").unwrap_or_default();
    process.netns = link("ns/net").map_or(0, |target| namespace(&target));
    process.mntns = link("ns/mnt").map_or(0, |target| namespace(&target));
    process.args = read_args(&dir, MAX_ARGS);
    let cgroup = read_at(&dir, Path::new("cgroup"), 64 * 1024).unwrap_or_default();
    process.cgroup = stat::unified_cgroup(&cgroup);
    Some(process)
}

/// The arguments; those beyond `max` bytes are left out.
fn read_args(dir: &rustix::fd::OwnedFd, max: u64) -> Vec<String> {
    use std::io::Read;
    let Ok(file) = crate::proc::open_at(dir, Path::new("cmdline")) else { return Vec::new() };
    let mut bytes = Vec::with_capacity(512);
    if file.take(max).read_to_end(&mut bytes).is_err() {
        return Vec::new();
    }
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|byte| *byte == 0).map(|arg| String::from_utf8_lossy(arg).into_owned()).collect()
}

/// The kernel marks the executable of a process that was deleted or replaced by a suffix.
fn without_deleted(exe: PathBuf) -> (PathBuf, bool) {
    const MARK: &[u8] = b" (deleted)";
    match exe.as_os_str().as_bytes().strip_suffix(MARK) {
        Some(path) => (PathBuf::from(std::ffi::OsString::from_vec(path.to_vec())), true),
        None => (exe, false),
    }
}

/// `net:[4026531840]` → 4026531840.
fn namespace(target: &Path) -> u64 {
    let text = target.to_string_lossy();
    let digits = text.split_once(":[").and_then(|(_, rest)| rest.strip_suffix(']'));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::{Clock, SystemClock};
    use std::fs;

    /// A proc directory with one process.
    struct Fixture(tempfile::TempDir);

    impl Fixture {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("stat"), "cpu 1 2\nbtime 1000\nprocesses 5\n").unwrap();
            Self(dir)
        }

        fn add(&self, pid: u32, comm: &str, stack: u64) {
            let dir = self.0.path().join(pid.to_string());
            fs::create_dir_all(&dir).unwrap();
            let stat = format!(
                "{pid} ({comm}) S 1 1 1 0 -1 0 0 0 0 0 1 2 0 0 20 0 1 0 250 1 1 1 1 1 {stack} 0 0 0 0 \
                 0 0 0 0 0 17 1 0 0 0 0 0 1 2 3 4 5 6 7 0"
            );
            fs::write(dir.join("stat"), stat).unwrap();
            fs::write(dir.join("status"), "Uid:\t1\t33\t1\t1\nGid:\t1\t34\t1\t1\n").unwrap();
            fs::write(dir.join("cmdline"), format!("{comm}\0--x\0\0")).unwrap();
            fs::write(dir.join("cgroup"), "0::/system.slice/a.service\n").unwrap();
            let _ = fs::remove_file(dir.join("exe"));
            std::os::unix::fs::symlink(format!("/bin/{comm} (deleted)"), dir.join("exe")).unwrap();
        }

        fn open(&self) -> Proc {
            Proc::open(self.0.path()).unwrap()
        }
    }

    #[test]
    fn a_process_is_read_from_its_files() {
        let fixture = Fixture::new();
        fixture.add(7, "web", 1);
        let table = ProcessTable::default().read(&fixture.open(), Micros::from_secs(5000));
        let process = &table[0];
        assert_eq!((process.pid, process.ppid, process.uid, process.gid), (7, 1, 33, 34));
        assert_eq!(process.start, Micros(1_002_500_000));
        assert_eq!((process.exe.as_path(), process.exe_deleted), (Path::new("/bin/web"), true));
        assert_eq!(process.args, ["web", "--x", ""]);
        assert_eq!(process.cgroup, "/system.slice/a.service");
    }

    #[test]
    fn half_vanished_processes_are_left_out() {
        let fixture = Fixture::new();
        fixture.add(7, "web", 1);
        fixture.add(8, "gone", 1);
        fs::remove_file(fixture.0.path().join("8/status")).unwrap();
        fs::create_dir(fixture.0.path().join("9")).unwrap();
        fs::write(fixture.0.path().join("10"), "a file").unwrap();
        let table = ProcessTable::default().read(&fixture.open(), Micros::from_secs(5000));
        assert_eq!(table.iter().map(|process| process.pid).collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn a_settled_process_is_only_read_again_after_an_exec_or_in_its_turn() {
        let fixture = Fixture::new();
        fixture.add(7, "web", 1);
        let proc = fixture.open();
        let mut table = ProcessTable::default();
        let mut look = || table.read(&proc, Micros::from_secs(5000)).remove(0);
        let first = look();
        assert!(Arc::ptr_eq(&first, &look()));
        fixture.add(7, "other", 2);
        let second = look();
        assert_eq!(second.comm, "other");
        assert!(second.revision > first.revision);
        // What the stat line does not show is found when its turn comes.
        fs::write(fixture.0.path().join("7/status"), "Uid:\t1\t99\t1\t1\n").unwrap();
        let turn = (0..ProcessTable::ROTATION).map(|_| look()).find(|process| process.uid == 99);
        assert!(turn.is_some());
    }

    #[test]
    fn this_test_is_a_process_and_a_kernel_thread_is_none_of_a_program() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let table = ProcessTable::default().read(&proc, SystemClock.now());
        let own = table.iter().find(|process| process.pid == std::process::id()).unwrap();
        assert_eq!(own.exe, std::env::current_exe().unwrap());
        assert_eq!(own.args, std::env::args().collect::<Vec<_>>());
        assert!(own.start <= SystemClock.now() && own.start > Micros::from_secs(1_600_000_000));
        assert!(own.netns > 0 && own.mntns > 0 && !own.kernel);
        for thread in table.iter().filter(|process| process.kernel) {
            assert!(thread.exe.as_os_str().is_empty() && thread.args.is_empty());
        }
    }
}
