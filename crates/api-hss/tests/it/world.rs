//! A server in this process with two projects, a fleet of two hosts and one asset of each kind on each.

use crate::knowledge;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use muster_model::asset::{
    App as Package, AutoLaunch, JarPackage, KernelModule, Port, Process, User, WebFramework,
    WebSite,
};
use muster_model::container::Details;
use muster_model::host::{Cluster, HostProfile};
use muster_model::id::{AgentId, HostId, ProjectId};
use muster_model::image::{Contents, Image, Layer};
use muster_model::report::{
    self, Body as ScopeBody, ContainerRef, Row, Scope, ScopeReport, Volatile,
};
use muster_model::time::ManualClock;
use muster_model::{Column, Fact, Kind, Micros};
use muster_service::identity::{
    self, Credentials, DomainRef, Login, ProjectRef, ScopeRef, UserRef,
};
use muster_service::vulnerabilities::matcher::Matcher;
use muster_service::{App, Settings};
use muster_store::assets::{self, Target};
use muster_store::hosts::{self, Ownership};
use muster_store::{Db, containers, images, transact};
use muster_testkit::TestDb;
use muster_vault::Keyring;
use serde_json::Value;
use std::sync::Arc;

pub(crate) const NOW: Micros = Micros::from_secs(1_795_262_400);

pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) clock: ManualClock,
    pub(crate) router: Router,
    pub(crate) project: String,
    pub(crate) token: String,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) db: TestDb,
}

/// What a request came back with.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: axum::http::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let kind = self.headers.get("content-type").expect("a content type");
        assert_eq!(kind, "application/json");
        serde_json::from_slice(&self.bytes).expect("JSON")
    }

    /// The body of a success.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    /// Status, code and message of a failure in the flat form.
    pub(crate) fn error(&self) -> (u16, String, String) {
        let json = self.json();
        let text = |name: &str| json[name].as_str().expect(name).to_owned();
        assert_eq!(text("request_id").len(), 32);
        (self.status.as_u16(), text("error_code"), text("error_msg"))
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TestDb::sqlite().await, |_| ()).await
    }

    /// One on each database.
    pub(crate) async fn each() -> Vec<Self> {
        let mut worlds = vec![Self::new().await];
        if let Some(db) = TestDb::postgres().await {
            worlds.push(Self::with(db, |_| ()).await);
        }
        worlds
    }

    pub(crate) async fn with(db: TestDb, set: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings { data_dir: folder.path().to_owned(), ..Settings::default() };
        set(&mut settings);
        let clock = ManualClock::at(NOW);
        let vault = Keyring::read_or_create(&folder.path().join("root.key")).unwrap();
        let app = App::open(db.db.clone(), vault, Arc::new(clock.clone()), settings).await.unwrap();
        let credentials = identity::bootstrap(&app, &|_| Ok(())).await.unwrap().unwrap();
        let token = token_of(&app, &credentials).await;
        let routes = muster_api_hss::router(&app).merge(muster_api_muster::router(&app));
        let router = muster_http::edge(routes);
        let world = Self { app, clock, router, project: credentials.project_id, token, folder, db };
        world.populate().await;
        knowledge::put(world.folder.path());
        Matcher::new(&world.app).look().await.unwrap();
        world
    }

    /// The project of a second account, and a token of its administrator for it.
    pub(crate) async fn stranger(&self) -> (String, String) {
        let other = identity::add_account(&self.app, "stranger", &|_| Ok(())).await.unwrap();
        let token = token_of(&self.app, &other).await;
        (other.project_id, token)
    }

    /// Sends a request with the token.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let uri = format!("/v5/{}{path}", self.project);
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("x-auth-token", &self.token)
            .header("x-project-id", &self.project);
        self.send(request, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// What our own API beside the vendor's answers.
    pub(crate) async fn own(&self, path: &str) -> Answer {
        let uri = format!("/muster/v1/{}{path}", self.project);
        let request = Request::builder().uri(uri).header("x-auth-token", &self.token);
        self.send(request, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn send(
        &self,
        request: axum::http::request::Builder,
        body: Option<Value>,
    ) -> Answer {
        self.send_text(request, body.map_or(String::new(), |body| body.to_string())).await
    }

    pub(crate) async fn send_text(
        &self,
        request: axum::http::request::Builder,
        body: String,
    ) -> Answer {
        use tower::ServiceExt;
        let body = Body::from(body);
        let response: Response<Body> =
            self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: head.status, headers: head.headers, bytes }
    }

    async fn populate(&self) {
        let db: &Db = &self.db.db;
        let project = ProjectId::parse(&self.project).unwrap();
        let mut tx = db.read().await.unwrap();
        let project = muster_store::identity::domains::project_by_id(&mut tx, project.as_str())
            .await
            .unwrap()
            .unwrap();
        drop(tx);
        for (name, ip) in [("web-1", "10.0.0.1"), ("web-2", "10.0.0.2")] {
            let profile = HostProfile {
                name: name.into(),
                os_name: "Debian GNU/Linux 12 (bookworm)".into(),
                os_version: "12".into(),
                kernel: "6.1.0".into(),
                arch: "x86_64".into(),
                addresses: vec![ip.into(), format!("fe80::{name}")],
                ..HostProfile::default()
            };
            let id = HostId::parse(&format!("host-{name}")).unwrap();
            let owner = Ownership { enterprise_project_id: "0".into(), ..Ownership::default() };
            transact!(db, |tx| {
                let host = hosts::create(tx, project.key, &id, &profile, &owner, NOW).await?;
                let agent = AgentId::parse(&format!("agent-{name}")).unwrap();
                hosts::set_agent(tx, host, Some(&agent)).await?;
                hosts::seen(tx, &[(host, "1.2.3")], NOW).await?;
                let target = Target { project: project.key, host };
                let container = ContainerRef { id: "c0ffee".into(), name: "shop".into() };
                let mut reports: Vec<_> =
                    facts().into_iter().map(|fact| full(fact, None)).collect();
                for fact in facts().into_iter().filter(|fact| fact.kind() != Kind::KernelModule) {
                    reports.push(full(fact, Some(container.clone())));
                }
                assets::apply(tx, &[(target, &reports)], NOW).await?;
                images::tell(tx, &[(target, &[shop()])], NOW).await
            })
            .unwrap();
            self.container_is_of(&format!("host-{name}"), "c0ffee", "shop", "", &shop().id).await;
        }
        transact!(db, |tx| {
            let all = images::Filter::default();
            images::scans::ask(tx, project.key, &all, 10, NOW).await.map(drop)
        })
        .unwrap();
        let facts = facts().into_iter().filter(|fact| fact.kind() == Kind::App).collect();
        self.is_in(
            "host-web-2",
            Contents { id: shop().id, facts, layers: vec![Some(0)], error: None },
        )
        .await;
    }

    /// A host tells what is in an image it was asked for.
    pub(crate) async fn is_in(&self, host: &str, contents: Contents) {
        let db: &Db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            let target = Target { project: host.project, host: host.key };
            images::scans::told(tx, target, std::slice::from_ref(&contents), NOW).await
        })
        .unwrap();
    }

    /// What the agent of a host is asked to look into.
    pub(crate) async fn asked_of(&self, host: &str) -> Vec<String> {
        self.due_of(host).await.asked
    }

    /// The same where nobody waits for it.
    pub(crate) async fn at_leisure_of(&self, host: &str) -> Vec<String> {
        self.due_of(host).await.at_leisure
    }

    /// The agent of a host looks into images unasked and recognises so much.
    pub(crate) async fn scans_images(&self, host: &str, analyser: u32) {
        let db: &Db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            let profile = HostProfile { scans_images: analyser, ..host.profile };
            hosts::update_profile(tx, host.key, &profile).await
        })
        .unwrap();
    }

    /// The agent of a host speaks now.
    pub(crate) async fn is_heard_of(&self, host: &str) {
        let (db, now) = (&self.db.db, self.app.now());
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            hosts::seen(tx, &[(host.key, "1.2.3")], now).await
        })
        .unwrap();
    }

    async fn due_of(&self, host: &str) -> images::scans::Due {
        let db: &Db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap().key;
            Ok(images::scans::due(tx, &[host], NOW).await?.remove(&host).unwrap_or_default())
        })
        .unwrap()
    }

    /// All images that lie on a host now.
    pub(crate) async fn images_are(&self, host: &str, images: &[Image]) {
        let db: &Db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            let target = Target { project: host.project, host: host.key };
            images::tell(tx, &[(target, images)], NOW).await
        })
        .unwrap();
    }

    /// Another container with one process on a host.
    pub(crate) async fn container_starts(&self, host: &str, id: &str, name: &str) {
        let db: &Db = &self.db.db;
        let container = ContainerRef { id: id.into(), name: name.into() };
        let process = facts().into_iter().find(|fact| fact.kind() == Kind::Process).unwrap();
        let report = full(process, Some(container));
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            let target = Target { project: host.project, host: host.key };
            assets::apply(tx, &[(target, std::slice::from_ref(&report))], NOW).await.map(drop)
        })
        .unwrap();
    }

    /// A host tells of which image one of its containers is.
    pub(crate) async fn container_is_of(
        &self,
        host: &str,
        id: &str,
        name: &str,
        image: &str,
        image_id: &str,
    ) {
        let db: &Db = &self.db.db;
        let told = Details {
            named: ContainerRef { id: id.into(), name: name.into() },
            image: image.into(),
            image_id: image_id.into(),
            created: Some(NOW),
            ..Details::default()
        };
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            containers::tell(tx, &[(host.key, std::slice::from_ref(&told))]).await
        })
        .unwrap();
    }

    /// A host tells of which cluster it is a node.
    pub(crate) async fn is_node_of(&self, host: &str, id: &str, name: &str) {
        let db: &Db = &self.db.db;
        let server = format!("https://{name}.example:6443");
        let cluster = Cluster { id: id.into(), name: name.into(), server };
        transact!(db, |tx| {
            let host = hosts::by_id(tx, host).await?.unwrap();
            let profile = HostProfile { cluster: Some(cluster.clone()), ..host.profile };
            hosts::update_profile(tx, host.key, &profile).await
        })
        .unwrap();
    }

    /// The container of the first host ends, as an agent says it.
    pub(crate) async fn container_ends(&self, now: Micros) {
        let db: &Db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, "host-web-1").await?.unwrap();
            let target = Target { project: host.project, host: host.key };
            let held = assets::in_containers(tx, &[host.key]).await?.remove(&host.key).unwrap();
            let gone = |scope: Scope| ScopeReport {
                body: ScopeBody::Gone,
                ..self::scope(scope.kind, scope.container, Vec::new(), now)
            };
            let reports: Vec<_> = held.into_iter().map(gone).collect();
            assets::apply(tx, &[(target, &reports)], now).await.map(drop)
        })
        .unwrap();
    }

    /// Replaces all rows of a kind on the first host.
    pub(crate) async fn report(&self, kind: Kind, facts: Vec<Fact>, now: Micros) {
        let db: &Db = &self.db.db;
        transact!(db, |tx| {
            let host = hosts::by_id(tx, "host-web-1").await?.unwrap();
            let target = Target { project: host.project, host: host.key };
            let rows = facts.iter().cloned().map(row).collect();
            assets::apply(tx, &[(target, &[scope(kind, None, rows, now)])], now).await.map(drop)
        })
        .unwrap();
    }
}

/// The image that lies on both hosts.
pub(crate) fn shop() -> Image {
    Image {
        id: "sha256:cafe".into(),
        names: vec!["registry.example/shop:1".into()],
        size: 5_000_000_000,
        layers: vec![Layer { digest: "sha256:1".into(), size: 5_000_000_000, ..Layer::default() }],
        created: Some(NOW),
        architecture: "amd64".into(),
        os: "linux".into(),
        ..Image::default()
    }
}

/// A token of an account's first user for its first project.
async fn token_of(app: &App, credentials: &Credentials) -> String {
    let login = Login {
        user: UserRef::Name(
            credentials.user_name.clone(),
            DomainRef::Name(credentials.domain_name.clone()),
        ),
        password: credentials.password.clone(),
        scope: ScopeRef::Project(ProjectRef::Id(credentials.project_id.clone())),
        address: std::net::IpAddr::from([127, 0, 0, 1]),
        request_id: String::new(),
    };
    identity::issue_token(app, login).await.unwrap().0.to_string()
}

fn row(fact: Fact) -> Row {
    let volatile = Volatile {
        pid: Some(4321),
        started: Some(Micros::from_secs(1_795_000_000)),
        ctime: Some(Micros::from_secs(1_700_000_001)),
        mtime: Some(Micros::from_secs(1_700_000_002)),
        atime: Some(Micros::from_secs(1_700_000_003)),
    };
    Row { fact, seq: 0, volatile }
}

fn full(fact: Fact, container: Option<ContainerRef>) -> ScopeReport {
    let kind = fact.kind();
    scope(kind, container, vec![row(fact)], NOW)
}

fn scope(
    kind: Kind,
    container: Option<ContainerRef>,
    mut rows: Vec<Row>,
    swept_at: Micros,
) -> ScopeReport {
    rows.sort_by_key(Row::key);
    let keys: Vec<_> = rows.iter().map(|row| (row.key(), row.volatile)).collect();
    let digest = report::digest(keys.iter().map(|(key, volatile)| (key, volatile)));
    ScopeReport {
        scope: Scope { kind, container },
        digest,
        swept_at,
        body: ScopeBody::Full { rows },
    }
}

/// One asset of each kind, with every column set, and numbers beyond 32 bits.
pub(crate) fn facts() -> Vec<Fact> {
    let hash = "ab".repeat(32);
    let mut all: Vec<Fact> = vec![
        User {
            name: "root".into(),
            uid: 0,
            gid: 0,
            group_name: "root".into(),
            login_permission: true,
            root_permission: true,
            home_dir: "/root".into(),
            shell: "/bin/bash".into(),
            ..User::default()
        }
        .into(),
        AutoLaunch {
            name: "ssh.service".into(),
            code_type: 0,
            path: "/lib/systemd/system/ssh.service".into(),
            hash: hash.clone(),
            run_user: "root".into(),
            args: "/usr/sbin/sshd -D".into(),
            ..AutoLaunch::default()
        }
        .into(),
        JarPackage {
            name: "log4j-core".into(),
            purl: "pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1".into(),
            version: "2.14.1".into(),
            file_name: "log4j-core-2.14.1.jar".into(),
            catalogue: "util".into(),
            file_type: "jar".into(),
            path: "BOOT-INF/lib/log4j-core-2.14.1.jar".into(),
            hash: hash.clone(),
            size: Some(5_000_000_000),
            uid: Some(4_294_967_294),
            gid: Some(1000),
            mode: "0644".into(),
            proc_path: "/usr/bin/java".into(),
            is_embedded: true,
            package_path: "/srv/app.jar".into(),
            ..JarPackage::default()
        }
        .into(),
        Port {
            port: 22,
            protocol: "TCP".into(),
            bind_addr: "0.0.0.0".into(),
            status: "normal".into(),
            path: "/usr/sbin/sshd".into(),
            ..Port::default()
        }
        .into(),
        Process {
            name: "sshd".into(),
            path: "/usr/sbin/sshd".into(),
            args: "=sshd -D".into(),
            run_user: "root".into(),
            mode: "0755".into(),
            hash: hash.clone(),
            evidence: [("loads_packages".to_owned(), vec!["curl"].into())].into(),
            ..Process::default()
        }
        .into(),
        WebFramework {
            name: "spring-core".into(),
            version: "5.3.0".into(),
            file_name: "spring-core-5.3.0.jar".into(),
            catalogue: "java".into(),
            file_type: "jar".into(),
            path: "/srv/spring-core-5.3.0.jar".into(),
            hash: hash.clone(),
            uid: Some(1000),
            gid: Some(1000),
            mode: "0644".into(),
            proc_path: "/usr/bin/java".into(),
            ..WebFramework::default()
        }
        .into(),
        WebSite {
            domain: "shop.example".into(),
            port: 443,
            bind_addr: "0.0.0.0".into(),
            url_path: "/".into(),
            path: "/var/www/shop".into(),
            uid: Some(33),
            gid: Some(33),
            mode: "0755".into(),
            served_by: "nginx".into(),
            proc_path: "/usr/sbin/nginx".into(),
            is_https: true,
            cert_issuer: "CN=Example CA".into(),
            cert_subject: "CN=shop.example".into(),
            cert_not_before: Some(1_790_000_000),
            cert_not_after: Some(1_800_000_000),
            ..WebSite::default()
        }
        .into(),
        Package {
            name: "curl".into(),
            purl: "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12".into(),
            version: "7.88.1-10".into(),
            arch: "amd64".into(),
            install_dir: "/usr".into(),
            file_type: "dpkg".into(),
            ..Package::default()
        }
        .into(),
        KernelModule {
            name: "overlay".into(),
            file_name: "overlay.ko".into(),
            version: "1.0".into(),
            srcversion: "ABCDEF0123456789".into(),
            path: "/lib/modules/6.1.0/kernel/fs/overlayfs/overlay.ko".into(),
            size: Some(163_840),
            mode: "0644".into(),
            uid: Some(0),
            hash: hash.clone(),
            description: "Overlay filesystem".into(),
            ..KernelModule::default()
        }
        .into(),
    ];
    for (kind, name) in
        [(Kind::Database, "Redis"), (Kind::WebCms, "WordPress"), (Kind::WebService, "nginx")]
    {
        let mut fact = Fact::new(kind);
        for (column, text) in [
            (Column::Name, name),
            (Column::Version, "1.2.3"),
            (Column::InstallDir, "/opt/service"),
            (Column::ConfigPath, "/etc/service.conf"),
            (Column::Mode, "0755"),
            (Column::ProcPath, "/usr/sbin/service"),
        ] {
            fact.set(column, text.to_owned());
        }
        fact.set(Column::Uid, 0_u32);
        fact.set(Column::Gid, 0_u32);
        all.push(fact);
    }
    all.sort_by_key(|fact| fact.kind().code());
    all
}
