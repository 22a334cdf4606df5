//! Fixtures are written here: headers as rpm lays them out, and the two databases Debian's rpm cannot make.

use super::*;
use proptest::prelude::*;

/// Tags with their type, count and bytes.
type Tags = Vec<(u32, u32, u32, Vec<u8>)>;

fn strings(list: &[&str]) -> Vec<u8> {
    list.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect()
}

fn words(list: &[u32]) -> Vec<u8> {
    list.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn header(tags: &Tags) -> Vec<u8> {
    let (mut index, mut store) = (Vec::new(), Vec::new());
    for (tag, ty, count, bytes) in tags {
        while *ty == 4 && store.len() % 4 != 0 {
            store.push(0);
        }
        index.extend(words(&[*tag, *ty, u32::try_from(store.len()).unwrap(), *count]));
        store.extend(bytes);
    }
    let lengths = [tags.len(), store.len()].map(|length| u32::try_from(length).unwrap());
    [words(&lengths), index, store].concat()
}

fn sample(name: &str, padding: usize) -> Vec<u8> {
    header(&vec![
        (1000, 6, 1, strings(&[name])),
        (1001, 6, 1, strings(&["7.76.1"])),
        (1002, 6, 1, strings(&["29.el9"])),
        (1003, 4, 1, words(&[2])),
        (1004, 9, 1, strings(&[&"x".repeat(padding)])),
        (1008, 4, 1, words(&[1_716_000_000])),
        (1011, 6, 1, strings(&["Red Hat, Inc."])),
        (1022, 6, 1, strings(&["x86_64"])),
        (1029, 1, 4, vec![0, 0, 2, 0]),
        (
            1030,
            3,
            4,
            [0o040_755u16, 0o100_755, 0o100_644, 0o120_777].map(u16::to_be_bytes).concat(),
        ),
        (1044, 6, 1, strings(&["curl-tool-7.76.1-29.el9.src.rpm"])),
        (1116, 4, 4, words(&[0, 1, 1, 1])),
        (1117, 8, 4, strings(&["bin", "curl", "left-out", "curl.link"])),
        (1118, 8, 2, strings(&["/usr/", "/usr/bin/"])),
    ])
}

fn names(database: &[u8]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    headers(&database.to_vec(), None, &mut |blob| {
        if let Ok(package) = Header::new(blob).and_then(|header| header.package()) {
            names.push(package.name.into_owned());
        }
    })?;
    Ok(names)
}

#[test]
fn a_header_gives_the_package_and_its_files() {
    let blob = sample("curl", 10);
    let header = Header::new(&blob).unwrap();
    let package = header.package().unwrap();
    assert_eq!((&*package.name, package.evr().as_str()), ("curl", "2:7.76.1-29.el9"));
    assert_eq!((&*package.arch, &*package.vendor), ("x86_64", "Red Hat, Inc."));
    assert_eq!(package.installed, Some(1_716_000_000));
    assert_eq!(package.source(), Some(("curl-tool", "7.76.1-29.el9")));
    let mut paths = Vec::new();
    header.paths(&mut |path| paths.push(String::from_utf8(path.to_vec()).unwrap()));
    assert_eq!(paths, ["/usr/bin/curl", "/usr/bin/curl.link"], "no folder, nothing left out");
}

#[test]
fn old_headers_keep_whole_paths() {
    let blob = header(&vec![
        (1000, 6, 1, strings(&["old"])),
        (1001, 6, 1, strings(&["1"])),
        (1027, 8, 2, strings(&["/bin/old", "/etc/old"])),
    ]);
    let header = Header::new(&blob).unwrap();
    let mut paths = Vec::new();
    header.paths(&mut |path| paths.push(path.to_vec()));
    assert_eq!(paths, [b"/bin/old", b"/etc/old"]);
    let package = header.package().unwrap();
    assert_eq!((package.evr().as_str(), package.source()), ("1-", None));
}

/// One page of slots, then the blobs, each padded to whole blocks.
fn ndb(blobs: &[Vec<u8>]) -> Vec<u8> {
    let little = |list: &[u32]| list.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>();
    let u32_of = |number: usize| u32::try_from(number).unwrap();
    let mut file = b"RpmP".to_vec();
    file.extend(little(&[0, 1, 1, u32_of(blobs.len()) + 1, 0, 0, 0]));
    let mut body = Vec::new();
    for (nth, blob) in blobs.iter().enumerate() {
        let start = body.len();
        body.extend(b"BlbS");
        body.extend(little(&[u32_of(nth) + 1, 1, u32_of(blob.len())]));
        body.extend(blob);
        while (body.len() + 12) % 16 != 0 {
            body.push(0);
        }
        body.extend(little(&[0, u32_of(blob.len())]));
        body.extend(b"BlbE");
        // A slot that was freed lies before each one in use.
        file.extend(b"Slot");
        file.extend(little(&[0, 0, 0]));
        file.extend(b"Slot");
        let place = (4096 + start) / 16;
        file.extend(little(&[u32_of(nth) + 1, u32_of(place), u32_of((body.len() - start) / 16)]));
    }
    while file.len() < 4096 {
        file.extend(b"Slot");
        file.extend(little(&[0, 0, 0]));
    }
    [file, body].concat()
}

/// Pages of 512 bytes: meta, one hash page, then the chains of overflow pages.
fn bdb(blobs: &[Vec<u8>], big: bool) -> Vec<u8> {
    let word = |number: u32| if big { number.to_be_bytes() } else { number.to_le_bytes() };
    let half = |number: usize| {
        let number = u16::try_from(number).unwrap();
        if big { number.to_be_bytes() } else { number.to_le_bytes() }
    };
    let page = |kind: u8, next: u32| {
        let mut page = vec![0; 512];
        page[16..20].copy_from_slice(&word(next));
        page[25] = kind;
        page
    };
    let (mut index, mut end) = (Vec::new(), 512);
    let mut hash = page(13, 0);
    let mut add = |item: Vec<u8>, hash: &mut Vec<u8>| {
        end -= item.len();
        hash[end..end + item.len()].copy_from_slice(&item);
        index.push(end);
    };
    let mut chains: Vec<Vec<u8>> = Vec::new();
    // The counter of key 0, as rpm keeps it.
    add(vec![1, 0, 0, 0, 0], &mut hash);
    add(vec![1, 9, 0, 0, 0], &mut hash);
    for (nth, blob) in blobs.iter().enumerate() {
        add([&[1][..], &word(u32::try_from(nth).unwrap() + 1)].concat(), &mut hash);
        if blob.len() < 200 {
            add([&[1][..], blob].concat(), &mut hash);
            continue;
        }
        let first = u32::try_from(chains.len()).unwrap() + 2;
        let parts: Vec<_> = blob.chunks(512 - 26).collect();
        for (at, part) in parts.iter().enumerate() {
            let last = at + 1 == parts.len();
            let next = if last { 0 } else { u32::try_from(chains.len()).unwrap() + 3 };
            let mut overflow = page(7, next);
            overflow[22..24].copy_from_slice(&half(part.len()));
            overflow[26..26 + part.len()].copy_from_slice(part);
            chains.push(overflow);
        }
        let length = u32::try_from(blob.len()).unwrap();
        add([&[3, 0, 0, 0][..], &word(first), &word(length)].concat(), &mut hash);
    }
    hash[20..22].copy_from_slice(&half(index.len()));
    for (at, place) in index.iter().enumerate() {
        hash[26 + at * 2..28 + at * 2].copy_from_slice(&half(*place));
    }
    let mut meta = vec![0; 512];
    meta[12..16].copy_from_slice(&word(0x0006_1561));
    meta[20..24].copy_from_slice(&word(512));
    meta[25] = 8;
    meta[32..36].copy_from_slice(&word(u32::try_from(chains.len()).unwrap() + 1));
    [meta, hash, chains.concat()].concat()
}

#[test]
fn ndb_is_read_past_its_free_slots() {
    let file = ndb(&[sample("curl", 10), sample("kernel", 5_000)]);
    assert_eq!(names(&file).unwrap(), ["curl", "kernel"]);
}

#[test]
fn berkeley_db_is_read_in_both_byte_orders() {
    let short = header(&vec![(1000, 6, 1, strings(&["tiny"])), (1001, 6, 1, strings(&["1"]))]);
    for big in [false, true] {
        let file = bdb(&[sample("curl", 10), short.clone(), sample("kernel", 5_000)], big);
        assert_eq!(names(&file).unwrap(), ["curl", "tiny", "kernel"]);
    }
}

#[test]
fn a_chain_in_a_circle_ends() {
    let mut file = bdb(&[sample("kernel", 5_000)], false);
    // The second overflow page leads back to the first, and both hold next to nothing.
    file[3 * 512 + 16..3 * 512 + 20].copy_from_slice(&2u32.to_le_bytes());
    for page in [2, 3] {
        file[page * 512 + 22..page * 512 + 24].copy_from_slice(&1u16.to_le_bytes());
    }
    assert_eq!(names(&file), Err(Broken("Berkeley DB pages in a circle")));
}

#[test]
fn other_files_are_refused() {
    assert_eq!(names(b"short"), Err(Broken("shorter than any rpm database")));
    assert_eq!(names(&[7; 600]), Err(Broken("no rpm database of a known form")));
}

proptest! {
    #[test]
    fn any_header_is_survived(bytes: Vec<u8>) {
        if let Ok(header) = Header::new(&bytes) {
            let _ = header.package();
            header.paths(&mut |_| {});
        }
    }

    #[test]
    fn damage_is_survived(
        which in 0..3usize,
        hits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let blobs = [sample("curl", 10), sample("kernel", 900)];
        let mut file = match which {
            0 => ndb(&blobs),
            1 => bdb(&blobs, false),
            _ => sample("curl", 10),
        };
        for (at, byte) in hits {
            let at = at.index(file.len());
            file[at] = byte;
        }
        file.truncate(cut.index(file.len()) + 1);
        let _ = names(&file);
        if let Ok(header) = Header::new(&file) {
            let _ = header.package();
            header.paths(&mut |_| {});
        }
    }
}
