//! Sites of web servers that really run, with their certificates.

use crate::live::{command, is_there, sweep};
use crate::middleware::pack;
use crate::real_services::{Server, check, free_port, open_dir};
use muster_inventory::Swept;
use muster_model::report::Row;
use muster_model::{Column, Fact, Kind};
use rcgen::{CertificateParams, DnType, KeyPair};
use std::path::Path;
use zip::CompressionMethod::Deflated;

/// Writes a self-signed certificate and its key; the SHA-256 of the certificate.
fn certificate(dir: &Path, name: &str) -> String {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2036, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(dir.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(dir.join("key.pem"), key.serialize_pem()).unwrap();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate.der());
    hex::encode(digest.as_ref())
}

/// The rows of the sites that files below `dir` define, by port and URL path.
fn sites<'a>(swept: &'a Swept, dir: &Path) -> Vec<&'a Row> {
    let mut rows: Vec<_> = swept
        .rows
        .iter()
        .filter(|row| Path::new(row.fact.text(Column::ConfigPath)).starts_with(dir))
        .collect();
    rows.sort_by_key(|row| {
        let fact = &row.fact;
        (
            fact.int(Column::Port),
            fact.text(Column::Name).to_owned(),
            fact.text(Column::UrlPath).to_owned(),
        )
    });
    rows
}

fn line(fact: &Fact) -> String {
    format!(
        "{} {}:{} {} {} {} {}",
        fact.text(Column::Name),
        fact.text(Column::BindAddr),
        fact.int(Column::Port).unwrap(),
        fact.text(Column::UrlPath),
        fact.text(Column::Path),
        fact.text(Column::ServedBy),
        fact.flag(Column::IsHttps)
    )
}

fn lines(rows: &[&Row]) -> Vec<String> {
    rows.iter().map(|row| line(&row.fact)).collect()
}

fn check_certificate(fact: &Fact, name: &str, sha256: &str) {
    assert_eq!(fact.text(Column::CertSubject), format!("CN={name}"));
    assert_eq!(fact.text(Column::CertIssuer), format!("CN={name}"));
    assert_eq!(fact.int(Column::CertNotBefore), Some(1_767_225_600));
    assert_eq!(fact.int(Column::CertNotAfter), Some(2_082_758_400));
    assert_eq!(fact.text(Column::CertSha256), sha256);
    assert_eq!(fact.evidence()["certificate_names"], serde_json::json!([name]));
}

#[test]
fn nginx() {
    if !is_there("/usr/sbin/nginx") {
        return;
    }
    let (_dir, dir) = open_dir();
    let sha256 = certificate(&dir, "a.example");
    let (plain, tls) = (free_port(), free_port());
    std::fs::create_dir_all(dir.join("sites/a")).unwrap();
    std::fs::create_dir(dir.join("root")).unwrap();
    let at = dir.display();
    let config = dir.join("nginx.conf");
    let text = format!(
        "daemon off; pid {at}/pid; error_log {at}/log; events {{}}\nhttp {{ access_log off;\n\
         client_body_temp_path {at}/t1; proxy_temp_path {at}/t2; fastcgi_temp_path {at}/t3;\n\
         uwsgi_temp_path {at}/t4; scgi_temp_path {at}/t5; include sites/*.conf; }}\n"
    );
    std::fs::write(&config, text).unwrap();
    let site = format!(
        "server {{ listen 127.0.0.1:{plain}; server_name _; root {at}/root;\n\
           location /api/ {{ proxy_pass http://127.0.0.1:1; }} }}\n\
         server {{ listen 127.0.0.1:{tls} ssl; server_name a.example www.a.example;\n\
           root {at}/sites/a; ssl_certificate cert.pem; ssl_certificate_key key.pem; }}\n"
    );
    std::fs::write(dir.join("sites/a.conf"), site).unwrap();
    let server =
        Server::start(command("/usr/sbin/nginx").arg("-c").arg(&config).arg("-p").arg(&dir), tls);
    let product = ("nginx", "nginx", "/usr/sbin/nginx");
    check(Kind::WebService, product, &server, config.to_str().unwrap());

    let swept = sweep(Kind::WebSite);
    let rows = sites(&swept, &dir);
    let mut expected = [
        format!("_ 127.0.0.1:{plain} / {at}/root nginx false"),
        format!("_ 127.0.0.1:{plain} /api/  nginx false"),
        format!("a.example 127.0.0.1:{tls} / {at}/sites/a nginx true"),
    ];
    if tls < plain {
        expected.rotate_right(1);
    }
    assert_eq!(lines(&rows), expected);
    let secure = rows.iter().find(|row| row.fact.flag(Column::IsHttps)).unwrap();
    check_certificate(&secure.fact, "a.example", &sha256);
    assert_eq!(secure.fact.evidence()["aliases"], serde_json::json!(["www.a.example"]));
    assert_eq!(secure.fact.text(Column::Mode), "0755");
    assert_eq!(secure.fact.int(Column::Uid), Some(0));
    assert_eq!(secure.fact.text(Column::ConfigPath), format!("{at}/sites/a.conf"));
    assert_eq!(secure.fact.text(Column::ProcPath), "/usr/sbin/nginx");
    assert!(rows.iter().all(|row| row.volatile.pid == Some(server.pid())));
}

#[test]
fn apache() {
    if !is_there("/usr/sbin/apache2") {
        return;
    }
    let (_dir, dir) = open_dir();
    let sha256 = certificate(&dir, "b.example");
    let (plain, tls) = (free_port(), free_port());
    let at = dir.display();
    std::fs::create_dir_all(dir.join("conf.d")).unwrap();
    std::fs::create_dir(dir.join("app")).unwrap();
    let modules = "/usr/lib/apache2/modules";
    let config = dir.join("apache.conf");
    let text = format!(
        "ServerRoot {at}\nServerName main.example\nDocumentRoot {at}\nPidFile {at}/pid\nErrorLog {at}/log\n\
         DefaultRuntimeDir {at}\nMutex file:{at}\nUser www-data\nGroup www-data\n\
         LoadModule mpm_event_module {modules}/mod_mpm_event.so\n\
         LoadModule authz_core_module {modules}/mod_authz_core.so\n\
         LoadModule alias_module {modules}/mod_alias.so\n\
         LoadModule ssl_module {modules}/mod_ssl.so\n\
         Listen 127.0.0.1:{plain}\n<IfModule ssl_module>\nListen 127.0.0.1:{tls}\n</IfModule>\n\
         IncludeOptional conf.d/*.conf\n"
    );
    std::fs::write(&config, text).unwrap();
    let site = format!(
        "<VirtualHost 127.0.0.1:{tls}>\nServerName b.example\nDocumentRoot ${{SITE_ROOT}}\nSSLEngine on\n\
         SSLCertificateFile cert.pem\nSSLCertificateKeyFile key.pem\nAlias /app {at}/app\n</VirtualHost>\n"
    );
    std::fs::write(dir.join("conf.d/b.conf"), site).unwrap();
    let server = Server::start(
        command("/usr/sbin/apache2")
            .env("SITE_ROOT", &dir)
            .args(["-DFOREGROUND", "-f"])
            .arg(&config),
        tls,
    );
    let product = ("Apache", "apache2-bin", "/usr/sbin/apache2");
    check(Kind::WebService, product, &server, config.to_str().unwrap());

    let swept = sweep(Kind::WebSite);
    let rows = sites(&swept, &dir);
    let mut expected = [
        format!("main.example 127.0.0.1:{plain} / {at} Apache false"),
        format!("b.example 127.0.0.1:{tls} / {at} Apache true"),
        format!("b.example 127.0.0.1:{tls} /app {at}/app Apache true"),
    ];
    if tls < plain {
        expected.rotate_left(1);
    }
    assert_eq!(lines(&rows), expected);
    let secure = rows.iter().find(|row| row.fact.flag(Column::IsHttps)).unwrap();
    check_certificate(&secure.fact, "b.example", &sha256);
    assert!(rows.iter().all(|row| row.volatile.pid == Some(server.pid())));
}

#[test]
fn tomcat() {
    if !is_there("/usr/share/tomcat10/bin/bootstrap.jar") {
        return;
    }
    let (_dir, dir) = open_dir();
    let sha256 = certificate(&dir, "c.example");
    let (plain, tls) = (free_port(), free_port());
    for name in ["conf/Catalina/localhost", "webapps/ROOT", "logs", "temp", "work"] {
        std::fs::create_dir_all(dir.join(name)).unwrap();
    }
    let config = dir.join("conf/server.xml");
    let text = format!(
        "<Server port=\"-1\"><Service name=\"Catalina\">\
         <Connector port=\"${{http.port}}\" address=\"127.0.0.1\"/>\
         <Connector port=\"{tls}\" address=\"127.0.0.1\" SSLEnabled=\"true\"><SSLHostConfig>\
         <Certificate certificateFile=\"cert.pem\" certificateKeyFile=\"key.pem\"/></SSLHostConfig>\
         </Connector><Engine name=\"Catalina\" defaultHost=\"localhost\">\
         <Host name=\"localhost\" appBase=\"webapps\" unpackWARs=\"false\"><Alias>c.example</Alias></Host>\
         </Engine></Service></Server>"
    );
    std::fs::write(&config, text).unwrap();
    std::fs::write(
        dir.join("conf/catalina.properties"),
        format!("common.loader=/usr/share/tomcat10/lib/*.jar\nhttp.port={plain}\n"),
    )
    .unwrap();
    std::fs::write(dir.join("webapps/shop.war"), pack(&[("index.html", b"shop")], Deflated))
        .unwrap();
    let home = "/usr/share/tomcat10";
    let server = Server::start(
        command("/usr/bin/java").args([
            "-Xmx64m",
            "-XX:TieredStopAtLevel=1",
            &format!("-Dcatalina.base={}", dir.display()),
            &format!("-Dcatalina.home={home}"),
            "-cp",
            &format!("{home}/bin/bootstrap.jar:{home}/bin/tomcat-juli.jar"),
            "org.apache.catalina.startup.Bootstrap",
            "start",
        ]),
        tls,
    );
    let product = ("Tomcat", "tomcat10-common", home);
    check(Kind::WebService, product, &server, config.to_str().unwrap());

    let swept = sweep(Kind::WebSite);
    let rows = sites(&swept, &dir);
    let at = dir.display();
    let of = |port: u16, https: bool| {
        [
            format!("localhost 127.0.0.1:{port} / {at}/webapps/ROOT Tomcat {https}"),
            format!("localhost 127.0.0.1:{port} /shop {at}/webapps/shop.war Tomcat {https}"),
        ]
    };
    let mut expected = [of(plain, false), of(tls, true)].concat();
    if tls < plain {
        expected.rotate_left(2);
    }
    assert_eq!(lines(&rows), expected);
    let secure = rows.iter().find(|row| row.fact.flag(Column::IsHttps)).unwrap();
    check_certificate(&secure.fact, "c.example", &sha256);
    assert_eq!(secure.fact.evidence()["aliases"], serde_json::json!(["c.example"]));
    assert!(rows.iter().all(|row| row.volatile.pid == Some(server.pid())));
}

#[test]
fn caddy() {
    if !is_there("/usr/bin/caddy") {
        return;
    }
    let (_dir, dir) = open_dir();
    let sha256 = certificate(&dir, "d.example");
    let (plain, tls) = (free_port(), free_port());
    let at = dir.display();
    let config = dir.join("Caddyfile");
    let text = format!(
        "{{\n admin off\n skip_install_trust\n auto_https disable_redirects\n default_bind 127.0.0.1\n}}\n\
         http://:{plain} {{\n root * {at}\n file_server\n}}\n\
         https://d.example:{tls} {{\n tls {at}/cert.pem {at}/key.pem\n reverse_proxy /api/* 127.0.0.1:1\n}}\n"
    );
    std::fs::write(&config, text).unwrap();
    let server = Server::start(
        command("/usr/bin/caddy")
            .env("XDG_DATA_HOME", &dir)
            .env("HOME", &dir)
            .args(["run", "--adapter", "caddyfile", "--config"])
            .arg(&config),
        tls,
    );
    let product = ("Caddy", "caddy", "/usr/bin/caddy");
    check(Kind::WebService, product, &server, config.to_str().unwrap());

    let swept = sweep(Kind::WebSite);
    let rows = sites(&swept, &dir);
    let mut expected = [
        format!("_ 127.0.0.1:{plain} / {at} Caddy false"),
        format!("d.example 127.0.0.1:{tls} /  Caddy true"),
        format!("d.example 127.0.0.1:{tls} /api/  Caddy true"),
    ];
    if tls < plain {
        expected.rotate_left(1);
    }
    assert_eq!(lines(&rows), expected);
    let secure = rows.iter().find(|row| row.fact.flag(Column::IsHttps)).unwrap();
    check_certificate(&secure.fact, "d.example", &sha256);
}
