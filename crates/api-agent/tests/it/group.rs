//! Reports that come together are taken in together, and each is answered as if it had come alone.

use crate::agent::{Names, Sent, TestAgent, router, scope, swept};
use muster_model::proof::REPORT_PATH;
use muster_model::report::{Body, Report, Row, Volatile};
use muster_model::{Error, ErrorKind, Fact, Kind, Micros, Result};
use muster_service::ingest::{self, AgentCaller};
use muster_store::{agents, transact};
use muster_testkit::{TestApp, on_both_databases};
use tokio::task::JoinSet;

type Answer = Result<muster_model::report::Reply>;

async fn joined(test: &TestApp, n: usize) -> Vec<TestAgent> {
    let router = router(test);
    let mut agents = Vec::new();
    for n in 0..n {
        let mut agent = TestAgent::new(test.app.now());
        agent.join(test, &router, &format!("host{n}")).await;
        see(&mut agent, &[(1, 10), (2, 20)], test.app.now());
        agents.push(agent);
    }
    agents
}

/// The agent finds these on its host.
fn see(agent: &mut TestAgent, names: &[(u8, u32)], now: Micros) {
    let names: Names = names.iter().copied().collect();
    let found = [Kind::Port, Kind::App].map(|kind| swept(&scope(kind, None), &names, now));
    agent.sync.observe(&[Kind::Port, Kind::App], found.to_vec());
}

async fn proved(test: &TestApp, sent: &[Sent]) -> Vec<AgentCaller> {
    let mut callers = Vec::new();
    for Sent { proof, body } in sent {
        let caller = ingest::authenticate(&test.app, proof.clone(), "POST", REPORT_PATH, body);
        callers.push(caller.await.unwrap());
    }
    callers
}

/// Sends reports at once: on one thread all of them wait before the first is written. Answers, and the statements of
/// the writing.
async fn together(test: &TestApp, callers: Vec<AgentCaller>, sent: &[Sent]) -> (Vec<Answer>, u64) {
    let before = test.app.db.statements();
    let mut set = JoinSet::new();
    for (at, (caller, sent)) in callers.into_iter().zip(sent).enumerate() {
        let report: Report = serde_json::from_slice(&sent.body).unwrap();
        let app = test.app.clone();
        set.spawn(async move { (at, ingest::report(&app, caller, report).await) });
    }
    let mut answers = set.join_all().await;
    answers.sort_by_key(|(at, _)| *at);
    let statements = test.app.db.statements() - before;
    (answers.into_iter().map(|(_, answer)| answer).collect(), statements)
}

async fn deliver(test: &TestApp, sent: &[Sent]) -> (Vec<Answer>, u64) {
    together(test, proved(test, sent).await, sent).await
}

fn all_fit(answers: &[Answer]) {
    assert!(answers.iter().all(|it| it.as_ref().is_ok_and(|it| it.full.is_empty())), "{answers:?}");
}

on_both_databases! {
    async fn twenty_reports_cost_what_one_costs(test: TestDb) {
        let test = TestApp::on(test).await;
        let mut agents = joined(&test, 20).await;
        let now = test.app.now();
        let first: Vec<Sent> = agents.iter_mut().map(|agent| agent.say(now)).collect();
        let (answers, _) = deliver(&test, &first).await;
        all_fit(&answers);
        for (agent, answer) in agents.iter_mut().zip(answers) {
            agent.sync.replied(&answer.unwrap());
        }
        test.clock.advance_secs(60);
        let now = test.app.now();
        let unchanged = |agents: &mut [TestAgent]| -> Vec<Sent> {
            let say = |agent: &mut TestAgent| {
                see(agent, &[(1, 10), (2, 20)], now);
                let sent = agent.say(now);
                agent.sync.replied(&Default::default());
                sent
            };
            agents.iter_mut().map(say).collect()
        };
        // Agents read and noted, hosts read and noted, scopes read and noted, containers, tasks.
        let (answers, alone) = deliver(&test, &unchanged(&mut agents[..1])).await;
        all_fit(&answers);
        assert_eq!(alone, 8);
        let (answers, statements) = deliver(&test, &unchanged(&mut agents)).await;
        all_fit(&answers);
        assert_eq!(statements, 8);
    }

    async fn each_is_judged_for_itself(test: TestDb) {
        let test = TestApp::on(test).await;
        let mut agents = joined(&test, 6).await;
        let mut say = |at: usize| agents[at].say(test.app.now());
        let [again, late] = [say(0), say(1)];
        let latest = say(1);
        all_fit(&deliver(&test, &[again.clone(), latest]).await.0);
        let stolen = say(2);
        all_fit(&deliver(&test, std::slice::from_ref(&stolen)).await.0);
        test.clock.advance_secs(7);
        let clone = {
            let mut report: Report = serde_json::from_slice(&stolen.body).unwrap();
            report.agent_version = "another".to_owned();
            agents[2].sign(&report, test.app.now())
        };
        let mut bad: Report = serde_json::from_slice(&agents[3].say(test.app.now()).body).unwrap();
        for scope in &mut bad.scopes {
            let fact = Fact::new(scope.scope.kind);
            let row = Row { fact, seq: 0, volatile: Volatile::default() };
            scope.body = Body::Full { rows: vec![row.clone(), row] };
        }
        let bad = agents[3].sign(&bad, test.app.now());
        // What is sent second is the difference to what is sent first.
        let first = agents[4].say(test.app.now());
        agents[4].sync.replied(&Default::default());
        see(&mut agents[4], &[(2, 20), (3, 30)], test.app.now());
        let second = agents[4].say(test.app.now());
        let shut_out = agents[5].say(test.app.now());
        let kinds = |answers: &[Answer]| -> Vec<Option<ErrorKind>> {
            answers.iter().map(|it| it.as_ref().err().map(Error::kind)).collect()
        };

        // With a report among them that does not fit the store, each goes for itself.
        let (answers, _) = deliver(&test, &[again.clone(), late.clone(), bad]).await;
        assert_eq!(kinds(&answers), [None, None, Some(ErrorKind::Invalid)]);

        let group = [again, late, clone, first, shut_out, second];
        let callers = proved(&test, &group).await;
        let id = callers[4].id().to_owned();
        let revoked = transact!(test.app.db, |tx| {
            let agent = agents::by_id(tx, &id).await?.unwrap();
            agents::revoke(tx, agent.key, "lost", test.app.now()).await
        });
        revoked.unwrap();
        let (answers, _) = together(&test, callers, &group).await;
        let (conflict, shut_out) = (Some(ErrorKind::Conflict), Some(ErrorKind::Unauthenticated));
        assert_eq!(kinds(&answers), [None, None, conflict, None, shut_out, None]);
        assert!(answers[3].as_ref().unwrap().full.is_empty());
        assert!(answers[5].as_ref().unwrap().full.is_empty(), "it found what was said before it");
    }
}
