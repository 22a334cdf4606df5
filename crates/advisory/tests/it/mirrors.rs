//! Following a mirror: what is fetched, what is not, and what a connection that breaks costs.

use muster_advisory::mirror::{Answer, Fetch, Mirror, Request, Summary};
use muster_model::{ErrorKind, Result};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

const BASE: &str = "http://mirror";

/// A site in memory that can break off.
#[derive(Default)]
struct Site {
    files: BTreeMap<String, Vec<u8>>,
    /// Bytes of a file after which the connection breaks, once.
    breaks: BTreeMap<String, usize>,
    /// Files whose bytes were sent, and from which byte.
    sent: Vec<(String, u64)>,
}

struct Breaking(io::Cursor<Vec<u8>>);

impl Read for Breaking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("reset")),
            read => Ok(read),
        }
    }
}

impl Site {
    fn put(&mut self, name: &str, content: impl Into<Vec<u8>>) {
        self.files.insert(name.to_owned(), content.into());
    }

    fn follow(&mut self, folder: &Path) -> Result<Summary> {
        self.sent.clear();
        Mirror::open(folder, BASE, self, &mut |_| {})?.follow_base(BASE)
    }
}

impl Fetch for Site {
    fn fetch(&mut self, request: &Request<'_>) -> Result<Answer> {
        let name = request.url.strip_prefix("http://mirror/").unwrap();
        let Some(content) = self.files.get(name) else { return Ok(Answer::Missing) };
        let validator = format!("\"{}\"", hex(content));
        let same = request.validator == Some(validator.as_str());
        if same && request.from == 0 {
            return Ok(Answer::Unchanged);
        }
        let from = if same { request.from } else { 0 };
        self.sent.push((name.to_owned(), from));
        let rest = content[usize::try_from(from).unwrap()..].to_vec();
        let total = Some(content.len() as u64);
        let body: Box<dyn Read> = match self.breaks.remove(name) {
            Some(after) => Box::new(Breaking(io::Cursor::new(rest[..after].to_vec()))),
            None => Box::new(io::Cursor::new(rest)),
        };
        Ok(Answer::Content { from, total, validator: Some(validator), body })
    }
}

fn hex(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn site() -> Site {
    let mut site = Site::default();
    site.put("ecosystems.txt", "PyPI\nOSS-Fuzz\n");
    site.put(
        "PyPI/modified_id.csv",
        "2025-01-02T00:00:00Z,PYSEC-2\n2025-01-01T00:00:00Z,PYSEC-1\n",
    );
    site.put("PyPI/all.zip", "all of it");
    site
}

fn names(site: &Site) -> Vec<&str> {
    site.sent.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn a_second_update_fetches_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = site();
    assert_eq!(site.follow(folder.path()).unwrap().fetched, 3);
    assert!(
        !site.files.contains_key("OSS-Fuzz/all.zip"),
        "what cannot be matched is not asked for"
    );
    site.follow(folder.path()).unwrap();
    assert!(site.sent.is_empty(), "{:?}", site.sent);
    // One is new, one changed: two documents, not the dump.
    site.put(
        "PyPI/modified_id.csv",
        "2025-01-03T00:00:00Z,PYSEC-3\n2025-01-03T00:00:00Z,PYSEC-2\n2025-01-01T00:00:00Z,PYSEC-1\n",
    );
    site.put("PyPI/PYSEC-2.json", "{}");
    site.put("PyPI/PYSEC-3.json", "{}");
    let summary = site.follow(folder.path()).unwrap();
    assert_eq!((summary.documents, summary.fetched), (2, 1), "{:?}", site.sent);
    assert!(folder.path().join("PyPI/updates/PYSEC-3.json").exists());
    // One is gone: only the dump says so.
    site.put("PyPI/modified_id.csv", "2025-01-03T00:00:00Z,PYSEC-3\n");
    site.put("PyPI/all.zip", "what is left");
    site.follow(folder.path()).unwrap();
    assert_eq!(names(&site), ["PyPI/modified_id.csv", "PyPI/all.zip"]);
    assert!(!folder.path().join("PyPI/updates").exists());
    site.follow(folder.path()).unwrap();
    assert!(site.sent.is_empty(), "{:?}", site.sent);
}

#[test]
fn what_broke_off_goes_on_where_it_broke_off() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = site();
    site.breaks.insert("PyPI/all.zip".to_owned(), 4);
    let error = site.follow(folder.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("after 4 bytes"), "{}", error.message());
    site.follow(folder.path()).unwrap();
    assert_eq!(site.sent, [("PyPI/all.zip".to_owned(), 4)]);
    assert_eq!(std::fs::read(folder.path().join("PyPI/all.zip")).unwrap(), b"all of it");
    // What changed in between comes whole.
    site.put("PyPI/modified_id.csv", "2025-02-02T00:00:00Z,PYSEC-9\n");
    site.put("PyPI/all.zip", "another state of it");
    site.breaks.insert("PyPI/all.zip".to_owned(), 4);
    site.follow(folder.path()).unwrap_err();
    site.put("PyPI/all.zip", "a third state of it");
    site.follow(folder.path()).unwrap();
    assert_eq!(site.sent, [("PyPI/all.zip".to_owned(), 0)]);
    assert_eq!(std::fs::read(folder.path().join("PyPI/all.zip")).unwrap(), b"a third state of it");
}

#[test]
fn a_list_of_digests_is_followed_and_believed_only_if_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = site();
    let line = |site: &Site, name: &str| format!("{}  {name}\n", hex(&site.files[name]));
    site.put("kev/known_exploited_vulnerabilities.json", "{}");
    let sums = line(&site, "PyPI/all.zip")
        + &line(&site, "kev/known_exploited_vulnerabilities.json")
        + "00  ../outside/all.zip\n00  README.md\n";
    site.put("SHA256SUMS", sums);
    site.follow(folder.path()).unwrap();
    assert_eq!(
        names(&site),
        ["SHA256SUMS", "PyPI/all.zip", "kev/known_exploited_vulnerabilities.json"]
    );
    site.follow(folder.path()).unwrap();
    assert!(site.sent.is_empty(), "{:?}", site.sent);
    // A feed that is no longer listed is no longer there.
    let sums = line(&site, "PyPI/all.zip");
    site.put("SHA256SUMS", sums);
    site.follow(folder.path()).unwrap();
    assert!(!folder.path().join("kev/known_exploited_vulnerabilities.json").exists());
    // A file that is not what the list says is refused and does not stay.
    site.put("PyPI/all.zip", "something else");
    site.put("SHA256SUMS", format!("{}  PyPI/all.zip\n", hex(b"the true one")));
    let error = site.follow(folder.path()).unwrap_err();
    assert!(error.message().contains("is not what SHA256SUMS says"), "{}", error.message());
    assert!(!folder.path().join("PyPI/all.zip").exists());
}

#[test]
fn another_origin_starts_from_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut site = site();
    site.follow(folder.path()).unwrap();
    Mirror::open(folder.path(), "http://another", &mut site, &mut |_| {}).unwrap();
    assert!(!folder.path().join("PyPI").exists());
}
