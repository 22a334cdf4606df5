//! The audit by the command line: searched, exported, verified; and what a hand in the files brings about.

use crate::process::{Server, ask, run};
use std::path::{Path, PathBuf};
use std::process::Output;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8([output.stdout.as_slice(), &output.stderr].concat()).unwrap()
}

/// The one segment of a data folder.
fn segment(data: &Path) -> PathBuf {
    let files = std::fs::read_dir(data.join("audit")).unwrap();
    let mut files = files.map(|file| file.unwrap().path());
    files.find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap()
}

#[test]
fn what_was_done_is_found_exported_and_verified() {
    let (dir, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let data = dir.path();
    let server = Server::up(data, &["--no-local-agent"]);
    let issued = run(data, &["cert", "issue", "a.example"]);
    let id = String::from_utf8(issued.stdout).unwrap().trim().to_owned();
    for name in ["1.zip", "2.zip"] {
        let file = out.path().join(name);
        let args = ["cert", "export", &id, "--format", "pem", "--file", text(&file)];
        assert!(run(data, &args).status.success());
    }
    let point = run(data, &["audit", "checkpoint"]);
    let kept = out.path().join("kept");
    std::fs::write(&kept, &point.stdout).unwrap();
    let point: serde_json::Value = serde_json::from_slice(&point.stdout).unwrap();
    let key = point["key"].as_str().unwrap().to_owned();

    // Who, what, when, allowed or not.
    let trail = data.join("audit");
    let target = format!("certificate/{id}");
    let search = |more: &[&str]| {
        let found = ask(data, &[&["audit", "search"], more].concat());
        found.as_array().unwrap().iter().map(|row| row["outcome"].to_string()).collect::<Vec<_>>()
    };
    let found = crate::process::wait_for("the log", || {
        let found = search(&["--action", "scm:cert:export", "--target", &target]);
        (found.len() == 4).then_some(found)
    });
    assert_eq!(found.iter().filter(|outcome| *outcome == "\"intent\"").count(), 2);
    // And from where, in the log and in the trail.
    for more in [vec![], vec!["--trail", text(&trail)]] {
        let args = [&["audit", "search", "--action", "scm:cert:export"][..], &more].concat();
        let found = ask(data, &args);
        let from = found.as_array().unwrap().iter().map(|row| row["address"].clone());
        assert_eq!(from.collect::<Vec<_>>(), ["127.0.0.1"; 4], "{found}");
    }
    let args = ["--user", "admin", "--action", "scm:*", "--outcome", "success", "--from", "1h"];
    assert!(search(&args).len() >= 3);
    assert_eq!(search(&["--until", "2020-01-01"]).len(), 0);
    assert_eq!(search(&["--user", "nobody"]).len(), 0);
    assert_eq!(search(&["--limit", "1"]).len(), 1);
    assert_eq!(search(&["--trail", text(&data.join("audit")), "--outcome", "intent"]).len(), 2);

    // Everything, in both forms.
    let (lines, table) = (out.path().join("a.jsonl"), out.path().join("a.csv"));
    for (form, file) in [("jsonl", &lines), ("csv", &table)] {
        let args = ["audit", "export", "--format", form, "--file", text(file)];
        let written = run(data, &args);
        assert!(written.status.success(), "{}", said(&written));
        assert_eq!(run(data, &args).status.code(), Some(3), "a file that exists stays");
    }
    let lines = std::fs::read_to_string(lines).unwrap();
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(first["seq"].as_u64().unwrap() > 4 && lines.contains(&target));
    let table = std::fs::read_to_string(table).unwrap();
    assert!(table.starts_with("seq,at,who,") && table.lines().count() >= lines.lines().count());

    // Verified while the server runs, and without it.
    let verify = |more: &[&str]| run(data, &[&["audit", "verify"], more].concat());
    let holds = verify(&["--key", &key, "--checkpoints", text(&kept)]);
    assert_eq!(holds.status.code(), Some(0), "{}", said(&holds));
    assert!(said(&holds).contains("4 records, 1 to 4"), "{}", said(&holds));
    assert_eq!(server.end("TERM"), Some(0));
    let holds = verify(&["--key", &key, "--checkpoints", text(&kept)]);
    assert_eq!(holds.status.code(), Some(0), "{}", said(&holds));
    assert!(said(&verify(&[])).contains(&key), "the key is told where none was given");
    let foreign = verify(&["--key", &"0".repeat(64)]);
    assert_eq!(foreign.status.code(), Some(13), "{}", said(&foreign));
    assert!(said(&foreign).contains("another key"));

    // One record edited, the end cut off, everything gone.
    let whole = std::fs::read_to_string(segment(data)).unwrap();
    std::fs::write(segment(data), whole.replacen("intent", "denied", 1)).unwrap();
    let edited = verify(&[]);
    assert_eq!(edited.status.code(), Some(13));
    assert!(said(&edited).contains("line 1: was edited"), "{}", said(&edited));
    let cut = whole.lines().take(2).collect::<Vec<_>>().join("\n") + "\n";
    std::fs::write(segment(data), cut).unwrap();
    let cut = verify(&[]);
    assert_eq!(cut.status.code(), Some(13));
    assert!(said(&cut).contains("ends with record 2"), "{}", said(&cut));
    std::fs::remove_dir_all(data.join("audit")).unwrap();
    std::fs::create_dir(data.join("audit")).unwrap();
    assert_eq!(verify(&[]).status.code(), Some(6));
    let gone = verify(&["--checkpoints", text(&kept)]);
    assert_eq!(gone.status.code(), Some(13), "{}", said(&gone));
    assert!(said(&gone).contains("names record"), "{}", said(&gone));
}
