//! No record, no key: what an export answers when the disk of the audit trail does not take it.

use crate::openssl::Made;
use crate::{World, body};
use muster_service::Settings;
use muster_service::audit::AuditSettings;
use muster_service::limits::Limits;
use muster_store::trail::read::segments;
use muster_store::trail::{Disk, FileSystem};
use muster_testkit::{TestApp, TestDb};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How the disk is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Fine,
    /// Answers when it is fine again.
    Hanging,
    /// Takes longer than an export waits, then does it.
    Slow,
    /// Full: the kernel's own answer.
    Full,
}

#[derive(Clone)]
struct Moody(Arc<(Mutex<Mood>, Condvar)>);

impl Moody {
    fn is(&self, mood: Mood) {
        *self.0.0.lock().unwrap() = mood;
        self.0.1.notify_all();
    }
}

impl Disk for Moody {
    fn append(&mut self, file: &File, bytes: &[u8]) -> io::Result<()> {
        if *self.0.0.lock().unwrap() == Mood::Full {
            return OpenOptions::new().write(true).open("/dev/full")?.write_all(bytes);
        }
        FileSystem.append(file, bytes)
    }

    fn flush(&mut self, file: &File) -> io::Result<()> {
        let (mood, changed) = (self.0.0.lock().unwrap(), &self.0.1);
        if *mood == Mood::Slow {
            let slow = Duration::from_millis(200);
            drop(changed.wait_timeout_while(mood, slow, |_| true).unwrap());
        } else {
            drop(changed.wait_while(mood, |mood| *mood == Mood::Hanging).unwrap());
        }
        FileSystem.flush(file)
    }
}

#[tokio::test]
async fn an_export_that_cannot_be_recorded_is_refused_and_names_the_audit() {
    let disk = Moody(Arc::new((Mutex::new(Mood::Fine), Condvar::new())));
    let settings = Settings {
        audit: AuditSettings { wait_ms: 50, ..AuditSettings::default() },
        limits: Limits { logins: 0, api: 0, user: 0, address: 0, secrets: 0 },
        ..Settings::default()
    };
    let test = TestApp::with_disk(TestDb::sqlite().await, settings, Box::new(disk.clone())).await;
    let folder = test.app.settings.data_dir.join("audit");
    let world = World::on(test).await;
    let made = Made::new();
    let import = body("one", &made.text("leaf.pem"), &made.text("leaf.key"));
    let id = world.ask("POST", "/certificates/import", import).await;
    let path = format!("/certificates/{}/export", id["certificate_id"].as_str().unwrap());
    for mood in [Mood::Hanging, Mood::Slow, Mood::Full] {
        disk.is(mood);
        let (status, _, message) = world.refused("POST", &path, Value::Null).await;
        assert_eq!(status, 503, "{mood:?}: {message}");
        assert!(message.starts_with("audit: "), "{mood:?}: {message}");
        disk.is(Mood::Fine);
        // A slow disk may still be at it: it recovers by itself.
        while world.try_ask("POST", &path, Value::Null).await.status != 200 {
            tokio::task::yield_now().await;
        }
    }
    std::fs::remove_file(&segments(&folder).unwrap()[0].path).unwrap();
    let (status, _, message) = world.refused("POST", &path, Value::Null).await;
    assert_eq!(status, 503, "{message}");
    assert!(message.starts_with("audit: "), "{message}");
    world.test.app.close().await;
}
