//! Jobs, export tasks, collection requests.

use crate::fleet;
use muster_model::report::TaskDone;
use muster_model::{Kind, Micros};
use muster_store::exports::{self, Export, Status, parts};
use muster_store::{collect, jobs, transact};
use muster_testkit::on_both_databases;
use tokio::task::JoinSet;

const LEASE: i64 = 60;

on_both_databases! {
    async fn a_job_is_claimed_by_one_and_comes_back_when_its_worker_dies(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        jobs::enqueue(&mut tx, "export", "{}", 2, Micros(10), Micros(0)).await.unwrap();
        assert_eq!(jobs::claim(&mut tx, &["export"], LEASE, Micros(9)).await.unwrap(), None);
        assert_eq!(jobs::claim(&mut tx, &["other"], LEASE, Micros(10)).await.unwrap(), None);
        let first = jobs::claim(&mut tx, &["other", "export"], LEASE, Micros(10)).await.unwrap().unwrap();
        assert_eq!((first.attempt, first.payload.as_str()), (1, "{}"));
        assert_eq!(jobs::claim(&mut tx, &["export"], LEASE, Micros(11)).await.unwrap(), None);
        assert!(jobs::extend(&mut tx, &first, Micros(70_000_000)).await.unwrap());
        assert_eq!(jobs::claim(&mut tx, &["export"], LEASE, Micros(69_000_000)).await.unwrap(), None);

        let second = jobs::claim(&mut tx, &["export"], LEASE, Micros(70_000_000)).await.unwrap().unwrap();
        assert_eq!(second.attempt, 2);
        assert!(!jobs::extend(&mut tx, &first, Micros(99_000_000)).await.unwrap());
        assert!(!jobs::finish(&mut tx, &first).await.unwrap());
        // Its second and last worker dies, too.
        assert_eq!(jobs::claim(&mut tx, &["export"], LEASE, Micros(200_000_000)).await.unwrap(), None);
        assert_eq!(jobs::counts(&mut tx).await.unwrap(), (0, 1));
        assert_eq!(jobs::purge(&mut tx, Micros(200_000_001)).await.unwrap(), 1);
    }

    async fn a_failed_job_waits_longer_each_time_and_is_given_up(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        jobs::enqueue(&mut tx, "export", "{}", 2, Micros(0), Micros(0)).await.unwrap();
        let job = jobs::claim(&mut tx, &["export"], LEASE, Micros(0)).await.unwrap().unwrap();
        assert!(!jobs::fail(&mut tx, &job, "disk full", Micros(0)).await.unwrap());
        assert_eq!(jobs::claim(&mut tx, &["export"], LEASE, Micros(9_999_999)).await.unwrap(), None);
        let job = jobs::claim(&mut tx, &["export"], LEASE, Micros(10_000_000)).await.unwrap().unwrap();
        assert!(jobs::fail(&mut tx, &job, "disk full", Micros(10_000_000)).await.unwrap());
        assert_eq!(jobs::claim(&mut tx, &["export"], LEASE, Micros(i64::MAX)).await.unwrap(), None);
    }

    async fn workers_share_the_jobs_without_taking_one_twice(test: TestDb) {
        transact!(test.db, |tx| {
            for n in 0..12 {
                jobs::enqueue(tx, "q", &n.to_string(), 1, Micros(0), Micros(0)).await?;
            }
            Ok(())
        })
        .unwrap();
        let mut workers = JoinSet::new();
        for _ in 0..3 {
            let db = test.db.clone();
            workers.spawn(async move {
                let mut done = Vec::new();
                loop {
                    let job = transact!(db, |tx| jobs::claim(tx, &["q"], LEASE, Micros(1)).await);
                    let Some(job) = job.unwrap() else { return done };
                    assert!(transact!(db, |tx| jobs::finish(tx, &job).await).unwrap());
                    done.push(job.payload);
                }
            });
        }
        let mut done: Vec<String> = workers.join_all().await.into_iter().flatten().collect();
        done.sort_by_key(|n| n.parse::<u32>().unwrap());
        assert_eq!(done, (0..12).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    async fn an_export_belongs_to_its_project_and_expires(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (project, other) = (fleet::project(&mut tx).await, fleet::project(&mut tx).await);
        let mut task = Export {
            id: "t1".into(),
            project,
            created_by: "u".into(),
            name: "apps".into(),
            params: "{}".into(),
            status: Status::Running,
            file_id: None,
            file_name: None,
            rows_done: 0,
            error: None,
            created_at: Micros(1),
            finished_at: None,
            expires_at: Micros(100),
        };
        exports::create(&mut tx, &task).await.unwrap();
        assert_eq!(exports::get(&mut tx, project, "t1", Micros(99)).await.unwrap(), Some(task.clone()));
        assert_eq!(exports::get(&mut tx, other, "t1", Micros(99)).await.unwrap(), None);
        assert_eq!(exports::get(&mut tx, project, "t1", Micros(100)).await.unwrap(), None);
        assert_eq!(exports::running(&mut tx, project, Micros(2)).await.unwrap(), 1);
        exports::progress(&mut tx, "t1", 5).await.unwrap();
        assert!(exports::succeed(&mut tx, "t1", "f1", "a.zip", 9, Micros(3)).await.unwrap());
        assert!(!exports::succeed(&mut tx, "t1", "f2", "b.zip", 9, Micros(4)).await.unwrap());
        exports::fail(&mut tx, "t1", "too late", Micros(4)).await.unwrap();
        task.status = Status::Success;
        task.file_id = Some("f1".into());
        task.file_name = Some("a.zip".into());
        task.rows_done = 9;
        task.finished_at = Some(Micros(3));
        assert_eq!(exports::by_file(&mut tx, project, "f1", Micros(99)).await.unwrap(), Some(task.clone()));
        assert_eq!(exports::by_file(&mut tx, other, "f1", Micros(99)).await.unwrap(), None);
        assert_eq!(exports::list(&mut tx, project, 10, Micros(5)).await.unwrap(), [task.clone()]);
        assert_eq!(exports::expired(&mut tx, Micros(99), 10).await.unwrap(), []);
        assert_eq!(exports::expired(&mut tx, Micros(100), 10).await.unwrap(), [task]);
        exports::delete(&mut tx, "t1").await.unwrap();
        assert_eq!(exports::by_id(&mut tx, "t1").await.unwrap(), None);
    }

    async fn the_parts_of_a_file_go_with_it_or_when_nobody_knows_it(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        for (file, no) in [("f1", 0), ("f1", 1), ("f2", 0)] {
            parts::put(&mut tx, file, no, vec![u8::try_from(no).unwrap(); 3], Micros(5)).await.unwrap();
        }
        assert_eq!(parts::get(&mut tx, "f1", 1).await.unwrap(), Some(vec![1, 1, 1]));
        assert_eq!(parts::get(&mut tx, "f1", 2).await.unwrap(), None);
        parts::delete(&mut tx, "f1").await.unwrap();
        assert_eq!(parts::get(&mut tx, "f1", 0).await.unwrap(), None);
        assert_eq!(parts::delete_orphans(&mut tx, Micros(5)).await.unwrap(), 0);
        assert_eq!(parts::delete_orphans(&mut tx, Micros(6)).await.unwrap(), 1);
    }

    async fn a_collection_is_due_until_it_is_finished(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let host = fleet::host(&mut tx, project, "h", "h", "10.0.0.1").await;
        assert_eq!(collect::state(&mut tx, host.host, Kind::App).await.unwrap(), collect::State::default());
        let kinds = [Kind::Database, Kind::App];
        collect::request(&mut tx, host.host, &kinds, "t1", Micros(1)).await.unwrap();
        collect::request(&mut tx, host.host, &[Kind::App], "t2", Micros(2)).await.unwrap();
        let due = collect::due(&mut tx, &[host.host]).await.unwrap();
        assert_eq!(due[&host.host], [("t1".into(), vec![Kind::Database]), ("t2".into(), vec![Kind::App])]);
        collect::sent(&mut tx, &[host.host], Micros(3)).await.unwrap();
        let done = |id: &str| TaskDone { id: id.to_owned(), ..TaskDone::default() };
        let refused = TaskDone { error: Some("refused".to_owned()), ..done("t1") };
        collect::finished(&mut tx, host.host, &refused, Micros(4)).await.unwrap();
        collect::finished(&mut tx, host.host, &done("t1"), Micros(5)).await.unwrap();
        assert_eq!(collect::due(&mut tx, &[host.host]).await.unwrap()[&host.host].len(), 1);
        fleet::put(&mut tx, host, Kind::Database, &[], 4).await;
        let state = collect::state(&mut tx, host.host, Kind::Database).await.unwrap();
        assert_eq!(state.swept_at, Some(Micros(4)));
        let request = state.request.unwrap();
        assert_eq!((request.sent_at, request.finished_at), (Some(Micros(3)), Some(Micros(4))));
        assert_eq!(request.error.as_deref(), Some("refused"));
        let swept = collect::swept(&mut tx, host.host).await.unwrap();
        assert_eq!(swept, [collect::Swept { kind: Kind::Database, assets: 0, swept_at: Micros(4) }]);
    }

    async fn a_kind_that_could_not_be_swept_fails_alone(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let host = fleet::host(&mut tx, project, "h", "h", "10.0.0.1").await;
        collect::request(&mut tx, host.host, &[Kind::Port, Kind::App], "t", Micros(1)).await.unwrap();
        let failed = [(Kind::Port, "too slow".to_owned())].into();
        let done = TaskDone { id: "t".to_owned(), error: None, failed };
        collect::finished(&mut tx, host.host, &done, Micros(2)).await.unwrap();
        for (kind, error) in [(Kind::Port, Some("too slow".to_owned())), (Kind::App, None)] {
            let request = collect::state(&mut tx, host.host, kind).await.unwrap().request.unwrap();
            assert_eq!((request.finished_at, request.error), (Some(Micros(2)), error));
        }
    }
}
