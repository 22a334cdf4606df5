//! Key pairs, their bindings, their tasks.

use crate::fleet;
use muster_model::id::UserId;
use muster_model::{ErrorKind, Micros, Role};
use muster_store::Tx;
use muster_store::identity::users::{self, NewUser};
use muster_store::jobs;
use muster_store::keypairs::bindings::{self, Bound};
use muster_store::keypairs::tasks::{self, Operation, State, Task, Viewer};
use muster_store::keypairs::{self, Keypair};
use muster_testkit::on_both_databases;

fn pair(project: i64, owner: Option<i64>, name: &str) -> Keypair {
    Keypair {
        key: 0,
        id: format!("id-{project}-{owner:?}-{name}"),
        project,
        owner,
        name: name.to_owned(),
        kind: "ssh".to_owned(),
        algorithm: "ed25519".to_owned(),
        public_key: "ssh-ed25519 AAAA".to_owned(),
        fingerprint: "00:01".to_owned(),
        sha256: format!("SHA256:{name}"),
        has_private_key: false,
        description: String::new(),
        created_by: "u".to_owned(),
        created_at: Micros(1),
        updated_at: Micros(1),
    }
}

fn viewer(project: i64) -> Viewer<'static> {
    Viewer { project, user: 0, id: "u" }
}

/// Two users of the first account there is.
async fn two_users(tx: &mut Tx) -> (i64, i64) {
    let mut keys = Vec::new();
    for name in ["ann", "ben"] {
        let id = UserId::parse(name).unwrap();
        let new = NewUser {
            domain: 1,
            id: &id,
            name,
            description: "",
            password_hash: "x",
            role: Role::Admin,
        };
        keys.push(users::create(tx, &new, Micros(1)).await.unwrap());
    }
    (keys[0], keys[1])
}

fn task(project: i64, host: i64, id: &str) -> Task {
    Task {
        id: id.to_owned(),
        project,
        host,
        host_id: "h".to_owned(),
        host_name: "web".to_owned(),
        keypair: None,
        keypair_name: "a".to_owned(),
        operation: Operation::Replace,
        state: State::Ready,
        account: "root".to_owned(),
        port: 22,
        add_key: "ssh-ed25519 AAAA".to_owned(),
        remove_keys: String::new(),
        sealed_credential: Some(vec![1, 2]),
        error_code: String::new(),
        error: String::new(),
        created_by: "u".to_owned(),
        created_at: Micros(5),
        finished_at: None,
    }
}

on_both_databases! {
    async fn a_user_sees_the_own_pairs_and_those_for_everybody(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let (project, other) = (fleet::project(&mut tx).await, fleet::project(&mut tx).await);
        let (ann, ben) = two_users(&mut tx).await;
        for (owner, name) in [(None, "ours"), (Some(ann), "hers"), (Some(ben), "his"), (Some(ann), "ours")] {
            keypairs::create(&mut tx, &pair(project, owner, name), None).await.unwrap();
        }
        keypairs::create(&mut tx, &pair(other, None, "hers"), None).await.unwrap();
        let seen = keypairs::list(&mut tx, project, ann, 0, 10).await.unwrap();
        assert_eq!(seen.iter().map(|pair| pair.name.as_str()).collect::<Vec<_>>(), ["ours", "hers", "ours"]);
        let own = keypairs::by_name(&mut tx, project, ann, "ours").await.unwrap().unwrap();
        assert_eq!(own.owner, Some(ann), "the own one goes first");
        let shared = keypairs::by_name(&mut tx, project, ben, "ours").await.unwrap().unwrap();
        assert_eq!(shared.owner, None);
        assert_eq!(keypairs::by_name(&mut tx, project, ben, "hers").await.unwrap(), None);
        assert_eq!(keypairs::page_before(&mut tx, project, ann, own.key, 1).await.unwrap(), Some(seen[1].key));
        assert_eq!(keypairs::page_before(&mut tx, project, ann, seen[0].key, 1).await.unwrap(), None);
        let mut prints = keypairs::fingerprints(&mut tx, project).await.unwrap();
        prints.sort();
        assert_eq!(prints, ["SHA256:hers", "SHA256:his", "SHA256:ours"]);
        tx.commit().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        let taken = keypairs::create(&mut tx, &Keypair { id: "new".into(), ..pair(project, None, "ours") }, None).await;
        assert_eq!(taken.unwrap_err().kind(), ErrorKind::Conflict);
    }

    async fn a_private_half_comes_and_goes_and_the_pair_takes_its_bindings_along(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let host = fleet::host(&mut tx, project, "h", "web", "10.0.0.1").await.host;
        let key = keypairs::create(&mut tx, &pair(project, None, "a"), Some(&[7])).await.unwrap();
        assert!(keypairs::by_key(&mut tx, key).await.unwrap().unwrap().has_private_key);
        assert_eq!(keypairs::sealed(&mut tx, 0, 10).await.unwrap().len(), 1);
        keypairs::set_private_key(&mut tx, key, None, Micros(9)).await.unwrap();
        let bare = keypairs::by_key(&mut tx, key).await.unwrap().unwrap();
        assert_eq!((bare.has_private_key, bare.updated_at), (false, Micros(9)));
        assert_eq!(keypairs::private_key(&mut tx, key).await.unwrap(), None);
        keypairs::set_description(&mut tx, key, "for the web", Micros(10)).await.unwrap();
        assert!(keypairs::set_description(&mut tx, key + 1, "", Micros(10)).await.is_err());

        let by = |keypair| Bound { keypair, port: 2222 };
        bindings::bind(&mut tx, host, "root", by(key), Micros(11)).await.unwrap();
        let second = keypairs::create(&mut tx, &pair(project, None, "b"), None).await.unwrap();
        bindings::bind(&mut tx, host, "root", by(second), Micros(12)).await.unwrap();
        assert_eq!(bindings::bound(&mut tx, host, "root").await.unwrap(), Some(by(second)));
        assert_eq!(bindings::of_pair(&mut tx, key, 10).await.unwrap(), []);
        let of_second = bindings::of_pair(&mut tx, second, 10).await.unwrap();
        assert_eq!((of_second[0].host_name.as_str(), of_second[0].account.as_str()), ("web", "root"));
        bindings::unbind(&mut tx, host, "root").await.unwrap();
        bindings::bind(&mut tx, host, "root", by(second), Micros(13)).await.unwrap();
        keypairs::delete(&mut tx, second).await.unwrap();
        assert_eq!(bindings::bound(&mut tx, host, "root").await.unwrap(), None);
    }

    async fn tasks_of_somebody_elses_own_pair_are_not_there(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let (ann, ben) = two_users(&mut tx).await;
        let hers = keypairs::create(&mut tx, &pair(project, Some(ann), "hers"), None).await.unwrap();
        let ours = keypairs::create(&mut tx, &pair(project, None, "ours"), None).await.unwrap();
        let by_ann = |id: &str, keypair: Option<i64>, name: &str, host| Task {
            keypair,
            keypair_name: name.to_owned(),
            created_by: "ann".to_owned(),
            ..task(project, host, id)
        };
        for (n, (id, keypair, name)) in [
            ("t-hers", Some(hers), "hers"), ("t-ours", Some(ours), "ours"),
            ("u-hers", None, "hers"), ("u-ours", None, "ours"),
        ].into_iter().enumerate() {
            let host = fleet::host(&mut tx, project, &format!("h{n}"), "web", &format!("10.0.0.{n}")).await.host;
            tasks::create(&mut tx, &by_ann(id, keypair, name, host)).await.unwrap();
        }
        let seen = async |tx: &mut Tx, user, id| {
            let viewer = Viewer { project, user, id };
            let (total, rows) = tasks::list(tx, viewer, [State::Ready, State::Failed], 10, 0).await.unwrap();
            let mut names: Vec<_> = rows.into_iter().map(|row| row.id).collect();
            names.sort();
            assert_eq!(usize::try_from(total).unwrap(), names.len());
            for all in ["t-hers", "t-ours", "u-hers", "u-ours"] {
                let one = tasks::seen(tx, viewer, all).await.unwrap();
                assert_eq!(one.is_some(), names.iter().any(|name| name == all), "{all}");
            }
            names
        };
        assert_eq!(seen(&mut tx, ann, "ann").await, ["t-hers", "t-ours", "u-hers", "u-ours"]);
        assert_eq!(seen(&mut tx, ben, "ben").await, ["t-ours", "u-ours"]);
        // One of the same name that he sees: then it may be about that one.
        keypairs::create(&mut tx, &pair(project, Some(ben), "hers"), None).await.unwrap();
        assert_eq!(seen(&mut tx, ben, "ben").await, ["t-ours", "u-hers", "u-ours"]);
        for id in ["t-hers", "t-ours"] {
            tasks::finish(&mut tx, id, Some(("KPS.0003", "x")), Micros(9)).await.unwrap();
        }
        let ben = Viewer { project, user: ben, id: "ben" };
        assert!(!tasks::delete_failed(&mut tx, ben, "t-hers").await.unwrap());
        assert_eq!(tasks::delete_all_failed(&mut tx, ben).await.unwrap(), 1);
        assert!(tasks::by_id(&mut tx, "t-hers").await.unwrap().is_some());
    }

    async fn a_task_loses_its_credential_when_it_ends(test: TestDb) {
        let mut tx = test.db.begin().await.unwrap();
        let project = fleet::project(&mut tx).await;
        let (host, idle) = (
            fleet::host(&mut tx, project, "h", "web", "10.0.0.1").await.host,
            fleet::host(&mut tx, project, "i", "db", "10.0.0.2").await.host,
        );
        tasks::create(&mut tx, &task(project, host, "t1")).await.unwrap();
        assert!(tasks::is_busy(&mut tx, host).await.unwrap());
        assert!(!tasks::is_busy(&mut tx, idle).await.unwrap());
        tasks::begin(&mut tx, "t1").await.unwrap();
        let (total, running) = tasks::list(&mut tx, viewer(project), [State::Ready, State::Running], 10, 0).await.unwrap();
        assert_eq!((total, running[0].state), (1, State::Running));
        assert!(tasks::finish(&mut tx, "t1", Some(("KPS.0003", "no route")), Micros(9)).await.unwrap());
        assert!(!tasks::finish(&mut tx, "t1", None, Micros(10)).await.unwrap(), "it has ended");
        let ended = tasks::by_id(&mut tx, "t1").await.unwrap().unwrap();
        assert_eq!((ended.state, ended.sealed_credential.as_deref()), (State::Failed, None));
        assert_eq!((ended.error_code.as_str(), ended.error.as_str()), ("KPS.0003", "no route"));

        // A host whose task has ended takes another one.
        tasks::create(&mut tx, &task(project, host, "t2")).await.unwrap();
        jobs::enqueue(&mut tx, "keypair", "t2", 1, Micros(0), Micros(0)).await.unwrap();
        assert!(tasks::abandoned(&mut tx, "keypair").await.unwrap().is_empty());
        let job = jobs::claim(&mut tx, &["keypair"], 1, Micros(0)).await.unwrap().unwrap();
        assert!(jobs::fail(&mut tx, &job, "x", Micros(0)).await.unwrap());
        assert_eq!(tasks::abandoned(&mut tx, "keypair").await.unwrap(), ["t2"]);
        tasks::finish(&mut tx, "t2", None, Micros(9)).await.unwrap();
        assert_eq!(tasks::purge(&mut tx, Micros(10)).await.unwrap(), 1);
        assert!(!tasks::delete_failed(&mut tx, viewer(project + 1), "t1").await.unwrap());
        assert!(tasks::delete_failed(&mut tx, viewer(project), "t1").await.unwrap());
        assert_eq!(tasks::delete_all_failed(&mut tx, viewer(project)).await.unwrap(), 0);
        tasks::create(&mut tx, &Task { keypair: Some(4), ..task(project, host, "t3") }).await.unwrap();
        assert!(tasks::binds_pair(&mut tx, 4).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = test.db.begin().await.unwrap();
        let busy = tasks::create(&mut tx, &task(project, host, "t4")).await;
        assert_eq!(busy.unwrap_err().kind(), ErrorKind::Conflict);
    }
}
