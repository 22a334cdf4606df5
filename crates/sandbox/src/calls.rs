//! Only the system calls that reading what is open, computing and writing what is open need.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter,
};
use std::collections::BTreeMap;
use std::env::consts::ARCH;

/// Calls that are let through as they are.
const OPEN: &[libc::c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_getres,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_fstat,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_lseek,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_nanosleep,
    libc::SYS_pread64,
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_getaffinity,
    libc::SYS_sched_yield,
    libc::SYS_set_robust_list,
    libc::SYS_sigaltstack,
    libc::SYS_write,
    libc::SYS_writev,
];

/// Closes all others: they fail with EPERM.
pub(crate) fn close() -> Result<(), String> {
    // A first filter says that clone3 is not there: its flags lie in memory, where a filter cannot look. The
    // runtime then asks for clone.
    let no_clone3 = filter(
        BTreeMap::from([(libc::SYS_clone3, Vec::new())]),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::ENOSYS.unsigned_abs()),
    )?;
    let only = filter(
        rules().map_err(|error| error.to_string())?,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
    )?;
    for filter in [&no_clone3, &only] {
        apply_filter(filter).map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn rules() -> Result<BTreeMap<libc::c_long, Vec<SeccompRule>>, seccompiler::BackendError> {
    let masked = |argument, mask: libc::c_int, value: libc::c_int| {
        let (mask, value) = (u64::from(mask.unsigned_abs()), u64::from(value.unsigned_abs()));
        let condition = SeccompCondition::new(
            argument,
            SeccompCmpArgLen::Dword,
            SeccompCmpOp::MaskedEq(mask),
            value,
        )?;
        SeccompRule::new(vec![condition])
    };
    let is = |argument, value: libc::c_int| masked(argument, -1, value);
    let mut rules: BTreeMap<_, _> = OPEN.iter().map(|call| (*call, Vec::new())).collect();
    // Threads, but no processes.
    rules.insert(libc::SYS_clone, vec![masked(0, libc::CLONE_THREAD, libc::CLONE_THREAD)?]);
    // The other filter answers it.
    rules.insert(libc::SYS_clone3, Vec::new());
    // Memory that can be run is not made any more.
    rules.insert(libc::SYS_mmap, vec![masked(2, libc::PROT_EXEC, 0)?]);
    rules.insert(libc::SYS_mprotect, vec![masked(2, libc::PROT_EXEC, 0)?]);
    // The runtime looks whether what it closes is open.
    rules.insert(libc::SYS_fcntl, vec![is(1, libc::F_GETFD)?]);
    // Names of threads and of memory.
    rules.insert(libc::SYS_prctl, vec![is(0, libc::PR_SET_NAME)?, is(0, libc::PR_SET_VMA)?]);
    Ok(rules)
}

fn filter(
    rules: BTreeMap<libc::c_long, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    then: SeccompAction,
) -> Result<BpfProgram, String> {
    let arch = ARCH.try_into().map_err(|_| format!("no filter is known for {ARCH}"))?;
    let filter =
        SeccompFilter::new(rules, otherwise, then, arch).map_err(|error| error.to_string())?;
    filter.try_into().map_err(|error: seccompiler::BackendError| error.to_string())
}
