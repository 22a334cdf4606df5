//! The schema fits the model.

use muster_model::Column;
use muster_testkit::TestDb;

#[tokio::test]
async fn facts_have_one_column_for_each_of_the_models() {
    let test = TestDb::sqlite().await;
    let raw = rusqlite::Connection::open(test.url.strip_prefix("sqlite:").unwrap()).unwrap();
    let mut statement = raw.prepare("SELECT name FROM pragma_table_info('facts')").unwrap();
    let stored: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let expected: Vec<&str> = ["id", "project", "content_hash", "kind"]
        .into_iter()
        .chain(Column::ALL.iter().map(|column| column.name()))
        .chain(["evidence"])
        .collect();
    assert_eq!(stored, expected);
}
