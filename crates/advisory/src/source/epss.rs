//! Exploit prediction scores of FIRST: `cve,epss,percentile` after a line with model and date.

use super::feeds::Found;
use super::unpack;
use crate::compile::Compiler;
use crate::file::trouble;
use muster_model::{Diagnostic, Result};
use std::path::Path;

pub(super) fn load(found: &Found, compiler: &mut Compiler) -> Result<(u64, String)> {
    let (mut records, mut bad) = (0, 0_u64);
    let mut date = String::new();
    unpack::lines(&found.path, |line| {
        let Ok(line) = std::str::from_utf8(line) else {
            bad += 1;
            return Ok(());
        };
        if let Some(comment) = line.strip_prefix('#') {
            if let Some((_, after)) = comment.split_once("score_date:") {
                after.split(',').next().unwrap_or_default().clone_into(&mut date);
            }
        } else if line.starts_with("CVE-") {
            match row(line) {
                Some((cve, epss)) => {
                    records += u64::from(compiler.enrich(
                        cve,
                        |enrichment| enrichment.epss = Some(epss),
                        false,
                    ));
                }
                None => bad += 1,
            }
        }
        Ok(())
    })
    .map_err(|error| trouble(Path::new(&found.name), error))?;
    if bad > 0 {
        compiler.diagnostic(Diagnostic::new(
            "epss.unreadable",
            &found.name,
            format!("{bad} lines"),
        ));
    }
    Ok((records, date))
}

/// Probability and percentile, both 0 to 1.
fn row(line: &str) -> Option<(&str, (f32, f32))> {
    let mut fields = line.split(',');
    let cve = fields.next()?;
    let mut share =
        || fields.next()?.trim().parse::<f32>().ok().filter(|share| (0.0..=1.0).contains(share));
    Some((cve, (share()?, share()?)))
}

#[cfg(test)]
mod tests {
    use super::row;

    #[test]
    fn shares_lie_between_nothing_and_all() {
        assert_eq!(row("CVE-1-2,0.5,0.9"), Some(("CVE-1-2", (0.5, 0.9))));
        for bad in ["CVE-1-2", "CVE-1-2,0.5", "CVE-1-2,1.5,0.9", "CVE-1-2,NaN,0.9", "CVE-1-2,x,0.9"]
        {
            assert_eq!(row(bad), None, "{bad}");
        }
    }
}
