//! rpm's own SQLite database, and a Berkeley DB written by Berkeley DB.

use super::have;
use muster_formats::read_at::{ReadAt, SizedFile};
use muster_formats::rpm::{self, Header};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Builds two packages and installs them into a database of their own.
fn database(dir: &Path) {
    for name in ["one", "two"] {
        let spec = format!(
            "Name: sample-{name}\nEpoch: 3\nVersion: 1.0\nRelease: {name}\nSummary: s\nLicense: MIT\n\
             BuildArch: noarch\n%description\n{}\n%install\nmkdir -p %{{buildroot}}/usr/bin\n\
             echo x > %{{buildroot}}/usr/bin/{name}\n%files\n/usr/bin/{name}\n",
            "long ".repeat(4_000)
        );
        let path = dir.join(format!("{name}.spec"));
        fs::write(&path, spec).unwrap();
        let top = format!("_topdir {}", dir.display());
        let built = Command::new("rpmbuild").args(["-bb", "-D", &top]).arg(path).output().unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    }
    let installed = rpm_tool(dir)
        .args(["-i", "--justdb", "--nodeps"])
        .arg(dir.join("RPMS/noarch/sample-one-1.0-one.noarch.rpm"))
        .arg(dir.join("RPMS/noarch/sample-two-1.0-two.noarch.rpm"))
        .output()
        .unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
}

fn rpm_tool(dir: &Path) -> Command {
    let mut command = Command::new("rpm");
    command.args(["-D", "_db_backend sqlite", "--dbpath"]).arg(dir.join("db"));
    command
}

fn open(path: &Path) -> Option<SizedFile> {
    SizedFile::new(File::open(path).ok()?).ok()
}

/// Every package as one line in the words of rpm's query format below, sorted.
fn read(database: &Path) -> Vec<String> {
    let wal = open(&database.with_extension("sqlite-wal"));
    let wal = wal.as_ref().map(|wal| wal as &dyn ReadAt);
    let mut lines = Vec::new();
    rpm::headers(&open(database).unwrap(), wal, &mut |blob| {
        let header = Header::new(blob).unwrap();
        let package = header.package().unwrap();
        let mut paths = Vec::new();
        header.paths(&mut |path| paths.push(String::from_utf8(path.to_vec()).unwrap()));
        lines.push(format!(
            "{} {} {} {} {} {}",
            package.name,
            package.evr(),
            package.arch,
            package.installed.unwrap(),
            package.source_rpm,
            paths.join(",")
        ));
    })
    .unwrap();
    lines.sort();
    lines
}

#[test]
fn rpm_s_own_database_reads_as_rpm_prints_it() {
    if !have("rpmbuild") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    database(dir.path());
    let format = "%{NAME} %{EVR} %{ARCH} %{INSTALLTIME} %{SOURCERPM} [%{FILENAMES},]\\n";
    let printed = rpm_tool(dir.path()).args(["-qa", "--qf", format]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let mut printed: Vec<_> =
        printed.lines().map(|line| line.trim_end_matches(',').to_owned()).collect();
    printed.sort();
    assert_eq!(printed.len(), 2);
    assert_eq!(read(&dir.path().join("db/rpmdb.sqlite")), printed);
}

#[test]
fn what_lies_in_the_write_ahead_log_counts() {
    if !have("rpmbuild") || !have("sqlite3") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    database(dir.path());
    let path = dir.path().join("db/rpmdb.sqlite");
    // The log is written back when the last connection ends, so it is copied while one is open.
    let mut shell = Command::new("sqlite3")
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let copy = dir.path().join("copy.sqlite");
    let script = format!(
        "PRAGMA journal_mode=WAL;\nPRAGMA wal_autocheckpoint=0;\n\
         DELETE FROM Packages WHERE hnum = 1;\n\
         .shell cp {path} {copy}; cp {path}-wal {copy}-wal\n",
        path = path.display(),
        copy = copy.display()
    );
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
    assert_eq!(read(&copy).len(), 1, "the deletion lies in the log");
    fs::remove_file(copy.with_extension("sqlite-wal")).unwrap();
    assert_eq!(read(&copy).len(), 2, "without the log the row is still there");
}

#[test]
fn a_berkeley_db_holds_the_same_headers() {
    if !have("rpmbuild") || !have("db5.3_load") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    database(dir.path());
    let path = dir.path().join("db/rpmdb.sqlite");
    let mut pairs = String::new();
    let escape =
        |bytes: &[u8]| bytes.iter().map(|byte| format!("\\{byte:02x}")).collect::<String>();
    let mut number = 0u32;
    rpm::headers(&open(&path).unwrap(), None, &mut |blob| {
        number += 1;
        pairs += &format!("{}\n{}\n", escape(&number.to_le_bytes()), escape(blob));
    })
    .unwrap();
    let packages = dir.path().join("Packages");
    let mut load = Command::new("db5.3_load")
        .args(["-T", "-t", "hash"])
        .arg(&packages)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    load.stdin.take().unwrap().write_all(pairs.as_bytes()).unwrap();
    assert!(load.wait().unwrap().success());
    assert_eq!(read(&packages), read(&path));
}
