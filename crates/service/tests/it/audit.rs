//! What stands in the audit log, and that nothing happens without it.

use muster_model::{Action, Assumer, Caller, ErrorKind, Paging, Role};
use muster_service::audit::{Outcome, record};
use muster_service::identity::{access_keys, users};
use muster_service::{audit_log, authz};
use muster_store::Db;
use muster_store::audit::{Entry, Filter, list, verify};
use muster_testkit::{TestApp, on_both_databases};
use serde_json::Value;

async fn entries(db: &Db, action: Action) -> Vec<Entry> {
    let mut tx = db.read().await.unwrap();
    assert_eq!(verify(&mut tx).await.unwrap(), None, "the chain is broken");
    let filter = Filter { action: Some(action.name().to_owned()), ..Filter::default() };
    list(&mut tx, &filter, Paging { limit: 100, offset: 0 }).await.unwrap().rows
}

on_both_databases! {
    async fn changes_refusals_and_reads_are_recorded(test: TestDb) {
        let db = test.again().await;
        let test = TestApp::on(test).await;
        let operator = test.operator();
        let (key, _) =
            access_keys::create(&test.app, &operator, &test.credentials.user_id, "").await.unwrap();
        let mut reader = operator.clone();
        reader.role = Role::Reader;
        let refused = access_keys::delete(&test.app, &reader, &key.access).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden);
        assert_eq!(refused.message(), "not allowed to perform iam:accessKey:update");
        users::list(&test.app, &reader).unwrap();
        // The stop writes what still waits.
        test.app.stop.cancel();
        test.app.tasks.close();
        test.app.tasks.wait().await;

        let updates = entries(&db, Action::AccessKeyUpdate).await;
        let of = |at: usize| (updates[at].record.outcome.as_str(), updates[at].record.target.as_str());
        assert_eq!(updates.len(), 2);
        assert_eq!(of(1), ("success", format!("access_key/{}", key.access).as_str()));
        assert_eq!(of(0).0, "denied");
        assert_eq!(updates[1].record.user_name, "admin");
        assert_eq!(updates[1].record.credential, "local");
        let reads = entries(&db, Action::UserList).await;
        assert!(reads.iter().all(|read| read.record.outcome == "success") && !reads.is_empty());
    }
}

#[tokio::test]
async fn a_record_says_from_where_and_who_acted_as_an_agency() {
    let test = TestApp::new().await;
    let mut caller = test.operator();
    let told = |caller: &Caller| {
        let outcome = Outcome::Denied;
        record(test.app.now(), caller, Action::UserList, "", "user", outcome)
    };
    assert_eq!(told(&caller).detail, "", "on the machine itself");
    caller.address = Some("2001:db8::7".parse().unwrap());
    assert_eq!(told(&caller).detail, r#"{"address":"2001:db8::7"}"#);
    caller.assumed_by = Some(Assumer {
        domain_id: caller.domain_id.clone(),
        domain_name: "partner".to_owned(),
        user_id: caller.user_id.clone(),
        user_name: "eve".to_owned(),
    });
    let told = told(&caller);
    let detail: Value = serde_json::from_str(&told.detail).unwrap();
    assert_eq!(
        (&detail["address"], &detail["assumed_by"]["user_name"]),
        (&"2001:db8::7".into(), &"eve".into())
    );
    assert_eq!(audit_log::view(1, &told, &[])["address"], "2001:db8::7");
}

#[tokio::test]
async fn a_foreign_project_does_not_exist_and_a_refused_action_is_named() {
    let test = TestApp::new().await;
    let operator = test.operator();
    let foreign = muster_model::id::ProjectId::parse("0000").unwrap();
    let own = muster_model::id::ProjectId::parse(&test.credentials.project_id).unwrap();
    let ask = async |caller: &Caller, action, project: &_| {
        authz::require(&test.app, caller, action, Some(project)).await
    };
    let absent = ask(&operator, Action::AssetList, &foreign).await.unwrap_err();
    assert_eq!(absent.kind(), ErrorKind::NotFound);
    assert!(ask(&operator, Action::AssetCollect, &own).await.is_ok());
    let mut reader = operator.clone();
    reader.role = Role::Reader;
    assert!(ask(&reader, Action::AssetExport, &own).await.is_ok());
    let refused = ask(&reader, Action::AssetCollect, &own).await.unwrap_err();
    assert_eq!(refused.message(), "not allowed to perform hss:asset:collect");
    // A token of another project of the same account does not reach this one.
    let mut elsewhere = operator;
    elsewhere.scope = muster_model::Scope::Project(foreign);
    assert_eq!(
        ask(&elsewhere, Action::AssetList, &own).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}
