//! Haskell: the locks of stack and cabal.

use crate::extractor::File;
use crate::extractors::purl;
use crate::finding::{Finding, Found, Kind};
use crate::trouble::Trouble;

/// `stack.yaml.lock`: `hackage: name-1.0.0@sha256:...` lines.
pub(super) fn stack(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    for line in file.text().lines() {
        let Some((_, spec)) = line.split_once("hackage: ") else { continue };
        let spec = spec.trim().split('@').next().unwrap_or_default();
        if let Some((name, version)) = spec.rsplit_once('-')
            && let Some(purl) = purl("hackage", "", name, version)
            && !found.findings.iter().any(|f| f.purl == purl && f.place == found.place)
        {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}

/// `cabal.project.freeze`: `any.name ==1.0.0,` entries.
pub(super) fn cabal(file: &File<'_>, found: &mut Found) -> Result<(), Trouble> {
    for entry in file.text().split([',', '\n']) {
        let Some((_, spec)) = entry.split_once("any.") else { continue };
        if let Some((name, version)) = spec.split_once("==")
            && let Some(purl) = purl("hackage", "", name.trim(), version.trim())
        {
            found.add(Finding::new(purl, Kind::Locked));
        }
    }
    Ok(())
}
