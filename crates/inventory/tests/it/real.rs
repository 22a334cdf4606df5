//! Applications and services as distributions and package indexes ship them.

use crate::live::{self, Running, command, kept, rows_of};
use crate::middleware::{maven_jar, pack};
use crate::world::World;
use muster_inventory::{Inventory, Options, Swept};
use muster_model::{Column, Fact, Kind};
use std::path::{Path, PathBuf};
use zip::CompressionMethod::Deflated;

/// Debian packages, unpacked into one tree; what each says its version is lies beside.
fn debian() -> PathBuf {
    const PACKAGES: &[&str] = &["wordpress", "phpmyadmin", "tomcat10-common", "libtomcat10-java"];
    kept("debian", |dir| {
        live::run(command("apt-get").current_dir(dir).arg("download").args(PACKAGES));
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let Some((package, rest)) = name.split_once('_') else { continue };
            let version = rest.rsplit_once('_').unwrap().0.replace("%3a", ":");
            std::fs::write(dir.join(format!("{package}.version")), version).unwrap();
            live::run(command("dpkg-deb").arg("-x").arg(&path).arg(dir.join("root")));
            std::fs::remove_file(&path).unwrap();
        }
    })
}

/// The upstream part of a Debian version.
fn upstream(dir: &Path, package: &str) -> String {
    let version = std::fs::read_to_string(dir.join(format!("{package}.version"))).unwrap();
    let version = version.rsplit_once(':').map_or(version.as_str(), |(_, rest)| rest);
    version.split(['-', '+']).next().unwrap().to_owned()
}

fn find<'a>(swept: &'a Swept, name: &str) -> &'a Fact {
    let row = swept.rows.iter().find(|row| row.fact.text(Column::Name) == name);
    &row.unwrap_or_else(|| panic!("no {name}")).fact
}

#[test]
fn wordpress_and_phpmyadmin_are_found_as_debian_ships_them() {
    let dir = debian();
    let world = World::new();
    let options = Options { root: dir.join("root"), ..world.options() };
    let swept = Inventory::new(options).unwrap().sweep(&[Kind::WebCms]).remove(0);
    let wordpress = find(&swept, "WordPress");
    assert_eq!(wordpress.text(Column::Version), upstream(&dir, "wordpress"));
    assert_eq!(wordpress.text(Column::InstallDir), "/usr/share/wordpress");
    assert_eq!(wordpress.text(Column::ConfigPath), "/usr/share/wordpress/wp-config.php");
    let admin = find(&swept, "phpMyAdmin");
    assert_eq!(admin.text(Column::Version), upstream(&dir, "phpmyadmin"));
    assert_eq!(admin.text(Column::InstallDir), "/usr/share/phpmyadmin");
    assert_eq!(admin.text(Column::ConfigPath), "/etc/phpmyadmin/config.inc.php");
    let mailer = find(&swept, "PHPMailer");
    assert_eq!(mailer.text(Column::InstallDir), "/usr/share/wordpress");
    assert_eq!(swept.rows.len(), 3);
}

#[test]
fn a_running_tomcat_shows_its_archives_and_those_of_a_war() {
    let dir = debian();
    let version = upstream(&dir, "libtomcat10-java");
    let home = dir.join("root/usr/share/tomcat10");
    let base = tempfile::tempdir().unwrap();
    let base = base.path().canonicalize().unwrap();
    std::fs::create_dir_all(base.join("conf")).unwrap();
    std::fs::create_dir_all(base.join("webapps")).unwrap();
    std::fs::write(
        base.join("conf/server.xml"),
        r#"<Server port="-1"><Service name="Catalina">
            <Connector port="0" address="127.0.0.1" protocol="HTTP/1.1"/>
            <Engine name="Catalina" defaultHost="localhost">
              <Host name="localhost" appBase="webapps"/></Engine></Service></Server>"#,
    )
    .unwrap();
    let fastjson = maven_jar("com.alibaba", "fastjson", "1.2.47");
    let war =
        pack(&[("index.html", b"hello"), ("WEB-INF/lib/fastjson-1.2.47.jar", &fastjson)], Deflated);
    std::fs::write(base.join("webapps/shop.war"), war).unwrap();
    let script = "exec java -Xmx64m -Dcatalina.home=\"$1\" -Dcatalina.base=\"$2\" \
        -cp \"$1/bin/bootstrap.jar:$1/bin/tomcat-juli.jar\" \
        org.apache.catalina.startup.Bootstrap start 2>&1";
    let running = Running::start(
        command("sh").args(["-c", script, "sh"]).arg(&home).arg(&base),
        "Server startup in",
    );
    let swept = live::sweep(Kind::JarPackage);
    let rows = rows_of(&swept, &running);
    let named = |name: &str| -> Vec<&Fact> {
        rows.iter().copied().filter(|fact| fact.text(Column::Name) == name).collect()
    };
    let catalina = named("tomcat10-catalina")[0];
    assert_eq!(catalina.text(Column::Version), version);
    assert_eq!(catalina.evidence()["found"], "open");
    assert!(catalina.text(Column::ProcPath).ends_with("/bin/java"));
    let war_path = base.join("webapps/shop.war");
    let war_path = war_path.to_str().unwrap();
    assert_eq!(named("shop")[0].text(Column::Path), war_path);
    let mut places: Vec<(&str, &str)> = named("fastjson")
        .iter()
        .map(|fact| (fact.text(Column::PackagePath), fact.text(Column::Path)))
        .collect();
    places.sort_unstable();
    let unpacked = base.join("webapps/shop/WEB-INF/lib/fastjson-1.2.47.jar");
    assert_eq!(
        places,
        [("", unpacked.to_str().unwrap()), (war_path, "WEB-INF/lib/fastjson-1.2.47.jar")]
    );
    let frameworks = live::sweep(Kind::WebFramework);
    let found = rows_of(&frameworks, &running);
    let fastjson: Vec<_> =
        found.iter().filter(|fact| fact.text(Column::Name) == "Fastjson").collect();
    assert_eq!(fastjson.len(), 2);
    assert!(fastjson.iter().all(|fact| fact.text(Column::Version) == "1.2.47"));
}

#[test]
fn a_running_django_application_is_found_with_its_packages() {
    let dir = kept("django", |dir| {
        live::run(command("python3").args(["-m", "venv"]).arg(dir.join("venv")));
        let pip = dir.join("venv/bin/pip");
        live::run(command(pip.to_str().unwrap()).args(["install", "--quiet", "django>=4.2,<5"]));
        std::fs::write(
            dir.join("app.py"),
            "import django\nfrom django.conf import settings\n\
             from django.core.management import execute_from_command_line as run\n\
             settings.configure(DEBUG=True, SECRET_KEY='test', ROOT_URLCONF=__name__)\n\
             urlpatterns = []\nprint('version', django.__version__, flush=True)\n\
             run(['app', 'runserver', '--noreload', '--skip-checks', '127.0.0.1:0'])\n",
        )
        .unwrap();
    });
    let python = dir.join("venv/bin/python");
    let python = python.to_str().unwrap();
    let running = Running::start(
        command(python).arg("app.py").current_dir(&dir).env("PYTHONUNBUFFERED", "1"),
        "Starting development server",
    );
    let site = dir.join("venv/lib");
    let swept = live::sweep(Kind::JarPackage);
    let rows = rows_of(&swept, &running);
    let listed = command(python)
        .args(["-m", "pip", "list", "--format", "json", "--disable-pip-version-check"])
        .output()
        .unwrap();
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let mut want: Vec<(&str, &str)> = listed
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["version"].as_str().unwrap()))
        .collect();
    want.sort_unstable();
    let mut have: Vec<(&str, &str)> = rows
        .iter()
        .filter(|fact| fact.text(Column::Path).starts_with(site.to_str().unwrap()))
        .map(|fact| (fact.text(Column::Name), fact.text(Column::Version)))
        .collect();
    have.sort_unstable();
    assert_eq!(have, want);
    assert_eq!(rows.len(), have.len(), "nothing from outside the environment");
    let frameworks = live::sweep(Kind::WebFramework);
    let found = rows_of(&frameworks, &running);
    let [django] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(django.text(Column::Name), "Django");
    let version = want.iter().find(|(name, _)| *name == "Django").unwrap().1;
    assert_eq!(django.text(Column::Version), version);
    assert_eq!(django.text(Column::Purl), format!("pkg:pypi/django@{version}"));
}

#[test]
fn a_running_express_application_is_found_with_its_packages() {
    let dir = kept("express", |dir| {
        std::fs::write(dir.join("package.json"), r#"{"name":"shop","version":"1.0.0"}"#).unwrap();
        live::run(command("npm").current_dir(dir).args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "express@4",
        ]));
        std::fs::write(
            dir.join("main.js"),
            "require('express')().listen(0, '127.0.0.1', () => console.log('ready'))",
        )
        .unwrap();
    });
    let running = Running::start(command("node").arg("main.js").current_dir(&dir), "ready");
    let swept = live::sweep(Kind::JarPackage);
    let modules = dir.join("node_modules");
    let mut have: Vec<String> = rows_of(&swept, &running)
        .iter()
        .filter(|fact| fact.text(Column::Path).starts_with(modules.to_str().unwrap()))
        .map(|fact| format!("{}@{}", fact.text(Column::Name), fact.text(Column::Version)))
        .collect();
    have.sort_unstable();
    let lock = std::fs::read(dir.join("package-lock.json")).unwrap();
    let lock: serde_json::Value = serde_json::from_slice(&lock).unwrap();
    let mut want: Vec<String> = lock["packages"]
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(path, package)| {
            let (_, name) = path.rsplit_once("node_modules/")?;
            Some(format!("{name}@{}", package["version"].as_str().unwrap()))
        })
        .collect();
    want.sort_unstable();
    assert_eq!(have, want);
    let frameworks = live::sweep(Kind::WebFramework);
    let found = rows_of(&frameworks, &running);
    let express = found.iter().find(|fact| fact.text(Column::Name) == "Express").unwrap();
    assert!(want.contains(&format!("express@{}", express.text(Column::Version))));
}

#[test]
fn a_program_made_by_go_tells_how_it_was_built() {
    let places = ["/usr/local/go/bin/gofmt", "/usr/bin/gofmt"];
    let Some(program) = live::first_there(&places) else { return };
    let file = std::fs::File::open(program).unwrap();
    let source = muster_formats::read_at::SizedFile::new(file).unwrap();
    let info = muster_formats::go_buildinfo::read(&source).unwrap();
    assert!(info.go_version.starts_with("go1."), "{info:?}");
    assert!(info.settings.iter().any(|(key, _)| key == "GOARCH"), "{info:?}");
}
