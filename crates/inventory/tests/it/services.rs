//! A fixture for every rule on a database or web server: running, and merely installed.

mod databases;
mod web_servers;

use crate::middleware::{pack, process};
use crate::world::World;
use databases::DATABASES;
use muster_model::{Column, Kind};
use web_servers::WEB_SERVERS;
use zip::CompressionMethod::Deflated;

struct Case {
    name: &'static str,
    exe: &'static str,
    args: &'static [&'static str],
    /// Content of the executable and of other files; that of a jar is the version in its manifest.
    files: &'static [(&'static str, &'static str)],
    version: &'static str,
    home: &'static str,
    config: &'static str,
    /// The configuration without a process; nothing for what is only found running.
    at_rest: Option<&'static str>,
}

const JAVA: &str = "/usr/lib/jvm/bin/java";

fn fill(case: &Case) -> World {
    let world = World::new();
    world.write("/etc/passwd", "");
    for (path, content) in case.files {
        if path.ends_with(".jar") {
            let manifest =
                format!("Manifest-Version: 1.0\r\nImplementation-Version: {content}\r\n");
            let jar = pack(&[("META-INF/MANIFEST.MF", manifest.as_bytes())], Deflated);
            world.write(path, jar);
        } else {
            world.write(path, content);
        }
    }
    world
}

fn check(kind: Kind, case: &Case) {
    let world = fill(case);
    process(&world, 50, case.exe, case.args, "/srv");
    process(&world, 52, case.exe, case.args, "/srv");
    let worker = "S 50 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 600 0 0";
    world.proc("52/stat", format!("52 (worker) {worker}\n"));
    let swept = world.sweep(kind);
    assert_eq!(swept.rows.len(), 1, "{}: {:#?}", case.name, swept.rows);
    let row = &swept.rows[0];
    let text = |column| row.fact.text(column);
    assert_eq!(text(Column::Name), case.name);
    assert_eq!(text(Column::Version), case.version, "{}", case.name);
    assert_eq!(text(Column::InstallDir), case.home, "{}", case.name);
    assert_eq!(text(Column::ConfigPath), case.config, "{}", case.name);
    assert_eq!(text(Column::ProcPath), case.exe, "{}", case.name);
    assert_eq!(row.volatile.pid, Some(50), "{}: the process, not its worker", case.name);
    assert!(row.volatile.started.is_some());
    assert!(!text(Column::Mode).is_empty() || case.exe == JAVA, "{}", case.name);
    let name = case.name.to_lowercase().replace(' ', "-");
    assert_eq!(text(Column::Purl), format!("pkg:generic/{name}@{}", case.version));

    let world = fill(case);
    let swept = world.sweep(kind);
    let rows: Vec<_> = swept.rows.iter().map(|row| &row.fact).collect();
    let Some(config) = case.at_rest else {
        return assert!(rows.is_empty(), "{}: {rows:#?}", case.name);
    };
    assert_eq!(rows.len(), 1, "{}: {rows:#?}", case.name);
    assert_eq!(rows[0].text(Column::Name), case.name);
    assert_eq!(rows[0].text(Column::Version), case.version, "{}", case.name);
    assert_eq!(rows[0].text(Column::InstallDir), case.home, "{}", case.name);
    assert_eq!(rows[0].text(Column::ConfigPath), config, "{}", case.name);
    assert_eq!(rows[0].text(Column::ProcPath), "");
    assert!(rows[0].text(Column::Reason).starts_with("installed; version from"));
    assert_eq!(swept.rows[0].volatile.pid, None);
}

#[test]
fn every_database_running_and_at_rest() {
    for case in DATABASES {
        check(Kind::Database, case);
    }
}

#[test]
fn every_web_server_running_and_at_rest() {
    for case in WEB_SERVERS {
        check(Kind::WebService, case);
    }
}

#[test]
fn a_server_inside_an_application_is_found() {
    let world = World::new();
    let app = pack(&[("BOOT-INF/lib/tomcat-embed-core-9.0.83.jar", b""), ("x", b"")], Deflated);
    world.write("/srv/shop.jar", app);
    process(&world, 60, JAVA, &["java", "-jar", "shop.jar"], "/srv");
    let swept = world.sweep(Kind::WebService);
    assert_eq!(swept.rows.len(), 1);
    let fact = &swept.rows[0].fact;
    assert_eq!(fact.text(Column::Name), "Tomcat");
    assert_eq!(fact.text(Column::Version), "9.0.83");
    assert_eq!(fact.text(Column::InstallDir), "/srv/shop.jar");
}

#[test]
fn tools_and_one_liners_are_no_servers() {
    let world = World::new();
    world.write("/usr/bin/node", "\0node.js/v20.11.1\0");
    let npm = "/usr/lib/node_modules/npm/bin/npm-cli.js";
    process(&world, 60, "/usr/bin/node", &["node", npm, "install"], "/srv");
    process(&world, 61, "/usr/bin/node", &["node", "-e", "setInterval(()=>{},1)"], "/srv");
    process(&world, 62, "/usr/bin/node", &["node"], "/srv");
    process(&world, 63, "/usr/bin/python3.11", &["python3", "-c", "gunicorn"], "/srv");
    process(&world, 64, JAVA, &["java", "-version"], "/srv");
    world.write(JAVA, "");
    process(&world, 65, JAVA, &["java", "-jar", "/srv/start.jar"], "/srv");
    assert!(world.sweep(Kind::WebService).rows.is_empty());
}

#[test]
fn two_instances_of_one_installation_are_two_services() {
    let world = World::new();
    world.write("/usr/bin/redis-check-rdb", "\x007.0.15\0c11-builtin\0");
    world.link("/usr/bin/redis-server", "redis-check-rdb");
    let exe = "/usr/bin/redis-check-rdb";
    process(&world, 70, exe, &["/usr/bin/redis-server", "/etc/redis/a.conf"], "/");
    process(&world, 71, exe, &["/usr/bin/redis-server", "/etc/redis/b.conf"], "/");
    process(&world, 72, exe, &["redis-check-rdb", "/x.rdb"], "/");
    let swept = world.sweep(Kind::Database);
    let found: Vec<_> = swept
        .rows
        .iter()
        .map(|row| (row.fact.text(Column::ConfigPath), row.volatile.pid.unwrap()))
        .collect();
    assert_eq!(found.len(), 2, "{:#?}", swept.rows);
    assert!(
        found.contains(&("/etc/redis/a.conf", 70)) && found.contains(&("/etc/redis/b.conf", 71))
    );
    for row in swept.rows.iter() {
        assert_eq!(row.fact.text(Column::InstallDir), "/usr/bin/redis-server");
    }
}
