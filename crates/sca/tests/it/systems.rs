//! Root file systems: what is installed there, and what only lies there.

use crate::pack::{self, Entry};
use crate::{purls, scan_bytes};
use muster_sca::finding::Kind;
use muster_sca::{Budget, Input, Limits, Options, Report, scan};
use std::os::unix::fs::symlink;
use std::time::Instant;

const RELEASE: Entry<'_> = ("etc/os-release", b"ID=debian\nVERSION_ID=\"12\"\n");
const STATUS: Entry<'_> = (
    "var/lib/dpkg/status",
    b"Package: bash\nStatus: install ok installed\nArchitecture: amd64\nSource: bash (5.2)\nVersion: 5.2-1\n\n\
      Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1.0\n",
);

/// A Debian package with a lock file among its files.
fn deb(control: &[u8], lock: &[u8]) -> Vec<u8> {
    let control = pack::gzip(&pack::tar(&[("./control", control)]));
    let data = pack::gzip(&pack::tar(&[("./opt/app/package-lock.json", lock)]));
    pack::ar(&[("debian-binary", b"2.0\n"), ("control.tar.gz", &control), ("data.tar.gz", &data)])
}

fn fetched() -> Vec<(&'static str, Vec<u8>)> {
    let lock = br#"{"packages":{"node_modules/ms":{"version":"2.1.3"}}}"#;
    let bash = b"Package: bash\nArchitecture: amd64\nSource: bash (5.2)\nVersion: 5.2-1\n";
    let newer = b"Package: bash\nArchitecture: amd64\nSource: bash (5.3)\nVersion: 5.3-1\n";
    let gone = b"Package: gone\nArchitecture: amd64\nVersion: 1.0\n";
    vec![
        ("var/cache/apt/archives/bash_5.2-1_amd64.deb", deb(bash, lock)),
        ("var/cache/apt/archives/bash_5.3-1_amd64.deb", deb(newer, lock)),
        ("var/cache/apt/archives/gone_1.0_amd64.deb", deb(gone, lock)),
    ]
}

#[test]
fn what_a_package_manager_keeps_is_installed_where_its_database_says_so() {
    let fetched = fetched();
    let mut entries = vec![RELEASE, STATUS];
    entries.extend(fetched.iter().map(|(name, bytes)| (*name, bytes.as_slice())));
    let report = scan_bytes("root.tar", &pack::tar(&entries));
    let bash = "pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12&upstream=bash%405.2";
    assert_eq!(purls(&report), [bash, "pkg:npm/ms@2.1.3"]);
    let kinds: Vec<Kind> = report.components[0].places.iter().map(|place| place.kind).collect();
    assert_eq!(kinds.len(), 2);
    assert!(kinds.contains(&Kind::Installed) && kinds.contains(&Kind::Archive));
    // The other two packages, each with a lock file.
    assert_eq!(report.left_out.values().sum::<u64>(), 4);
}

#[test]
fn of_a_cached_package_on_disk_the_record_alone_is_read() {
    let root = tempfile::tempdir().unwrap();
    let scanned = |thorough| {
        let options = Options { thorough, ..Options::default() };
        let budget = Budget::new(Limits::default(), Instant::now());
        let report = scan(Input::Path(root.path()), &options, &budget);
        purls(&report).join(" ")
    };
    let put = |name: &str, bytes: &[u8]| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    for (name, bytes) in fetched() {
        put(name, &bytes);
    }
    let all = scanned(false);
    assert!(all.contains("pkg:npm/ms@2.1.3") && all.contains("bash@5.3-1"), "{all}");
    put(STATUS.0, STATUS.1);
    put(RELEASE.0, RELEASE.1);
    let bash = "pkg:deb/debian/bash@5.2-1?arch=amd64&distro=debian-12&upstream=bash%405.2";
    assert_eq!(scanned(false), bash);
    // Who asks for the package itself gets what is in it.
    let asked = root.path().join("var/cache/apt/archives/bash_5.2-1_amd64.deb");
    let budget = Budget::new(Limits::default(), Instant::now());
    let itself = purls(&scan(Input::Path(&asked), &Options::default(), &budget));
    assert!(itself.iter().any(|purl| purl == "pkg:npm/ms@2.1.3"), "{itself:?}");
    // What it installs is found where it is installed; whoever wants it twice asks for it.
    assert_eq!(scanned(true), format!("{bash} pkg:npm/ms@2.1.3"));
}

#[test]
fn packages_beside_no_database_are_what_was_handed_in() {
    let fetched = fetched();
    let entries: Vec<Entry<'_>> =
        fetched.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    let report = scan_bytes("packages.tar", &pack::tar(&entries));
    assert_eq!(purls(&report).iter().filter(|purl| purl.starts_with("pkg:deb/")).count(), 3);
    assert!(report.left_out.is_empty());
}

const MANIFEST: &[u8] = br#"{"name":"lab","version":"1.0.0","dependencies":{"react":"17.0.2"}}"#;

#[test]
fn what_python_packages_put_beside_their_modules_is_theirs() {
    let metadata: Entry<'_> =
        ("env/lib/python3.11/site-packages/lab-4.dist-info/METADATA", b"Name: lab\nVersion: 4\n\n");
    let found = |entries: &[Entry<'_>]| purls(&scan_bytes("a.zip", &pack::zip(entries)));
    let theirs: Entry<'_> = ("env/share/lab/staging/package.json", MANIFEST);
    assert_eq!(found(&[metadata, theirs]), ["pkg:pypi/lab@4"]);
    // Without the environment it is somebody's project, and so is one beside it.
    assert_eq!(found(&[theirs]), ["pkg:npm/react@17.0.2"]);
    for own in ["env/share.json/package.json", "env/app/share/package.json", "share/package.json"] {
        assert_eq!(found(&[metadata, (own, MANIFEST)])[0], "pkg:npm/react@17.0.2", "{own}");
    }
}

fn pom(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    format!(
        "<project><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>\
         <licenses><license><name>MIT</name></license></licenses></project>"
    )
    .into_bytes()
}

/// A file whose bytes are made.
type Owned = (&'static str, Vec<u8>);

/// A repository as Debian installs one: records in the folders of their coordinates, links to the archives.
fn repository() -> (Vec<Owned>, Vec<(&'static str, &'static str)>) {
    let class = pack::zip(&[("com/acme/Tool.class", b"")]);
    let files = vec![
        ("usr/share/java/acme4-tool-4.1.jar", class.clone()),
        ("usr/share/java/plain.jar", class),
        ("usr/share/maven-repo/com/acme/tool/4.1/tool-4.1.pom", pom("com.acme", "tool", "4.1")),
        ("usr/share/maven-repo/com/acme/tool/4.x/tool-4.x.pom", pom("com.acme", "tool", "4.x")),
        ("usr/share/maven-repo/acme/old/debian/old-debian.pom", pom("acme", "old", "debian")),
        // Neither of these speaks of the archive: another folder, no archive.
        ("usr/share/maven-repo/com/acme/x/1/x-1.pom", pom("com.other", "x", "1")),
        ("usr/share/maven-repo/com/acme/top/1/top-1.pom", pom("com.acme", "top", "1")),
    ];
    let links = vec![
        ("usr/share/java/acme4-tool.jar", "acme4-tool-4.1.jar"),
        (
            "usr/share/maven-repo/com/acme/tool/4.1/tool-4.1.jar",
            "../../../../../java/acme4-tool.jar",
        ),
        ("usr/share/maven-repo/com/acme/tool/4.x/tool-4.x.jar", "/usr/share/java/acme4-tool.jar"),
        (
            "usr/share/maven-repo/acme/old/debian/old-debian.jar",
            "../../../../java/acme4-tool-4.1.jar",
        ),
        ("usr/share/maven-repo/com/acme/x/1/x-1.jar", "../../../../../java/plain.jar"),
        ("usr/share/maven-repo/com/acme/top/1/top-1.jar", "../../../../../../../../etc/top.jar"),
    ];
    (files, links)
}

fn judge(report: &Report) {
    assert_eq!(
        purls(report),
        ["pkg:maven/acme/old@4.1", "pkg:maven/com.acme/tool@4.1", "pkg:maven/plain"]
    );
    let tool = report.components.iter().find(|one| one.purl.name() == "tool").unwrap();
    assert_eq!((tool.confidence, tool.licences.as_slice()), (98, ["MIT".to_owned()].as_slice()));
    let place = tool.places.first().unwrap();
    assert!(place.path.ends_with("usr/share/java/acme4-tool-4.1.jar"));
    let reason = &place.reason;
    assert!(reason.ends_with("com/acme/tool/4.1/tool-4.1.pom"), "{reason}");
}

#[test]
fn a_repository_names_the_archives_its_links_lead_to() {
    let (files, links) = repository();
    let entries: Vec<Entry<'_>> =
        files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
    judge(&scan_bytes("root.tar", &pack::tar_with_links(&entries, &links)));
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in &files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    for (name, target) in links {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }
    let budget = Budget::new(Limits::default(), Instant::now());
    judge(&scan(Input::Path(folder.path()), &Options::default(), &budget));
}
