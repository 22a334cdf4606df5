//! Judging components by the knowledge base: grades, the version to move to, what was not checked and why.

use super::outcome::{NONE, NOT_CHECKED, UNGRADED};
use super::vulnerability::Known;
use muster_advisory::matching::{Coverage, Why};
use muster_advisory::{Assessment, Finding, Knowledge};
use muster_model::{Purl, Result};
use std::collections::BTreeMap;

/// What is said of one component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// 1 critical to 4 low, [`NONE`], [`UNGRADED`], [`NOT_CHECKED`].
    pub(super) grade: u8,
    /// The version to move to; empty where none is needed or known.
    pub(super) recommended: String,
    /// Why that one, as a word for programs.
    pub(super) why: &'static str,
    /// Why it was not checked, as a word for programs; empty where it was.
    pub(super) not_checked: &'static str,
    /// Canonical ids of its vulnerabilities.
    pub(super) vulnerabilities: Vec<String>,
}

impl Verdict {
    /// Of a component nothing could be said about.
    pub(super) fn not_checked(why: &'static str) -> Self {
        Self {
            grade: NOT_CHECKED,
            recommended: String::new(),
            why: "not_checked",
            not_checked: why,
            vulnerabilities: Vec::new(),
        }
    }
}

/// What is said of all components of a task.
#[derive(Debug)]
pub(super) struct Judgement {
    /// In the order of the components.
    pub(super) verdicts: Vec<Verdict>,
    /// By canonical id.
    pub(super) vulnerabilities: BTreeMap<String, Known>,
    /// By ecosystem.
    pub(super) coverage: Vec<Coverage>,
    /// Names the state of knowledge.
    pub(super) digest: String,
    /// When that was compiled, ISO 8601.
    pub(super) built: String,
}

/// Judges components.
///
/// # Errors
/// `Unavailable` where the knowledge base is damaged.
pub(super) fn judge(knowledge: &Knowledge, components: &[Purl]) -> Result<Judgement> {
    let Assessment { findings, not_checked, coverage, knowledge: digest, built } =
        knowledge.assess(components);
    let mut vulnerabilities: BTreeMap<String, Known> = BTreeMap::new();
    let mut of: BTreeMap<usize, Vec<&Finding>> = BTreeMap::new();
    for finding in &findings {
        match vulnerabilities.get_mut(&finding.id) {
            Some(known) => known.add_fixes(finding),
            None => {
                let known = Known::of(knowledge, finding)?;
                vulnerabilities.insert(finding.id.clone(), known);
            }
        }
        of.entry(finding.component).or_default().push(finding);
    }
    let verdicts = components.iter().zip(not_checked).enumerate().map(|(at, (purl, unchecked))| {
        let found = of.remove(&at).unwrap_or_default();
        if let (Some(why), true) = (unchecked, found.is_empty()) {
            return Verdict::not_checked(why);
        }
        let advice = knowledge.recommend(purl, &[]);
        Verdict {
            grade: grade(&found),
            recommended: advice.version,
            why: word(advice.why),
            not_checked: unchecked.unwrap_or_default(),
            vulnerabilities: found.iter().map(|finding| finding.id.clone()).collect(),
        }
    });
    Ok(Judgement {
        verdicts: verdicts.collect(),
        vulnerabilities,
        coverage,
        digest,
        built: built.iso(),
    })
}

/// The worst of the findings' grades. Where nobody has graded any that is no good grade.
fn grade(findings: &[&Finding]) -> u8 {
    let worst = findings.iter().map(|finding| finding.grade.key()).min();
    match worst {
        None => NONE,
        Some(grade @ 1..=4) => grade,
        Some(_) => UNGRADED,
    }
}

const fn word(why: Why) -> &'static str {
    match why {
        Why::NotNeeded => "not_needed",
        Why::SameMajor => "same_major",
        Why::OtherMajor => "other_major",
        Why::NoneKnown => "none_known",
        Why::NotChecked(_) => "not_checked",
    }
}
