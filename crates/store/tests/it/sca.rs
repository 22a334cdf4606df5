//! Composition analysis: artifacts, tasks and their results.

use crate::fleet;
use muster_model::Micros;
use muster_store::Tx;
use muster_store::sca::files::Content;
use muster_store::sca::judging::Telling;
use muster_store::sca::{
    Component, Document, File, Found, Named, Policy, Status, Task, Vulnerability, documents, edges,
    files, numbers, policies, results, tasks,
};
use muster_testkit::on_both_databases;

fn task(project: i64, id: &str, file: &str) -> Task {
    Task {
        key: 0,
        project,
        id: id.to_owned(),
        name: "a name".to_owned(),
        file: file.to_owned(),
        callback: Some(("https://hook".to_owned(), "AK".to_owned())),
        status: Status::Queued,
        percent: 0,
        error: None,
        coverage: None,
        components: 0,
        vulnerabilities: 0,
        licences: 0,
        created_by: "u".to_owned(),
        created_at: Micros(5),
        started_at: None,
        ended_at: None,
        keep_until: None,
    }
}

fn file(project: i64, id: &str) -> File {
    File {
        id: id.to_owned(),
        project,
        name: "a.zip".to_owned(),
        content: None,
        place: String::new(),
        created_by: "u".to_owned(),
        created_at: Micros(1),
        expires_at: Micros(100),
    }
}

fn content(size: i64, sha256: &str) -> Content<'_> {
    Content { size, sha256, place: "here" }
}

fn found(name: &str, grade: u8) -> Found {
    let component = Component {
        uuid: format!("uuid-{name}"),
        purl: format!("pkg:maven/g/{name}@1"),
        group: "g".to_owned(),
        name: name.to_owned(),
        version: "1".to_owned(),
        language: "Java".to_owned(),
    };
    Found { component, grade, recommended: "2".to_owned(), detail: "{}".to_owned() }
}

fn vulnerability(number: &str, grade: u8) -> Vulnerability {
    Vulnerability { number: number.to_owned(), grade, detail: format!("{{\"of\":\"{number}\"}}") }
}

/// The same, with what is told of it.
fn told(number: &str, grade: u8) -> (Vulnerability, Telling) {
    let telling = Telling {
        number: number.to_owned(),
        id: format!("CVE-{number}"),
        grade,
        exploited: false,
        fixes: Vec::new(),
    };
    (vulnerability(number, grade), telling)
}

/// Stores results: b has two vulnerabilities, a one of them.
async fn store(tx: &mut Tx, project: i64, task: i64) {
    let rows = [found("b", 1), found("a", 2)];
    let components: Vec<_> = rows.iter().map(|row| row.component.clone()).collect();
    let keys = results::components(tx, project, &components).await.unwrap();
    let known = [told("SZ-2", 1), told("SZ-1", 2)];
    let numbers = results::vulnerabilities(tx, &known, "k", Micros(7)).await.unwrap();
    results::clear(tx, task).await.unwrap();
    results::put_found(tx, task, &rows, &keys).await.unwrap();
    let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    let findings = [pair("SZ-2", "uuid-b"), pair("SZ-1", "uuid-b"), pair("SZ-1", "uuid-a")];
    results::put_findings(tx, task, &findings, &numbers, &keys).await.unwrap();
    let licences = [pair("MIT", "uuid-a"), pair("MIT", "uuid-b"), pair("ISC", "uuid-b")];
    results::put_licences(tx, task, &licences, &keys).await.unwrap();
}

on_both_databases! {
    async fn an_artifact_arrives_once_and_stays_while_it_is_needed(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        files::create(&mut tx, &file(project, "f")).await.unwrap();
        assert!(files::arrived(&mut tx, "f", content(3, "abc"), Micros(2)).await.unwrap());
        assert!(!files::arrived(&mut tx, "f", content(4, "def"), Micros(3)).await.unwrap());
        let held = files::get(&mut tx, "f", Micros(99)).await.unwrap().unwrap();
        assert_eq!(held.content, Some((3, "abc".to_owned())));
        assert_eq!(files::get(&mut tx, "f", Micros(100)).await.unwrap(), None);

        let key = tasks::create(&mut tx, &task(project, "t", "f")).await.unwrap();
        assert_eq!(files::expired(&mut tx, "here", Micros(200), 10).await.unwrap(), []);
        assert!(tasks::fail(&mut tx, key, "damaged", Micros(9)).await.unwrap());
        assert_eq!(files::expired(&mut tx, "here", Micros(200), 10).await.unwrap().len(), 1);
        assert_eq!(files::expired(&mut tx, "elsewhere", Micros(200), 10).await.unwrap(), []);
        files::keep(&mut tx, "f", Micros(300)).await.unwrap();
        assert_eq!(files::expired(&mut tx, "here", Micros(200), 10).await.unwrap(), []);
        files::delete(&mut tx, "f").await.unwrap();
        assert!(!files::arrived(&mut tx, "f", content(3, "abc"), Micros(2)).await.unwrap());
    }

    async fn a_number_once_given_stays_whatever_else_the_vulnerability_is_called(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let named = |ids: &[&str], proposed: &str| Named {
            ids: ids.iter().map(|&id| id.to_owned()).collect(),
            proposed: proposed.to_owned(),
        };
        let first = [named(&["GHSA-1"], "SZ-a"), named(&["CVE-2"], "SZ-b")];
        assert_eq!(numbers::give(&mut tx, &first).await.unwrap(), ["SZ-a", "SZ-b"]);
        // The first has got a CVE meanwhile, and with it another proposal.
        let later = [named(&["CVE-1", "GHSA-1"], "SZ-c"), named(&["CVE-3"], "SZ-d")];
        assert_eq!(numbers::give(&mut tx, &later).await.unwrap(), ["SZ-a", "SZ-d"]);
        let alone = [named(&["CVE-1"], "SZ-e")];
        assert_eq!(numbers::give(&mut tx, &alone).await.unwrap(), ["SZ-a"]);
        assert!(numbers::give(&mut tx, &[]).await.unwrap().is_empty());
    }

    async fn a_document_goes_with_its_task(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let key = tasks::create(&mut tx, &task(project, "t", "f")).await.unwrap();
        let document = |text: &str| Document {
            sha256: "abc".to_owned(),
            report: text.as_bytes().to_vec(),
        };
        documents::put(&mut tx, key, &document("one")).await.unwrap();
        documents::put(&mut tx, key, &document("two")).await.unwrap();
        assert_eq!(documents::get(&mut tx, key).await.unwrap(), Some(document("two")));
        assert!(tasks::fail(&mut tx, key, "cancelled", Micros(9)).await.unwrap());
        let outlived = async |tx: &mut Tx, before, now| {
            tasks::outlived(tx, Micros(before), Micros(now), 10).await.unwrap()
        };
        assert_eq!(outlived(&mut tx, 9, 20).await, Vec::<i64>::new());
        assert_eq!(outlived(&mut tx, 10, 20).await, [key]);
        tasks::keep(&mut tx, key, Some(Micros(30))).await.unwrap();
        assert_eq!(outlived(&mut tx, 10, 30).await, Vec::<i64>::new());
        assert_eq!(outlived(&mut tx, 10, 31).await, [key]);
        tasks::keep(&mut tx, key, None).await.unwrap();
        assert_eq!(outlived(&mut tx, 9, 31).await, Vec::<i64>::new());
        tasks::delete(&mut tx, key).await.unwrap();
        assert_eq!(documents::get(&mut tx, key).await.unwrap(), None);
    }

    async fn a_task_only_moves_forward(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let first = tasks::create(&mut tx, &task(project, "t1", "f")).await.unwrap();
        let second = tasks::create(&mut tx, &task(project, "t2", "f")).await.unwrap();
        files::create(&mut tx, &file(project, "f")).await.unwrap();
        files::arrived(&mut tx, "f", content(3, "abc"), Micros(2)).await.unwrap();
        assert!(tasks::start(&mut tx, first, Micros(6)).await.unwrap());
        assert!(tasks::start(&mut tx, first, Micros(8)).await.unwrap());
        tasks::progress(&mut tx, first, 40).await.unwrap();
        tasks::progress(&mut tx, first, 30).await.unwrap();
        let running = tasks::get(&mut tx, project, "t1").await.unwrap().unwrap();
        assert_eq!((running.status, running.percent), (Status::Running, 40));
        assert_eq!(running.started_at, Some(Micros(6)));
        let queue = tasks::unfinished(&mut tx).await.unwrap();
        let seen: Vec<_> =
            queue.iter().map(|it| (it.key, it.running, it.percent, it.size)).collect();
        assert_eq!(seen, [(first, true, 40, 3), (second, false, 0, 3)]);
        assert_eq!((queue[0].place.as_str(), tasks::pace(&mut tx, 9).await.unwrap()), ("here", vec![]));
        store(&mut tx, project, first).await;
        assert!(tasks::finish(&mut tx, first, "{}", Micros(9)).await.unwrap());
        assert!(!tasks::fail(&mut tx, first, "late", Micros(10)).await.unwrap());
        assert!(!tasks::start(&mut tx, first, Micros(10)).await.unwrap());
        assert_eq!(tasks::pace(&mut tx, 9).await.unwrap(), [(3, 3)]);
        let done = tasks::get(&mut tx, project, "t1").await.unwrap().unwrap();
        assert_eq!((done.components, done.vulnerabilities, done.licences), (2, 2, 2));
        assert_eq!((done.status, done.percent, done.ended_at), (Status::Done, 100, Some(Micros(9))));
        assert_eq!(tasks::get(&mut tx, project + 1, "t1").await.unwrap(), None);
        let (total, page) = tasks::list(&mut tx, project, 1, 0).await.unwrap();
        assert_eq!((total, page[0].id.as_str()), (2, "t2"));
        tasks::delete(&mut tx, first).await.unwrap();
        assert_eq!(results::page_components(&mut tx, first, 9, 0).await.unwrap(), []);
    }

    async fn results_are_paged_worst_first_and_answer_where(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let key = tasks::create(&mut tx, &task(project, "t", "f")).await.unwrap();
        // A worker that died half-way is followed by one that stores the same again.
        store(&mut tx, project, key).await;
        store(&mut tx, project, key).await;
        let page = results::page_components(&mut tx, key, 1, 1).await.unwrap();
        assert_eq!(page, [found("a", 2)]);
        let (total, page) = results::page_vulnerabilities(&mut tx, key, None, 10, 0).await.unwrap();
        let seen: Vec<_> =
            page.iter().map(|row| (row.vulnerability.number.as_str(), row.affected)).collect();
        assert_eq!((total, seen), (2, vec![("SZ-2", 1), ("SZ-1", 2)]));
        let of_a = results::page_vulnerabilities(&mut tx, key, Some("uuid-a"), 10, 0).await.unwrap();
        assert_eq!((of_a.0, of_a.1[0].affected), (1, 2));
        let licences = results::licences(&mut tx, key, None).await.unwrap();
        assert_eq!(licences, [("ISC".to_owned(), 1), ("MIT".to_owned(), 2)]);
        let licences = results::licences(&mut tx, key, Some("uuid-a")).await.unwrap();
        assert_eq!(licences, [("MIT".to_owned(), 1)]);
        let latest = results::latest(&mut tx, project, "uuid-b").await.unwrap();
        assert_eq!(latest, Some(found("b", 1)));
        assert_eq!(results::latest(&mut tx, project + 1, "uuid-b").await.unwrap(), None);
        let known = results::vulnerability(&mut tx, project, "SZ-1").await.unwrap();
        assert_eq!(known, Some(vulnerability("SZ-1", 2)));
        assert_eq!(results::vulnerability(&mut tx, project + 1, "SZ-1").await.unwrap(), None);
        let places = results::places(&mut tx, project, "a", Some("1"), 9).await.unwrap();
        assert_eq!((places.len(), places[0].task.as_str()), (1, "t"));
        assert_eq!(results::places(&mut tx, project, "a", Some("2"), 9).await.unwrap(), []);
    }

    async fn edges_and_policies_are_kept_and_go(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let key = tasks::create(&mut tx, &task(project, "t", "f")).await.unwrap();
        let rows = [found("b", 1).component, found("a", 2).component];
        let keys = results::components(&mut tx, project, &rows).await.unwrap();
        let pair = |one: &str, other: &str| (one.to_owned(), other.to_owned());
        edges::put(&mut tx, key, &[pair("uuid-a", "uuid-b")], &keys).await.unwrap();
        assert_eq!(edges::of(&mut tx, key).await.unwrap(), [(keys["uuid-a"], keys["uuid-b"])]);
        let named = results::named(&mut tx, &[keys["uuid-a"]]).await.unwrap();
        assert_eq!(named[&keys["uuid-a"]].name, "a");
        assert!(edges::put(&mut tx, key, &[pair("uuid-a", "uuid-c")], &keys).await.is_err());
        tasks::delete(&mut tx, key).await.unwrap();
        assert_eq!(edges::of(&mut tx, key).await.unwrap(), []);

        let mut policy = Policy {
            name: "p".to_owned(),
            rules: "{}".to_owned(),
            updated_by: "u".to_owned(),
            updated_at: Micros(1),
        };
        policies::put(&mut tx, project, &policy).await.unwrap();
        policy.rules = "{\"grade\":\"high\"}".to_owned();
        policies::put(&mut tx, project, &policy).await.unwrap();
        assert_eq!(policies::list(&mut tx, project).await.unwrap(), [policy]);
        assert_eq!(policies::list(&mut tx, project + 1).await.unwrap(), []);
        assert!(policies::delete(&mut tx, project, "p").await.unwrap());
        assert!(!policies::delete(&mut tx, project, "p").await.unwrap());
    }
}
