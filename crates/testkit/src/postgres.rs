//! A private PostgreSQL cluster for one test process: no port, no password, a socket in a temporary folder.
//!
//! A small shell process keeps the cluster. It waits for the end of its standard input, which comes when
//! the test process ends in whatever way, stops the server and removes the folder.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

const KEEPER: &str = r#"
set -e
dir=$(mktemp -d /tmp/muster-pg.XXXXXX)
cd "$dir"
"$1/initdb" -D "$dir/data" -U muster -A trust -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 || {
    cat "$dir/log" >&2; rm -rf "$dir"; exit 1; }
"$1/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=400 -c shared_buffers=64MB -c max_pred_locks_per_transaction=256 \
    >>"$dir/log" 2>&1 </dev/null &
server=$!
until "$1/pg_isready" -q -h "$dir"; do
    kill -0 $server 2>/dev/null || { cat "$dir/log" >&2; rm -rf "$dir"; exit 1; }
    sleep 0.05
done
echo "$dir"
read -r _ || true
kill -INT $server
wait $server || true
rm -rf "$dir"
"#;

struct Cluster {
    programs: PathBuf,
    folder: String,
    databases: AtomicU32,
    /// Its standard input stays open as long as this process lives.
    _keeper: Child,
}

static CLUSTER: LazyLock<Option<Cluster>> = LazyLock::new(start);

/// Address of a new, empty database.
pub(crate) fn database() -> Option<String> {
    let cluster = CLUSTER.as_ref()?;
    let name = format!("test{}", cluster.databases.fetch_add(1, Ordering::SeqCst));
    let created = command(cluster.programs.join("createdb"))
        .args(["-h", &cluster.folder, "-U", "muster", &name])
        .status()
        .expect("createdb to run");
    assert!(created.success(), "createdb failed: {created}");
    Some(format!("postgres:///{name}?host={}&user=muster", cluster.folder))
}

/// CPU time all processes of the cluster have used so far; nothing where none was started.
pub(crate) fn cpu() -> Duration {
    let started = LazyLock::get(&CLUSTER).and_then(Option::as_ref);
    started.map_or(Duration::ZERO, |cluster| ticks(&cluster.folder).unwrap_or_default())
}

fn ticks(folder: &str) -> Option<Duration> {
    let lock = std::fs::read_to_string(format!("{folder}/data/postmaster.pid")).ok()?;
    let postmaster = lock.lines().next()?;
    let mut ticks = 0;
    for process in std::fs::read_dir("/proc").ok()?.flatten() {
        let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else { continue };
        // After the name, which may hold anything: state, parent, ... times of its own and of children.
        let (Some((pid, _)), Some((_, rest))) = (stat.split_once(' '), stat.rsplit_once(") "))
        else {
            continue;
        };
        let fields: Vec<&str> = rest.split(' ').collect();
        let times = if pid == postmaster { 11..15 } else { 11..13 };
        if pid == postmaster || fields.get(1) == Some(&postmaster) {
            let times = fields.get(times)?.iter();
            ticks += times.filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>();
        }
    }
    Some(Duration::from_millis(ticks * 1000 / rustix::param::clock_ticks_per_second()))
}

fn start() -> Option<Cluster> {
    let Some(programs) = programs() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "PostgreSQL's server programs are not installed (Debian: apt-get install postgresql)"
        );
        #[expect(clippy::print_stderr, reason = "a test that did not run must say so")]
        {
            eprintln!("no PostgreSQL here: this test did NOT run on it");
        }
        return None;
    };
    let mut keeper = as_unprivileged("sh")
        .args(["-c", KEEPER, "keeper"])
        .arg(&programs)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell to keep PostgreSQL");
    let mut folder = String::new();
    let stdout = keeper.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut folder).expect("the keeper to answer");
    assert!(!folder.is_empty(), "PostgreSQL did not start");
    Some(Cluster {
        programs,
        folder: folder.trim().to_owned(),
        databases: AtomicU32::new(0),
        _keeper: keeper,
    })
}

/// The newest installed server programs.
fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("postgres").exists())
        .collect();
    found.sort();
    found.pop()
}

/// PostgreSQL refuses to run as root.
fn as_unprivileged(program: &str) -> Command {
    use std::os::unix::fs::MetadataExt;
    let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !root {
        return command(program);
    }
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let has_account = accounts.lines().any(|line| line.starts_with("postgres:"));
    let user = if has_account { "postgres" } else { "nobody" };
    let mut command = command("setpriv");
    command.arg(format!("--reuid={user}")).args(["--regid=65534", "--clear-groups", program]);
    command
}

#[expect(clippy::disallowed_methods, reason = "tests start the real database")]
fn command(program: impl AsRef<Path>) -> Command {
    Command::new(program.as_ref())
}
