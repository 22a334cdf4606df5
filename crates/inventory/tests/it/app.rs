//! Packages: this machine's against dpkg's own word, and roots with every other manager's database.

use crate::world::{World, column};
use muster_inventory::{Inventory, Options};
use muster_model::{Column, Kind, Micros};
use std::process::Command;

#[test]
#[expect(clippy::disallowed_methods, reason = "the tool whose word counts is asked")]
fn this_machine_s_packages_equal_dpkg_query_s() {
    let format = "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t\
                  ${source:Version}\t${db-fsys:Last-Modified}\n";
    let Ok(printed) = Command::new("dpkg-query").args(["-W", "-f", format]).output() else {
        assert!(std::env::var_os("CI").is_none(), "dpkg-query is missing");
        return;
    };
    let mut printed: Vec<String> = String::from_utf8(printed.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("installed\t"))
        .map(str::to_owned)
        .collect();
    printed.sort();
    let swept = Inventory::new(Options::default()).unwrap().sweep(&[Kind::App]).remove(0);
    let mut found: Vec<String> = swept
        .rows
        .iter()
        .filter(|row| row.fact.text(Column::FileType) == "dpkg")
        .map(|row| {
            let source = &row.fact.evidence()["source"];
            [
                row.fact.text(Column::Name),
                row.fact.text(Column::Version),
                row.fact.text(Column::Arch),
                source["name"].as_str().unwrap(),
                source["version"].as_str().unwrap(),
                &row.volatile.mtime.unwrap().secs().to_string(),
            ]
            .join("\t")
        })
        .collect();
    found.sort();
    assert!(found.len() > 50, "{} packages", found.len());
    assert_eq!(found, printed);
    let curl = format!("pkg:deb/{}/", Inventory::new(Options::default()).unwrap().profile().os_id);
    assert!(column(&swept, Column::Purl).iter().all(|purl| purl.starts_with(&curl)));
}

#[test]
fn an_image_without_dpkg_has_packages_too() {
    let world = World::new();
    world.write("etc/os-release", "ID=debian\n");
    world.write(
        "var/lib/dpkg/status.d/tzdata",
        "Package: tzdata\nVersion: 2024a-0+deb12u1\nArchitecture: all\n",
    );
    world.write("var/lib/dpkg/status.d/tzdata.md5sums", "");
    let swept = world.sweep(Kind::App);
    let purls = column(&swept, Column::Purl);
    assert_eq!(purls, ["pkg:deb/debian/tzdata@2024a-0%2Bdeb12u1?arch=all"]);
}

#[test]
fn alpine_and_arch_are_read() {
    let world = World::new();
    world.write("lib/apk/db/installed", "P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\nF:lib\nR:ld.so\n");
    world.write(
        "var/lib/pacman/local/bash-5.2-1/desc",
        "%NAME%\nbash\n\n%VERSION%\n5.2-1\n\n%ARCH%\nx86_64\n\n%INSTALLDATE%\n1716000000\n",
    );
    world.write("var/lib/pacman/local/broken-1/desc", "%NAME%\n");
    world.write("var/lib/pacman/local/ALPM_DB_VERSION", "9\n");
    let swept = world.sweep(Kind::App);
    assert_eq!(
        column(&swept, Column::Purl),
        ["pkg:alpm/arch/bash@5.2-1?arch=x86_64", "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64"]
    );
    let bash = swept.rows.iter().find(|row| row.fact.text(Column::Name) == "bash").unwrap();
    assert_eq!(bash.volatile.mtime, Some(Micros::from_secs(1_716_000_000)));
    let codes: Vec<_> = swept.diagnostics.iter().map(|trouble| trouble.code.as_str()).collect();
    assert_eq!(codes, ["file.malformed"]);
}

#[test]
fn snaps_are_read_mounted_or_not() {
    let world = World::new();
    world.write("snap/hello/42/meta/snap.yaml", "name: hello\nversion: 2.10\n");
    world.link("snap/hello/current", "42");
    world.write("snap/bin/hello", "");
    world.write("var/lib/snapd/snaps/hello_42.snap", "");
    world.write("var/lib/snapd/snaps/core22_9.snap", "");
    world.write("var/lib/snapd/snaps/core22_10.snap", "");
    world.write("var/lib/snapd/snaps/partial/x", "");
    let swept = world.sweep(Kind::App);
    assert_eq!(column(&swept, Column::Purl), ["pkg:snap/core22", "pkg:snap/hello@2.10"]);
    assert_eq!(column(&swept, Column::InstallDir), ["", "/snap/hello/42"]);
    let core = swept.rows.iter().find(|row| row.fact.text(Column::Name) == "core22").unwrap();
    assert_eq!(core.fact.evidence()["revision"], "10");
}

#[test]
fn flatpaks_are_read() {
    let world = World::new();
    let maps = "var/lib/flatpak/app/org.gnome.Maps";
    let commit = format!("{maps}/x86_64/stable/abc");
    world.write(&format!("{commit}/metadata"), "[Application]\nname=org.gnome.Maps\n");
    world.write(
        &format!("{commit}/files/share/metainfo/org.gnome.Maps.metainfo.xml"),
        "<component><releases><release version=\"46.2\"/></releases></component>",
    );
    world.link(&format!("{maps}/x86_64/stable/active"), "abc");
    world.link(&format!("{maps}/current"), "x86_64/stable");
    let platform = "var/lib/flatpak/runtime/org.gnome.Platform/x86_64/46";
    world.write(&format!("{platform}/def/metadata"), "[Runtime]\nname=org.gnome.Platform\n");
    world.link(&format!("{platform}/active"), "def");
    let swept = world.sweep(Kind::App);
    assert_eq!(
        column(&swept, Column::Purl),
        [
            "pkg:flatpak/org.gnome.Maps@46.2?arch=x86_64",
            "pkg:flatpak/org.gnome.Platform@46?arch=x86_64"
        ]
    );
}

#[test]
fn a_damaged_rpm_database_costs_a_diagnostic() {
    let world = World::new();
    world.write("var/lib/rpm/rpmdb.sqlite", vec![1; 4096]);
    let swept = world.sweep(Kind::App);
    assert_eq!(swept.rows.len(), 0);
    assert_eq!(swept.diagnostics[0].code, "file.malformed");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the tools that make the database are run")]
fn an_rpm_database_reads_as_rpm_prints_it() {
    let world = World::new();
    world.write("etc/os-release", "ID=rhel\n");
    let spec = "Name: sample\nEpoch: 3\nVersion: 1.0\nRelease: 2\nSummary: s\nLicense: MIT\n\
        Vendor: Example\nBuildArch: noarch\n%description\nd\n%install\n\
        mkdir -p %{buildroot}/usr/bin\necho x > %{buildroot}/usr/bin/sample\n%files\n/usr/bin/sample\n";
    world.write("s.spec", spec);
    let top = format!("_topdir {}", world.path("build").display());
    let built =
        Command::new("rpmbuild").args(["-bb", "-D", &top]).arg(world.path("s.spec")).output();
    let Ok(built) = built else {
        assert!(std::env::var_os("CI").is_none(), "rpmbuild is missing");
        return;
    };
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let rpm = || {
        let mut command = Command::new("rpm");
        command.args(["-D", "_db_backend sqlite", "--dbpath"]).arg(world.path("var/lib/rpm"));
        command
    };
    let package = world.path("build/RPMS/noarch/sample-1.0-2.noarch.rpm");
    assert!(rpm().args(["-i", "--justdb", "--nodeps"]).arg(package).status().unwrap().success());
    let printed = rpm().args(["-qa", "--qf", "%{EVR} %{INSTALLTIME}"]).output().unwrap().stdout;
    let swept = world.sweep(Kind::App);
    assert_eq!(column(&swept, Column::Purl), ["pkg:rpm/redhat/sample@1.0-2?arch=noarch&epoch=3"]);
    let row = &swept.rows[0];
    let time = row.volatile.mtime.unwrap().secs();
    let read = format!("{} {time}", row.fact.text(Column::Version));
    assert_eq!(read, String::from_utf8(printed).unwrap());
    assert_eq!(row.fact.evidence()["source"]["name"], "sample");
    assert_eq!(row.fact.evidence()["vendor"], "Example");
}

#[test]
fn an_unchanged_database_is_not_read_again() {
    let world = World::new();
    let status = "Package: a\nStatus: install ok installed\nVersion: 1\n";
    world.write("var/lib/dpkg/status", status);
    world.write("var/lib/dpkg/info/a.list", "/.\n/usr\n/usr/bin\n/usr/bin/a\n");
    let mut inventory = world.inventory();
    let first = inventory.sweep(&[Kind::App]).remove(0);
    let second = inventory.sweep(&[Kind::App]).remove(0);
    assert!(first.changed && !second.changed);
    world.write("var/lib/dpkg/status", status.replace("Version: 1", "Version: 2"));
    let third = inventory.sweep(&[Kind::App]).remove(0);
    assert!(third.changed);
    assert_eq!(column(&third, Column::Version), ["2"]);
}
