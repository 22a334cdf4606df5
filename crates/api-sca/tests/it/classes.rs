//! The index of classes beside the knowledge base: tasks name by it what was moved to another package.

use crate::{World, zip};
use muster_advisory::Place;
use muster_sca::{Budget, Limits, Options, classes};
use serde_json::json;
use std::time::Instant;

/// A class `PACKAGE/NAME` with a field of its own type.
fn class(package: &str, name: &str) -> Vec<u8> {
    let full = format!("{package}/{name}");
    let descriptor = format!("L{full};");
    let mut out = b"\xca\xfe\xba\xbe\0\0\0\x34\0\x07".to_vec();
    for text in [full.as_str(), "java/lang/Object", name, descriptor.as_str()] {
        out.push(1);
        out.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
        out.extend(text.as_bytes());
    }
    out.extend([7, 0, 1, 7, 0, 2]);
    // Public, itself, its parent, no interfaces, one field, no methods, no attributes.
    for number in [0x21_u16, 5, 6, 0, 1, 2, 3, 4, 0, 0, 0] {
        out.extend(number.to_be_bytes());
    }
    out
}

fn jar(package: &str, pom: &str) -> Vec<u8> {
    let mut files = vec![("META-INF/maven/g/a/pom.properties".to_owned(), pom.as_bytes().to_vec())];
    files.extend((0..40).map(|number| {
        (format!("{package}/Kind{number}.class"), class(package, &format!("Kind{number}")))
    }));
    let members: Vec<_> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    zip(&members)
}

#[tokio::test]
async fn tasks_name_what_was_relocated_by_the_index_of_the_server() {
    let world = World::new().await;
    let file = Place::of(world.test.test.dir.path()).classes();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let bytes = jar("hidden/by/app", "groupId=x\nartifactId=app\nversion=5\n");
    // A damaged index keeps nothing from being analysed.
    std::fs::write(&file, b"no index").unwrap();
    world.analyse("before", "app-5.jar", bytes.clone()).await;
    assert_eq!(world.page("components", "before").await.len(), 1);

    let folder = tempfile::tempdir().unwrap();
    let lib = jar("org/owner", "groupId=org.owner\nartifactId=lib\nversion=2.0\n");
    std::fs::write(folder.path().join("lib-2.0.jar"), lib).unwrap();
    let mut index = Vec::new();
    let budget = Budget::new(Limits::default(), Instant::now());
    classes::build(folder.path(), &Options::default(), &budget, &mut index).unwrap();
    std::fs::write(&file, index).unwrap();
    world.analyse("after", "app-5.jar", bytes).await;
    let rows = world.page("components", "after").await;
    let mut names: Vec<_> = rows.iter().map(|row| (&row["artifactId"], &row["version"])).collect();
    names.sort_by_key(|row| row.0.to_string());
    assert_eq!(names, [(&json!("app"), &json!("5")), (&json!("lib"), &json!("2.0"))]);
}
