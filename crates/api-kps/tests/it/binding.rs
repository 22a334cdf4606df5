//! Pairs bound to accounts of a real SSH server, as tasks.

mod agents;
mod failures;
mod logins;
mod rights;
mod walk;

use crate::World;
use muster_model::Micros;
use muster_model::host::HostProfile;
use muster_model::id::HostId;
use muster_service::Settings;
use muster_service::keypairs::{self, AlgorithmName, KeypairSettings, Rule};
use muster_service::limits::Limits;
use muster_store::hosts::{self, Ownership};
use muster_store::keypairs::tasks::{self, Task};
use muster_testkit::sshd::{ACCOUNT, PASSWORD, Sshd};
use muster_testkit::{Client, TestApp, TestDb};
use serde_json::{Value, json};
use std::time::Duration;

/// Longest a task takes on whatever machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) server: Sshd,
}

impl Bench {
    /// The product with an SSH server as host `h1`. Nothing works on its tasks before [`Self::work`].
    pub(crate) async fn new(settings: &str) -> Option<Self> {
        let server = Sshd::start(settings)?;
        let world = world().await;
        add_host(&world, "h1", &server.host_keys).await;
        Some(Self { world, server })
    }

    pub(crate) fn work(&self) {
        keypairs::start(&self.world.test.app).unwrap();
    }

    /// Makes a pair that is kept.
    pub(crate) async fn pair(&self, name: &str) {
        let made = self.world.create(json!({"name": name, "key_protection": crate::kept()})).await;
        assert_eq!(made.status, 200, "{}", made.json());
    }

    pub(crate) async fn private_key(&self, name: &str) -> String {
        let exported = self.world.export(name).await.json();
        exported["keypair"]["private_key"].as_str().unwrap().to_owned()
    }

    /// Orders something and answers the task's id.
    pub(crate) async fn order(&self, path: &str, body: &Value) -> String {
        let ordered = self.world.admin.post(&self.world.at(path), body).await;
        assert_eq!(ordered.status, 202, "{}", ordered.json());
        let ordered = ordered.json();
        assert_eq!((&ordered["status"], &ordered["server_id"]), (&json!("SUCCESS"), &json!("h1")));
        ordered["task_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn associate(&self, name: &str, auth: Value) -> String {
        let server = self.server(auth);
        self.order("keypairs/associate", &json!({"keypair_name": name, "server": server})).await
    }

    /// `server` of a body.
    pub(crate) fn server(&self, auth: Value) -> Value {
        let mut server = json!({"id": "h1", "port": self.server.port});
        if !auth.is_null() {
            server["auth"] = auth;
        }
        server
    }

    pub(crate) async fn state(&self, task: &str) -> String {
        self.state_for(&self.world.admin, task).await
    }

    async fn state_for(&self, client: &Client, task: &str) -> String {
        let answer = client.get(&self.world.at(&format!("tasks/{task}"))).await;
        answer.json()["task_status"].as_str().unwrap().to_owned()
    }

    /// Waits for the end of a task.
    pub(crate) async fn ended(&self, task: &str) -> String {
        self.ended_while(task, 0).await
    }

    /// The same while the clock goes on by so many seconds four times a second, so that pauses end. Slowly: a claim that
    /// is not prolonged in time is another worker's.
    pub(crate) async fn ended_while(&self, task: &str, secs: i64) -> String {
        self.ended_for(&self.world.admin, task, secs).await
    }

    /// The same as somebody else sees it.
    pub(crate) async fn ended_for(&self, client: &Client, task: &str, secs: i64) -> String {
        let waiting = async {
            loop {
                let state = self.state_for(client, task).await;
                if state.starts_with("SUCCESS") || state.starts_with("FAILED") {
                    return state;
                }
                self.world.test.clock.advance_secs(secs);
                tokio::time::sleep(Duration::from_millis(250)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap()
    }

    pub(crate) async fn stored(&self, task: &str) -> Task {
        let mut tx = self.world.test.app.db.read().await.unwrap();
        tasks::by_id(&mut tx, task).await.unwrap().unwrap()
    }

    /// The list of failed tasks.
    pub(crate) async fn failed(&self) -> Vec<Value> {
        let answer = self.world.admin.get(&self.world.at("failed-tasks")).await.json();
        let rows = answer["tasks"].as_array().unwrap().clone();
        assert_eq!(answer["total"], rows.len());
        rows
    }
}

pub(crate) fn password() -> Value {
    json!({"type": "password", "key": PASSWORD})
}

/// The product for which pairs called `ed25519-...` are such keys, and loopback is as good as a network.
pub(crate) async fn world() -> World {
    let rules = ["rsa-2048", "rsa-4096", "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"];
    let rules = rules.map(|name| Rule {
        names: format!("{name}*"),
        algorithm: AlgorithmName::try_from(name.to_owned()).unwrap(),
    });
    let keypairs = KeypairSettings {
        rules: rules.into(),
        algorithm: AlgorithmName::try_from("ed25519".to_owned()).unwrap(),
        account: ACCOUNT.to_owned(),
        loopback: true,
        ..KeypairSettings::default()
    };
    let limits = Limits { logins: 0, api: 0, user: 0, address: 0, secrets: 0 };
    let settings = Settings { keypairs, limits, ..Settings::default() };
    World::of(TestApp::with(TestDb::sqlite().await, settings).await).await
}

/// A host on loopback whose SSH server proves itself by these keys.
pub(crate) async fn add_host(world: &World, id: &str, host_keys: &[String]) {
    let app = &world.test.app;
    let project = app.identity.directory().project(&world.test.credentials.project_id).unwrap().key;
    let profile = HostProfile {
        name: format!("name of {id}"),
        addresses: vec!["127.0.0.1".to_owned()],
        ssh_host_keys: host_keys.to_vec(),
        ..HostProfile::default()
    };
    let id = HostId::parse(id).unwrap();
    muster_store::transact!(app.db, |tx| {
        hosts::create(tx, project, &id, &profile, &Ownership::default(), Micros(1)).await
    })
    .unwrap();
}
