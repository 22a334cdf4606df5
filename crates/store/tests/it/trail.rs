//! The audit trail on disks that behave and on disks that do not.

use muster_model::{ErrorKind, Micros};
use muster_store::audit::Record;
use muster_store::trail::read::{self, Damage, Lines, Next};
use muster_store::trail::{Disk, FileSystem, Line, Opened, Trail};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use tokio::task::JoinSet;

fn record(n: usize) -> Record {
    Record {
        at: Micros(1_767_225_600_000_000),
        request_id: format!("r{n}"),
        domain_id: "d".into(),
        project_id: "p".into(),
        user_id: "u".into(),
        user_name: "alice".into(),
        credential: "token".into(),
        action: "scm:cert:export".into(),
        target: format!("certificate/{n}"),
        outcome: "intent".into(),
        detail: String::new(),
    }
}

fn open(folder: &Path) -> Trail {
    let Opened { trail, remarks } = Trail::open(folder, Box::new(FileSystem)).unwrap();
    assert_eq!(remarks, Vec::<String>::new());
    trail
}

fn files(folder: &Path) -> Vec<PathBuf> {
    read::segments(folder).unwrap().into_iter().map(|segment| segment.path).collect()
}

/// Every line of the folder, and what is wrong with the chain.
fn walk(folder: &Path) -> (Vec<Line>, Vec<(u64, Damage)>) {
    let (mut good, mut bad, mut end) = (Vec::new(), Vec::new(), None);
    for file in files(folder) {
        let mut lines = Lines::open(&file, end).unwrap();
        while let Some(next) = lines.next().unwrap() {
            match next {
                Next::Line(line) => good.push(*line),
                Next::Damaged(damage, _) => bad.push((lines.number, damage)),
                Next::Torn(bytes) => panic!("{bytes} unfinished bytes"),
            }
        }
        end = lines.end().cloned();
    }
    (good, bad)
}

#[tokio::test]
async fn what_was_acknowledged_is_there_and_the_chain_goes_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("audit");
    let trail = open(&folder);
    trail.durable(record(1)).await.unwrap();
    // On the disk already, without an orderly end.
    assert_eq!(walk(&folder).0.len(), 1);
    trail.soon(record(2)).unwrap();
    let node = trail.node().to_owned();
    trail.close().await;
    assert!(trail.durable(record(9)).await.is_err());
    drop(trail);

    let trail = open(&folder);
    assert_eq!(trail.node(), node);
    trail.durable(record(3)).await.unwrap();
    let (lines, bad) = walk(&folder);
    assert_eq!(bad, []);
    assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(lines[2].record, record(3));
    assert_eq!(lines[2].prev, lines[1].hash);
}

#[tokio::test]
async fn a_folder_is_written_by_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let trail = open(dir.path());
    let refused = Trail::open(dir.path(), Box::new(FileSystem)).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    trail.close().await;
    let nowhere = Trail::open(Path::new("/proc/nowhere"), Box::new(FileSystem)).err().unwrap();
    assert_eq!(nowhere.kind(), ErrorKind::Unavailable);
    assert!(nowhere.message().starts_with("audit: "), "{}", nowhere.message());
}

/// A disk that counts, and that can be told to hang or to be full.
#[derive(Clone, Default)]
struct Moody {
    flushes: Arc<AtomicUsize>,
    full: Arc<AtomicBool>,
    unflushable: Arc<AtomicBool>,
    hang: Arc<(Mutex<bool>, Condvar)>,
}

impl Moody {
    fn hang(&self, hang: bool) {
        *self.hang.0.lock().unwrap() = hang;
        self.hang.1.notify_all();
    }
}

impl Disk for Moody {
    fn append(&mut self, mut file: &File, bytes: &[u8]) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            // As a full disk does it: some of it is written.
            file.write_all(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write_all(bytes)
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        let (hang, changed) = (self.hang.0.lock().unwrap(), &self.hang.1);
        drop(changed.wait_while(hang, |hang| *hang).unwrap());
        self.flushes.fetch_add(1, Ordering::SeqCst);
        if self.unflushable.load(Ordering::SeqCst) {
            return Err(io::Error::other("input/output error"));
        }
        file.sync_data()
    }
}

#[tokio::test]
async fn one_flush_serves_all_that_wait() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Moody::default();
    let trail = Arc::new(Trail::open(dir.path(), Box::new(disk.clone())).unwrap().trail);
    disk.hang(true);
    let mut waiting = JoinSet::new();
    for n in 0..1000 {
        let trail = Arc::clone(&trail);
        waiting.spawn(async move { trail.durable(record(n)).await });
    }
    // All of them come as far as the queue: the runtime of this test has one thread, which may turn to us before it has been with each.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    disk.hang(false);
    assert!(waiting.join_all().await.into_iter().all(|done| done.is_ok()));
    assert!(disk.flushes.load(Ordering::SeqCst) <= 3, "{:?}", disk.flushes);
    let (lines, bad) = walk(dir.path());
    assert_eq!((lines.len(), bad.len()), (1000, 0));
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Moody::default();
    let trail = Arc::new(Trail::open(dir.path(), Box::new(disk.clone())).unwrap().trail);
    disk.hang(true);
    let mut first = JoinSet::new();
    first.spawn({
        let trail = Arc::clone(&trail);
        async move { trail.durable(record(1)).await }
    });
    // The writer hangs in the first record once it is in the file.
    while files(dir.path()).first().is_none_or(|file| fs::metadata(file).unwrap().len() == 0) {
        tokio::task::yield_now().await;
    }
    let given_up = tokio::time::timeout(std::time::Duration::ZERO, trail.durable(record(2))).await;
    assert!(given_up.is_err());
    disk.hang(false);
    assert_eq!(first.join_all().await, [Ok(())]);
    trail.durable(record(3)).await.unwrap();
    let targets: Vec<_> = walk(dir.path()).0.into_iter().map(|line| line.record.target).collect();
    assert_eq!(targets, ["certificate/1", "certificate/3"]);
}

#[tokio::test]
async fn a_full_disk_refuses_leaves_no_trace_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Moody::default();
    let trail = Trail::open(dir.path(), Box::new(disk.clone())).unwrap().trail;
    trail.durable(record(1)).await.unwrap();
    for (fault, n) in [(&disk.full, 2), (&disk.unflushable, 3)] {
        fault.store(true, Ordering::SeqCst);
        assert!(trail.durable(record(n)).await.is_err());
        assert!(trail.durable(record(n)).await.is_err());
        trail.soon(record(10 + n)).unwrap();
        fault.store(false, Ordering::SeqCst);
        // What nobody waited for comes before what comes next.
        trail.durable(record(20 + n)).await.unwrap();
    }
    trail.close().await;
    let (lines, bad) = walk(dir.path());
    assert_eq!(bad, []);
    let targets: Vec<_> = lines.iter().map(|line| &line.record.target[12..]).collect();
    assert_eq!(targets, ["1", "12", "22", "13", "23"]);
}

#[tokio::test]
async fn a_deleted_replaced_cut_or_shared_file_is_noticed_before_anything_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let trail = open(dir.path());
    trail.durable(record(1)).await.unwrap();
    let file = files(dir.path()).remove(0);
    let aside = dir.path().join("aside");

    fs::rename(&file, &aside).unwrap();
    let gone = trail.durable(record(2)).await.unwrap_err().to_string();
    assert!(gone.contains("No such file"), "{gone}");
    fs::copy(&aside, &file).unwrap();
    let replaced = trail.durable(record(2)).await.unwrap_err().to_string();
    assert!(replaced.contains("replaced"), "{replaced}");
    // Put back, it goes on.
    fs::rename(&aside, &file).unwrap();
    trail.durable(record(2)).await.unwrap();

    let whole = fs::read(&file).unwrap();
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{}\n").unwrap();
    let shared = trail.durable(record(3)).await.unwrap_err().to_string();
    assert!(shared.contains("somebody else"), "{shared}");
    OpenOptions::new().write(true).open(&file).unwrap().set_len(9).unwrap();
    let cut = trail.durable(record(3)).await.unwrap_err().to_string();
    assert!(cut.contains("cut off"), "{cut}");
    // Same file, content restored: the chain goes on as if nothing had been.
    OpenOptions::new().write(true).open(&file).unwrap().write_all(&whole).unwrap();
    trail.durable(record(3)).await.unwrap();
    let (lines, bad) = walk(dir.path());
    assert_eq!((lines.len(), bad.len()), (3, 0));
}

#[tokio::test]
async fn an_unfinished_end_is_cut_off_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let trail = open(dir.path());
    trail.durable(record(1)).await.unwrap();
    trail.close().await;
    drop(trail);
    let file = files(dir.path()).remove(0);
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"v\":1,\"no").unwrap();
    let opened = Trail::open(dir.path(), Box::new(FileSystem)).unwrap();
    assert!(opened.remarks[0].ends_with("cut off 10 unfinished bytes"), "{:?}", opened.remarks);
    opened.trail.durable(record(2)).await.unwrap();
    let (lines, bad) = walk(dir.path());
    assert_eq!((lines.len(), bad.len()), (2, 0));
}

#[tokio::test]
async fn a_damaged_segment_stays_as_it_is_and_the_chain_goes_on_in_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let trail = open(dir.path());
    for n in 1..=5 {
        trail.durable(record(n)).await.unwrap();
    }
    trail.close().await;
    drop(trail);
    let file = files(dir.path()).remove(0);
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let edited = lines[2].replace("certificate/3", "certificate/4");
    let cases = [
        ([lines[0], lines[1], &edited, lines[3], lines[4]].join("\n"), 3, Damage::Edited),
        (
            [lines[0], lines[1], lines[3], lines[4]].join("\n"),
            3,
            Damage::Order { due: 3, found: 4 },
        ),
        (
            [lines[0], lines[2], lines[1], lines[3], lines[4]].join("\n"),
            2,
            Damage::Order { due: 2, found: 3 },
        ),
        ([lines[0], "{}", lines[1], lines[2]].join("\n"), 2, Damage::Form),
    ];
    for (damaged, at, damage) in cases {
        let copy = tempfile::tempdir().unwrap();
        let target = copy.path().join(file.file_name().unwrap());
        fs::write(&target, damaged.clone() + "\n").unwrap();
        let first = walk(copy.path()).1[0];
        assert_eq!(first, (at, damage));
        let opened = Trail::open(copy.path(), Box::new(FileSystem)).unwrap();
        let place = format!("line {at} ");
        assert!(opened.remarks[0].contains(&place), "{:?}", opened.remarks);
        opened.trail.durable(record(6)).await.unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), damaged + "\n");
        assert_eq!(files(copy.path()).len(), 2);
    }
}

/// Not a test: the process that [`kill_nine_loses_nothing_acknowledged`] kills. Says what is on the disk.
#[tokio::test]
#[ignore = "run by another test"]
async fn victim() {
    let folder = std::env::args().next_back().unwrap();
    let trail = Arc::new(open(Path::new(&folder)));
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        let trail = Arc::clone(&trail);
        writers.spawn(async move {
            for n in 0.. {
                let n = writer * 1_000_000 + n;
                trail.durable(record(n)).await.unwrap();
                println!("acknowledged certificate/{n}");
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "this test's own binary, to be killed")]
async fn kill_nine_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = std::collections::HashSet::new();
    for round in 1..=3 {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "trail::victim", "--ignored", "--nocapture", "--"])
            .arg(dir.path())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = io::BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.by_ref().map_while(Result::ok);
        let said =
            said.filter_map(|line| line.split_once("acknowledged ").map(|(_, it)| it.to_owned()));
        acknowledged.extend(said.take(round * 100));
        child.kill().unwrap();
        child.wait().unwrap();
        // What was said between the last look and the kill counts as well.
        let late = lines.map_while(Result::ok);
        acknowledged.extend(
            late.filter_map(|line| line.split_once("acknowledged ").map(|(_, it)| it.to_owned())),
        );
    }
    let trail = Trail::open(dir.path(), Box::new(FileSystem)).unwrap().trail;
    trail.durable(record(7)).await.unwrap();
    let (lines, bad) = walk(dir.path());
    assert_eq!(bad, []);
    assert!(lines.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
    let there: std::collections::HashSet<_> =
        lines.into_iter().map(|line| line.record.target).collect();
    assert!(acknowledged.len() >= 100);
    assert_eq!(acknowledged.difference(&there).count(), 0);
}
