//! Sites of servers that are installed but do not run, and of hostile configurations.

use crate::world::World;
use muster_model::{Column, Kind};

fn lines(world: &World) -> Vec<String> {
    let swept = world.sweep(Kind::WebSite);
    let mut lines: Vec<String> = swept
        .rows
        .iter()
        .map(|row| {
            let fact = &row.fact;
            format!(
                "{} {}:{} {} {} {} {}",
                fact.text(Column::Name),
                fact.text(Column::BindAddr),
                fact.int(Column::Port).unwrap(),
                fact.text(Column::UrlPath),
                fact.text(Column::Path),
                fact.text(Column::ServedBy),
                fact.text(Column::Mode),
            )
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn installed_servers_and_their_own_variables() {
    let world = World::new();
    world.write(
        "/usr/sbin/nginx",
        "\0nginx/1.22.1\0 --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf\0",
    );
    world.write("/etc/nginx/nginx.conf", "http { include conf.d/*.conf; }");
    world.write(
        "/etc/nginx/conf.d/a.conf",
        "server { listen 8080; location /v/ { root /srv/$host; } }",
    );
    world.write("/etc/nginx/conf.d/.hidden.conf", "server { listen 1; }");
    world.write("/usr/share/nginx/html/index.html", "");
    world.write("/usr/sbin/apache2", "\0Apache/2.4.71\0 -D HTTPD_ROOT=\"/etc/apache2\"\0");
    world.write(
        "/etc/apache2/apache2.conf",
        "Listen 8081\nDocumentRoot ${WEB}\nIncludeOptional sites-enabled/*.conf\n",
    );
    world.write("/etc/apache2/envvars", "export WEB=/srv/web$SUFFIX\n");
    world.write("/srv/web/index.html", "");
    assert_eq!(
        lines(&world),
        [
            "_ 0.0.0.0:8080 / /usr/share/nginx/html nginx 0755",
            "_ 0.0.0.0:8080 /v/ /srv/$host/v nginx ",
            "_ 0.0.0.0:8081 / /srv/web Apache 0755",
        ]
    );
}

#[test]
fn debians_tomcat_at_rest() {
    let world = World::new();
    world.write("/usr/share/tomcat10/lib/catalina.jar", "");
    world.write(
        "/etc/tomcat10/server.xml",
        "<Server><Service><Connector port=\"8080\"/><Engine><Host name=\"localhost\"/></Engine></Service></Server>",
    );
    world.write(
        "/etc/tomcat10/Catalina/localhost/manager.xml",
        "<Context docBase=\"/usr/share/tomcat10-admin/manager\"/>",
    );
    world.write("/var/lib/tomcat10/webapps/ROOT/index.html", "");
    world.write("/var/lib/tomcat10/webapps/a#b.war", "");
    world.write("/usr/share/tomcat10-admin/manager/x", "");
    assert_eq!(
        lines(&world),
        [
            "localhost 0.0.0.0:8080 / /var/lib/tomcat10/webapps/ROOT Tomcat 0755",
            "localhost 0.0.0.0:8080 /a/b /var/lib/tomcat10/webapps/a#b.war Tomcat 0644",
            "localhost 0.0.0.0:8080 /manager /usr/share/tomcat10-admin/manager Tomcat 0755",
        ]
    );
}

#[test]
fn a_managed_certificate_of_caddy() {
    let world = World::new();
    world.write("/usr/bin/caddy", "");
    world.write("/etc/caddy/Caddyfile", "a.example {\n respond ok\n}\n");
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    let path = "/var/lib/caddy/.local/share/caddy/certificates/acme/a.example/a.example.crt";
    world.write(path, pem);
    let swept = world.sweep(Kind::WebSite);
    assert_eq!(swept.rows.len(), 1);
    let fact = &swept.rows[0].fact;
    assert_eq!(fact.evidence()["certificate_path"], path);
    assert_eq!(fact.text(Column::CertSha256).len(), 64);
}

#[test]
fn hostile_configurations_cost_nothing_but_themselves() {
    let world = World::new();
    world.write("/usr/sbin/nginx", "\0nginx/1.22.1\0");
    world.write(
        "/etc/nginx/nginx.conf",
        "http { include nginx.conf; include /proc/../pipe; include loop/*; \
         server { listen 443 ssl; ssl_certificate /pipe; root ../../../../srv; } \
         server { listen 444 ssl; ssl_certificate /etc/nginx/nginx.conf; } ",
    );
    world.link("/etc/nginx/loop", "loop");
    let pipe = world.path("/pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o644),
        0,
    )
    .unwrap();
    let swept = world.sweep(Kind::WebSite);
    let ports: Vec<_> = swept.rows.iter().filter_map(|row| row.fact.int(Column::Port)).collect();
    assert!(ports.contains(&443) && ports.contains(&444), "{ports:?}");
    assert!(swept.rows.iter().all(|row| row.fact.text(Column::CertSha256).is_empty()));
    assert!(swept.diagnostics.iter().any(|trouble| trouble.code == "file.malformed"));
}

#[test]
fn an_unchanged_host_is_not_looked_at_again() {
    let world = World::new();
    world.write("/usr/sbin/nginx", "\0nginx/1.22.1\0");
    world.write("/etc/nginx/nginx.conf", "http { server { listen 81; } }");
    let mut inventory = world.inventory();
    let first = inventory.sweep(&[Kind::WebSite]).remove(0);
    assert_eq!(first.rows.len(), 1);
    let second = inventory.sweep(&[Kind::WebSite]).remove(0);
    assert!(!second.changed);
    assert!(std::sync::Arc::ptr_eq(&first.rows, &second.rows), "kept, not made again");
    world.write("/etc/nginx/nginx.conf", "http { server { listen 82; } server { listen 83; } }");
    let third = inventory.sweep(&[Kind::WebSite]).remove(0);
    assert!(third.changed);
    assert_eq!(third.rows.len(), 2);
}
