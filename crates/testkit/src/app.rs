//! A running product with its first account, on a clock that stands still.

use crate::client::Client;
use crate::database::{START, TestDb};
use axum::Router;
use muster_model::time::ManualClock;
use muster_model::{Caller, Credential, Role, Scope};
use muster_service::identity::{
    Credentials, DomainRef, Login, ProjectRef, ScopeRef, User, UserRef, add_account, bootstrap,
    issue_token, users,
};
use muster_service::limits::Limits;
use muster_service::{App, Settings};
use muster_store::trail::{Disk, FileSystem};
use muster_vault::Keyring;
use muster_vault::signature::SecretKey;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The root key of all tests.
const ROOT: &str = "0101010101010101010101010101010101010101010101010101010101010101";

/// An [`App`] with its first account.
pub struct TestApp {
    /// The product.
    pub app: App,
    /// Its clock, standing at [`START`].
    pub clock: ManualClock,
    /// The first account's credentials.
    pub credentials: Credentials,
    /// Its database.
    pub test: TestDb,
}

impl TestApp {
    /// On SQLite, without rate limits.
    pub async fn new() -> Self {
        Self::on(TestDb::sqlite().await).await
    }

    /// On the given database, without rate limits.
    pub async fn on(test: TestDb) -> Self {
        let free = Limits { logins: 0, api: 0, user: 0, address: 0, secrets: 0 };
        Self::with(test, Settings { limits: free, ..Settings::default() }).await
    }

    /// On the given database with these settings; files lie in the database's folder.
    pub async fn with(test: TestDb, settings: Settings) -> Self {
        Self::with_disk(test, settings, Box::new(FileSystem)).await
    }

    /// The same with another disk under the audit trail.
    pub async fn with_disk(test: TestDb, settings: Settings, disk: Box<dyn Disk>) -> Self {
        let clock = ManualClock::at(START);
        let settings = Settings { data_dir: test.dir.path().to_owned(), ..settings };
        let vault = Keyring::parse(ROOT).expect("a root key");
        let app = App::open_on(test.db.clone(), vault, Arc::new(clock.clone()), settings, disk);
        let app = app.await.expect("an app that opens");
        let credentials = bootstrap(&app, &|_| Ok(())).await.expect("a first account");
        let credentials = credentials.expect("a database that was empty");
        Self { app, clock, credentials, test }
    }

    /// Another server on the same database, with a clock of its own standing at [`START`].
    pub async fn another(&self) -> App {
        // A server of its own: another data folder.
        let data_dir = self.app.settings.data_dir.join("another");
        self.another_with(Settings { data_dir, ..self.app.settings.clone() }).await
    }

    /// The same with other settings.
    pub async fn another_with(&self, settings: Settings) -> App {
        let vault = Keyring::parse(ROOT).expect("a root key");
        let clock = Arc::new(ManualClock::at(START));
        let app = App::open(self.test.again().await, vault, clock, settings);
        app.await.expect("a second app that opens")
    }

    /// The operator on the machine: what service functions take in tests without HTTP.
    pub fn operator(&self) -> Caller {
        let directory = self.app.identity.directory();
        let user = directory.user(&self.credentials.user_id).expect("the first user");
        let domain = directory.domain(user.domain).expect("the first account");
        Caller {
            domain_id: domain.id.clone(),
            domain_name: domain.name.clone(),
            user_id: user.id.clone(),
            user_name: user.name.clone(),
            assumed_by: None,
            role: user.role,
            scope: Scope::Domain,
            credential: Credential::Local,
            address: None,
            request_id: "test".to_owned(),
        }
    }

    /// A user of the first account.
    pub async fn user(&self, name: &str, password: &str, role: Role) -> User {
        let password = Zeroizing::new(password.to_owned());
        let made = users::create(&self.app, &self.operator(), name, password, role).await;
        made.expect("a new user")
    }

    /// A token of a user for the first project.
    pub async fn token(&self, user: &str, password: &str) -> String {
        let account = DomainRef::Name(self.credentials.domain_name.clone());
        let login = Login {
            user: UserRef::Name(user.to_owned(), account),
            password: Zeroizing::new(password.to_owned()),
            scope: ScopeRef::Project(ProjectRef::Id(self.credentials.project_id.clone())),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            request_id: "test".to_owned(),
        };
        issue_token(&self.app, login).await.expect("a token").0.to_string()
    }

    /// A second account beside the first one, with everything of its own.
    pub async fn second_account(&self, name: &str) -> Credentials {
        add_account(&self.app, name, &|_| Ok(())).await.expect("a second account")
    }

    /// A client with a token for the project of an account's first user.
    pub async fn client_of(&self, router: &Router, of: &Credentials) -> Client {
        self.client_in(router, of, &of.project_id).await
    }

    /// A client with a token for another project of an account's first user.
    pub async fn client_in(&self, router: &Router, of: &Credentials, project: &str) -> Client {
        let login = Login {
            user: UserRef::Id(of.user_id.clone()),
            password: of.password.clone(),
            scope: ScopeRef::Project(ProjectRef::Id(project.to_owned())),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            request_id: "test".to_owned(),
        };
        let token = issue_token(&self.app, login).await.expect("a token").0;
        Client::with_token(router, token.to_string())
    }

    /// A client with a token of the first user.
    pub async fn admin(&self, router: &Router) -> Client {
        let Credentials { user_name, password, .. } = &self.credentials;
        Client::with_token(router, self.token(user_name, password).await)
    }

    /// A client that signs by the first access key.
    pub fn signing(&self, router: &Router) -> Client {
        let Credentials { access_key, secret_key, .. } = &self.credentials;
        let secret = Zeroizing::new(secret_key.as_bytes().to_vec());
        Client::with_key(router, SecretKey::new(access_key, secret), self.clock.clone())
    }

    /// A client with a token of a new user who may only look.
    pub async fn reader(&self, router: &Router) -> Client {
        self.user("reader", "reader's password", Role::Reader).await;
        Client::with_token(router, self.token("reader", "reader's password").await)
    }
}
