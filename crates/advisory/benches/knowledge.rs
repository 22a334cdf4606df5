//! What the knowledge base costs: `cargo bench -p muster-advisory --bench knowledge -- [FOLDER] [times]`.
//!
//! Compiles the folder (default `../shared/advisories` beside the repository), then the same multiplied with altered
//! names and numbers (default 12 times, about 500,000 advisories), opens both and matches 10,000 components: four fifths
//! of them different packages something is known about, in versions around the bounds, the rest unknown names. CPU is this
//! process's; memory is the peak of a process of its own for each compilation.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a program for people, run by hand"
)]

use muster_advisory::{Knowledge, source};
use muster_figures::{Bar, Figures, cpu, memory};
use muster_model::{Clock as _, Purl, SystemClock};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [word, title, seconds, megabytes, folder, target] = arguments.as_slice()
        && word == "compile"
    {
        let bars = [seconds, megabytes].map(|bar| Bar::AtMost(bar.parse().unwrap()));
        compile(title, bars, Path::new(folder), Path::new(target));
        return;
    }
    let folder = arguments.first().map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/advisories"),
        PathBuf::from,
    );
    if !folder.exists() {
        println!("{}: not there, nothing measured", folder.display());
        return;
    }
    let times: usize = arguments.get(1).map_or(12, |times| times.parse().unwrap());
    let scratch = tempfile::tempdir().unwrap();
    let small = scratch.path().join("small.mkb");
    compile_apart(["the mirror", "10", "300"], &folder, &small);
    match_components("the mirror", &folder, &small);
    if times > 1 {
        let many = scratch.path().join("many");
        multiply(&folder, &many, times);
        let large = scratch.path().join("large.mkb");
        compile_apart(["the mirror multiplied", "60", "500"], &many, &large);
        match_components("the mirror multiplied", &folder, &large);
    }
}

/// In a process of its own, so that its peak of memory is its own.
#[expect(clippy::disallowed_methods, reason = "the bench runs itself")]
fn compile_apart(what: [&str; 3], folder: &Path, target: &Path) {
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .arg("compile")
        .args(what)
        .args([folder, target])
        .status()
        .unwrap();
    assert!(status.success());
}

fn compile(title: &str, bars: [Bar; 2], folder: &Path, target: &Path) {
    let start = Instant::now();
    let meta = source::compile_folder(folder, target, SystemClock.now(), &mut |_| {}).unwrap();
    assert_eq!(
        meta.diagnostic_counts.get("osv.unreadable"),
        None,
        "what is left out is not measured"
    );
    let (wall, spent) = (start.elapsed().as_secs_f64(), cpu().as_secs_f64());
    let size = std::fs::metadata(target).unwrap().len() >> 20;
    let figures = Figures::of(&format!("knowledge: {title}, {} advisories", meta.advisories));
    let note = format!("{wall:.2} s on the wall, file of {size} MiB");
    figures.plain("compile", spent, "s CPU", bars[0], &note);
    figures.plain("compile, peak memory", memory("VmHWM"), "MB", bars[1], "");
}

fn match_components(title: &str, folder: &Path, file: &Path) {
    let start = Instant::now();
    let knowledge = Knowledge::open(file).unwrap();
    let open = start.elapsed();
    let components = components(folder);
    knowledge.assess(&components);
    let (start, used) = (Instant::now(), cpu());
    let assessment = knowledge.assess(&components);
    let (wall, spent) = (start.elapsed().as_secs_f64() * 1e3, (cpu() - used).as_secs_f64() * 1e3);
    let figures = Figures::of(&format!("knowledge: {title}, asked"));
    figures.plain("open", open.as_secs_f64() * 1e3, "ms wall", Bar::None, "");
    let findings = assessment.findings.len();
    let note = format!("{findings} findings, {wall:.1} ms on the wall");
    let title = format!("match {} components", components.len());
    figures.plain(&title, spent, "ms CPU", Bar::AtMost(50.0), &note);
}

/// Ten thousand components: package URLs of the dump's own packages with versions of its events, and unknown names.
fn components(folder: &Path) -> Vec<Purl> {
    let mut found = Vec::new();
    for (ecosystem, kind) in
        [("Maven", "maven"), ("npm", "npm"), ("PyPI", "pypi"), ("Go", "golang")]
    {
        let mut taken = 0;
        let mut seen = std::collections::HashSet::new();
        each_document(&folder.join(ecosystem).join("all.zip"), |_, text| {
            let document: serde_json::Value = serde_json::from_slice(text).unwrap();
            for affected in document["affected"].as_array().into_iter().flatten() {
                let Some(name) = affected["package"]["name"].as_str() else { continue };
                if taken >= 3_000 || !seen.insert(name.to_owned()) {
                    continue;
                }
                let (namespace, name) = name.rsplit_once([':', '/']).unwrap_or(("", name));
                let version = affected
                    .pointer("/ranges/0/events/1/fixed")
                    .or_else(|| affected.pointer("/ranges/0/events/0/introduced"))
                    .and_then(|version| version.as_str())
                    .unwrap_or("1.0");
                // Just below every second fix.
                let version =
                    if taken % 2 == 0 { version.to_owned() } else { format!("{version}-0") };
                found.push(Purl::new(kind, namespace, name, &version).unwrap());
                taken += 1;
            }
        });
    }
    while found.len() < 10_000 {
        found.push(Purl::new("npm", "", &format!("unknown-{}", found.len()), "1.0.0").unwrap());
    }
    found
}

fn each_document(path: &Path, mut each: impl FnMut(&str, &[u8])) {
    let Ok(file) = std::fs::File::open(path) else { return };
    let mut archive = zip::ZipArchive::new(std::io::BufReader::new(file)).unwrap();
    let mut text = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        text.clear();
        entry.read_to_end(&mut text).unwrap();
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        each(&name, &text);
    }
}

/// The same dumps `times` times: the first as they are, the others with another number on every id and every name.
fn multiply(folder: &Path, target: &Path, times: usize) {
    let start = Instant::now();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let source = entry.path().join("all.zip");
        if !source.exists() {
            continue;
        }
        let out = target.join(entry.file_name());
        std::fs::create_dir_all(&out).unwrap();
        let mut zip = zip::ZipWriter::new(std::io::BufWriter::new(
            std::fs::File::create(out.join("all.zip")).unwrap(),
        ));
        let options = zip::write::SimpleFileOptions::default().compression_level(Some(1));
        each_document(&source, |name, text| {
            for time in 0..times {
                let mut document: serde_json::Value = serde_json::from_slice(text).unwrap();
                if time > 0 {
                    alter(&mut document, time);
                }
                zip.start_file(format!("{time}-{name}"), options).unwrap();
                zip.write_all(&serde_json::to_vec(&document).unwrap()).unwrap();
            }
        });
        zip.finish().unwrap();
    }
    println!("multiplied {times} times in {:.0} s", start.elapsed().as_secs_f64());
}

fn alter(document: &mut serde_json::Value, time: usize) {
    let suffix = |value: &mut serde_json::Value| {
        if let Some(text) = value.as_str() {
            *value = format!("{text}{time:02}").into();
        }
    };
    suffix(&mut document["id"]);
    for list in ["aliases", "upstream", "related"] {
        // Indexing would add what is not there.
        let list = document.get_mut(list).and_then(|list| list.as_array_mut());
        list.into_iter().flatten().for_each(suffix);
    }
    for affected in document["affected"].as_array_mut().into_iter().flatten() {
        suffix(&mut affected["package"]["name"]);
    }
}
