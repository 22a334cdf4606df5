//! Images on the way: told by an agent, asked for by the server, what is in them told once.

use crate::agent::{TestAgent, deliver, router};
use muster_model::image::{Contents, Image};
use muster_model::{Column, Fact, Kind, Paging};
use muster_store::{hosts, images, transact};
use muster_testkit::{TestApp, on_both_databases};

const PAGE: Paging = Paging { limit: 10, offset: 0 };

on_both_databases! {
    async fn an_image_is_told_asked_for_and_looked_into(test: TestDb) {
        let test = TestApp::on(test).await;
        let router = router(&test);
        let now = || test.app.now();
        let mut agent = TestAgent::new(now());
        let host = agent.join(&test, &router, "web").await.host_id;
        let host = hosts::by_id(&mut test.app.db.read().await.unwrap(), &host).await.unwrap().unwrap();
        let image = Image { id: "sha256:1".into(), names: vec!["shop:1".into()], ..Image::default() };
        agent.sync.tell_images(vec![image]);
        let mut report = async |contents: Option<Contents>| {
            test.clock.advance_secs(60);
            if let Some(contents) = contents {
                agent.sync.tell_contents(contents);
            }
            let sent = agent.say(now());
            let reply = deliver(&router, &sent).await.unwrap();
            agent.sync.replied(&reply);
            (reply.scan, agent.sync.has_news())
        };
        assert_eq!(report(None).await, (Vec::new(), false));
        let db = &test.app.db;
        let all = images::Filter::default();
        transact!(db, |tx| images::scans::ask(tx, host.project, &all, 10, now()).await.map(drop)).unwrap();
        assert_eq!(report(None).await.0, ["sha256:1"]);
        let mut fact = Fact::new(Kind::App);
        fact.set(Column::Name, "curl".to_owned());
        let contents = Contents { id: "sha256:1".into(), facts: vec![fact], ..Contents::default() };
        assert_eq!(report(Some(contents.clone())).await, (Vec::new(), false));
        // Nobody asked for it now.
        let more = Contents { facts: vec![Fact::new(Kind::App)], ..contents };
        report(Some(more)).await;
        let mut tx = test.app.db.read().await.unwrap();
        let page = images::pieces(&mut tx, host.project, "sha256:1", None, PAGE).await.unwrap();
        let names: Vec<_> = page.unwrap().rows.into_iter().map(|it| it.name).collect();
        assert_eq!(names, ["curl"]);
    }
}
