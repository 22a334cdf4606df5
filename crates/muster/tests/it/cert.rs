//! Certificates through the command line: issued, exported for each server, and the servers really started with them.
#![expect(
    clippy::disallowed_methods,
    reason = "the servers and tools that have to accept an export"
)]

use crate::process::{Server, ask, muster, run, wait_for};
use crate::raw::send;
use std::io::Read;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

fn said(data_dir: &Path, args: &[&str]) -> String {
    let output = run(data_dir, args);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{args:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Exports and unpacks.
fn exported(data_dir: &Path, id: &str, format: &str) -> std::path::PathBuf {
    let folder = data_dir.join(format!("{id}-{format}"));
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("it.zip");
    said(
        data_dir,
        &[
            "cert",
            "export",
            id,
            "--format",
            format,
            "--password",
            "pass-word-1",
            "--file",
            file.to_str().unwrap(),
        ],
    );
    let mut zip = zip::ZipArchive::new(std::fs::File::open(&file).unwrap()).unwrap();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        std::fs::write(folder.join(entry.name().unwrap().as_ref()), bytes).unwrap();
    }
    folder
}

fn tool(program: &str, dir: &Path, line: &str) -> String {
    let output =
        Command::new(program).args(line.split(' ')).current_dir(dir).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program} {line}: {said}");
    said
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Stopped when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Asked, it takes its worker processes with it.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// Connects as a client that trusts the root alone.
fn connects(dir: &Path, root: &Path, port: u16) {
    let line = format!(
        "s_client -connect 127.0.0.1:{port} -servername a.example -verify_hostname a.example -verify_return_error -CAfile {}",
        root.display()
    );
    wait_for("a handshake", || {
        let output = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(dir)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success() && text.contains("Verify return code: 0 (ok)")).then_some(())
    });
}

#[test]
fn exports_serve_nginx_apache_java_and_openssl() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let _server = Server::up(data, &["--no-local-agent"]);
    let id = said(
        data,
        &["cert", "issue", "a.example", "--san", "b.example", "--algorithm", "RSA_2048"],
    );
    let root = data.join("root.pem");
    std::fs::write(&root, said(data, &["cert", "roots"])).unwrap();

    let nginx = exported(data, &id, "nginx");
    let port = free_port();
    std::fs::write(nginx.join("nginx.conf"), format!(
        "daemon off; pid nginx.pid; error_log error.log; events {{}}\nhttp {{ access_log off; client_body_temp_path t; proxy_temp_path t; \
         fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\nserver {{ listen 127.0.0.1:{port} ssl; \
         ssl_certificate server.crt; ssl_certificate_key server.key; }} }}"
    )).unwrap();
    let prefix = format!("{}/", nginx.display());
    let running = Command::new("/usr/sbin/nginx")
        .args(["-p", &prefix, "-e", "error.log", "-c", "nginx.conf"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(running);
    connects(data, &root, port);
    drop(running);

    let apache = exported(data, &id, "apache");
    let port = free_port();
    let modules = "/usr/lib/apache2/modules";
    std::fs::write(apache.join("httpd.conf"), format!(
        "ServerRoot {dir}\nServerName a.example\nPidFile httpd.pid\nListen 127.0.0.1:{port}\nErrorLog error.log\n\
         LoadModule mpm_event_module {modules}/mod_mpm_event.so\nLoadModule authz_core_module {modules}/mod_authz_core.so\n\
         LoadModule socache_shmcb_module {modules}/mod_socache_shmcb.so\nLoadModule ssl_module {modules}/mod_ssl.so\n\
         SSLEngine on\nSSLCertificateFile server.crt\nSSLCertificateKeyFile server.key\nSSLCACertificateFile ca.crt\n",
        dir = apache.display()
    )).unwrap();
    let running = Command::new("/usr/sbin/apache2")
        .args(["-DFOREGROUND", "-f"])
        .arg(apache.join("httpd.conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(running);
    connects(data, &root, port);
    drop(running);

    let tomcat = exported(data, &id, "tomcat");
    assert_eq!(std::fs::read_to_string(tomcat.join("keystorePass.txt")).unwrap(), "pass-word-1");
    let list = "-list -v -keystore server.jks -storepass:file keystorePass.txt";
    let text = tool("keytool", &tomcat, list);
    assert!(
        text.contains("PrivateKeyEntry") && text.contains("Certificate chain length: 2"),
        "{text}"
    );
    let iis = exported(data, &id, "iis");
    tool(
        "openssl",
        &iis,
        "pkcs12 -in server.pfx -passin file:keystorePass.txt -nodes -out out.pem",
    );
    tool("openssl", &iis, "verify -CAfile ../root.pem out.pem");

    let listed = ask(data, &["cert", "list", "--expiring", "400d"]);
    assert_eq!(listed[0]["id"], id.as_str());
    assert_eq!(ask(data, &["cert", "list", "--expiring", "30d"]).as_array().unwrap().len(), 0);

    // Back in under another name, from the files of the export.
    let path = |name: &str| nginx.join(name).to_str().unwrap().to_owned();
    let again = said(
        data,
        &[
            "cert",
            "import",
            "--name",
            "again",
            "--certificate",
            &path("server.crt"),
            "--key",
            &path("server.key"),
        ],
    );
    let once = run(
        data,
        &[
            "cert",
            "import",
            "--once",
            "--certificate",
            &path("server.crt"),
            "--key",
            &path("server.key"),
        ],
    );
    assert_eq!(once.status.code(), Some(3));
    said(data, &["cert", "revoke", &id, "--reason", "superseded"]);
    std::fs::write(data.join("crl.pem"), said(data, &["cert", "crl", "RSA"]) + "\n").unwrap();
    let text = tool("openssl", data, "crl -in crl.pem -noout -text -CAfile root.pem");
    assert!(text.contains("verify OK") && text.contains("Serial Number"), "{text}");
    said(data, &["cert", "delete", &again]);
    assert_eq!(run(data, &["cert", "show", &again]).status.code(), Some(6));
}

#[test]
fn an_envelope_is_opened_without_a_server() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let server = Server::up(data, &["--no-local-agent"]);
    tool("openssl", data, "genpkey -algorithm SM2 -out own.key");
    tool(
        "openssl",
        data,
        "req -new -sm3 -sigopt distid:1234567812345678 -key own.key -subj /CN=gm.example -out own.csr",
    );
    let csr = data.join("own.csr");
    let id = said(
        data,
        &["cert", "issue", "gm.example", "--algorithm", "SM2", "--csr", csr.to_str().unwrap()],
    );
    let folder = exported(data, &id, "ntls");
    drop(server);
    let key = data.join("own.key");
    let certificate = folder.join("enc.crt");
    let envelope = folder.join("enc.key.envelope");
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let opened = folder.join("enc.key");
    said(
        data,
        &[
            "cert",
            "unwrap",
            &text(&envelope),
            "--key",
            &text(&key),
            "--certificate",
            &text(&certificate),
            "--file",
            &text(&opened),
        ],
    );
    let key_point = tool("openssl", &folder, "pkey -in enc.key -pubout");
    let certified = tool("openssl", &folder, "x509 -in enc.crt -noout -pubkey");
    assert_eq!(key_point, certified);
    let wrong = muster(data, &["cert", "unwrap", &text(&envelope), "--key", &text(&opened)])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(3));
    let complaint = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(complaint.contains("made for another signing key, or altered"), "{complaint}");
}

#[test]
fn openssl_finds_the_revocation_list_by_the_certificate_alone() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let port = free_port();
    let address = format!("http://127.0.0.1:{port}");
    std::fs::write(
        data.join("muster.toml"),
        format!("[certificates]\ncrl_address = '{address}'\n"),
    )
    .unwrap();
    let listen = format!("127.0.0.1:{port}");
    let _server = Server::of(data, muster(data, &["up", "--no-local-agent", "--listen", &listen]));
    let issue = |name: &str| {
        let id = said(data, &["cert", "issue", name, "--algorithm", "EC_P256"]);
        let folder = exported(data, &id, "pem");
        std::fs::copy(folder.join("cert.pem"), data.join(format!("{name}.pem"))).unwrap();
        id
    };
    let (good, bad) = ("good.example", "bad.example");
    issue(good);
    let revoked = issue(bad);
    std::fs::write(data.join("root.pem"), said(data, &["cert", "roots"])).unwrap();
    said(data, &["cert", "revoke", &revoked]);
    let verify = |name: &str| {
        let line = format!("verify -crl_check -crl_download -CAfile root.pem {name}.pem");
        let output = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(data)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.success(), said)
    };
    let (ok, told) = verify(good);
    assert!(ok, "{told}");
    let (ok, told) = verify(bad);
    assert!(!ok && told.contains("certificate revoked"), "{told}");

    let point =
        tool("openssl", data, "x509 -in good.example.pem -noout -ext crlDistributionPoints");
    let url = point.split("URI:").nth(1).unwrap().trim();
    let target = url.strip_prefix(&address).unwrap();
    let answer = send(&address, "GET", target, &[], b"");
    assert_eq!(answer.status, 200);
    for (name, value) in [
        ("Content-Type", "application/pkix-crl"),
        ("Cache-Control", "public, max-age=300"),
        ("X-Content-Type-Options", "nosniff"),
    ] {
        assert_eq!(answer.header(name), value);
    }
    let other = target.replace("EC.crl", "RSA.crl");
    assert_eq!(send(&address, "GET", &other, &[], b"").status, 404);
    assert_eq!(send(&address, "POST", target, &[], b"").status, 404);
}
