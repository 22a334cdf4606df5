//! Databases and web servers that really run, found on this machine.
//!
//! Each test starts a server of a Debian package on a loopback port with a configuration and data of its
//! own. Where tests must be complete, a missing package is a failure.

use crate::live::{command, is_there, run, sweep};
use muster_inventory::Swept;
use muster_model::report::Row;
use muster_model::{Column, Kind};
use rustix::process::{Pid, Signal, kill_process};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running server; asked to end with the test, so that its workers end too.
pub(crate) struct Server(Child);

/// Looks again until something is so; gives up after half a minute.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1500 {
        if so() {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(20));
    }
    panic!("{what}: not within 30 s");
}

impl Server {
    /// Starts a server and waits until it accepts connections.
    pub(crate) fn start(command: &mut Command, port: u16) -> Self {
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut server = Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}")));
        until(&format!("{command:?}"), || {
            assert_eq!(server.0.try_wait().unwrap(), None, "{command:?} ended");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let _ = kill_process(pid, Signal::TERM);
        }
        for _ in 0..500 {
            if !matches!(self.0.try_wait(), Ok(None)) {
                return;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// A directory that servers with a user of their own may enter.
pub(crate) fn open_dir() -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

/// The version of an installed Debian package, as `dpkg-query` has it, without epoch.
fn packaged(package: &str) -> String {
    let output =
        command("dpkg-query").args(["-W", "-f", "${Version}", package]).output().unwrap().stdout;
    let version = String::from_utf8(output).unwrap();
    version.split_once(':').map_or(version.clone(), |(_, version)| version.to_owned())
}

/// The row of the only instance of a product at `home`.
fn row<'a>(swept: &'a Swept, name: &str, home: &str) -> &'a Row {
    let rows: Vec<_> = swept
        .rows
        .iter()
        .filter(|row| row.fact.text(Column::Name) == name)
        .filter(|row| row.fact.text(Column::InstallDir) == home)
        .collect();
    assert_eq!(rows.len(), 1, "{name} at {home}: {:#?}", swept.rows);
    rows[0]
}

/// Checks the row of a product's instance: others of it may run here, too.
pub(crate) fn check(
    kind: Kind,
    (name, package, home): (&str, &str, &str),
    server: &Server,
    config: &str,
) {
    let swept = sweep(kind);
    let rows: Vec<_> =
        swept.rows.iter().filter(|row| row.volatile.pid == Some(server.pid())).collect();
    assert_eq!(rows.len(), 1, "{name}: {:#?}", swept.rows);
    let text = |column| rows[0].fact.text(column);
    assert_eq!((text(Column::Name), text(Column::InstallDir)), (name, home));
    assert_eq!(text(Column::ConfigPath), config);
    let version = text(Column::Version);
    assert!(version.contains('.'), "{name}: {version:?}");
    let packaged = packaged(package);
    assert!(packaged.starts_with(version), "{name}: {version} is not of {packaged}");
    let owner = text(Column::OwnerPurl);
    assert!(owner.starts_with(&format!("pkg:deb/debian/{package}@")), "{name}: {owner}");
    assert!(text(Column::Reason).starts_with("running; version from"));
    let exe = std::fs::read_link(format!("/proc/{}/exe", server.pid())).unwrap();
    assert_eq!(Path::new(text(Column::ProcPath)), exe);
}

#[test]
fn redis() {
    if !is_there("/usr/bin/redis-server") {
        return;
    }
    let (_dir, dir) = open_dir();
    let port = free_port();
    let config = dir.join("redis.conf");
    let text = format!("port {port}\nbind 127.0.0.1\nsave \"\"\ndir {}\n", dir.display());
    std::fs::write(&config, text).unwrap();
    let server = Server::start(command("/usr/bin/redis-server").arg(&config), port);
    // It writes a title over its arguments, so that its configuration is only known by what is usual.
    let usual = "/etc/redis/redis.conf";
    check(Kind::Database, ("Redis", "redis-server", "/usr/bin/redis-server"), &server, usual);
}

#[test]
fn memcached() {
    if !is_there("/usr/bin/memcached") {
        return;
    }
    let port = free_port();
    let port_text = port.to_string();
    let server = Server::start(
        command("/usr/bin/memcached").args(["-u", "nobody", "-l", "127.0.0.1", "-p", &port_text]),
        port,
    );
    let usual = "/etc/memcached.conf";
    check(Kind::Database, ("Memcached", "memcached", "/usr/bin/memcached"), &server, usual);
}

#[test]
fn postgresql() {
    let Some(home) = std::fs::read_dir("/usr/lib/postgresql").ok().and_then(|mut dirs| dirs.next())
    else {
        assert!(!is_there("/usr/lib/postgresql"));
        return;
    };
    let home = home.unwrap().path();
    let program = home.join("bin/postgres");
    assert!(is_there(program.to_str().unwrap()));
    let (_dir, dir) = open_dir();
    run(command("chown").arg("postgres").arg(&dir));
    let data = dir.join("data");
    let as_postgres = ["--reuid=postgres", "--regid=postgres", "--clear-groups"];
    run(command("setpriv")
        .args(as_postgres)
        .arg(home.join("bin/initdb"))
        .args(["-N", "-A", "trust", "-D"])
        .arg(&data));
    let port = free_port();
    let server = Server::start(
        command("setpriv")
            .args(as_postgres)
            .arg(&program)
            .args(["-D".as_ref(), data.as_os_str(), "-k".as_ref(), dir.as_os_str()])
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1"]),
        port,
    );
    let package = format!("postgresql-{}", home.file_name().unwrap().to_str().unwrap());
    let product = ("PostgreSQL", package.as_str(), home.to_str().unwrap());
    let config = data.join("postgresql.conf");
    check(Kind::Database, product, &server, config.to_str().unwrap());
}

#[test]
fn mariadb() {
    if !is_there("/usr/sbin/mariadbd") {
        return;
    }
    let (_dir, dir) = open_dir();
    let data = dir.join("data");
    std::fs::create_dir(&data).unwrap();
    run(command("chown").arg("mysql").args([&dir, &data]));
    let port = free_port();
    let config = dir.join("my.cnf");
    let at = dir.display();
    let text = format!(
        "[mysqld]\nuser=mysql\ndatadir={at}/data\nsocket={at}/s\npid-file={at}/p\nport={port}\n\
         bind-address=127.0.0.1\nskip-grant-tables\nskip-networking=0\ninnodb_log_file_size=4M\n"
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start(
        command("/usr/sbin/mariadbd").arg(format!("--defaults-file={}", config.display())),
        port,
    );
    let product = ("MariaDB", "mariadb-server-core", "/usr/sbin/mariadbd");
    check(Kind::Database, product, &server, config.to_str().unwrap());
}

#[test]
fn etcd() {
    if !is_there("/usr/bin/etcd") {
        return;
    }
    let (_dir, dir) = open_dir();
    let (port, peers) = (free_port(), free_port());
    let config = dir.join("etcd.yml");
    let text = format!(
        "data-dir: {}/data\nlisten-client-urls: http://127.0.0.1:{port}\n\
         advertise-client-urls: http://127.0.0.1:{port}\nlisten-peer-urls: http://127.0.0.1:{peers}\n\
         initial-advertise-peer-urls: http://127.0.0.1:{peers}\n\
         initial-cluster: default=http://127.0.0.1:{peers}\n",
        dir.display()
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start(command("/usr/bin/etcd").arg("--config-file").arg(&config), port);
    let product = ("etcd", "etcd-server", "/usr/bin/etcd");
    check(Kind::Database, product, &server, config.to_str().unwrap());
}

#[test]
fn haproxy() {
    if !is_there("/usr/sbin/haproxy") {
        return;
    }
    let (_dir, dir) = open_dir();
    let port = free_port();
    let config = dir.join("haproxy.cfg");
    let text = format!(
        "defaults\n mode http\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n\
         frontend f\n bind 127.0.0.1:{port}\n"
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start(command("/usr/sbin/haproxy").args(["-W", "-f"]).arg(&config), port);
    let product = ("HAProxy", "haproxy", "/usr/sbin/haproxy");
    check(Kind::WebService, product, &server, config.to_str().unwrap());
}

#[test]
fn lighttpd() {
    if !is_there("/usr/sbin/lighttpd") {
        return;
    }
    let (_dir, dir) = open_dir();
    let port = free_port();
    let config = dir.join("lighttpd.conf");
    let text = format!(
        "server.document-root = \"{}\"\nserver.port = {port}\nserver.bind = \"127.0.0.1\"\n",
        dir.display()
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start(command("/usr/sbin/lighttpd").args(["-D", "-f"]).arg(&config), port);
    let product = ("lighttpd", "lighttpd", "/usr/sbin/lighttpd");
    check(Kind::WebService, product, &server, config.to_str().unwrap());
}

#[test]
fn gunicorn() {
    if !is_there("/usr/bin/gunicorn") {
        return;
    }
    let (_dir, dir) = open_dir();
    let port = free_port();
    std::fs::write(dir.join("app.py"), "def app(environ, start):\n    return []\n").unwrap();
    let config = dir.join("gunicorn.conf.py");
    std::fs::write(&config, format!("bind = '127.0.0.1:{port}'\n")).unwrap();
    let mut command = command("/usr/bin/gunicorn");
    let server = Server::start(
        command.current_dir(&dir).args(["-c".as_ref(), config.as_os_str(), "app:app".as_ref()]),
        port,
    );
    let product = ("gunicorn", "gunicorn", "/usr/bin/gunicorn");
    check(Kind::WebService, product, &server, config.to_str().unwrap());
}

#[test]
fn uwsgi() {
    if !is_there("/usr/bin/uwsgi-core") {
        return;
    }
    let (_dir, dir) = open_dir();
    let port = free_port();
    let config = dir.join("app.ini");
    std::fs::write(
        &config,
        format!("[uwsgi]\nhttp-socket = 127.0.0.1:{port}\nmaster = true\ndie-on-term = true\n"),
    )
    .unwrap();
    let server = Server::start(command("/usr/bin/uwsgi-core").arg("--ini").arg(&config), port);
    let product = ("uWSGI", "uwsgi-core", "/usr/bin/uwsgi-core");
    check(Kind::WebService, product, &server, config.to_str().unwrap());
}

#[test]
fn a_replaced_program_is_what_still_runs() {
    if !is_there("/usr/bin/memcached") {
        return;
    }
    let (_dir, dir) = open_dir();
    std::fs::create_dir(dir.join("bin")).unwrap();
    let program = dir.join("bin/memcached");
    std::fs::copy("/usr/bin/memcached", &program).unwrap();
    let port = free_port();
    let port_text = port.to_string();
    let server = Server::start(
        command(program.to_str().unwrap()).args([
            "-u",
            "nobody",
            "-l",
            "127.0.0.1",
            "-p",
            &port_text,
        ]),
        port,
    );
    std::fs::remove_file(&program).unwrap();
    std::fs::write(&program, "\0memcached 99.9.9\0").unwrap();
    let swept = sweep(Kind::Database);
    let row = row(&swept, "Memcached", dir.to_str().unwrap());
    assert!(packaged("memcached").starts_with(row.fact.text(Column::Version)));
    assert_eq!(row.volatile.pid, Some(server.pid()));
    assert_eq!(row.fact.evidence()["deleted"], true);
    assert_eq!(row.fact.text(Column::OwnerPurl), "");
}
