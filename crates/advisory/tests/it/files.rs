//! The compiled file: damaged, exchanged, and the same for the same sources.

use super::small::{NOW, compiled, dump};
use muster_advisory::{Knowledge, Live, source};
use muster_model::ErrorKind;

const ADVISORY: &str = r#"{"id":"A-1","summary":"s","affected":[{"package":{"ecosystem":"npm","name":"a"},
    "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    dump(folder.path(), "npm", &[ADVISORY]);
    compiled(folder.path());
    let whole = std::fs::read(folder.path().join("knowledge.mkb")).unwrap();
    let path = folder.path().join("damaged.mkb");
    let purls = ["pkg:npm/a@1.0.0".parse().unwrap()];
    for at in (0..whole.len()).step_by(3) {
        for change in [0xff, 0x01] {
            let mut bytes = whole.clone();
            bytes[at] ^= change;
            std::fs::write(&path, &bytes).unwrap();
            if let Ok(knowledge) = Knowledge::open(&path) {
                knowledge.verify().unwrap_err();
                let answer = knowledge.assess(&purls);
                for finding in &answer.findings {
                    if let Some(vulnerability) = knowledge.vulnerability(&finding.id) {
                        let _ = vulnerability.details();
                    }
                }
            }
        }
    }
    for length in [0, 1, 100, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(Knowledge::open(&path).err().unwrap().kind(), ErrorKind::Unavailable);
    }
}

#[test]
fn the_same_sources_give_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    dump(
        folder.path(),
        "npm",
        &[ADVISORY, &ADVISORY.replace("A-1", "A-2").replace(r#""a""#, r#""b""#)],
    );
    let files = ["one", "two"].map(|name| {
        let target = folder.path().join(name);
        source::compile_folder(folder.path(), &target, NOW, &mut |_| {}).unwrap();
        std::fs::read(target).unwrap()
    });
    assert!(files[0] == files[1]);
}

#[test]
fn a_server_takes_the_newer_file_and_who_has_the_old_one_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::new(folder.path().join("knowledge.mkb"));
    assert!(live.get().err().unwrap().message().contains("muster db update"));
    dump(folder.path(), "npm", &[ADVISORY]);
    compiled(folder.path());
    let old = live.get().unwrap();
    dump(folder.path(), "npm", &[&ADVISORY.replace("A-1", "A-2")]);
    compiled(folder.path());
    let new = live.get().unwrap();
    assert!(old.vulnerability("A-1").is_some() && old.vulnerability("A-2").is_none());
    assert!(new.vulnerability("A-2").is_some());
    // Neither a broken file nor none takes away what is open.
    std::fs::write(folder.path().join("broken"), "x").unwrap();
    std::fs::rename(folder.path().join("broken"), live.path()).unwrap();
    assert!(live.get().unwrap().vulnerability("A-2").is_some());
    std::fs::remove_file(live.path()).unwrap();
    assert!(live.get().unwrap().vulnerability("A-2").is_some());
}

#[test]
fn a_folder_without_advisories_is_refused_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("knowledge.mkb");
    let refused = source::compile_folder(folder.path(), &target, NOW, &mut |_| {}).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    std::fs::create_dir(folder.path().join("npm")).unwrap();
    std::fs::write(folder.path().join("npm/all.zip"), "no zip").unwrap();
    let meta = source::compile_folder(folder.path(), &target, NOW, &mut |_| {}).unwrap();
    assert_eq!(meta.diagnostic_counts["feed.unreadable"], 1);
}
