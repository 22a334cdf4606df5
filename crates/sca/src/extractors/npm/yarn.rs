//! `yarn.lock`: the form of Yarn 1 and, since Yarn 2, a kind of YAML. Both are blocks of indented lines under
//! the specifications that a block settles.

use super::{package, split_spec};
use crate::extractor::File;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;
use muster_model::purl::Purl;
use std::collections::HashMap;

#[derive(Default)]
struct Block<'a> {
    specs: Vec<&'a str>,
    version: &'a str,
    /// Yarn 2 and later say what the specification became.
    resolution: Option<&'a str>,
    needs: Vec<(&'a str, &'a str)>,
}

impl Block<'_> {
    fn purl(&self) -> Option<Purl> {
        let spec = self.resolution.or(self.specs.first().copied())?;
        let (name, range) = split_spec(spec)?;
        let local = ["workspace:", "link:", "portal:", "file:"];
        if local.iter().any(|kind| range.starts_with(kind)) {
            return None;
        }
        // `alias@npm:name@^1` is another package under the name of `alias`.
        let name = range
            .strip_prefix("npm:")
            .and_then(|aliased| split_spec(aliased))
            .map_or(name, |(name, _)| name);
        package(name, self.version)
    }
}

pub(in crate::extractors) fn extract(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    let text = file.text();
    let blocks = blocks(&text);
    let mut settled: HashMap<String, Purl> = HashMap::new();
    for block in &blocks {
        for spec in &block.specs {
            if let Some(purl) = block.purl() {
                settled.insert((*spec).to_owned(), purl);
            }
        }
    }
    for block in &blocks {
        let Some(purl) = block.purl() else { continue };
        let needs = block
            .needs
            .iter()
            .filter_map(|(name, range)| {
                settled
                    .get(&format!("{name}@{range}"))
                    .or_else(|| settled.get(&format!("{name}@npm:{range}")))
                    .cloned()
            })
            .collect();
        found.add(Finding::new(purl, Kind::Locked).depends(needs));
    }
    Ok(())
}

fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut in_needs = false;
    for line in text.lines() {
        let line = line.trim_end();
        let body = line.trim_start();
        if body.is_empty() || body.starts_with('#') {
            continue;
        }
        let indent = line.len() - body.len();
        if indent == 0 {
            let specs = body.trim_end_matches(':').split(',').map(unquote).collect();
            blocks.push(Block { specs, ..Block::default() });
            in_needs = false;
            continue;
        }
        let Some(block) = blocks.last_mut() else { continue };
        let (key, value) = split_pair(body);
        if indent <= 2 {
            in_needs = matches!(key, "dependencies" | "optionalDependencies");
            match key {
                "version" => block.version = value,
                "resolution" => block.resolution = Some(value),
                _ => {}
            }
        } else if in_needs && indent == 4 {
            block.needs.push((key, value));
        }
    }
    blocks
}

fn unquote(text: &str) -> &str {
    text.trim().trim_matches('"')
}

/// `key "value"` and `key: value`, either side quoted or not.
fn split_pair(line: &str) -> (&str, &str) {
    let (key, value) = match line.strip_prefix('"') {
        Some(rest) => rest.split_once('"').unwrap_or((rest, "")),
        None => line.find([' ', ':']).map_or((line, ""), |at| {
            (line.get(..at).unwrap_or(line), line.get(at..).unwrap_or(""))
        }),
    };
    (key, unquote(value.trim_start_matches(':')))
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_forms_are_read() {
        let old = "# yarn lockfile v1\n\n\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":\n  version \"7.1.2\"\n  \
            resolved \"https://x\"\n  dependencies:\n    \"@babel/x\" \"^7.0.0\"\n    ms \"2.0.0\"\n";
        let blocks = super::blocks(old);
        assert_eq!(blocks[0].purl().unwrap().to_string(), "pkg:npm/%40babel/core@7.1.2");
        assert_eq!(blocks[0].needs, [("@babel/x", "^7.0.0"), ("ms", "2.0.0")]);
        let new = "__metadata:\n  version: 6\n\n\"a@npm:^1.0.0, a@npm:^1.2.0\":\n  version: 1.2.3\n  resolution: \
            \"a@npm:1.2.3\"\n  dependencies:\n    ms: \"npm:2.0.0\"\n\n\"root@workspace:.\":\n  version: 0.0.0\n  \
            resolution: \"root@workspace:.\"\n";
        let purls: Vec<_> =
            super::blocks(new).iter().filter_map(|b| Some(b.purl()?.to_string())).collect();
        assert_eq!(purls, ["pkg:npm/a@1.2.3"]);
    }
}
