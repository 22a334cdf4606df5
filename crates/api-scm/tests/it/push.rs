//! Certificates put where a real nginx reads them.
#![expect(clippy::disallowed_methods, reason = "the server that serves the certificates is run")]

use crate::openssl::Made;
use crate::{World, body};
use muster_service::Settings;
use muster_service::certificates::CertificateSettings;
use muster_service::certificates::deploy::Target;
use muster_service::limits::Limits;
use muster_store::trail::read::segments;
use muster_testkit::{TestApp, TestDb};
use serde_json::{Value, json};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

const RSA: &str = "-algorithm RSA -pkeyopt rsa_keygen_bits:2048";
const EC: &str = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";

fn made(key: &str) -> Made {
    Made::of(key, "251201000000Z", "261201000000Z", "DNS:a.example")
}

async fn world(targets: &[(&str, &Path, &[&str], Option<&str>)]) -> World {
    let targets = targets.iter().map(|(name, folder, hook, account)| {
        let target = Target {
            folder: folder.to_path_buf(),
            hook: hook.iter().map(|it| (*it).to_owned()).collect(),
            hook_secs: 10,
            account: account.map(str::to_owned),
        };
        ((*name).to_owned(), target)
    });
    let certificates = CertificateSettings { targets: targets.collect(), ..Default::default() };
    let free = Limits { logins: 0, api: 0, user: 0, address: 0, secrets: 0 };
    let settings = Settings { limits: free, certificates, ..Settings::default() };
    World::on(TestApp::with(TestDb::sqlite().await, settings).await).await
}

impl World {
    async fn import_of(&self, name: &str, made: &Made) -> String {
        let import = body(name, &made.text("leaf.pem"), &made.text("leaf.key"));
        let id = self.ask("POST", "/certificates/import", import).await;
        id["certificate_id"].as_str().unwrap().to_owned()
    }

    async fn push(&self, id: &str, target: &str) -> (u16, String, String) {
        let body =
            json!({"target_project": self.test.credentials.project_name, "target_service": target});
        self.refused("POST", &format!("/certificates/{id}/push"), body).await
    }

    async fn places(&self, id: &str) -> Value {
        let body = json!({"certificate_ids": [id], "service_names": ["ALL"]});
        self.ask("POST", "/deployed-resources", body).await["results"][0].clone()
    }
}

/// An nginx of its own on loopback.
struct Nginx(Child);

impl Nginx {
    fn start(folder: &Path, port: u16) -> Self {
        let text = format!(
            "daemon off; master_process on; pid {0}/nginx.pid; error_log {0}/error.log;\n\
             events {{}}\nhttp {{ access_log off; client_body_temp_path {0}/b; proxy_temp_path {0}/p;\n\
             fastcgi_temp_path {0}/f; uwsgi_temp_path {0}/u; scgi_temp_path {0}/s;\n\
             server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {0}/tls/fullchain.pem;\n\
             ssl_certificate_key {0}/tls/privkey.pem; return 204; }} }}\n",
            folder.display()
        );
        std::fs::write(folder.join("nginx.conf"), text).unwrap();
        let conf = folder.join("nginx.conf");
        Self(Command::new("nginx").arg("-c").arg(conf).spawn().unwrap())
    }

    /// The certificate it serves, as openssl sees it, once it is the wanted one or after ten seconds.
    fn serves(made: &Made, port: u16) -> bool {
        for _ in 0..100 {
            std::thread::sleep(Duration::from_millis(100));
            if TcpStream::connect(("127.0.0.1", port)).is_err() {
                continue;
            }
            let (_, said) =
                made.ask(&format!("s_client -connect 127.0.0.1:{port} -servername a.example"));
            let begin = said.find("-----BEGIN").unwrap_or(said.len());
            let end = said.find("-----END CERTIFICATE-----").unwrap_or(begin);
            let lines = |text: &str| text.split_whitespace().collect::<String>();
            let served = lines(&said[begin..end]);
            if !served.is_empty() && lines(&made.text("leaf.pem")).contains(&served) {
                return true;
            }
        }
        false
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_serves_what_was_pushed_and_keeps_what_it_had_where_that_fails() {
    let dir = tempfile::tempdir().unwrap();
    let tls = dir.path().join("tls");
    std::fs::create_dir(&tls).unwrap();
    let conf = dir.path().join("nginx.conf");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let reload = format!(
        "[ ! -e {0} ] || {{ nginx -t -q -c {0} && nginx -c {0} -s reload; }}",
        conf.display()
    );
    let world = world(&[("web", &tls, &["sh", "-c", &reload], None)]).await;
    let (first, second) = (made(EC), made(RSA));
    let (one, two) =
        (world.import_of("cert-1", &first).await, world.import_of("cert-2", &second).await);
    let shown = world.ask("GET", &format!("/certificates/{one}"), Value::Null).await;
    assert_eq!(shown["push_support"], "ON");

    assert_eq!(world.push(&one, "web").await.0, 204);
    let mode = std::fs::metadata(tls.join("privkey.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let nginx = Nginx::start(dir.path(), port);
    assert!(Nginx::serves(&first, port));
    let batch =
        json!({"target_projects": [world.test.credentials.project_id], "target_service": "web"});
    let pushed = world.ask("POST", &format!("/certificates/{two}/batch-push"), batch).await;
    assert_eq!(pushed["results"][0]["cert_id"], json!(two));
    assert!(Nginx::serves(&second, port), "the other certificate after the reload");
    assert_eq!(world.places(&two).await["total_num"], 1);
    assert_eq!(world.places(&one).await["deployed_resources"], json!([]));

    // nginx refuses its configuration: the certificate before stays, on the disk and on the wire.
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(&conf, format!("{text} nonsense;")).unwrap();
    let before = std::fs::read(tls.join("privkey.pem")).unwrap();
    let (status, _, message) = world.push(&one, "web").await;
    assert_eq!(status, 503, "{message}");
    assert!(message.contains("target web"), "{message}");
    assert_eq!(std::fs::read(tls.join("privkey.pem")).unwrap(), before);
    let names = std::fs::read_dir(&tls).unwrap().count();
    assert_eq!(names, 2, "nothing half-done stays");
    std::fs::write(&conf, text).unwrap();
    assert!(Nginx::serves(&second, port));
    drop(nginx);

    // The trail has each before it was done, and how it ended: a failure by the end of the server at the latest.
    let trail = world.test.app.settings.data_dir.join("audit");
    world.test.app.close().await;
    let mut told = String::new();
    for segment in segments(&trail).unwrap() {
        told += &std::fs::read_to_string(segment.path).unwrap();
    }
    for (outcome, times) in [("intent", 3), ("success", 2), ("failure", 1)] {
        let lines =
            told.lines().filter(|line| line.contains("scm:cert:push") && line.contains(outcome));
        assert_eq!(lines.count(), times, "{outcome}: {told}");
    }
}

#[tokio::test]
async fn what_cannot_be_pushed_is_said_and_nothing_is_written() {
    let (mine, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let gone = mine.path().join("gone");
    let world = world(&[
        ("web", mine.path(), &[], None),
        ("gone", &gone, &[], None),
        ("partners", theirs.path(), &[], Some("partner")),
    ])
    .await;
    let leaf = made(EC);
    let id = world.import_of("cert-1", &leaf).await;
    for target in ["ELB", "partners", "", "../web"] {
        let (status, code, _) = world.push(&id, target).await;
        assert_eq!((status, code.as_str()), (400, "SCM.0030"), "{target}");
    }
    let elsewhere = json!({"target_project": "nowhere", "target_service": "web"});
    let (status, code, _) =
        world.refused("POST", &format!("/certificates/{id}/push"), elsewhere).await;
    assert_eq!((status, code.as_str()), (400, "SCM.0069"));
    assert_eq!(world.push(&id, "gone").await.0, 503);
    assert_eq!(std::fs::read_dir(mine.path()).unwrap().count(), 0);
    // Several targets: what fails is listed.
    let several = json!({"service_name": "HOST", "resources": [{"id": "gone"}, {"id": "web"}]});
    let done = world.ask("POST", &format!("/certificates/{id}/deploy"), several).await;
    let failures = done["failure_list"].as_array().unwrap();
    assert_eq!((failures.len(), &failures[0]["resource"]), (1, &json!("gone")));
    assert_eq!(
        std::fs::read_to_string(mine.path().join("privkey.pem")).unwrap(),
        leaf.text("leaf.key")
    );
    let partner = world.test.second_account("partner").await;
    let partner = world.test.client_of(&world.router, &partner).await;
    let body = json!({"target_project": "muster", "target_service": "web"});
    let foreign = partner.post(&format!("/v3/scm/certificates/{id}/push"), &body).await;
    assert_eq!(foreign.status, 404);
    // One that has ended goes nowhere.
    let later = world.after(400);
    let (status, code, _) = later.push(&id, "web").await;
    assert_eq!((status, code.as_str()), (400, "SCM.0010"));
    later.test.app.close().await;
}
