//! What a scan may cost, and the account of what it has cost so far.
//!
//! Everything that unpacks asks the [`Budget`] before it takes: an archive bomb ends the scan with a verdict
//! instead of ending the process.

use crate::trouble::{Code, Trouble};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Unpacking less than this is never called a bomb, whatever the ratio.
const RATIO_FLOOR: u64 = 512 << 20;

/// Unpacked members that may wait for another thread, bytes: enough to keep it busy.
const WAITING: u64 = 16 << 20;
/// Unpacked members from which on memory is given back at once instead of being kept for the next, bytes.
const FULL: u64 = 64 << 20;

/// What one scan may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Archives within archives within ...; a file on disk is at depth 0.
    pub depth: u32,
    /// Files on disk and members of archives, together.
    pub members: u64,
    /// Archives opened.
    pub archives: u64,
    /// Bytes unpacked altogether.
    pub total: u64,
    /// Bytes unpacked for each byte that lay there packed, over the whole scan.
    pub ratio: u64,
    /// Bytes of unpacked members held in memory at one time.
    pub memory: u64,
    /// Time from begin to end.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 16,
            members: 20_000_000,
            archives: 200_000,
            total: 256 << 30,
            ratio: 250,
            memory: 1 << 30,
            time: Duration::from_secs(3_600),
        }
    }
}

/// The account of a running scan, shared by its threads.
#[derive(Debug)]
pub struct Budget {
    limits: Limits,
    deadline: Instant,
    packed: AtomicU64,
    unpacked: AtomicU64,
    passed: AtomicU64,
    members: AtomicU64,
    archives: AtomicU64,
    held: AtomicU64,
    stop: OnceLock<Trouble>,
}

impl Budget {
    /// A fresh account; the time runs from `now`.
    pub fn new(limits: Limits, now: Instant) -> Arc<Self> {
        Arc::new(Self {
            limits,
            deadline: now.checked_add(limits.time).unwrap_or(now),
            packed: AtomicU64::new(0),
            unpacked: AtomicU64::new(0),
            passed: AtomicU64::new(0),
            members: AtomicU64::new(0),
            archives: AtomicU64::new(0),
            held: AtomicU64::new(0),
            stop: OnceLock::new(),
        })
    }

    /// The limits of the account.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Why the scan ended early, if it did.
    pub fn stopped(&self) -> Option<&Trouble> {
        self.stop.get()
    }

    /// Files and members seen so far.
    pub fn members(&self) -> u64 {
        self.members.load(Relaxed)
    }

    /// Bytes read from disk and unpacked so far.
    pub fn bytes(&self) -> u64 {
        self.packed.load(Relaxed).saturating_add(self.unpacked.load(Relaxed))
    }

    /// `bytes` of what lies on disk are behind.
    pub(crate) fn pass(&self, bytes: u64) {
        self.passed.fetch_add(bytes, Relaxed);
    }

    /// How much of what lies on disk is behind, 0 to 100. It counts archives as far as they were read; it stays at 0
    /// for those that do not tell.
    pub fn percent(&self) -> u8 {
        let passed = self.passed.load(Relaxed).saturating_mul(100);
        u8::try_from(passed / self.packed.load(Relaxed).max(1)).unwrap_or(100).min(100)
    }

    /// Archives opened so far.
    pub fn archives(&self) -> u64 {
        self.archives.load(Relaxed)
    }

    fn end(&self, code: Code, message: String) -> Trouble {
        self.stop.get_or_init(|| Trouble::new(code, message)).clone()
    }

    /// One more file or member.
    ///
    /// # Errors
    /// The scan has ended, or ends now.
    pub fn member(&self) -> Result<(), Trouble> {
        let seen = self.members.fetch_add(1, Relaxed);
        if seen >= self.limits.members {
            let most = self.limits.members;
            return Err(self.end(Code::LimitMembers, format!("more than {most} files and members")));
        }
        // The clock is asked now and then only: a look costs more than most members do.
        if seen.is_multiple_of(64) { self.check() } else { self.going() }
    }

    /// One more archive.
    ///
    /// # Errors
    /// The scan has ended, or ends now.
    pub fn archive(&self) -> Result<(), Trouble> {
        if self.archives.fetch_add(1, Relaxed) >= self.limits.archives {
            let most = self.limits.archives;
            return Err(self.end(Code::LimitArchives, format!("more than {most} archives")));
        }
        self.check()
    }

    /// A file on disk of this size is part of the scan.
    pub fn lies_there(&self, bytes: u64) {
        self.packed.fetch_add(bytes, Relaxed);
    }

    /// `bytes` more are unpacked.
    ///
    /// # Errors
    /// The scan has ended, or ends now.
    pub fn unpack(&self, bytes: u64) -> Result<(), Trouble> {
        let unpacked = self.unpacked.fetch_add(bytes, Relaxed).saturating_add(bytes);
        if unpacked > self.limits.total {
            let most = self.limits.total;
            return Err(self.end(Code::LimitTotal, format!("more than {most} bytes unpacked")));
        }
        let packed = self.packed.load(Relaxed);
        if unpacked > RATIO_FLOOR && unpacked / packed.max(1) > self.limits.ratio {
            let most = self.limits.ratio;
            return Err(self.end(
                Code::LimitRatio,
                format!("{unpacked} bytes came out of {packed}, more than {most} to one"),
            ));
        }
        self.check()
    }

    /// Is there time left, and no other reason to end?
    ///
    /// # Errors
    /// The scan has ended, or ends now.
    pub fn check(&self) -> Result<(), Trouble> {
        if Instant::now() > self.deadline {
            let most = self.limits.time.as_secs();
            return Err(self.end(Code::LimitTime, format!("longer than {most} s")));
        }
        self.going()
    }

    fn going(&self) -> Result<(), Trouble> {
        self.stop.get().map_or(Ok(()), |stop| Err(stop.clone()))
    }

    /// Room in memory for `bytes`, given back when the guard goes.
    ///
    /// # Errors
    /// There is not that much room: the member is left out, the scan goes on.
    pub fn hold(self: &Arc<Self>, bytes: u64) -> Result<Held, Trouble> {
        let held = self.held.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let guard = Held { budget: Arc::clone(self), bytes };
        if held > self.limits.memory {
            let most = self.limits.memory;
            return Err(Trouble::new(
                Code::LimitMemory,
                format!("{bytes} bytes do not fit into the {most} bytes of memory a scan may hold"),
            ));
        }
        Ok(guard)
    }

    /// Whether so much is held unpacked that what an allocator keeps for the next member would come on top.
    pub fn is_full(&self) -> bool {
        self.held.load(Relaxed) > FULL
    }

    /// Whether so much is held unpacked that it is time to work off instead of queueing.
    pub fn is_tight(&self) -> bool {
        self.held.load(Relaxed) > WAITING.min(self.limits.memory / 2)
    }
}

impl Held {
    /// Takes more memory for the same thing.
    ///
    /// # Errors
    /// As [`Budget::hold`].
    pub fn grow(&mut self, bytes: u64) -> Result<(), Trouble> {
        let mut more = self.budget.hold(bytes)?;
        self.bytes = self.bytes.saturating_add(std::mem::take(&mut more.bytes));
        Ok(())
    }
}

/// Memory taken from a [`Budget`].
#[derive(Debug)]
pub struct Held {
    budget: Arc<Budget>,
    bytes: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(limits: Limits) -> Arc<Budget> {
        Budget::new(limits, Instant::now())
    }

    #[test]
    fn memory_comes_back_and_the_scan_goes_on() {
        let budget = budget(Limits { memory: 100, ..Limits::default() });
        let first = budget.hold(80).unwrap();
        assert_eq!(budget.hold(30).unwrap_err().code, Code::LimitMemory);
        assert!(budget.is_tight());
        drop(first);
        assert!(budget.hold(100).is_ok() && budget.stopped().is_none());
    }

    #[test]
    fn other_limits_end_the_scan_once() {
        let budget = budget(Limits { members: 1, total: 10, ..Limits::default() });
        budget.member().unwrap();
        assert_eq!(budget.member().unwrap_err().code, Code::LimitMembers);
        assert_eq!(budget.unpack(11).unwrap_err().code, Code::LimitMembers);
        assert_eq!(budget.stopped().unwrap().code, Code::LimitMembers);
    }

    #[test]
    fn a_ratio_counts_only_where_much_was_unpacked() {
        let budget = budget(Limits::default());
        budget.lies_there(1_000);
        budget.unpack(400 << 20).unwrap();
        assert_eq!(budget.unpack(200 << 20).unwrap_err().code, Code::LimitRatio);
    }

    #[test]
    fn time_runs_out() {
        let limits = Limits { time: Duration::ZERO, ..Limits::default() };
        assert_eq!(budget(limits).check().unwrap_err().code, Code::LimitTime);
    }
}
