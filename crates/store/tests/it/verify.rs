//! A trail that somebody laid hands on.

use muster_model::Micros;
use muster_store::audit::Record;
use muster_store::trail::verify::{Point, Report, verify};
use muster_store::trail::{FileSystem, Trail, read};
use std::fs;
use std::path::{Path, PathBuf};

fn record(n: u64) -> Record {
    Record {
        at: Micros(1_767_225_600_000_000),
        request_id: format!("r{n}"),
        domain_id: "d".into(),
        project_id: String::new(),
        user_id: "u".into(),
        user_name: "alice".into(),
        credential: "token".into(),
        action: "scm:cert:export".into(),
        target: format!("certificate/{n}"),
        outcome: "intent".into(),
        detail: String::new(),
    }
}

/// A trail of nine records in three files, and a check point after each record.
async fn three_files() -> (tempfile::TempDir, Vec<Point>) {
    let dir = tempfile::tempdir().unwrap();
    let trail = Trail::open(dir.path(), Box::new(FileSystem)).unwrap().trail;
    let mut points = Vec::new();
    for n in 1..=9 {
        trail.durable(record(n)).await.unwrap();
        let end = trail.end().unwrap();
        points.push(Point { node: end.node, seq: end.seq, hash: end.hash, at: Micros(0) });
    }
    trail.close().await;
    let file = files(dir.path()).remove(0);
    let text = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = text.lines().collect();
    for (number, part) in lines.chunks(3).enumerate() {
        let name = file.to_str().unwrap().replace("000001", &format!("{:06}", number + 1));
        fs::write(name, part.join("\n") + "\n").unwrap();
    }
    (dir, points)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    read::segments(folder).unwrap().into_iter().map(|segment| segment.path).collect()
}

fn look(folder: &Path, points: &[Point], moved: bool) -> Report {
    let reports = verify(&[folder.to_owned()], points, moved).unwrap();
    assert_eq!(reports.len(), 1);
    reports.into_iter().next().unwrap()
}

/// The first fault in words, without the folder.
fn first(report: &Report) -> String {
    let fault = report.faults.first().map(ToString::to_string).unwrap_or_default();
    fault.rsplit('/').next().unwrap_or_default().replace(&report.node, "N")
}

#[tokio::test]
async fn a_whole_trail_holds() {
    let (dir, points) = three_files().await;
    let report = look(dir.path(), &points, false);
    assert_eq!(report.faults, []);
    assert_eq!((report.segments, report.first, report.last, report.records), (3, 1, 9, 9));
    assert_eq!(report.points, 9);
}

#[tokio::test]
async fn the_first_broken_record_is_named() {
    let line = |text: &str, n: usize| text.lines().nth(n).unwrap().to_owned();
    type Edit<'a> = &'a dyn Fn(&str) -> String;
    let cases: [(Edit<'_>, &str); 5] = [
        (
            &|text| text.replace("certificate/5", "certificate/6"),
            "N-000002.jsonl, line 2: was edited",
        ),
        (
            &|text| format!("{}\n{}\n", line(text, 0), line(text, 2)),
            "N-000002.jsonl, line 2: record 6 stands where 5 was due",
        ),
        (
            &|text| format!("{}\n{}\n{}\n", line(text, 0), line(text, 2), line(text, 1)),
            "N-000002.jsonl, line 2: record 6 stands where 5 was due",
        ),
        (
            &|text| format!("{}\n{}\n", line(text, 0), line(text, 1)),
            "N-000003.jsonl, line 1: record 7 stands where 6 was due",
        ),
        (&|text| text.get(..text.len() - 9).unwrap().to_owned(), "N-000002.jsonl: "),
    ];
    for (edit, expected) in cases {
        let (dir, _) = three_files().await;
        let file = files(dir.path()).remove(1);
        let edited = edit(&fs::read_to_string(&file).unwrap());
        fs::write(&file, edited).unwrap();
        let report = look(dir.path(), &[], false);
        assert!(first(&report).starts_with(expected), "{expected}: {:?}", report.faults);
    }
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let (dir, points) = three_files().await;
    let names = files(dir.path());
    let aside = tempfile::tempdir().unwrap();
    fs::rename(&names[1], aside.path().join(names[1].file_name().unwrap())).unwrap();
    let report = look(dir.path(), &[], false);
    assert_eq!(first(&report), "N-000003.jsonl: N-000002.jsonl, which comes before it, is missing");
    // Brought together again from two folders, it holds.
    let both = [dir.path().to_owned(), aside.path().to_owned()];
    assert_eq!(verify(&both, &points, false).unwrap()[0].faults, []);

    // The beginning may have been moved away; a check point still says what it was.
    let (dir, points) = three_files().await;
    fs::remove_file(&files(dir.path())[0]).unwrap();
    assert!(first(&look(dir.path(), &points, false)).ends_with("is missing"));
    let moved = look(dir.path(), &points, true);
    assert_eq!((moved.faults.len(), moved.first, moved.points), (0, 4, 7));
    let mut forged = points.clone();
    forged[2].hash = [9; 32];
    let report = look(dir.path(), &forged, true);
    assert!(first(&report).contains("does not follow record 3"), "{:?}", report.faults);
}

#[tokio::test]
async fn what_the_chain_alone_cannot_tell_check_points_do() {
    let (dir, points) = three_files().await;
    let names = files(dir.path());
    let text = fs::read_to_string(&names[2]).unwrap();
    fs::write(&names[2], text.lines().next().unwrap().to_owned() + "\n").unwrap();
    // The end is gone, and the chain holds.
    assert_eq!(look(dir.path(), &[], false).faults, []);
    let cut = look(dir.path(), &points, false);
    assert!(first(&cut).contains("ends with record 7, but"), "{:?}", cut.faults);
    assert!(first(&cut).contains("names record 9"), "{:?}", cut.faults);

    // All of it written anew, with every hash right.
    let anew = tempfile::tempdir().unwrap();
    let trail = Trail::open(anew.path(), Box::new(FileSystem)).unwrap().trail;
    for n in 11..=19 {
        trail.durable(record(n)).await.unwrap();
    }
    let node = trail.node().to_owned();
    trail.close().await;
    let points: Vec<_> =
        points.into_iter().map(|point| Point { node: node.clone(), ..point }).collect();
    assert_eq!(look(anew.path(), &[], false).faults, []);
    let report = look(anew.path(), &points, false);
    assert!(
        first(&report).contains("record 1 is not the one the check point"),
        "{:?}",
        report.faults
    );

    // Nothing of it is left at all.
    let empty = tempfile::tempdir().unwrap();
    let report = look(empty.path(), &points, false);
    assert!(first(&report).contains("ends with record 0"), "{:?}", report.faults);
}
