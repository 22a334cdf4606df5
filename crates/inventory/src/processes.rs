//! The process table, read once a sweep.
//!
//! To read a process in full takes twenty calls. Three prove an old one unchanged: its `stat` line (an
//! `exec` moves the layout in it), its owner, the link to its executable. Its arguments are compared only if
//! page faults show that it ran at all. It is read in full when it is new, when one of these differs, as
//! long as it is young (daemons drop their rights soon after their start), and otherwise every sixteenth
//! sweep, for what they do not show: namespaces, control group, working directory. Whoever vanishes
//! meanwhile is simply not there: that is normal.

pub mod detail;
mod stat;

use crate::proc::{Proc, link_at, read_at};
use muster_model::Micros;
pub(crate) use stat::unified_cgroup;
use stat::{StatLine, State};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
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
    /// Its start in ticks since the boot: with the number it tells processes apart.
    pub(crate) start_ticks: i64,
    /// Grows whenever anything above changes.
    pub(crate) revision: u64,
}

/// What is remembered from sweep to sweep.
#[derive(Debug, Default)]
pub(crate) struct ProcessTable {
    /// By pid.
    known: Vec<Known>,
    boot: Option<Micros>,
    sweep: u64,
    revision: u64,
}

#[derive(Debug)]
struct Known {
    process: Arc<Process>,
    comm: Box<[u8]>,
    state: State,
    faults: u64,
    settled: bool,
}

impl ProcessTable {
    /// Every this many sweeps a process is read in full although it looks unchanged.
    const ROTATION: u64 = 16;
    /// Younger processes may still be changing their user and name.
    const SETTLED_SECS: i64 = 10;

    /// Is it this process's turn to be looked at in full?
    pub(crate) fn is_due(pid: u32, sweep: u64) -> bool {
        (u64::from(pid) + sweep).is_multiple_of(Self::ROTATION)
    }

    /// The processes by pid, as of now.
    pub(crate) fn read(&mut self, proc: &Proc, now: Micros) -> Vec<Arc<Process>> {
        self.sweep += 1;
        // Derived by the kernel from the wall clock, it wanders when that is set: the first one stays.
        let boot = *self.boot.get_or_insert_with(|| boot_time(proc));
        let pids = proc.pids();
        let mut before = std::mem::take(&mut self.known).into_iter().peekable();
        let mut table = Vec::with_capacity(pids.len());
        let mut known = Vec::with_capacity(pids.len());
        for pid in pids {
            while before.next_if(|known| known.process.pid < pid).is_some() {}
            let before = before.next_if(|known| known.process.pid == pid);
            if let Some(entry) = self.look(proc, pid, before, boot, now) {
                table.push(Arc::clone(&entry.process));
                known.push(entry);
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
        let mut buffer = [0; 2048];
        let line = StatLine::parse(proc.head(pid, "stat", &mut buffer)?)?;
        let before = match before {
            Some(mut before) if before.is_unchanged(proc, &line, self.sweep) => {
                before.faults = line.faults;
                return Some(before);
            }
            other => other.map(|before| before.process),
        };
        let mut process = read_process(proc, pid, &line, boot)?;
        let settled = process.start.plus_secs(Self::SETTLED_SECS) < now;
        process.revision = before.as_ref().map_or(0, |before| before.revision);
        let process = match before {
            Some(before) if *before == process => before,
            _ => {
                self.revision += 1;
                process.revision = self.revision;
                Arc::new(process)
            }
        };
        let (comm, state, faults) = (line.comm.into(), line.state, line.faults);
        Some(Known { process, comm, state, faults, settled })
    }
}

impl Known {
    /// Is it still the same process, of the same user, running the same program with the same arguments?
    /// Of one whose turn it is that is not said.
    fn is_unchanged(&self, proc: &Proc, line: &StatLine<'_>, sweep: u64) -> bool {
        let process = &self.process;
        let same = self.settled
            && !ProcessTable::is_due(process.pid, sweep)
            && self.state == line.state
            && *self.comm == *line.comm;
        if !same || process.kernel {
            return same;
        }
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let exe = proc.link_of(process.pid, "exe", &mut buffer).map(without_deleted);
        let (path, deleted) = exe.unwrap_or_default();
        path == process.exe.as_os_str().as_bytes()
            && deleted == process.exe_deleted
            && owner(proc, process.pid).is_none_or(|owner| owner == (process.uid, process.gid))
            && (self.faults == line.faults
                || read_args(proc, &format!("{}/cmdline", process.pid)) == process.args)
    }
}

/// Is the process of this number still this one?
pub(crate) fn is_still(proc: &Proc, process: &Process) -> bool {
    let mut buffer = [0; 2048];
    let line = proc.head(process.pid, "stat", &mut buffer).and_then(StatLine::parse);
    line.is_some_and(|line| line.state.start_ticks == process.start_ticks)
}

/// One process in full, without any table.
pub(crate) fn read_one(proc: &Proc, pid: u32, boot: Micros) -> Option<Process> {
    let mut buffer = [0; 2048];
    let line = StatLine::parse(proc.head(pid, "stat", &mut buffer)?)?;
    read_process(proc, pid, &line, boot)
}

/// Effective user and group, which the kernel makes the owners of a process's directory. Those of a fixture
/// say nothing.
fn owner(proc: &Proc, pid: u32) -> Option<(u32, u32)> {
    let stat = proc.stat_of(pid, "").filter(|_| proc.is_kernel())?;
    Some((stat.uid, stat.gid))
}

pub(crate) fn boot_time(proc: &Proc) -> Micros {
    let secs = proc.text("stat").ok().and_then(|text| {
        text.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
    });
    Micros::from_secs(secs.unwrap_or_default())
}

fn read_process(proc: &Proc, pid: u32, line: &StatLine<'_>, boot: Micros) -> Option<Process> {
    /// Clock ticks a second in what the kernel tells user space; fixed on all architectures we build for.
    const USER_HZ: i64 = 100;

    let ticks = line.state.start_ticks;
    let mut process = Process {
        pid,
        ppid: line.state.ppid,
        start: Micros(boot.0.saturating_add(ticks.saturating_mul(1_000_000 / USER_HZ))),
        uid: 0,
        gid: 0,
        comm: String::from_utf8_lossy(line.comm).into_owned(),
        exe: PathBuf::new(),
        exe_deleted: false,
        args: Vec::new(),
        cwd: PathBuf::new(),
        kernel: line.state.kernel,
        netns: 0,
        mntns: 0,
        cgroup: String::new(),
        start_ticks: ticks,
        revision: 0,
    };
    if process.kernel {
        return Some(process);
    }
    let dir = proc.directory(pid.to_string()).ok()?;
    (process.uid, process.gid) = match owner(proc, pid) {
        Some(owner) => owner,
        None => stat::effective_ids(&read_at(&dir, Path::new("status"), 64 * 1024).ok()?),
    };
    let link = |name: &str| link_at(&dir, Path::new(name));
    if let Some(exe) = link("exe") {
        let (path, deleted) = without_deleted(exe.as_os_str().as_bytes());
        process.exe = PathBuf::from(std::ffi::OsString::from_vec(path.to_vec()));
        process.exe_deleted = deleted;
    }
    process.cwd = link("cwd").unwrap_or_default();
    process.netns = link("ns/net").map_or(0, |target| namespace(&target));
    process.mntns = link("ns/mnt").map_or(0, |target| namespace(&target));
    process.args = read_args(&dir, "cmdline");
    let cgroup = read_at(&dir, Path::new("cgroup"), 64 * 1024).unwrap_or_default();
    process.cgroup = unified_cgroup(&cgroup);
    Some(process)
}

/// The arguments; the kernel gives a command line up to the stack's limit, of which 64 KiB are kept.
fn read_args(dir: impl AsFd, path: &str) -> Vec<String> {
    use std::io::Read;
    const MAX_ARGS: u64 = 64 * 1024;
    let Ok(file) = crate::proc::open_at(dir, Path::new(path)) else { return Vec::new() };
    let mut bytes = Vec::with_capacity(512);
    if file.take(MAX_ARGS).read_to_end(&mut bytes).is_err() {
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
fn without_deleted(exe: &[u8]) -> (&[u8], bool) {
    match exe.strip_suffix(b" (deleted)") {
        Some(path) => (path, true),
        None => (exe, false),
    }
}

/// `net:[4026531840]` → 4026531840.
fn namespace(target: &Path) -> u64 {
    namespace_of(target.as_os_str().as_bytes())
}

/// As a link of a process has it.
pub(crate) fn namespace_of(target: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(target);
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

    /// A process that does what it is told: perl, with the address space laid out as always or at random.
    struct Obedient {
        child: std::process::Child,
        said: std::io::BufReader<std::process::ChildStdout>,
    }

    impl Obedient {
        /// Says `done` when it starts and after each order.
        const PROGRAM: &str =
            "$| = 1; do { print \"done\\n\"; $_ = <STDIN>; eval } while (defined)";

        #[expect(clippy::disallowed_methods, reason = "the test looks at a process of its own")]
        fn start(random: bool) -> Self {
            let mut command = std::process::Command::new(if random { "perl" } else { "setarch" });
            if !random {
                command.args(["-R", "perl"]);
            }
            let mut child = command
                .args(["-e", Self::PROGRAM, "one"])
                .env("PROGRAM", Self::PROGRAM)
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            let said = std::io::BufReader::new(child.stdout.take().unwrap());
            let mut started = Self { child, said };
            started.done("starting");
            started
        }

        fn done(&mut self, order: &str) {
            use std::io::BufRead;
            let mut line = String::new();
            self.said.read_line(&mut line).unwrap();
            assert_eq!(line, "done\n", "{order}");
        }

        fn tell(&mut self, order: &str) {
            use std::io::Write;
            writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
            self.done(order);
        }

        /// Executes perl again, as another file or with another argument.
        fn exec(&mut self, perl: &str, argument: &str) {
            self.tell(&format!(
                "exec {{'{perl}'}} 'perl', '-e', $ENV{{PROGRAM}}, '{argument}' or die"
            ));
        }
    }

    impl Drop for Obedient {
        fn drop(&mut self) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }

    #[test]
    fn what_a_living_process_turns_into_is_seen_in_the_next_sweep() {
        let proc = Proc::open(Path::new("/proc")).unwrap();
        let later = SystemClock.now().plus_secs(60);
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join("perl");
        fs::copy("/usr/bin/perl", &copy).unwrap();
        for random in [true, false] {
            let mut child = Obedient::start(random);
            let pid = child.child.id();
            let mut table = ProcessTable::default();
            let mut look = || {
                // Never in its turn, when everything would be read.
                table.sweep += u64::from(ProcessTable::is_due(pid, table.sweep + 1));
                let found = table.read(&proc, later).into_iter().find(|it| it.pid == pid);
                found.unwrap()
            };
            let first = look();
            assert!(Arc::ptr_eq(&first, &look()), "settled and unchanged");

            child.exec("/usr/bin/perl", "two");
            let second = look();
            assert_eq!(second.args.last().unwrap(), "two", "random: {random}");
            assert_eq!((second.pid, second.start), (first.pid, first.start));
            assert!(second.revision > first.revision);

            child.exec(copy.to_str().unwrap(), "two");
            let third = look();
            assert_eq!((&third.exe, third.exe_deleted), (&copy, false), "random: {random}");
            if rustix::process::geteuid().is_root() {
                child.tell("$) = 7; $> = 9");
                assert_eq!((look().uid, look().gid), (9, 7));
                child.tell("$> = 0; $) = 0");
            }
            child.tell("$0 = 'renamed'");
            assert_eq!(look().args.first().unwrap(), "renamed");
            fs::rename(&copy, dir.path().join("moved")).unwrap();
            fs::remove_file(dir.path().join("moved")).unwrap();
            assert!(look().exe_deleted);
            fs::copy("/usr/bin/perl", &copy).unwrap();
        }
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
