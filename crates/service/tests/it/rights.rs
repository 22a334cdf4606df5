//! Rights that come from policies of groups, asked as every service function asks.

use muster_model::id::{AgentId, ProjectId};
use muster_model::{Action, Caller, ErrorKind, Role};
use muster_service::authz::{self, Item};
use muster_service::enrol;
use muster_service::identity::policies::{self, Changes, Draft, Subject};
use muster_service::identity::simulate::{Question, simulate};
use muster_service::identity::{Reach, builtin, groups, projects, users};
use muster_service::roster::{self, Entry};
use muster_store::{hosts, transact};
use muster_testkit::{TestApp, on_both_databases};

/// A user without a role, in a group of its own.
async fn member(test: &TestApp) -> (Caller, String) {
    let user = test.user("carol", "carol's password", Role::None).await;
    let operator = test.operator();
    let group = groups::create(&test.app, &operator, "exporters", "").await.unwrap();
    groups::set_member(&test.app, &operator, &group.id, user.id.as_str(), true).await.unwrap();
    let caller = Caller {
        user_id: user.id,
        user_name: user.name,
        role: user.role,
        address: Some("10.1.2.3".parse().unwrap()),
        ..operator
    };
    (caller, group.id)
}

async fn policy(test: &TestApp, name: &str, document: &str) -> String {
    let draft = Draft { name, kind: "AA", description: "", document };
    policies::create(&test.app, &test.operator(), draft).await.unwrap().id
}

async fn give(test: &TestApp, group: &str, policy: &str, reach: Reach, given: bool) {
    let operator = test.operator();
    policies::set_assignment(
        &test.app,
        &operator,
        Subject::Group(group),
        policy,
        &reach.into(),
        given,
    )
    .await
    .unwrap();
}

fn builtin(name: &str) -> &'static str {
    builtin::ALL.iter().find(|it| it.name == name).unwrap().id
}

on_both_databases! {
    async fn a_policy_holds_where_it_was_given_and_no_longer_than_that(test: TestDb) {
        let test = TestApp::on(test).await;
        let (carol, group) = member(&test).await;
        let first = ProjectId::parse(&test.credentials.project_id).unwrap();
        let second = projects::create(&test.app, &test.operator(), "second", "").await.unwrap().id;
        let may = async |project: &ProjectId| {
            authz::require(&test.app, &carol, Action::AssetList, Some(project)).await.is_ok()
        };
        let account = || authz::account(&test.app, &carol, Action::UserList).is_ok();
        assert!(!may(&first).await && !account());

        let hss = builtin("hss_readonly");
        let here = Reach::Project(first.to_string());
        give(&test, &group, hss, here.clone(), true).await;
        assert!(may(&first).await && !may(&second).await && !account());
        give(&test, &group, hss, Reach::Projects, true).await;
        assert!(may(&second).await && !account());
        give(&test, &group, builtin("readonly"), Reach::Domain, true).await;
        assert!(account());

        // Taken away, it is gone for the very next request, also after a restart.
        give(&test, &group, hss, Reach::Projects, false).await;
        assert!(may(&first).await && !may(&second).await);
        let again = test.another().await;
        assert!(authz::require(&again, &carol, Action::AssetList, Some(&first)).await.is_ok());
        give(&test, &group, hss, here, false).await;
        assert!(!may(&first).await);
        groups::delete(&test.app, &test.operator(), &group).await.unwrap();
        assert!(!account());
    }

    async fn who_may_not_shut_agents_out_makes_no_token_that_would(test: TestDb) {
        let test = TestApp::on(test).await;
        let (carol, group) = member(&test).await;
        let project = ProjectId::parse(&test.credentials.project_id).unwrap();
        let document = r#"{"Version":"5.0","Statement":[
            {"Effect":"Allow","Action":["hss:agent:enrol"]}]}"#;
        let own = policy(&test, "installers", document).await;
        give(&test, &group, &own, Reach::Projects, true).await;
        let entry = Entry { name: "web-1".to_owned(), ..Entry::default() };
        let host = roster::add(&test.app, &test.operator(), &project, entry).await.unwrap();
        let made = async || {
            let made = enrol::create_token(&test.app, &carol, Some(&project), 60, "", Some(&host));
            made.await.map(drop)
        };
        assert!(made().await.is_ok());
        transact!(test.app.db, |tx| {
            let host = hosts::by_id(tx, host.as_str()).await?.unwrap();
            hosts::set_agent(tx, host.key, Some(&AgentId::parse("a").unwrap())).await
        })
        .unwrap();
        let refused = made().await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
        assert!(refused.message().contains("hss:agent:revoke"), "{refused}");
    }

    async fn one_thing_its_tags_its_enterprise_project_and_the_address_count(test: TestDb) {
        let test = TestApp::on(test).await;
        let (carol, group) = member(&test).await;
        let own = policy(&test, "web", r#"{"Version":"5.0","Statement":[
            {"Sid":"tagged","Effect":"Allow","Action":["iam:user:*"],
             "Condition":{"StringEquals":{"g:ResourceTag/tier":["web"]},
                          "IpAddress":{"g:SourceIp":["10.0.0.0/8"]}}},
            {"Effect":"Allow","Action":["iam:group:list"],"Resource":["iam:*:*:group:g1"]},
            {"Sid":"never","Effect":"Deny","Action":["iam:user:update"],"Resource":["iam:*:*:user:root"]}]}"#).await;
        give(&test, &group, &own, Reach::Domain, true).await;
        let tags = [("tier".to_owned(), "web".to_owned())];
        let web = |path| Item { path, enterprise_project: "", tags: &tags };
        let may = |caller: &Caller, action, item: &Item<'_>| {
            authz::may(&test.app, caller, action, None, item)
        };
        assert!(may(&carol, Action::UserUpdate, &web("u1")));
        assert!(!may(&carol, Action::UserUpdate, &web("root")));
        assert!(!may(&carol, Action::UserUpdate, &Item::named("u1")));
        let elsewhere = Caller { address: Some("192.0.2.1".parse().unwrap()), ..carol.clone() };
        assert!(!may(&elsewhere, Action::UserUpdate, &web("u1")));
        assert!(may(&carol, Action::GroupList, &Item::named("g1")));
        assert!(!may(&carol, Action::GroupList, &Item::ALL));
        // A list may be asked for, and then each of its things is.
        assert!(authz::account_some(&test.app, &carol, Action::GroupList).is_ok());
        assert!(authz::account(&test.app, &carol, Action::GroupList).is_err());
        assert!(authz::account_some(&test.app, &carol, Action::PolicyList).is_err());

        let department = Item { path: "x", enterprise_project: "e1", tags: &[] };
        assert!(!may(&carol, Action::ProjectList, &department));
        give(&test, &group, builtin("readonly"), Reach::EnterpriseProject("e1".to_owned()), true).await;
        assert!(may(&carol, Action::ProjectList, &department));
        assert!(!may(&carol, Action::ProjectList, &Item { enterprise_project: "e2", ..department }));
        assert!(authz::account_some(&test.app, &carol, Action::ProjectList).is_ok());
    }
}

#[tokio::test]
async fn a_changed_policy_is_in_force_at_once_and_a_used_one_stays() {
    let test = TestApp::new().await;
    let (carol, group) = member(&test).await;
    let operator = test.operator();
    let text = |action: &str| {
        format!(r#"{{"Version":"1.1","Statement":[{{"Effect":"Allow","Action":["{action}"]}}]}}"#)
    };
    let own = policy(&test, "own", &text("iam:user:list")).await;
    give(&test, &group, &own, Reach::Domain, true).await;
    assert!(users::list(&test.app, &carol).is_ok());
    let document = text("iam:group:list");
    let changes = Changes { document: Some(&document), ..Changes::default() };
    policies::update(&test.app, &operator, &own, changes).await.unwrap();
    assert_eq!(
        users::list(&test.app, &carol).unwrap_err().message(),
        "not allowed to perform iam:user:list"
    );
    assert!(groups::list(&test.app, &carol).is_ok());
    let held = policies::delete(&test.app, &operator, &own).await.unwrap_err();
    assert_eq!(held.kind(), ErrorKind::Conflict);
    give(&test, &group, &own, Reach::Domain, false).await;
    policies::delete(&test.app, &operator, &own).await.unwrap();
    // Nobody but those who may gives rights, not even what they have themselves.
    for refused in [
        policies::set_assignment(
            &test.app,
            &carol,
            Subject::Group(&group),
            builtin("te_admin"),
            &Reach::Domain.into(),
            true,
        )
        .await,
        groups::set_member(&test.app, &carol, &group, carol.user_id.as_str(), true).await,
        users::set_role(&test.app, &carol, carol.user_id.as_str(), Role::Admin).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    }
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let test = TestApp::new().await;
    let operator = test.operator();
    let own = test.credentials.user_id.clone();
    for refused in [
        users::set_role(&test.app, &operator, &own, Role::Reader).await,
        users::set_enabled(&test.app, &operator, &own, false).await,
        users::delete(&test.app, &operator, &own).await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    }
    test.user("second", "second's password", Role::Admin).await;
    users::set_role(&test.app, &operator, &own, Role::Reader).await.unwrap();
}

#[tokio::test]
async fn a_simulation_names_the_statement_that_decides() {
    let test = TestApp::new().await;
    let (carol, group) = member(&test).await;
    let operator = test.operator();
    let own = policy(&test, "no-root", r#"{"Version":"5.0","Statement":[
        {"Effect":"Allow","Action":["iam:*:*"]},
        {"Sid":"never","Effect":"Deny","Action":["iam:user:update"],"Resource":["iam:*:*:user:root"],
         "Condition":{"IpAddress":{"g:SourceIp":["10.0.0.0/8"]}}}]}"#).await;
    give(&test, &group, &own, Reach::Domain, true).await;
    let ask = |action: &str, resource: Option<&str>, address: &str| {
        let question = Question {
            user_id: Some(carol.user_id.to_string()),
            action: action.to_owned(),
            resource: resource.map(str::to_owned),
            context: [("g:SourceIp".to_owned(), vec![address.to_owned()])].into(),
            ..Question::default()
        };
        simulate(&test.app, &operator, &question).unwrap()
    };
    let denied = ask("iam:user:update", Some("root"), "10.0.0.1");
    assert_eq!((denied.decision, denied.policy.as_deref()), ("denied", Some("no-root")));
    assert_eq!((denied.statement, denied.sid.as_deref()), (Some(1), Some("never")));
    let allowed = ask("iam:user:update", Some("root"), "192.0.2.1");
    assert_eq!((allowed.decision, allowed.statement), ("allowed", Some(0)));
    assert_eq!(ask("hss:asset:list", None, "10.0.0.1").decision, "not_allowed");
    let unknown = Question { action: "iam:user:fly".to_owned(), ..Question::default() };
    assert_eq!(simulate(&test.app, &operator, &unknown).unwrap_err().parameter(), Some("action"));
}
