//! `muster db`: from a folder, over HTTP, by a bundle, with a server running.

use crate::process::{Server, run};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use zip::write::SimpleFileOptions;

const ADVISORY: &str = r#"{"id":"PYSEC-2025-1","modified":"2025-01-02T00:00:00Z","aliases":["CVE-2025-1"],
    "summary":"Bad things","severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
    "affected":[{"package":{"ecosystem":"PyPI","name":"acme"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.5"}]}]}]}"#;

/// A mirror with one advisory.
pub(crate) fn mirror(folder: &Path) {
    std::fs::create_dir_all(folder.join("PyPI")).unwrap();
    std::fs::write(folder.join("ecosystems.txt"), "PyPI\n").unwrap();
    let list = "2025-01-02T00:00:00Z,PYSEC-2025-1\n";
    std::fs::write(folder.join("PyPI/modified_id.csv"), list).unwrap();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(folder.join("PyPI/all.zip")).unwrap());
    zip.start_file("PYSEC-2025-1.json", SimpleFileOptions::default()).unwrap();
    zip.write_all(ADVISORY.as_bytes()).unwrap();
    zip.finish().unwrap();
}

pub(crate) fn done(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn status(data_dir: &Path) -> Value {
    let output = run(data_dir, &["db", "status", "--output", "json"]);
    serde_json::from_str(&done(&output)).unwrap()
}

/// Serves a folder as it lies.
struct Site {
    child: Child,
    url: String,
}

impl Site {
    #[expect(clippy::disallowed_methods, reason = "a real web server for the test")]
    fn of(folder: &Path) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("python3");
        command.args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string()]);
        command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        crate::process::wait_for("the web server", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self { child, url: format!("http://127.0.0.1:{port}") }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_mirror_is_taken_as_it_lies_and_as_it_is_served() {
    let (data, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(run(data.path(), &["db", "status"]).status.code(), Some(4));
    mirror(site.path());
    let folder = site.path().to_str().unwrap();
    done(&run(data.path(), &["db", "update", "--source", folder]));
    let status = status(data.path());
    assert_eq!(status["ecosystems"]["PyPI"]["advisories"], 1);
    assert_eq!(status["feeds"][0]["name"], "PyPI/all.zip");
    assert!(status["publishers"]["Python Packaging Advisory Database"]["licence"].is_string());
    let text = done(&run(data.path(), &["db", "status"]));
    assert!(text.contains("PyPI") && text.contains("CC-BY-4.0"), "{text}");
    let shown = done(&run(data.path(), &["db", "show", "CVE-2025-1"]));
    assert!(shown.contains("critical") && shown.contains("from PyPI/all.zip"), "{shown}");
    let served = Site::of(site.path());
    let update = |data: &Path| run(data, &["db", "update", "--source", &served.url]);
    done(&update(data.path()));
    let again = update(data.path());
    done(&again);
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("Fetched 0 files and 0 documents"), "{said}");
    assert_eq!(self::status(data.path())["origin"], served.url.as_str());
}

#[test]
fn an_update_goes_on_beside_a_running_server() {
    let (data, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    mirror(site.path());
    let server = Server::up(data.path(), &["--no-local-agent"]);
    done(&run(data.path(), &["db", "update", "--source", site.path().to_str().unwrap()]));
    assert_eq!(status(data.path())["advisories"], 1);
    assert_eq!(server.end("TERM"), Some(0));
}

#[test]
fn a_bundle_is_taken_from_whom_is_trusted_and_never_backwards() {
    let (connected, isolated) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let site = tempfile::tempdir().unwrap();
    mirror(site.path());
    let folder = site.path().to_str().unwrap();
    let file = |name: &str| connected.path().join(name).to_str().unwrap().to_owned();
    let (key, old, new) = (file("sign.key"), file("old.bundle"), file("new.bundle"));
    let public = done(&run(connected.path(), &["db", "key", &key]));
    assert_eq!(run(connected.path(), &["db", "key", &key]).status.code(), Some(7));
    for bundle in [&old, &new] {
        done(&run(connected.path(), &["db", "update", "--source", folder]));
        done(&run(connected.path(), &["db", "bundle", "--file", bundle, "--key", &key]));
    }
    let take = |bundle: &str, more: &[&str]| {
        run(isolated.path(), &[&["db", "update", "--source", bundle], more].concat())
    };
    let refused = take(&new, &[]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("muster db trust"));
    done(&run(isolated.path(), &["db", "trust", public.trim()]));
    done(&take(&new, &[]));
    assert_eq!(status(isolated.path())["digest"], status(connected.path())["digest"]);
    assert_eq!(take(&old, &[]).status.code(), Some(7));
    done(&take(&old, &["--older"]));
    let mut bytes = std::fs::read(&new).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&new, bytes).unwrap();
    assert!(!take(&new, &["--older"]).status.success(), "a changed bundle was taken");
    done(&run(isolated.path(), &["db", "show", "PYSEC-2025-1"]));
}

#[test]
fn what_cannot_be_a_source_is_named() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("x.xml");
    std::fs::write(&file, "<a/>").unwrap();
    let file = file.to_str().unwrap();
    for args in [
        ["db", "update", "--source", file],
        ["db", "update", "--source", "/nowhere"],
        ["db", "update", "--source", data.path().to_str().unwrap()],
    ] {
        let output = run(data.path(), &args);
        assert_eq!(output.status.code(), Some(3), "{args:?}");
    }
    assert_eq!(run(data.path(), &["db", "add", file]).status.code(), Some(3));
    assert_eq!(run(data.path(), &["db", "trust", "abc"]).status.code(), Some(3));
}

#[test]
fn a_scan_is_a_gate_with_stable_exit_codes() {
    let (data, site) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let work = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        let path = work.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (bad, good) = (file("bad.txt", "acme==1.0\n"), file("good.txt", "acme==1.5\n"));
    std::fs::create_dir(work.path().join("bad")).unwrap();
    std::fs::create_dir(work.path().join("good")).unwrap();
    for (from, to) in [(&bad, "bad"), (&good, "good")] {
        std::fs::rename(from, work.path().join(to).join("requirements.txt")).unwrap();
    }
    let (bad, good) = (work.path().join("bad"), work.path().join("good"));
    let (bad, good) = (bad.to_str().unwrap(), good.to_str().unwrap());
    let scan = |args: &[&str]| run(data.path(), &[&["scan"], args].concat()).status.code();
    // Without knowledge a gate does not open, and a report says so.
    assert_eq!(scan(&[good, "--fail-on", "low"]), Some(4));
    assert_eq!(scan(&[good]), Some(0));
    assert_eq!(scan(&[good, "--fail-on-unchecked"]), Some(12));
    mirror(site.path());
    done(&run(data.path(), &["db", "update", "--source", site.path().to_str().unwrap()]));
    assert_eq!(scan(&[bad, "--fail-on", "critical"]), Some(10));
    assert_eq!(scan(&[bad]), Some(0));
    assert_eq!(scan(&[good, "--fail-on", "any", "--fail-on-unchecked"]), Some(0));
    let ignore = file("ignore", "CVE-2025-1 # not ours");
    assert_eq!(scan(&[bad, "--fail-on", "any", "--ignore", &ignore]), Some(0));
    assert_eq!(scan(&[bad, "--fail-on", "any", "--vex", &ignore]), Some(3));
    assert_eq!(scan(&["--diff", good, bad, "--fail-on", "high"]), Some(10));
    assert_eq!(scan(&["--diff", bad, good, "--fail-on", "high"]), Some(0));
    assert_eq!(scan(&["/nowhere"]), Some(6));
    assert_eq!(scan(&[]), Some(2));
    // What goes to standard output is the report alone, and the same twice.
    let args = ["scan", bad, "--format", "cyclonedx", "--timestamp", "1800000000"];
    let (first, second) = (run(data.path(), &args), run(data.path(), &args));
    assert_eq!(done(&first), done(&second));
    let bom: Value = serde_json::from_slice(&first.stdout).unwrap();
    assert_eq!(bom["vulnerabilities"][0]["id"], "CVE-2025-1");
    let explained = done(&run(data.path(), &["scan", bad, "--explain", "acme"]));
    assert!(explained.contains("CVE-2025-1") && explained.contains("move to: 1.5"), "{explained}");
}
