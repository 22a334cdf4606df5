//! Ignore files: one rule a line.
//!
//! ```text
//! # number         component (optional)            until (optional)    # why
//! CVE-2021-44228   pkg:maven/org.apache/log4j-core until=2026-12-31    # the lookup is switched off
//! GHSA-xxxx-yyyy-zzzz
//! ```

use super::{Judgement, Name, Standing, Statement, Target};
use muster_model::{Error, Purl, Result};

/// Most rules of a file.
const MAX_RULES: usize = 100_000;

/// Reads an ignore file. `file` is its name in reports.
///
/// # Errors
/// `Invalid`, naming file and line.
pub fn rules(file: &str, text: &str) -> Result<Vec<Statement>> {
    let mut rules = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (rule, why) = line.split_once('#').unwrap_or((line, ""));
        let mut words = rule.split_whitespace();
        let Some(id) = words.next() else { continue };
        let place = format!("{file}, line {}", at + 1);
        let wrong = |why: String| Error::invalid("--ignore", format!("{place}: {why}"));
        let (mut targets, mut until) = (Vec::new(), None);
        for word in words {
            if let Some(day) = word.strip_prefix("until=") {
                if !is_day(day) {
                    return Err(wrong(format!("{day} is no day like 2026-12-31")));
                }
                until = Some(day.to_owned());
            } else {
                let purl: Purl = word
                    .parse()
                    .map_err(|_| wrong(format!("{word} is neither a package URL nor until=DAY")))?;
                targets.push(Target { component: Name::Purl(purl), product: None });
            }
        }
        if rules.len() >= MAX_RULES {
            return Err(wrong(format!("a file has at most {MAX_RULES} rules")));
        }
        rules.push(Statement {
            ids: vec![id.to_owned()],
            targets,
            judgement: Judgement {
                standing: Standing::Ignored,
                justification: String::new(),
                text: why.trim().to_owned(),
                source: file.to_owned(),
            },
            place,
            until,
        });
    }
    Ok(rules)
}

fn is_day(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.len() == 10
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && text.get(4..5) == Some("-")
        && text.get(7..8) == Some("-")
}
