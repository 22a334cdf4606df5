//! Agencies: what one account lends another, and when that ends.

use crate::World;
use crate::temporary::{Key, PATH};
use axum::http::Method;
use muster_model::Role;
use muster_service::identity::Credentials;
use muster_testkit::{Answer, Client, TestApp};
use serde_json::{Value, json};

/// The first account lends `readers` to a second one, `partner`.
struct Lent {
    world: World,
    partner: Credentials,
    lender: Client,
    borrower: Client,
    agency: String,
}

const READERS: &str = "muster00000000000000000000readonly";

impl Lent {
    async fn new() -> Self {
        let world = World::new().await;
        let partner = world.test.second_account("partner").await;
        let lender = world.test.admin(&world.router).await;
        let borrower = world.test.client_of(&world.router, &partner).await;
        let body = json!({"agency": {"name": "readers", "trust_domain_name": "partner",
            "domain_id": world.test.credentials.domain_id, "duration": "ONEDAY",
            "description": "for the auditors"}});
        let made = lender.post("/v3.0/OS-AGENCY/agencies", &body).await;
        assert_eq!(made.status, 201, "{}", made.json());
        let made = &made.json()["agency"];
        assert_eq!(
            (&made["duration"], &made["trust_domain_name"]),
            (&json!("24"), &json!("partner"))
        );
        let agency = made["id"].as_str().unwrap().to_owned();
        let lent = Self { world, partner, lender, borrower, agency };
        lent.give(Method::PUT).await;
        lent
    }

    fn test(&self) -> &TestApp {
        &self.world.test
    }

    /// Gives the policy in the account, or takes it.
    async fn give(&self, verb: Method) {
        let known = &self.test().credentials;
        for path in [
            format!(
                "/v3.0/OS-AGENCY/domains/{}/agencies/{}/roles/{READERS}",
                known.domain_id, self.agency
            ),
            format!(
                "/v3.0/OS-AGENCY/projects/{}/agencies/{}/roles/{READERS}",
                known.project_id, self.agency
            ),
        ] {
            let answer = self.lender.send(verb.clone(), &path, None).await;
            assert_eq!(answer.status, 204, "{path}: {}", answer.json());
        }
    }

    fn assume(&self, scope: &Value) -> Value {
        let role =
            json!({"agency_name": "readers", "domain_name": self.test().credentials.domain_name});
        json!({"auth": {"identity": {"methods": ["assume_role"], "assume_role": role}, "scope": scope}})
    }

    async fn token_by(&self, client: &Client, scope: &Value) -> Answer {
        client.post("/v3/auth/tokens", &self.assume(scope)).await
    }

    async fn acting(&self) -> Client {
        let scope = json!({"project": {"id": self.test().credentials.project_id}});
        let got = self.token_by(&self.borrower, &scope).await;
        assert_eq!(got.status, 201, "{}", got.json());
        Client::with_token(&self.world.router, got.header("x-subject-token").to_owned())
    }

    async fn key(&self) -> Key {
        let mut body = self.assume(&Value::Null);
        body["auth"]["identity"]["assume_role"]["duration_seconds"] = json!(1200);
        let made = self.borrower.post(PATH, &body).await;
        assert_eq!(made.status, 201, "{}", made.json());
        assert_eq!(made.json()["credential"]["expires_at"], "2026-01-01T00:20:00.000000Z");
        self.world.key(&made.json()["credential"])
    }

    /// Both ways to act end by `what`.
    async fn ends_by(self, what: impl AsyncFnOnce(&Self)) {
        let (token, key) = (self.acting().await, self.key().await);
        assert_eq!(token.get("/v3/users").await.status, 200);
        assert_eq!(key.get("/v3/users").await.status, 200);
        what(&self).await;
        assert_eq!(token.get("/v3/users").await.status, 401);
        assert_eq!(key.get("/v3/users").await.status, 401);
        self.world.test.app.close().await;
    }
}

#[tokio::test]
async fn who_acts_as_an_agency_has_what_it_has_and_nothing_of_its_own() {
    let lent = Lent::new().await;
    let known = &lent.test().credentials;
    let got = lent.token_by(&lent.borrower, &json!({"domain": {"id": known.domain_id}})).await;
    let token = &got.json()["token"];
    assert_eq!(token["methods"], json!(["assume_role"]));
    assert_eq!(token["user"]["name"], "muster/readers");
    assert_eq!(token["domain"]["id"], json!(known.domain_id));
    assert_eq!(token["assumed_by"]["user"]["domain"]["name"], "partner");
    assert_eq!(token["assumed_by"]["user"]["id"], json!(lent.partner.user_id));
    for client in [&lent.acting().await, &lent.key().await.0] {
        // It reads the lender's users, and changes nothing, not even with the rights of the one who acts.
        let users = client.get("/v3/users").await.json();
        assert_eq!(users["users"][0]["id"], json!(known.user_id));
        let refused = client.post("/v3/groups", &json!({"group": {"name": "g"}})).await;
        assert_eq!(refused.status, 403);
        // Of the own account there is nothing to see.
        let own = client.get(&format!("/v3/users/{}", lent.partner.user_id)).await;
        assert_eq!(own.status, 404);
        let own = client.get(&format!("/v3/projects/{}", lent.partner.project_id)).await;
        assert_eq!(own.status, 404);
        // It is nobody with a password or keys, and acts as no other agency.
        let again = lent.token_by(client, &Value::Null).await;
        assert_eq!(
            (again.status, again.json().to_string().contains("iam:agency:assume")),
            (403, true)
        );
    }
    // A temporary key of the token acts as the token does, and no longer than the agency.
    let body = json!({"auth": {"identity": {"methods": ["token"], "token": {}}}});
    let made = lent.acting().await.post(PATH, &body).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let key = lent.world.key(&made.json()["credential"]);
    assert_eq!(key.get("/v3/users").await.status, 200);
    // Another user's token of the same agency is not the caller's own.
    let foreign = lent.token_by(&lent.borrower, &Value::Null).await;
    let body = json!({"auth": {"identity": {"methods": ["token"],
        "token": {"id": foreign.header("x-subject-token")}}}});
    assert_eq!(lent.borrower.post(PATH, &body).await.status, 404);
    lent.world.test.app.close().await;
}

#[tokio::test]
async fn nobody_assumes_what_it_was_not_lent() {
    let lent = Lent::new().await;
    let nobody = lent.token_by(&lent.world.anonymous(), &Value::Null).await;
    assert_eq!(nobody.status, 401);
    // An account that is not trusted learns nothing, whether there is such an agency or not.
    let stranger = lent.test().second_account("stranger").await;
    let stranger = lent.test().client_of(&lent.world.router, &stranger).await;
    let there = lent.token_by(&stranger, &Value::Null).await;
    let mut body = lent.assume(&Value::Null);
    body["auth"]["identity"]["assume_role"]["agency_name"] = json!("not there");
    let absent = stranger.post("/v3/auth/tokens", &body).await;
    assert_eq!((there.status, absent.status), (404, 404));
    // Not even the account it belongs to.
    assert_eq!(lent.token_by(&lent.lender, &Value::Null).await.status, 404);
    // Who may not assume in its own account does not, whoever trusts it.
    let reader = lent.test().reader(&lent.world.router).await;
    assert_eq!(lent.token_by(&reader, &Value::Null).await.status, 403);
    // Agencies of other accounts are not there.
    let path = format!("/v3.0/OS-AGENCY/agencies/{}", lent.agency);
    for verb in [Method::GET, Method::DELETE] {
        assert_eq!(lent.borrower.send(verb, &path, None).await.status, 404);
    }
    let change = json!({"agency": {"description": "mine"}});
    assert_eq!(lent.borrower.send(Method::PUT, &path, Some(&change)).await.status, 404);
    let listed = lent.borrower.get("/v3.0/OS-AGENCY/agencies").await.json();
    assert_eq!(listed["agencies"], json!([]));
    lent.world.test.app.close().await;
}

#[tokio::test]
async fn it_ends_when_the_agency_is_removed() {
    let end = async |lent: &Lent| {
        let path = format!("/v3.0/OS-AGENCY/agencies/{}", lent.agency);
        assert_eq!(lent.lender.send(Method::DELETE, &path, None).await.status, 204);
        // A new one of the same name is another one.
        let body = json!({"agency": {"name": "readers", "trust_domain_name": "partner"}});
        assert_eq!(lent.lender.post("/v3.0/OS-AGENCY/agencies", &body).await.status, 201);
    };
    Lent::new().await.ends_by(end).await;
}

#[tokio::test]
async fn it_ends_when_the_rights_of_the_agency_change() {
    Lent::new().await.ends_by(async |lent| lent.give(Method::DELETE).await).await;
    let more = async |lent: &Lent| {
        let id = &lent.agency;
        let body = json!({"role_assignments": [
            {"agency_id": id, "enterprise_project_id": "0", "role_id": READERS}]});
        let path = "/v3.0/OS-PERMISSION/subjects/agency/scopes/enterprise-project/role-assignments";
        assert_eq!(lent.lender.send(Method::PUT, path, Some(&body)).await.status, 204);
    };
    Lent::new().await.ends_by(more).await;
}

#[tokio::test]
async fn it_ends_when_another_account_is_trusted_and_when_its_day_is_over() {
    let trust = async |lent: &Lent| {
        let path = format!("/v3.0/OS-AGENCY/agencies/{}", lent.agency);
        let body = json!({"agency": {"trust_domain_name": "muster"}});
        assert_eq!(lent.lender.send(Method::PUT, &path, Some(&body)).await.status, 200);
    };
    Lent::new().await.ends_by(trust).await;
    let lent = Lent::new().await;
    lent.test().clock.advance_secs(24 * 3600 - 1);
    let partner = lent.test().client_of(&lent.world.router, &lent.partner).await;
    let got = lent.token_by(&partner, &Value::Null).await;
    let token = Client::with_token(&lent.world.router, got.header("x-subject-token").to_owned());
    assert_eq!(token.get("/v3/users").await.status, 200);
    lent.test().clock.advance_secs(1);
    assert_eq!(token.get("/v3/users").await.status, 401);
    assert_eq!(lent.token_by(&partner, &Value::Null).await.status, 404);
    lent.world.test.app.close().await;
}

#[tokio::test]
async fn it_ends_with_the_user_who_acts() {
    let lent = Lent::new().await;
    // A user of the trusted account whose group may assume.
    let made = json!({"user": {"name": "dora", "password": "dora's password"}});
    let made = lent.borrower.post("/v3/users", &made).await.json();
    let dora = made["user"]["id"].as_str().unwrap().to_owned();
    let group =
        lent.borrower.post("/v3/groups", &json!({"group": {"name": "operators"}})).await.json();
    let group = group["group"]["id"].as_str().unwrap().to_owned();
    let role = format!(
        "/v3/domains/{}/groups/{group}/roles/muster000000000000000000te_agency",
        lent.partner.domain_id
    );
    assert_eq!(lent.borrower.send(Method::PUT, &role, None).await.status, 204);
    let login = || async {
        let user = json!({"id": dora, "password": "dora's password"});
        let body =
            json!({"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}});
        let got = lent.world.anonymous().post("/v3/auth/tokens", &body).await;
        Client::with_token(&lent.world.router, got.header("x-subject-token").to_owned())
    };
    assert_eq!(lent.token_by(&login().await, &Value::Null).await.status, 403);
    let member = format!("/v3/groups/{group}/users/{dora}");
    assert_eq!(lent.borrower.send(Method::PUT, &member, None).await.status, 204);
    let got = lent.token_by(&login().await, &Value::Null).await;
    assert_eq!(got.status, 201, "{}", got.json());
    let acting = Client::with_token(&lent.world.router, got.header("x-subject-token").to_owned());
    assert_eq!(acting.get("/v3/users").await.status, 200);
    assert_eq!(lent.borrower.send(Method::DELETE, &member, None).await.status, 204);
    assert_eq!(acting.get("/v3/users").await.status, 401, "who may assume nothing acts no more");
    assert_eq!(lent.borrower.send(Method::PUT, &member, None).await.status, 204);
    assert_eq!(acting.get("/v3/users").await.status, 200);
    let path = format!("/v3/users/{dora}");
    let off = json!({"user": {"enabled": false}});
    assert_eq!(lent.borrower.send(Method::PATCH, &path, Some(&off)).await.status, 200);
    assert_eq!(acting.get("/v3/users").await.status, 401);
    lent.world.test.app.close().await;
}

#[tokio::test]
async fn a_token_of_a_removed_user_is_not_that_of_the_next_one() {
    let world = World::new().await;
    let gone = world.test.user("gone", "gone's password", Role::Admin).await;
    let token = world.test.token("gone", "gone's password").await;
    let admin = world.test.admin(&world.router).await;
    world.test.clock.advance_secs(1);
    let path = format!("/v3/users/{}", gone.id);
    assert_eq!(admin.send(Method::DELETE, &path, None).await.status, 204);
    let next = world.test.user("next", "next's password", Role::Admin).await;
    let old = Client::with_token(&world.router, token);
    assert_eq!(old.get("/v3/auth/domains").await.status, 401, "{}", next.id);
    world.test.app.close().await;
}

#[tokio::test]
async fn a_policy_an_agency_has_stays() {
    let lent = Lent::new().await;
    let policy = json!({"role": {"display_name": "p", "type": "AX", "policy":
        {"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": ["iam:user:list"]}]}}});
    let made = lent.lender.post("/v3.0/OS-ROLE/roles", &policy).await.json();
    let id = made["role"]["id"].as_str().unwrap();
    let known = &lent.test().credentials;
    let role = format!(
        "/v3.0/OS-INHERIT/domains/{}/agencies/{}/roles/{id}/inherited_to_projects",
        known.domain_id, lent.agency
    );
    assert_eq!(lent.lender.send(Method::HEAD, &role, None).await.status, 404);
    assert_eq!(lent.lender.send(Method::PUT, &role, None).await.status, 204);
    assert_eq!(lent.lender.send(Method::HEAD, &role, None).await.status, 204);
    let custom = format!("/v3.0/OS-ROLE/roles/{id}");
    assert_eq!(lent.lender.send(Method::DELETE, &custom, None).await.status, 409);
    // What it says is in force for those who act already.
    let acting = lent.acting().await;
    let deny = json!({"role": {"display_name": "p", "type": "AX", "policy":
        {"Version": "1.1", "Statement": [{"Effect": "Deny", "Action": ["iam:user:list"]}]}}});
    let domain =
        format!("/v3.0/OS-AGENCY/domains/{}/agencies/{}/roles/{id}", known.domain_id, lent.agency);
    assert_eq!(lent.lender.send(Method::PUT, &domain, None).await.status, 204);
    assert_eq!(acting.get("/v3/users").await.status, 401);
    let acting = lent.acting().await;
    assert_eq!(acting.get("/v3/users").await.status, 200);
    assert_eq!(lent.lender.send(Method::PATCH, &custom, Some(&deny)).await.status, 200);
    assert_eq!(acting.get("/v3/users").await.status, 403);
    lent.world.test.app.close().await;
}
