//! One image with its layers, and where it is used.

use muster_model::container::Details;
use muster_model::host::HostProfile;
use muster_model::id::HostId;
use muster_model::image::{Image, Layer, Store};
use muster_model::report::{Body, ContainerRef, Scope, ScopeReport, digest};
use muster_model::{Kind, Micros};
use muster_store::assets::{Target, apply};
use muster_store::hosts::{self, Ownership};
use muster_store::{containers, identity::domains, images};
use muster_testkit::{TestApp, on_both_databases};
use serde_json::json;

on_both_databases! {
    async fn an_image_is_shown_with_its_layers_and_where_it_is_used(test: TestDb) {
        let test = TestApp::on(test).await;
        let router = muster_http::edge(muster_api_muster::router(&test.app));
        let admin = test.admin(&router).await;
        let id = format!("sha256:{}", "ca".repeat(32));
        let layer = |digest: &str, size, command: &str| Layer {
            digest: digest.into(),
            size,
            command: command.into(),
        };
        let image = Image {
            id: id.clone(),
            store: Store::Podman,
            names: vec!["localhost/shop:1".into()],
            digests: vec!["sha256:d1".into()],
            size: 30,
            layers: vec![layer("sha256:1", 10, "ADD / "), layer("sha256:2", 20, "")],
            created: Some(Micros(0)),
            architecture: "amd64".into(),
            os: "linux".into(),
            labels: [("tier".to_owned(), "front".to_owned())].into(),
        };
        let mut tx = test.app.db.begin().await.unwrap();
        let project = domains::project_by_id(&mut tx, &test.credentials.project_id).await.unwrap();
        let project = project.unwrap().key;
        let profile = HostProfile { name: "web".into(), ..HostProfile::default() };
        let own = Ownership { enterprise_project_id: "0".into(), ..Ownership::default() };
        let host = HostId::parse("h1").unwrap();
        let host = hosts::create(&mut tx, project, &host, &profile, &own, Micros(0)).await.unwrap();
        let named = ContainerRef { id: "c1".into(), name: "shop".into() };
        let scope = Scope { kind: Kind::App, container: Some(named.clone()) };
        let body = Body::Full { rows: Vec::new() };
        let inside = ScopeReport { scope, digest: digest([]), swept_at: Micros(1), body };
        let target = Target { project, host };
        apply(&mut tx, &[(target, &[inside])], Micros(1)).await.unwrap();
        let details =
            Details { named, image_id: id.clone(), runtime: "podman".into(), ..Details::default() };
        containers::tell(&mut tx, &[(host, &[details])]).await.unwrap();
        images::tell(&mut tx, &[(target, &[image])], Micros(0)).await.unwrap();
        tx.commit().await.unwrap();

        let path = format!("/muster/v1/{}/images", test.credentials.project_id);
        let expected = json!({
            "id": id, "created_at": "1970-01-01T00:00:00.000000Z", "architecture": "amd64", "os": "linux",
            "labels": {"tier": "front"},
            "layers": [
                {"digest": "sha256:1", "size": 10, "command": "ADD / "},
                {"digest": "sha256:2", "size": 20, "command": ""},
            ],
            "places": [{
                "host_id": "h1", "host_name": "web", "store": "podman", "names": ["localhost/shop:1"],
                "digests": ["sha256:d1"], "size": 30, "first_seen": "1970-01-01T00:00:00.000000Z",
            }],
            "containers": [{
                "host_id": "h1", "id": "c1", "name": "shop", "runtime": "podman", "created_at": null,
            }],
        });
        for name in [id.as_str(), &id["sha256:".len()..]] {
            let answer = admin.get(&format!("{path}/{name}")).await;
            assert_eq!((answer.status, answer.json()), (200, expected.clone()));
        }
        assert_eq!(admin.get(&format!("{path}/{}", "0".repeat(64))).await.status, 404);
    }
}
