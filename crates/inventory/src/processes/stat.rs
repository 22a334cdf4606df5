//! `/proc/PID/stat`, `status` and `cgroup`.

/// What of a `stat` line is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StatLine<'a> {
    pub(super) comm: &'a [u8],
    pub(super) state: State,
    /// Page faults so far. Nothing is executed without one, nor written to fresh memory.
    pub(super) faults: u64,
}

/// What tells one process from another and shows that it executed something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) ppid: u32,
    pub(super) kernel: bool,
    pub(super) start_ticks: i64,
    /// Where code, data, stack, arguments and environment begin and end: an `exec` moves them.
    layout: [u64; 10],
}

impl<'a> StatLine<'a> {
    /// `PF_KTHREAD` of the kernel's `sched.h`.
    const KERNEL_THREAD: u64 = 0x0020_0000;

    /// Reads the line (proc_pid_stat(5)). The name may hold blanks and parentheses, so it ends at the
    /// last one.
    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let comm = line.get(open + 1..close)?;
        // The manual counts from 1 and the first after the name is field 3.
        let fields = line.get(close + 2..)?.split(|byte| *byte == b' ').zip(3..);
        let mut state = State::default();
        let (mut last, mut faults, mut layout) = (0, 0u64, state.layout.iter_mut());
        for (field, number) in fields {
            last = number;
            match number {
                4 => state.ppid = u32::try_from(decimal(field)?).ok()?,
                9 => state.kernel = decimal(field)? & Self::KERNEL_THREAD != 0,
                10 | 12 => faults = faults.wrapping_add(decimal(field)?),
                22 => state.start_ticks = i64::try_from(decimal(field)?).ok()?,
                26..=28 | 45..=51 => *layout.next()? = decimal(field)?,
                _ => {}
            }
        }
        (last >= 22).then_some(Self { comm, state, faults })
    }
}

fn decimal(field: &[u8]) -> Option<u64> {
    let digits = field.trim_ascii_end();
    digits.iter().try_fold(0u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Effective user and group of a `status` file.
pub(super) fn effective_ids(status: &[u8]) -> (u32, u32) {
    let text = String::from_utf8_lossy(status);
    let id = |key: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(key)?.split_ascii_whitespace().nth(1)?.parse().ok())
            .unwrap_or(0)
    };
    (id("Uid:"), id("Gid:"))
}

/// The path in the unified hierarchy, or else in that of systemd or of the processes' counter, which
/// container runtimes fill on hosts of the first version.
pub(crate) fn unified_cgroup(cgroup: &[u8]) -> String {
    let text = String::from_utf8_lossy(cgroup);
    let path = |controller: &str| {
        text.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            let name = parts.next()?;
            let path = parts.next()?;
            name.split(',').any(|part| part == controller).then(|| path.to_owned())
        })
    };
    let found = ["", "name=systemd", "pids"].into_iter().filter_map(path);
    let mut found: Vec<String> = found.collect();
    found.sort_by_key(|path| path == "/");
    found.into_iter().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "4242 (a) (b) c) S 1 4242 4242 0 -1 4194560 5 0 0 0 1 2 0 0 20 0 1 0 987654 \
        1000 10 18446744073709551615 94000 95000 140000 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 96000 97000 \
        98000 140100 140200 140300 140400 0";

    #[test]
    fn a_name_may_hold_parentheses() {
        let line = StatLine::parse(LINE.as_bytes()).unwrap();
        assert_eq!(line.comm, b"a) (b) c");
        let state = line.state;
        assert_eq!((state.ppid, state.start_ticks, state.kernel), (1, 987_654, false));
        let [code, .., env_end] = state.layout;
        assert_eq!((code, env_end, line.faults), (94_000, 140_400, 5));
    }

    #[test]
    fn a_kernel_thread_is_known_by_its_flag() {
        let line = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 1 0 0";
        assert!(StatLine::parse(line.as_bytes()).unwrap().state.kernel);
    }

    #[test]
    fn damaged_lines_give_nothing() {
        for line in ["", "1", "1 (x", "1 x) S", "1 (x) S", ") 1 ("] {
            assert_eq!(StatLine::parse(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_cgroup_is_the_unified_one_unless_that_says_nothing() {
        assert_eq!(unified_cgroup(b"0::/system.slice/ssh.service\n"), "/system.slice/ssh.service");
        assert_eq!(unified_cgroup(b"3:pids:/docker/ab\n1:name=systemd:/\n0::/\n"), "/docker/ab");
        assert_eq!(unified_cgroup(b"5:cpu,pids:/x:y\n"), "/x:y");
        assert_eq!(unified_cgroup(b"garbage"), "");
    }

    #[test]
    fn the_effective_ids_are_the_second() {
        assert_eq!(effective_ids(b"Name:\tx\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n"), (2, 6));
    }
}
