//! Files in the age format, against the tool itself in both directions.
#![expect(clippy::disallowed_methods, reason = "the tool whose word counts is run")]

use muster_model::ErrorKind;
use muster_vault::Keyring;
use muster_vault::age::{Identity, Opener, Recipient, Root, decrypt, encrypt, salt};
use proptest::prelude::*;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;

/// One root key over and over.
fn ring(digit: &str) -> Keyring {
    Keyring::parse(&digit.repeat(64)).unwrap()
}

fn sealed(root: Option<&Keyring>, recipients: &[Recipient], content: &[u8]) -> Vec<u8> {
    let root = root.map(|ring| Root { ring, salt: Some([7; 16]) });
    let mut writer = encrypt(root.as_ref(), recipients, Vec::new()).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap()
}

fn opened(opener: &Opener<'_>, file: &[u8]) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    decrypt(opener, file).ok()?.read_to_end(&mut content).ok()?;
    Some(content)
}

/// Runs a tool in a folder.
fn tool(program: &str, args: &[&str], dir: &Path) -> Vec<u8> {
    let output = Command::new(program).args(args).current_dir(dir).output().unwrap();
    assert!(output.status.success(), "{program} {args:?}");
    output.stdout
}

/// Contents whose lengths lie around the ends of chunks.
fn contents() -> Vec<Vec<u8>> {
    let lengths = [0_usize, 1, 65_535, 65_536, 65_537, 131_072, 200_000];
    lengths.iter().map(|length| (0..*length).map(|at| (at % 251) as u8).collect()).collect()
}

#[test]
fn the_age_tool_opens_what_we_write_and_we_open_what_it_writes() {
    let dir = tempfile::tempdir().unwrap();
    tool("age-keygen", &["-o", "theirs.txt"], dir.path());
    let theirs = Identity::parse(&std::fs::read_to_string(dir.path().join("theirs.txt")).unwrap());
    let (theirs, ours) = (theirs.unwrap(), Identity::generate().unwrap());
    let told = tool("age-keygen", &["-y", "theirs.txt"], dir.path());
    assert_eq!(String::from_utf8(told).unwrap().trim(), theirs.recipient().to_string());
    std::fs::write(dir.path().join("ours.txt"), ours.secret_text().unwrap().as_bytes()).unwrap();
    let recipients = [ours.recipient().clone(), theirs.recipient().clone()];
    let root = ring("1");
    for content in contents() {
        let file = sealed(Some(&root), &recipients, &content);
        std::fs::write(dir.path().join("file.age"), &file).unwrap();
        for identity in ["theirs.txt", "ours.txt"] {
            assert!(tool("age", &["-d", "-i", identity, "file.age"], dir.path()) == content);
        }
        for opener in [Opener::Identity(&ours), Opener::Identity(&theirs), Opener::Root(&root)] {
            assert!(opened(&opener, &file).unwrap() == content);
        }
        let recipient = recipients[0].to_string();
        std::fs::write(dir.path().join("content"), &content).unwrap();
        let file = tool("age", &["-r", &recipient, "content"], dir.path());
        assert!(opened(&Opener::Identity(&ours), &file).unwrap() == content);
        assert!(opened(&Opener::Identity(&theirs), &file).is_none());
    }
}

#[test]
fn a_file_opens_for_those_it_was_written_to_and_says_who_they_are() {
    let (one, other) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let file = sealed(Some(&ring("1")), &[one.recipient().clone()], b"content");
    let refused = decrypt(&Opener::Identity(&other), file.as_slice()).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::Forbidden);
    assert!(refused.message().ends_with("X25519, root key 02d449a3"), "{}", refused.message());
    assert!(opened(&Opener::Root(&ring("2")), &file).is_none());
    assert_eq!(salt(file.as_slice()).unwrap(), Some([7; 16]));
    assert_eq!(salt(sealed(None, &[one.recipient().clone()], b"").as_slice()).unwrap(), None);
    // A newer root key in front of the one it was written to opens it too.
    let both = Keyring::parse(&format!("{}\n{}", "2".repeat(64), "1".repeat(64))).unwrap();
    assert_eq!(opened(&Opener::Root(&both), &file).unwrap(), b"content");
    let nobody = encrypt(None, &[], Vec::new()).err().unwrap();
    assert_eq!(nobody.kind(), ErrorKind::Invalid);
}

#[test]
fn keys_are_read_only_in_their_own_form() {
    let identity = Identity::generate().unwrap();
    let secret = identity.secret_text().unwrap();
    let recipient = identity.recipient().to_string();
    assert!(recipient.starts_with("age1") && secret.starts_with("AGE-SECRET-KEY-1"));
    assert_eq!(Recipient::parse(&recipient).unwrap(), *identity.recipient());
    let commented = format!("# created: now\n# public key: {recipient}\n{}\n", secret.as_str());
    assert_eq!(Identity::parse(&commented).unwrap().recipient(), identity.recipient());
    let mut mixed = recipient.clone();
    mixed.replace_range(10..11, "B");
    let mut typo = recipient.clone();
    typo.replace_range(20..21, if &recipient[20..21] == "q" { "p" } else { "q" });
    for text in ["", "age1", &mixed, &typo, &secret, "ssh-ed25519 AAAA"] {
        assert!(Recipient::parse(text).is_err(), "{text}");
    }
    assert!(Identity::parse(&recipient).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_altered_or_cut_off_is_taken_for_whole(
        length in 0..140_000_usize, at: prop::sample::Index, bit in 0..8_u8,
    ) {
        let identity = Identity::generate().unwrap();
        let content = vec![7; length];
        let file = sealed(None, &[identity.recipient().clone()], &content);
        let opener = Opener::Identity(&identity);
        prop_assert!(opened(&opener, &file).unwrap() == content);
        let at = at.index(file.len());
        let mut altered = file.clone();
        altered[at] ^= 1 << bit;
        prop_assert!(opened(&opener, &altered).is_none(), "byte {at} of {}", file.len());
        prop_assert!(opened(&opener, &file[..at]).is_none(), "cut at {at} of {}", file.len());
        prop_assert!(opened(&opener, &[file.as_slice(), b"x"].concat()).is_none());
    }

    #[test]
    fn any_bytes_are_refused_quietly(bytes: Vec<u8>) {
        let identity = Identity::generate().unwrap();
        let with_head = [b"age-encryption.org/v1\n-> X25519 ".as_slice(), &bytes].concat();
        for file in [bytes, with_head] {
            prop_assert!(opened(&Opener::Identity(&identity), &file).is_none());
        }
    }
}
