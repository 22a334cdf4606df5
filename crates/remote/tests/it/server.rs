//! Against OpenSSH's server on loopback.

use muster_remote::{Credential, Edit, Ssh, Target, Trouble};
use muster_testkit::sshd::{ACCOUNT, PASSWORD, Sshd};
use muster_vault::ssh::{Algorithm, Generated, PrivateKey, PublicKey, generate};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::Zeroizing;

const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn ssh(folder: &tempfile::TempDir) -> Ssh {
    Ssh::new(Path::new("/usr/bin/ssh"), &folder.path().join("ssh")).unwrap()
}

fn keys(lines: &[String]) -> Vec<PublicKey> {
    lines.iter().map(|line| PublicKey::parse(line).unwrap()).collect()
}

fn target(server: &Sshd) -> Target {
    Target::new(vec![HOME], server.port, ACCOUNT, keys(&server.host_keys)).unwrap()
}

fn password(text: &str) -> Credential {
    Credential::password(Zeroizing::new(text.to_owned())).unwrap()
}

fn by(key: &Generated) -> Credential {
    Credential::Key(Box::new(PrivateKey::parse(&key.private).unwrap()))
}

fn add(key: &Generated) -> Edit {
    Edit { add: Some(key.public.clone()), ..Edit::default() }
}

#[tokio::test]
async fn every_kind_of_key_is_bound_by_password_and_takes_itself_away() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (ssh, target) = (ssh(&folder), target(&server));
    for algorithm in Algorithm::ALL {
        let key = generate(*algorithm, "bound").unwrap();
        assert_eq!(ssh.accepts(&target, &key.public).await, Ok(false), "{algorithm}");
        assert!(!server.lets_in(&key.private), "{algorithm}");
        assert_eq!(ssh.edit(&target, &password(PASSWORD), &add(&key)).await, Ok(true));
        assert_eq!(ssh.accepts(&target, &key.public).await, Ok(true), "{algorithm}");
        assert!(server.lets_in(&key.private), "{algorithm}");
        // Signed for by our agent, not by the client.
        let away = Edit { remove: vec![key.public.clone()], ..Edit::default() };
        assert_eq!(ssh.edit(&target, &by(&key), &away).await, Ok(true), "{algorithm}");
        assert!(!server.lets_in(&key.private), "{algorithm}");
    }
    assert_eq!(server.authorized_keys(), "");
    let left: Vec<_> = std::fs::read_dir(folder.path().join("ssh")).unwrap().collect();
    assert!(left.is_empty(), "connections leave nothing behind");
}

#[tokio::test]
async fn a_wrong_password_is_tried_once() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = generate(Algorithm::Ed25519, "k").unwrap();
    let tried = ssh(&folder).edit(&target(&server), &password("wrong"), &add(&key)).await;
    assert_eq!(tried, Err(Trouble::Denied));
    assert_eq!(server.log().matches("Failed password").count(), 1, "{}", server.log());
    assert_eq!(server.authorized_keys(), "");
    let stranger = by(&key);
    let tried = ssh(&folder).edit(&target(&server), &stranger, &add(&key)).await;
    assert_eq!(tried, Err(Trouble::Denied));
}

#[tokio::test]
async fn who_has_not_the_pinned_key_gets_nothing_of_the_password() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let other = generate(Algorithm::Ed25519, "").unwrap().public;
    let target = Target::new(vec![HOME], server.port, ACCOUNT, vec![other]).unwrap();
    let key = generate(Algorithm::Ed25519, "k").unwrap();
    let tried = ssh(&folder).edit(&target, &password(PASSWORD), &add(&key)).await;
    assert_eq!(tried, Err(Trouble::HostKey));
    assert!(!server.log().contains("password"), "{}", server.log());
    assert_eq!(ssh(&folder).accepts(&target, &key.public).await, Err(Trouble::HostKey));
}

#[tokio::test]
async fn an_address_that_does_not_answer_makes_room_for_the_next() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let silent = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
    let at =
        |addresses| Target::new(addresses, server.port, ACCOUNT, keys(&server.host_keys)).unwrap();
    let key = generate(Algorithm::Ed25519, "k").unwrap();
    let ssh = ssh(&folder);
    let alone = ssh.edit(&at(vec![silent]), &password(PASSWORD), &add(&key)).await;
    assert!(
        matches!(&alone, Err(Trouble::Unreachable(why)) if why.contains("refused")),
        "{alone:?}"
    );
    let both = ssh.edit(&at(vec![silent, HOME]), &password(PASSWORD), &add(&key)).await;
    assert_eq!(both, Ok(true));
}

#[tokio::test]
async fn a_key_that_stands_there_but_does_not_count_is_seen_through() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (ssh, target) = (ssh(&folder), target(&server));
    let key = generate(Algorithm::Ed25519, "k").unwrap();
    ssh.edit(&target, &password(PASSWORD), &add(&key)).await.unwrap();
    assert_eq!(ssh.accepts(&target, &key.public).await, Ok(true));
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(server.home(), open).unwrap();
    assert_eq!(ssh.accepts(&target, &key.public).await, Ok(false), "its server is strict");
}

#[tokio::test]
async fn a_host_that_refuses_says_why() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let (ssh, target) = (ssh(&folder), target(&server));
    server.authorize("x\n", 0o600);
    let file = server.home().join(".ssh/authorized_keys");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", &file).unwrap();
    let key = generate(Algorithm::Ed25519, "k").unwrap();
    let tried = ssh.edit(&target, &password(PASSWORD), &add(&key)).await;
    assert!(
        matches!(&tried, Err(Trouble::Refused(why)) if why.contains("symbolic link")),
        "{tried:?}"
    );
}

#[tokio::test]
async fn a_client_that_is_not_there_is_named() {
    let Some(server) = Sshd::start("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let ssh = Ssh::new(Path::new("/nonexistent/ssh"), &folder.path().join("ssh")).unwrap();
    let key = generate(Algorithm::Ed25519, "k").unwrap();
    let tried = ssh.edit(&target(&server), &password(PASSWORD), &add(&key)).await;
    assert!(matches!(&tried, Err(Trouble::NoClient(why)) if why.contains("/nonexistent/ssh")));
}
