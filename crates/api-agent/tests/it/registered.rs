//! Hosts that were entered before an agent is there: who becomes one of them, and who does not.

use crate::agent::{TestAgent, deliver, router, token};
use muster_model::host::{AgentStatus, HostProfile};
use muster_model::id::{HostId, ProjectId};
use muster_model::report::{EnrolRequest, PROTOCOL};
use muster_model::{ErrorKind, Result};
use muster_service::limits::Limits;
use muster_service::roster::{self, Entry, Outcome};
use muster_service::{App, Settings, enrol, hosts};
use muster_testkit::{TestApp, on_both_databases};
use std::net::IpAddr;

const ID: &str = "0123456789abcdef0123456789abcdef";
const OTHER_ID: &str = "fedcba9876543210fedcba9876543210";
const HERE: &str = "10.0.0.7";
const THERE: &str = "10.0.0.8";

fn project(test: &TestApp) -> ProjectId {
    ProjectId::parse(&test.credentials.project_id).unwrap()
}

async fn entered(test: &TestApp, name: &str, address: &str, machine_id: &str) -> HostId {
    let entry = Entry {
        name: name.to_owned(),
        address: address.to_owned(),
        machine_id: machine_id.to_owned(),
        ..Entry::default()
    };
    roster::add(&test.app, &test.operator(), &project(test), entry).await.unwrap()
}

async fn token_for(test: &TestApp, host: &HostId) -> String {
    let (operator, project) = (test.operator(), project(test));
    let made = enrol::create_token(&test.app, &operator, Some(&project), 600, "", Some(host)).await;
    made.unwrap().text.to_string()
}

/// The id of the host that an agent becomes which says this of itself, and asks from `from`.
async fn join(
    app: &App,
    token: &str,
    name: &str,
    machine_id: &str,
    from: &str,
) -> Result<(TestAgent, String)> {
    let agent = TestAgent::new(app.now());
    let host = HostProfile {
        name: name.to_owned(),
        machine_id: machine_id.to_owned(),
        addresses: vec![from.to_owned()],
        ..HostProfile::default()
    };
    let public_key = agent.key.public_key();
    let request = EnrolRequest { protocol: PROTOCOL, token: token.to_owned(), public_key, host };
    let from: IpAddr = from.parse().unwrap();
    let reply = enrol::enrol(app, &request, "test", Some(from)).await?;
    Ok((agent, reply.host_id))
}

async fn status(test: &TestApp, host: &HostId) -> AgentStatus {
    let shown = hosts::show(&test.app, &test.operator(), &project(test), host.as_str()).await;
    shown.unwrap().known.status
}

on_both_databases! {
    async fn a_machine_id_given_beforehand_decides(test: TestDb) {
        let test = TestApp::on(test).await;
        let host = entered(&test, "web-1", "", ID).await;
        assert_eq!(status(&test, &host).await, AgentStatus::NotInstalled);
        let any = token(&test, 600).await;
        let (_, other) = join(&test.app, &any, "web-1", OTHER_ID, HERE).await.unwrap();
        assert_ne!(other, host.as_str(), "the name of another machine");
        let any = token(&test, 600).await;
        let (mut agent, joined) = join(&test.app, &any, "renamed", ID, THERE).await.unwrap();
        assert_eq!(joined, host.as_str());
        deliver(&router(&test), &agent.say(test.app.now())).await.unwrap();
        assert_eq!(status(&test, &host).await, AgentStatus::Online);
        let any = token(&test, 600).await;
        let (_, copy) = join(&test.app, &any, "web-1", ID, HERE).await.unwrap();
        assert_ne!(copy, host.as_str(), "it has an agent that is alive");
    }

    async fn a_name_is_enough_from_the_address_given_beforehand_only(test: TestDb) {
        let test = TestApp::on(test).await;
        let host = entered(&test, "web-1", HERE, "").await;
        let bare = entered(&test, "web-2", "", "").await;
        let claimed = [("web-1", THERE, "from elsewhere"), ("web-2", HERE, "nothing but the name"), ("web-3", HERE, "another name")];
        for (name, from, why) in claimed {
            let any = token(&test, 600).await;
            let (_, joined) = join(&test.app, &any, name, OTHER_ID, from).await.unwrap();
            assert!(joined != host.as_str() && joined != bare.as_str(), "{why}");
            assert_eq!(status(&test, &host).await, AgentStatus::NotInstalled, "{why}");
            // Or the next one would be taken for this one, by its machine id.
            test.clock.advance_secs(1);
        }
        let any = token(&test, 600).await;
        let (_, joined) = join(&test.app, &any, "web-1", "", "::ffff:10.0.0.7").await.unwrap();
        assert_eq!(joined, host.as_str());
    }

    async fn a_name_alone_is_enough_where_the_operator_says_so(test: TestDb) {
        let limits = Limits { logins: 0, api: 0, user: 0, address: 0, secrets: 0 };
        let settings = Settings { join_by_name: true, limits, ..Settings::default() };
        let test = TestApp::with(test, settings).await;
        let bare = entered(&test, "web-1", "", "").await;
        let placed = entered(&test, "web-2", THERE, "").await;
        let machine = entered(&test, "web-3", "", ID).await;
        for (name, from, expected) in [("web-1", HERE, Some(&bare)), ("web-2", HERE, None), ("web-3", HERE, None)] {
            let any = token(&test, 600).await;
            let (_, joined) = join(&test.app, &any, name, "", from).await.unwrap();
            match expected {
                Some(host) => assert_eq!(joined, host.as_str()),
                None => assert!([&placed, &machine].iter().all(|it| it.as_str() != joined), "{name}"),
            }
        }
        // Nobody becomes a host that once had an agent by its name.
        enrol::revoke(&test.app, &test.operator(), Some(&project(&test)), &bare).await.unwrap();
        let any = token(&test, 600).await;
        let (_, joined) = join(&test.app, &any, "web-1", "", HERE).await.unwrap();
        assert_ne!(joined, bare.as_str());
    }

    async fn a_token_for_a_host_is_for_no_other(test: TestDb) {
        let test = TestApp::on(test).await;
        let host = entered(&test, "web-1", "", ID).await;
        let bound = token_for(&test, &host).await;
        let wrong = join(&test.app, &bound, "web-1", OTHER_ID, HERE).await.map(|_| ());
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Conflict, "another machine");
        let (mut first, joined) = join(&test.app, &bound, "any name", ID, HERE).await.unwrap();
        assert_eq!(joined, host.as_str(), "a refusal does not use it up");
        let again = join(&test.app, &bound, "any name", ID, HERE).await.map(|_| ());
        assert_eq!(again.unwrap_err().kind(), ErrorKind::Unauthenticated, "once");

        let bound = token_for(&test, &host).await;
        let (_, joined) = join(&test.app, &bound, "web-1", ID, HERE).await.unwrap();
        assert_eq!(joined, host.as_str(), "whoever made the token decided");
        let sent = first.say(test.app.now());
        assert!(deliver(&router(&test), &sent).await.is_err(), "replaced");

        // Whoever made this one did not know of the agent that came in between.
        let (late, bound) = (token_for(&test, &host).await, token_for(&test, &host).await);
        test.clock.advance_secs(1);
        let (mut second, _) = join(&test.app, &bound, "web-1", ID, HERE).await.unwrap();
        let why = join(&test.app, &late, "web-1", ID, HERE).await.map(|_| ()).unwrap_err();
        assert!(why.message().contains("since the token was made"), "{why}");
        assert!(deliver(&router(&test), &second.say(test.app.now())).await.is_ok());

        let tokens = enrol::tokens(&test.app, &test.operator(), Some(&project(&test))).await.unwrap();
        assert!(tokens.iter().all(|token| token.host.as_ref() == Some(&host)));
        let (operator, project) = (test.operator(), project(&test));
        let nobody = HostId::parse("nobody").unwrap();
        let made = enrol::create_token(&test.app, &operator, Some(&project), 600, "", Some(&nobody));
        assert_eq!(made.await.map(drop).unwrap_err().kind(), ErrorKind::NotFound);
    }

    async fn a_host_keeps_the_name_it_was_entered_by(test: TestDb) {
        let test = TestApp::on(test).await;
        let entry = || Entry { name: "web-1.example.org".to_owned(), ..Entry::default() };
        let import = async || {
            let (operator, project) = (test.operator(), project(&test));
            let done = roster::import(&test.app, &operator, &project, vec![entry()], false).await;
            done.unwrap().remove(0)
        };
        let added = import().await;
        assert_eq!(added.outcome, Outcome::Added);
        let bound = token_for(&test, &added.id).await;
        join(&test.app, &bound, "web-1", ID, HERE).await.unwrap();
        // Another machine calls itself so.
        let any = token(&test, 600).await;
        join(&test.app, &any, "web-1.example.org", OTHER_ID, THERE).await.unwrap();
        let again = import().await;
        assert_eq!((&again.id, again.outcome), (&added.id, Outcome::Unchanged));
        let twice = roster::add(&test.app, &test.operator(), &project(&test), entry()).await;
        assert_eq!(twice.unwrap_err().kind(), ErrorKind::Conflict);
    }

    async fn nobody_is_entered_twice(test: TestDb) {
        let test = TestApp::on(test).await;
        entered(&test, "web-1", "", ID).await;
        let any = token(&test, 600).await;
        join(&test.app, &any, "web-2", OTHER_ID, HERE).await.unwrap();
        for (name, machine_id, parameter) in [
            ("web-1", "", "name: "),
            ("web-2", "", "name: "),
            ("web-3", ID, "machine_id: "),
            ("web-3", OTHER_ID, "machine_id: "),
        ] {
            let entry = Entry { name: name.into(), machine_id: machine_id.into(), ..Entry::default() };
            let error = roster::add(&test.app, &test.operator(), &project(&test), entry).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Conflict);
            assert!(error.message().starts_with(parameter), "{error}");
        }
    }
}
