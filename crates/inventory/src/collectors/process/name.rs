//! What a process is called.
//!
//! Three names are to be had: the first argument, which the process may set, the kernel's `comm`, cut to 15
//! bytes and also settable, and the executable, which is the truth about the code but not about the role: a
//! `redis-server` may be a link to `redis-check-rdb`, `sh` one to `busybox`, and a script runs in its
//! interpreter. The path of the row always is the executable's.

use crate::processes::Process;

/// Longest `comm`.
const COMM: usize = 15;

/// The name people know it by.
pub(super) fn name(process: &Process) -> String {
    let comm = process.comm.as_str();
    let exe = process.exe.file_name().map(|name| name.to_string_lossy().into_owned());
    let exe = exe.as_deref().unwrap_or_default();
    let zero = program(process);
    if !zero.is_empty() && (zero == exe || is_cut_to(zero, comm)) {
        return zero.to_owned();
    }
    if !exe.is_empty() && is_cut_to(exe, comm) {
        return exe.to_owned();
    }
    // The kernel names a script's process after the script, which follows its interpreter.
    let script = process.args.iter().skip(1).take(2).map(|arg| base_name(arg));
    if let Some(script) =
        script.into_iter().find(|script| !script.is_empty() && is_cut_to(script, comm))
    {
        return script.to_owned();
    }
    if exe.is_empty() { comm.to_owned() } else { exe.to_owned() }
}

/// The arguments after the program's own name. A process that rewrote its title has one text for all.
pub(super) fn arguments(process: &Process) -> impl Iterator<Item = &str> {
    let title = match process.args.as_slice() {
        [title] if process.exe.as_os_str() != title.as_str() => {
            title.split_once(char::is_whitespace).map(|(_, rest)| rest)
        }
        _ => None,
    };
    process.args.iter().skip(1).map(String::as_str).chain(title)
}

/// The program's name in the first argument: without folder, the dash of a login shell, and what a title
/// like `nginx: worker process` goes on with.
fn program(process: &Process) -> &str {
    let zero = process.args.first().map(String::as_str).unwrap_or_default();
    let zero = match process.args.as_slice() {
        [_] => zero.split(char::is_whitespace).next().unwrap_or_default(),
        _ => zero,
    };
    base_name(zero.strip_prefix('-').unwrap_or(zero)).trim_end_matches(':')
}

/// Is `comm` what the kernel would make of `name`?
fn is_cut_to(name: &str, comm: &str) -> bool {
    let bytes = name.as_bytes();
    !comm.is_empty() && bytes.get(..COMM).unwrap_or(bytes) == comm.as_bytes()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_model::Micros;

    fn process(exe: &str, comm: &str, args: &[&str]) -> Process {
        Process {
            pid: 1,
            ppid: 0,
            start: Micros(0),
            uid: 0,
            gid: 0,
            comm: comm.into(),
            exe: exe.into(),
            exe_deleted: false,
            args: args.iter().map(|&arg| arg.to_owned()).collect(),
            cwd: "/".into(),
            kernel: false,
            netns: 0,
            mntns: 0,
            cgroup: String::new(),
            start_ticks: 0,
            revision: 0,
        }
    }

    #[test]
    fn a_process_is_called_by_its_role() {
        for (exe, comm, args, expected) in [
            (
                "/usr/bin/redis-check-rdb",
                "redis-server",
                &["/usr/bin/redis-server 127.0.0.1:6379"][..],
                "redis-server",
            ),
            ("/bin/busybox", "sh", &["sh", "-c", "x"], "sh"),
            ("/usr/bin/bash", "bash", &["-bash"], "bash"),
            ("/usr/sbin/nginx", "nginx", &["nginx: worker process"], "nginx"),
            (
                "/usr/bin/python3.11",
                "deploy.py",
                &["/usr/bin/python3", "/opt/deploy.py"],
                "deploy.py",
            ),
            ("/usr/bin/node", "MainThread", &["node", "app.js"], "node"),
            ("/usr/bin/python3.11", "python3", &["python3", "x.py"], "python3"),
            (
                "/usr/lib/systemd/systemd-networkd",
                "systemd-network",
                &["/lib/systemd/systemd-networkd"],
                "systemd-networkd",
            ),
            ("/opt/a b/run", "run", &["/opt/a b/run", "x"], "run"),
            ("/tmp/evil", "innocent", &["[kworker/0:1]"], "evil"),
            ("", "kthreadd", &[], "kthreadd"),
        ] {
            assert_eq!(name(&process(exe, comm, args)), expected);
        }
    }

    #[test]
    fn arguments_follow_the_program_even_in_a_title() {
        let rest = |exe, args: &[&str]| {
            arguments(&process(exe, "x", args)).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(rest("/bin/ls", &["ls", "-l", "a b"]), ["-l", "a b"]);
        assert_eq!(rest("/usr/sbin/nginx", &["nginx: master process x"]), ["master process x"]);
        assert!(rest("/opt/a b/run", &["/opt/a b/run"]).is_empty());
    }
}
