//! The SCA open API through its router, as its clients meet it: signed bodies, real archives, real workers.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that panics has failed")]

mod callback;
mod classes;
mod judged;
mod knowledge;
mod own;
mod proof;
mod rejudged;
mod results;
mod tasks;
mod uploads;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use muster_egress::EgressSettings;
use muster_model::Clock;
use muster_service::Settings;
use muster_service::limits::Limits;
use muster_service::sca::{Isolation, ScaSettings, start_analyses, start_callbacks};
use muster_testkit::{Answer, Client, TestApp, TestDb};
use muster_vault::sca_signature::{Algorithm, canonical, sign};
use serde_json::{Value, json};
use std::io::{Cursor, Write};
use std::time::Duration;

pub(crate) struct World {
    pub(crate) test: TestApp,
    pub(crate) router: Router,
    /// The access key that signs, and its secret.
    pub(crate) key: (String, String),
}

impl World {
    /// With workers.
    pub(crate) async fn new() -> Self {
        let world = Self::idle(TestDb::sqlite().await).await;
        start_analyses(&world.test.app).unwrap();
        start_callbacks(&world.test.app);
        world
    }

    /// Without workers.
    pub(crate) async fn idle(database: TestDb) -> Self {
        let settings = Settings {
            limits: Limits { logins: 0, api: 0, user: 0, address: 0, secrets: 0 },
            sca: ScaSettings { isolation: Isolation::Off, ..ScaSettings::default() },
            egress: EgressSettings { allow: vec!["127.0.0.0/8".to_owned()], ca_file: None },
            ..Settings::default()
        };
        let test = TestApp::with(database, settings).await;
        let router = muster_http::edge(muster_api_sca::router(&test.app));
        let credentials = &test.credentials;
        let key = (credentials.sca_access_key.clone(), credentials.sca_secret_key.to_string());
        Self { test, router, key }
    }

    /// Parameters with the time of now.
    pub(crate) fn stamped(&self, mut parameters: Value) -> Value {
        parameters["timestamp"] = json!(self.test.clock.now().0 / 1000);
        parameters
    }

    /// The headers that prove a body.
    pub(crate) fn proof(&self, body: &[u8]) -> [(&'static str, String); 2] {
        let signature = sign(Algorithm::HmacMd5, self.key.1.as_bytes(), body).unwrap();
        [("accessKeyId", self.key.0.clone()), ("signature", signature)]
    }

    /// Asks as the document says.
    pub(crate) async fn ask(&self, path: &str, parameters: Value) -> Answer {
        let body = canonical(self.stamped(parameters).to_string().as_bytes()).unwrap();
        self.send(path, &body, &self.proof(&body)).await
    }

    /// The same in English.
    pub(crate) async fn ask_in_english(&self, path: &str, parameters: Value) -> Value {
        let body = canonical(self.stamped(parameters).to_string().as_bytes()).unwrap();
        let [access, signature] = self.proof(&body);
        let english = ("accept-language", "en-GB,en;q=0.9".to_owned());
        let answer = self.send(path, &body, &[access, signature, english]).await.json();
        assert_eq!(answer["code"], 0, "{path}: {answer}");
        answer["data"].clone()
    }

    /// What a good answer holds.
    pub(crate) async fn data(&self, path: &str, parameters: Value) -> Value {
        let answer = self.ask(path, parameters).await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["code"], &body["ok"]),
            (200, &json!(0), &json!(true)),
            "{path}: {body}"
        );
        body["data"].clone()
    }

    /// Status, code and message of a refusal.
    pub(crate) async fn refusal(&self, path: &str, parameters: Value) -> (u16, i64, String) {
        refusal(&self.ask(path, parameters).await)
    }

    /// POSTs these very bytes.
    pub(crate) async fn send(&self, path: &str, body: &[u8], headers: &[(&str, String)]) -> Answer {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(format!("/gateway/sca/external/{path}"))
            .header("host", "muster.test")
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        Client::anonymous(&self.router).send_request(request).await
    }

    /// An address for an artifact of this name: its id, and path and query.
    pub(crate) async fn announce(&self, name: &str) -> (String, String) {
        let data = self.data("upload/url", json!({"fileName": name})).await;
        let url = data["temporarySignature"]["signedUrl"].as_str().unwrap();
        let at = url.find("/uploads/").unwrap();
        (data["fileId"].as_str().unwrap().to_owned(), url[at..].to_owned())
    }

    /// PUTs to an address.
    pub(crate) async fn put(&self, uri: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::builder()
            .method(Method::PUT)
            .uri(uri)
            .header("host", "muster.test")
            .header("content-type", "application/octet-stream")
            .body(Body::from(body.into()))
            .unwrap();
        Client::anonymous(&self.router).send_request(request).await
    }

    /// Announces and puts an artifact.
    pub(crate) async fn upload(&self, name: &str, bytes: Vec<u8>) -> String {
        let (id, uri) = self.announce(name).await;
        assert_eq!(self.put(&uri, bytes).await.status, 200);
        id
    }

    /// Has an artifact analysed under a task id, and waits for its end. Answers the task's status.
    pub(crate) async fn analyse(&self, task: &str, name: &str, bytes: Vec<u8>) -> Value {
        let file = self.upload(name, bytes).await;
        let order = json!({"taskId": task, "taskName": "a test", "fileId": file});
        self.data("createTask", order).await;
        self.ended(task).await
    }

    /// Waits for the end of a task.
    pub(crate) async fn ended(&self, task: &str) -> Value {
        loop {
            let status = self.data("task/status", json!({"taskId": task})).await;
            if status["status"] == 2 || status["status"] == 3 {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A page of a task's results.
    pub(crate) async fn page(&self, what: &str, task: &str) -> Vec<Value> {
        let parameters = json!({"taskId": task, "current": 1, "size": 500});
        let page = self.data(&format!("task/{what}/page"), parameters).await;
        page["records"].as_array().unwrap().clone()
    }
}

pub(crate) fn refusal(answer: &Answer) -> (u16, i64, String) {
    let body = answer.json();
    assert_eq!((&body["ok"], &body["data"]), (&json!(false), &Value::Null), "{body}");
    (answer.status, body["code"].as_i64().unwrap(), body["msg"].as_str().unwrap().to_owned())
}

/// A zip of these members.
pub(crate) fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A jar as Maven makes it.
pub(crate) fn jar(group: &str, artifact: &str, version: &str) -> Vec<u8> {
    let at = |name: &str| format!("META-INF/maven/{group}/{artifact}/{name}");
    let properties = format!("groupId={group}\nartifactId={artifact}\nversion={version}\n");
    let pom = format!(
        "<project><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>\
         <licenses><license><name>Apache License, Version 2.0</name></license></licenses></project>"
    );
    zip(&[
        ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\n"),
        (&at("pom.properties"), properties.as_bytes()),
        (&at("pom.xml"), pom.as_bytes()),
    ])
}

/// A delivery: a war with two jars in it, and a lock file beside it.
pub(crate) fn delivery() -> Vec<u8> {
    let lock = json!({
        "name": "shop", "version": "1.0.0", "lockfileVersion": 3,
        "packages": {
            "": {"name": "shop", "version": "1.0.0", "dependencies": {"lodash": "^4.17.0"}},
            "node_modules/lodash": {"version": "4.17.20", "license": "MIT"},
        },
    });
    let war = zip(&[
        (
            "WEB-INF/lib/log4j-core-2.14.1.jar",
            &jar("org.apache.logging.log4j", "log4j-core", "2.14.1"),
        ),
        ("WEB-INF/lib/commons-io-2.11.0.jar", &jar("commons-io", "commons-io", "2.11.0")),
    ]);
    zip(&[("app/shop.war", &war), ("web/package-lock.json", lock.to_string().as_bytes())])
}
