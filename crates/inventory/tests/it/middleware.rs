//! Middleware of services that really run, and of fixtures.

use crate::live::{self, Running, command, is_there, kept, rows_of};
use crate::world::World;
use muster_model::{Column, Fact, Kind};
use std::io::{Cursor, Write};
use std::path::Path;
use zip::CompressionMethod::{Deflated, Stored};
use zip::write::{SimpleFileOptions, ZipWriter};

pub(crate) fn pack(entries: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An archive with Maven's own file in it.
pub(crate) fn maven_jar(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    let properties = format!("groupId={group}\nartifactId={artifact}\nversion={version}\n");
    let name = format!("META-INF/maven/{group}/{artifact}/pom.properties");
    pack(&[(&name, properties.as_bytes())], Deflated)
}

/// `(name, version, path, package path)` of the rows of a type, sorted.
fn summary<'a>(
    rows: impl IntoIterator<Item = &'a Fact>,
    file_type: &str,
) -> Vec<(String, String, String, String)> {
    let mut found: Vec<_> = rows
        .into_iter()
        .filter(|fact| fact.text(Column::FileType) == file_type)
        .map(|fact| {
            let text = |column| fact.text(column).to_owned();
            (
                text(Column::Name),
                text(Column::Version),
                text(Column::Path),
                text(Column::PackagePath),
            )
        })
        .collect();
    found.sort();
    found
}

fn quad(a: &str, b: &str, c: &str, d: &str) -> (String, String, String, String) {
    (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned())
}

/// A compiled class that says "ready" and sleeps.
pub(crate) fn sleeper() -> Vec<u8> {
    let dir = kept("sleeper", |dir| {
        let source = dir.join("Sleeper.java");
        std::fs::write(
            &source,
            "public class Sleeper { public static void main(String[] a) throws Exception {
                 System.out.println(\"ready\"); Thread.sleep(600_000); } }",
        )
        .unwrap();
        live::run(command("javac").arg(&source).args(["-d".as_ref(), dir.as_os_str()]));
    });
    std::fs::read(dir.join("Sleeper.class")).unwrap()
}

#[test]
fn a_running_fat_jar_is_found_with_all_inside() {
    if !is_there("/usr/bin/javac") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let log4j = maven_jar("org.apache.logging.log4j", "log4j-core", "2.14.1");
    let spring = pack(
        &[("org/springframework/core/Ordered.class", b""), ("META-INF/LICENSE", b"")],
        Deflated,
    );
    let app = pack(
        &[
            ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\nMain-Class: Sleeper\n"),
            ("Sleeper.class", &sleeper()),
            ("BOOT-INF/lib/log4j-core-2.14.1.jar", &log4j),
            ("BOOT-INF/lib/spring-core-5.3.17.jar", &spring),
        ],
        Stored,
    );
    let app_path = dir.join("shop-1.4.0.jar");
    std::fs::write(&app_path, &app).unwrap();
    let extra = dir.join("lib");
    std::fs::create_dir(&extra).unwrap();
    std::fs::write(extra.join("agent.jar"), pack(&[("META-INF/MANIFEST.MF", b"")], Stored))
        .unwrap();
    let running = Running::start(
        command("java").current_dir(&dir).args([
            "-Xshare:auto",
            "-Xmx32m",
            "-jar",
            "shop-1.4.0.jar",
        ]),
        "ready",
    );
    let swept = live::sweep(Kind::JarPackage);
    let rows = rows_of(&swept, &running);
    let outer = app_path.to_str().unwrap();
    let mine: Vec<&Fact> = rows
        .iter()
        .copied()
        .filter(|fact| {
            [Column::Path, Column::PackagePath].iter().any(|column| fact.text(*column) == outer)
        })
        .collect();
    assert_eq!(
        summary(mine.iter().copied(), "jar"),
        [
            quad("log4j-core", "2.14.1", "BOOT-INF/lib/log4j-core-2.14.1.jar", outer),
            quad("shop", "1.4.0", outer, ""),
            quad("spring-core", "5.3.17", "BOOT-INF/lib/spring-core-5.3.17.jar", outer),
        ]
    );
    let by_name = |name: &str| *mine.iter().find(|fact| fact.text(Column::Name) == name).unwrap();
    let inner = by_name("log4j-core");
    assert!(inner.flag(Column::IsEmbedded));
    assert_eq!(inner.text(Column::Purl), "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1");
    assert_eq!(inner.int(Column::Size), i64::try_from(log4j.len()).ok());
    assert_eq!(inner.text(Column::Hash), sha256(&log4j));
    let spring = by_name("spring-core");
    assert_eq!(spring.text(Column::Purl), "pkg:maven/org.springframework/spring-core@5.3.17");
    let shop = by_name("shop");
    assert!(!shop.flag(Column::IsEmbedded));
    assert_eq!(shop.text(Column::Hash), sha256(&app));
    assert_eq!(shop.evidence()["found"], "open");
    assert!(shop.text(Column::ProcPath).ends_with("/bin/java"));
    assert_eq!(shop.text(Column::Purl), "", "its group is not known");
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes))
}

/// A process of a fixture: its executable, arguments and working directory.
pub(crate) fn process(world: &World, pid: u32, exe: &str, args: &[&str], cwd: &str) {
    let name = Path::new(exe).file_name().unwrap().to_str().unwrap();
    world.proc("stat", "btime 1700000000\n");
    let fields = "S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 500 0 0";
    world.proc(&format!("{pid}/stat"), format!("{pid} ({name}) {fields}\n"));
    world.proc(&format!("{pid}/status"), "Uid:\t33\t33\t33\t33\nGid:\t33\t33\t33\t33\n");
    world.proc(&format!("{pid}/cmdline"), args.join("\0") + "\0");
    world.proc_link(&format!("{pid}/exe"), exe);
    world.proc_link(&format!("{pid}/cwd"), cwd);
}

#[test]
fn application_servers_are_searched_where_they_keep_archives() {
    let world = World::new();
    let args = [
        "/usr/bin/java",
        "-Dcatalina.home=/opt/tomcat",
        "-Dcatalina.base=/srv/base",
        "-cp",
        "/opt/tomcat/bin/bootstrap.jar:ext/*",
        "org.apache.catalina.startup.Bootstrap",
    ];
    process(&world, 50, "/usr/lib/jvm/bin/java", &args, "/srv/base");
    let jar = maven_jar("g", "a", "1");
    for path in [
        "/opt/tomcat/bin/bootstrap.jar",
        "/opt/tomcat/lib/catalina.jar",
        "/srv/base/ext/one-2.jar",
        "/srv/base/webapps/shop/WEB-INF/lib/lib-3.jar",
    ] {
        world.write(path, &jar);
    }
    world.write("/srv/base/webapps/api.war", pack(&[("WEB-INF/lib/b-4.jar", &jar)], Deflated));
    world.write("/srv/base/webapps/broken.war", "no archive");
    let context = "<Context docBase='/data/wiki' path='/ignored'/>";
    world.write("/srv/base/conf/Catalina/localhost/wiki.xml", context);
    world.write("/data/wiki/WEB-INF/lib/wiki-5.jar", &jar);
    let swept = world.sweep(Kind::JarPackage);
    let mut paths: Vec<String> = swept
        .rows
        .iter()
        .map(|row| {
            format!("{} {}", row.fact.text(Column::PackagePath), row.fact.text(Column::Path))
        })
        .collect();
    paths.sort();
    assert_eq!(
        paths,
        [
            " /data/wiki/WEB-INF/lib/wiki-5.jar",
            " /opt/tomcat/bin/bootstrap.jar",
            " /opt/tomcat/lib/catalina.jar",
            " /srv/base/ext/one-2.jar",
            " /srv/base/webapps/api.war",
            " /srv/base/webapps/broken.war",
            " /srv/base/webapps/shop/WEB-INF/lib/lib-3.jar",
            "/srv/base/webapps/api.war WEB-INF/lib/b-4.jar",
        ]
    );
    assert_eq!(swept.diagnostics[0].code, "archive.unreadable");
    assert_eq!(swept.diagnostics[0].subject, "/srv/base/webapps/broken.war");
}

#[test]
fn a_virtual_environment_is_found_by_how_the_interpreter_was_called() {
    let world = World::new();
    let args = ["/srv/app/venv/bin/python3", "/srv/app/venv/bin/gunicorn", "app:app"];
    process(&world, 60, "/usr/bin/python3.11", &args, "/srv/app");
    world.write("/srv/app/venv/pyvenv.cfg", "home = /usr/bin\n");
    let site = "/srv/app/venv/lib/python3.11/site-packages";
    world.write(
        &format!("{site}/Django-4.2.7.dist-info/METADATA"),
        "Metadata-Version: 2.1\nName: Django\nVersion: 4.2.7\n\nlong text",
    );
    world.write(&format!("{site}/old.egg-info"), "Name: old\nVersion: 0.1\n");
    world.write(&format!("{site}/dir.egg-info/PKG-INFO"), "Name: dir\nVersion: 0.2\n");
    world.write("/usr/lib/python3/dist-packages/x.egg-info", "Name: not-seen\nVersion: 1\n");
    let swept = world.sweep(Kind::JarPackage);
    assert_eq!(
        summary(swept.rows.iter().map(|row| &row.fact), "python"),
        [
            quad("Django", "4.2.7", &format!("{site}/Django-4.2.7.dist-info/METADATA"), ""),
            quad("dir", "0.2", &format!("{site}/dir.egg-info/PKG-INFO"), ""),
            quad("old", "0.1", &format!("{site}/old.egg-info"), ""),
        ]
    );
    let django = swept.rows.iter().find(|row| row.fact.text(Column::Name) == "Django").unwrap();
    assert_eq!(django.fact.text(Column::FileName), "Django-4.2.7.dist-info");
    assert_eq!(django.fact.text(Column::Purl), "pkg:pypi/django@4.2.7");
    assert_eq!(django.volatile.pid, Some(60));
    // With the system's packages, if it says so.
    world.write(
        "/srv/app/venv/pyvenv.cfg",
        "home = /usr/bin\ninclude-system-site-packages = true\n",
    );
    assert_eq!(world.sweep(Kind::JarPackage).rows.len(), 4);
}

#[test]
fn node_modules_are_read_with_scopes_nesting_and_links() {
    let world = World::new();
    process(&world, 70, "/usr/bin/node", &["node", "--require", "x", "src/main.js"], "/srv/app");
    let package = |path: &str, name: &str, version: &str| {
        let json = format!(r#"{{"name":"{name}","version":"{version}"}}"#);
        world.write(&format!("/srv/{path}/package.json"), json);
    };
    package("app/node_modules/express", "express", "4.18.2");
    package("app/node_modules/@nestjs/core", "@nestjs/core", "10.0.0");
    package("app/node_modules/express/node_modules/ms", "ms", "2.0.0");
    package("app/node_modules/.pnpm/koa@2.1.0/node_modules/koa", "koa", "2.1.0");
    world.link("/srv/app/node_modules/koa", ".pnpm/koa@2.1.0/node_modules/koa");
    package("node_modules/above", "above", "1.0.0");
    package("other/node_modules/unseen", "unseen", "1.0.0");
    world.write("/srv/app/node_modules/express/test/package.json", "{\"name\":\"fixture\"}");
    let swept = world.sweep(Kind::JarPackage);
    let names: Vec<_> = summary(swept.rows.iter().map(|row| &row.fact), "npm")
        .into_iter()
        .map(|(name, version, _, _)| format!("{name}@{version}"))
        .collect();
    assert_eq!(
        names,
        ["@nestjs/core@10.0.0", "above@1.0.0", "express@4.18.2", "koa@2.1.0", "ms@2.0.0"]
    );
    let nest = swept.rows.iter().find(|row| row.fact.text(Column::Name) == "@nestjs/core").unwrap();
    assert_eq!(nest.fact.text(Column::Purl), "pkg:npm/%40nestjs/core@10.0.0");
}
