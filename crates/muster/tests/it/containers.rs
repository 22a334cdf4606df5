//! Containers, their protection and events through the command line. Real containers are looked at by the published
//! client (`conformance/python/test_containers.py`).

use crate::process::{Server, ask, run};
use serde_json::json;

#[test]
fn protection_is_switched_and_what_there_is_not_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path();
    let _server = Server::up(data, &["--no-local-agent"]);
    assert!(run(data, &["hosts", "add", "node-1", "--container-node"]).status.success());
    let id = ask(data, &["hosts"])[0]["id"].as_str().unwrap().to_owned();
    for args in [vec!["containers"], vec!["containers", "list", "--image", "nginx"]] {
        assert_eq!(ask(data, &args), json!([]), "{args:?}");
    }
    assert_eq!(ask(data, &["containers", "events", "--host", &id, "--all"]), json!([]));

    let said = |args: &[&str]| {
        let output = run(data, args);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = said(&["containers", "protect", &id]);
    assert!(code == Some(0) && told.contains("Hosts protected: 1"), "{told}");
    let protected = || ask(data, &["hosts", "show", &id])["protected"].clone();
    assert_eq!(protected(), json!(true));
    let (code, told) = said(&["containers", "protect", "--off", &id]);
    assert!(code == Some(0) && told.contains("no longer protected: 1"), "{told}");
    assert_eq!(protected(), json!(false));

    assert_eq!(said(&["containers", "protect", &id, "nobody"]).0, Some(6));
    assert_eq!(protected(), json!(false), "all or none");
    let (code, why) = said(&["containers", "handle", "nothing"]);
    assert!(code == Some(6) && why.contains("event_id"), "{why}");
    assert_eq!(said(&["containers", "events", "--severity", "x"]).0, Some(2));

    // Of programs nothing is learned before a container runs.
    assert_eq!(ask(data, &["containers", "programs"]), json!([]));
    assert_eq!(ask(data, &["containers", "clusters"]), json!([]));
    let files = || ask(data, &["containers", "files"]);
    assert_eq!(files(), json!([]));
    let (code, told) = said(&["containers", "files", "/etc/passwd", "/usr/bin/"]);
    assert!(code == Some(0) && told.contains("containers: 2"), "{told}");
    let (code, why) = said(&["containers", "files", "/etc/shadow", "etc"]);
    assert!(code == Some(3) && why.contains("paths"), "{why}");
    assert_eq!(files(), json!([{"path": "/etc/passwd"}, {"path": "/usr/bin"}]));
    assert_eq!(said(&["containers", "files", "--remove", "/etc/passwd"]).0, Some(0));
    assert_eq!(said(&["containers", "files", "--remove", "/etc/passwd"]).0, Some(6));
    assert_eq!(files(), json!([{"path": "/usr/bin"}]));
    for args in [
        &["containers", "programs", "shop:1"][..],
        &["containers", "allow", "shop:1", "/bin/shop"],
        &["containers", "relearn", "sha256:1 & 2"],
        &["containers", "block", "shop:1"],
        &["containers", "block", "--off", "shop:1"],
    ] {
        let (code, why) = said(args);
        assert!(code == Some(6) && why.contains("image"), "{args:?}: {why}");
    }
    assert_eq!(said(&["containers", "allow", "shop:1", "shop"]).0, Some(3));
}
