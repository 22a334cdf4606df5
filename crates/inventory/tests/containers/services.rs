//! Real services in containers: every row is the container's, and says what the service itself and the kernel say.

use crate::attributed::{listeners_of, processes_of};
use crate::runtimes::{Image, Podman, Running, output, wait_for};
use muster_inventory::{Inventory, Swept};
use muster_model::{Column, Kind};
use std::collections::BTreeSet;
use std::path::Path;

pub(crate) const NAME: &str = "localhost/muster-services:1";
/// The programs are the host's own, seen through read-only mounts.
const MOUNTS: &[&str] =
    &["-v", "/usr:/usr:ro", "--tmpfs", "/run", "--tmpfs", "/tmp", "--tmpfs", "/var/lib/nginx"];

/// The files the services need besides their programs.
fn fill(root: &Path) {
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for name in ["bin", "lib", "lib64", "sbin"] {
        std::os::unix::fs::symlink(format!("usr/{name}"), root.join(name)).unwrap();
    }
    for folder in ["usr", "proc", "sys", "dev", "run", "tmp", "var/lib/nginx", "var/log/nginx"] {
        std::fs::create_dir_all(root.join(folder)).unwrap();
    }
    write("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\n");
    write("etc/group", "root:x:0:\nwww-data:x:33:\n");
    std::fs::copy("/etc/ld.so.cache", root.join("etc/ld.so.cache")).unwrap();
    write(
        "etc/nginx/nginx.conf",
        "user root;\nerror_log stderr;\nevents {}\nhttp { access_log off; server { listen 18401; server_name shop.example; root /srv/www; } }\n",
    );
    write("srv/www/index.html", "shop");
    write(
        "srv/tomcat/conf/server.xml",
        "<Server port=\"-1\"><Service name=\"Catalina\"><Connector port=\"18403\"/>\
         <Engine name=\"Catalina\" defaultHost=\"localhost\"><Host name=\"localhost\" appBase=\"webapps\"/>\
         </Engine></Service></Server>",
    );
    write("srv/tomcat/conf/catalina.properties", "common.loader=/usr/share/tomcat10/lib/*.jar\n");
    for folder in ["webapps", "logs", "temp", "work"] {
        std::fs::create_dir_all(root.join("srv/tomcat").join(folder)).unwrap();
    }
    write("srv/shop/package.json", r#"{"name": "shop", "version": "3.1.0"}"#);
    write(
        "srv/shop/server.js",
        "require('left-pad'); require('http').createServer((q, a) => a.end('shop')).listen(18404);\n",
    );
    write(
        "srv/shop/node_modules/left-pad/package.json",
        r#"{"name": "left-pad", "version": "1.3.0"}"#,
    );
    write("srv/shop/node_modules/left-pad/index.js", "module.exports = () => '';\n");
    let packages = format!("srv/venv/lib/{}/site-packages", python());
    write("srv/venv/pyvenv.cfg", "home = /usr/bin\ninclude-system-site-packages = false\n");
    write(&format!("{packages}/cart.py"), "");
    let metadata = "Metadata-Version: 2.1\nName: cart\nVersion: 0.9\n";
    write(&format!("{packages}/cart-0.9.dist-info/METADATA"), metadata);
    std::fs::create_dir_all(root.join("srv/venv/bin")).unwrap();
    std::os::unix::fs::symlink("/usr/bin/python3", root.join("srv/venv/bin/python3")).unwrap();
}

/// `python3.11`, or whichever the host has.
fn python() -> String {
    let program = std::fs::canonicalize("/usr/bin/python3").unwrap();
    program.file_name().unwrap().to_str().unwrap().to_owned()
}

/// Where a program of the host really lies: links lead through `/etc/alternatives`.
fn program(name: &str) -> String {
    let program = std::fs::canonicalize(Path::new("/usr/bin").join(name)).unwrap();
    program.to_str().unwrap().to_owned()
}

/// Mounts of the folders in which Debian keeps the settings of Java.
fn java_settings() -> Vec<String> {
    let names = std::fs::read_dir("/etc").unwrap().map(|it| it.unwrap().file_name());
    let names = names.filter_map(|name| name.to_str().map(str::to_owned));
    let java = names.filter(|name| name.starts_with("java"));
    java.map(|name| format!("/etc/{name}:/etc/{name}:ro")).collect()
}

/// Programs that are missing; CI has to have all of them.
pub(crate) fn missing() -> bool {
    let programs = ["sbin/nginx", "bin/redis-server", "bin/java", "bin/node", "bin/python3"];
    let is_missing = |program: &&str| !Path::new("/usr").join(program).exists();
    let missing = programs.iter().find(|it| is_missing(it));
    assert!(missing.is_none() || std::env::var_os("CI").is_none(), "CI has to have {missing:?}");
    missing.is_some()
}

fn inside<'s>(swept: &'s [Swept], container: &Running) -> &'s Swept {
    let of = |it: &&Swept| it.container.as_ref().is_some_and(|it| it.id == container.id);
    swept.iter().find(of).expect(&container.name)
}

/// Name and version of the rows of a kind in a container.
fn named(inventory: &mut Inventory, kind: Kind, container: &Running) -> BTreeSet<[String; 2]> {
    let swept = inventory.sweep(&[kind]);
    let text = |row: &muster_model::report::Row, column| row.fact.text(column).to_owned();
    let rows = inside(&swept, container).rows.iter();
    rows.map(|row| [text(row, Column::Name), text(row, Column::Version)]).collect()
}

/// What a program prints about its version, from the first digit to the next blank.
fn version(program: &str, arguments: &[&str], before: &str) -> String {
    let done = std::process::Command::new(program).args(arguments).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let at = said.split_once(before).expect(&said).1;
    at.split_whitespace().next().unwrap().to_owned()
}

pub(crate) fn are_the_container_s(image: &Image, podman: &Podman, inventory: &mut Inventory) {
    if missing() {
        return;
    }
    let root = image.folder().join("services");
    std::fs::create_dir_all(&root).unwrap();
    fill(&root);
    let archive = image.folder().join("services.tar");
    let (from, to) = (root.to_str().unwrap(), archive.to_str().unwrap());
    output("tar", &["-C", from, "-cf", to, "."]);
    podman.command(&["rmi", "-f", "-i", NAME]);
    podman.command(&["import", "-q", to, NAME]);
    let run = |name: &str, options: &[&str], command: &[&str]| {
        podman.run_of(NAME, name, &[MOUNTS, options].concat(), command)
    };
    let (java, node) = (program("java"), program("node"));
    let tomcat = [
        java.as_str(),
        "-Xmx64m",
        "-XX:TieredStopAtLevel=1",
        "-Dcatalina.base=/srv/tomcat",
        "-Dcatalina.home=/usr/share/tomcat10",
        "-cp",
        "/usr/share/tomcat10/bin/bootstrap.jar:/usr/share/tomcat10/bin/tomcat-juli.jar",
        "org.apache.catalina.startup.Bootstrap",
        "start",
    ];
    let redis =
        ["/usr/bin/redis-server", "--port", "18402", "--save", "", "--protected-mode", "no"];
    let nginx = run("muster-nginx", &[], &["/usr/sbin/nginx", "-g", "daemon off;"]);
    let redis = run("muster-redis", &[], &redis);
    let settings = java_settings();
    let settings: Vec<&str> = settings.iter().flat_map(|it| ["-v", it.as_str()]).collect();
    let tomcat = run("muster-tomcat", &settings, &tomcat);
    let node = run("muster-node", &["-w", "/srv/shop"], &[&node, "server.js"]);
    let server = ["/srv/venv/bin/python3", "-m", "http.server", "18405"];
    let python = run("muster-python", &["-w", "/srv/www"], &server);
    let all =
        [(&nginx, 18401), (&redis, 18402), (&tomcat, 18403), (&node, 18404), (&python, 18405)];
    for (container, port) in all {
        let status = podman.command(&["ps", "-a", "--filter", &format!("id={}", container.id)]);
        assert!(status.contains(" Up "), "{status}{}", podman.command(&["logs", &container.id]));
        wait_for(&container.name, || listeners_of(container).contains(&port));
    }

    let processes = inventory.sweep(&[Kind::Process]);
    let ports = inventory.sweep(&[Kind::Port]);
    for (container, _) in all {
        let pids = inside(&processes, container).rows.iter().filter_map(|row| row.volatile.pid);
        assert_eq!(pids.collect::<BTreeSet<_>>(), processes_of(container), "{}", container.name);
        let tcp = inside(&ports, container).rows.iter();
        let tcp = tcp.filter(|row| row.fact.text(Column::Protocol).starts_with("TCP"));
        let found = tcp.filter_map(|row| row.fact.int(Column::Port)).collect::<BTreeSet<_>>();
        assert_eq!(found, listeners_of(container), "{}", container.name);
    }

    let has = |found: &BTreeSet<[String; 2]>, name: &str, version: &str| {
        let is_it = |[its, told]: &[String; 2]| its.eq_ignore_ascii_case(name) && told == version;
        assert!(found.iter().any(is_it), "{name} {version}: {found:?}");
    };
    let mut of = |kind, container| named(inventory, kind, container);
    let nginx_version = version("/usr/sbin/nginx", &["-v"], "nginx/");
    has(&of(Kind::WebService, &nginx), "nginx", &nginx_version);
    has(
        &of(Kind::Database, &redis),
        "redis",
        &version("/usr/bin/redis-server", &["--version"], "v="),
    );
    let jar = "/usr/share/tomcat10/lib/catalina.jar";
    let info = ["-cp", jar, "org.apache.catalina.util.ServerInfo"];
    let tomcat_version = version("/usr/bin/java", &info, "Tomcat/");
    has(&of(Kind::WebService, &tomcat), "tomcat", &tomcat_version);
    has(&of(Kind::JarPackage, &node), "left-pad", "1.3.0");
    has(&of(Kind::JarPackage, &python), "cart", "0.9");
    let sites = inventory.sweep(&[Kind::WebSite]);
    let domains = inside(&sites, &nginx).rows.iter().map(|row| row.fact.text(Column::Name));
    assert_eq!(domains.collect::<Vec<_>>(), ["shop.example"]);
    // None of it is the host's or another container's.
    for kind in [Kind::WebSite, Kind::JarPackage] {
        for swept in inventory.sweep(&[kind]) {
            let ours = swept
                .container
                .as_ref()
                .is_some_and(|it| all.iter().any(|(container, _)| container.id == it.id));
            let text = format!("{:?}", swept.rows);
            let told = ["shop.example", "left-pad", "\"cart\""].iter().any(|it| text.contains(it));
            assert!(ours || !told, "{kind}: {:?}", swept.container);
        }
    }
}
