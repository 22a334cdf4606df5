//! Rules no other linter knows: the size of files, the room of SQL, the number of dependencies, numbers given twice, tests
//! that are named and not there, and words that mark unfinished work.

use anyhow::{Context, bail};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A file has one subject; longer ones hide a second.
const MAX_LINES: usize = 800;
/// Above this a dependency has to be explained; why not 400 stands in ADR 5.
const MAX_PACKAGES: usize = 470;

pub(crate) fn run() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("the workspace root")?;
    let mut faults = Vec::new();
    let mut files = Vec::new();
    for folder in ["crates", "xtask"] {
        rust_files(&root.join(folder), &mut files)?;
    }
    for file in &files {
        let text = fs::read_to_string(file)?;
        let name = file.strip_prefix(root)?.display().to_string();
        let test = name.contains("/tests/") || name.ends_with("/tests.rs");
        let lines = text.lines().count();
        if lines > MAX_LINES {
            faults.push(format!("{name}: {lines} lines, {MAX_LINES} at most"));
        }
        if name.starts_with("crates/") && !name.starts_with("crates/store/") && !test {
            for verb in ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "] {
                if text.contains(&format!("\"{verb}")) {
                    faults.push(format!("{name}: SQL outside crates/store"));
                }
            }
        }
        for word in ["TO\u{44}O", "FIX\u{4d}E"] {
            if text.contains(word) {
                faults.push(format!("{name}: {word}"));
            }
        }
        if !test && !text.starts_with("//!") && !text.starts_with("#!") {
            faults.push(format!("{name}: does not start by saying what it is for (//!)"));
        }
    }
    for folder in ["crates/store/migrations", "docs/adr"] {
        faults.extend(same_numbers(&root.join(folder))?);
    }
    faults.extend(missing_tests(root)?);
    let lock = fs::read_to_string(root.join("Cargo.lock"))?;
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    if packages > MAX_PACKAGES {
        faults.push(format!("Cargo.lock: {packages} packages, {MAX_PACKAGES} at most"));
    }
    if faults.is_empty() {
        return Ok(());
    }
    bail!("{}", faults.join("\n"));
}

/// Two files of one number: both were made where the other was not known yet.
fn same_numbers(folder: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    let number =
        |name: &str| name.split('-').next().and_then(|it| it.split('_').next()).map(str::to_owned);
    let same = names.windows(2).filter_map(|pair| match pair {
        [one, other] if number(one) == number(other) => {
            Some(format!("{one} and {other} have one number"))
        }
        _ => None,
    });
    Ok(same.collect())
}

/// Tests that the table of negative cases names and that are not where it says.
fn missing_tests(root: &Path) -> anyhow::Result<Vec<String>> {
    let page = "docs/NEGATIVE-CASES.md";
    let text = fs::read_to_string(root.join(page))?;
    let mut faults = Vec::new();
    let (mut cases, mut files) = (0, HashMap::new());
    for (number, line) in (1..).zip(text.lines()) {
        let Some((file, test)) = named_test(line) else { continue };
        cases += 1;
        let source = files
            .entry(file)
            .or_insert_with(|| fs::read_to_string(root.join(file)).unwrap_or_default());
        if !["fn", "def"].iter().any(|word| source.contains(&format!("{word} {test}("))) {
            faults.push(format!("{page}:{number}: there is no test {test} in {file}"));
        }
    }
    if cases == 0 {
        faults.push(format!("{page}: names no test"));
    }
    Ok(faults)
}

/// File and test of a row of the table: its last two cells.
fn named_test(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix('|')?.strip_suffix('|')?.rsplit('|').map(str::trim);
    let mut name = || cells.next()?.strip_prefix('`')?.strip_suffix('`');
    let test = name()?;
    Some((name()?, test))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            rust_files(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_the_table_names_a_file_and_a_test() {
        assert_eq!(named_test("| a case | `a/b.rs` | `it_holds` |"), Some(("a/b.rs", "it_holds")));
        for line in ["| case | file | test |", "|---|---|---|", "text with `words` | `in` it", ""] {
            assert_eq!(named_test(line), None, "{line}");
        }
    }
}
