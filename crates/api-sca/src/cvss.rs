//! Scores and vectors as the wire has them: each metric as a word.

use muster_service::sca::vulnerability::Cvss;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cvss3 {
    base_score: String,
    impact: String,
    develop_able: String,
    attack_way: &'static str,
    attack_complexity: &'static str,
    user_interaction: &'static str,
    usability_impact: &'static str,
    integrity_effect: &'static str,
    confidentiality_impact: &'static str,
    scope: &'static str,
    permission: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cvss2 {
    base_score: String,
    impact: String,
    develop_able: String,
    attack_way: &'static str,
    attack_complexity: &'static str,
    usability_impact: &'static str,
    integrity_effect: &'static str,
    confidentiality_impact: &'static str,
    authentication: &'static str,
}

pub(crate) fn version3(it: Cvss, chinese: bool) -> Cvss3 {
    let word = |name: &str| word(&it, 3, name, chinese);
    Cvss3 {
        attack_way: word("AV"),
        attack_complexity: word("AC"),
        user_interaction: word("UI"),
        usability_impact: word("A"),
        integrity_effect: word("I"),
        confidentiality_impact: word("C"),
        scope: word("S"),
        permission: word("PR"),
        base_score: it.score,
        impact: it.impact,
        develop_able: it.exploitability,
    }
}

pub(crate) fn version2(it: Cvss, chinese: bool) -> Cvss2 {
    let word = |name: &str| word(&it, 2, name, chinese);
    Cvss2 {
        attack_way: word("AV"),
        attack_complexity: word("AC"),
        usability_impact: word("A"),
        integrity_effect: word("I"),
        confidentiality_impact: word("C"),
        authentication: word("Au"),
        base_score: it.score,
        impact: it.impact,
        develop_able: it.exploitability,
    }
}

/// The word for a metric's value (FIRST, CVSS 2.0 and 3.1); empty for one that is not there.
fn word(it: &Cvss, version: u8, name: &str, chinese: bool) -> &'static str {
    let Some(value) = it.metrics.get(name) else { return "" };
    let (zh, en) = match (version, name, value.as_str()) {
        (_, "AV", "N") => ("网络", "network"),
        (_, "AV", "A") => ("相邻网络", "adjacent network"),
        (_, "AV", "L") => ("本地", "local"),
        (_, "AV", "P") => ("物理", "physical"),
        (_, "UI", "R") => ("需要", "required"),
        (_, "S", "C") => ("改变", "changed"),
        (_, "S", "U") => ("不变", "unchanged"),
        (_, "Au", "M") => ("多次", "multiple"),
        (_, "Au", "S") => ("一次", "single"),
        (2, "AC", "M") => ("中", "medium"),
        (2, "C" | "I" | "A", "P") => ("部分", "partial"),
        (2, "C" | "I" | "A", "C") => ("完全", "complete"),
        (_, "AC" | "C" | "I" | "A" | "PR", "H") => ("高", "high"),
        (_, "AC" | "C" | "I" | "A" | "PR", "L") => ("低", "low"),
        (_, _, "N") => ("无", "none"),
        _ => ("", ""),
    };
    if chinese { zh } else { en }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_metric_is_a_word() {
        let vector = |text: &str| Cvss {
            metrics: text
                .split('/')
                .filter_map(|part| part.split_once(':'))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Cvss::default()
        };
        let three = version3(vector("AV:N/AC:H/PR:L/UI:R/S:C/C:N/I:L/A:H"), false);
        assert_eq!((three.attack_way, three.attack_complexity), ("network", "high"));
        assert_eq!((three.permission, three.user_interaction), ("low", "required"));
        assert_eq!((three.scope, three.confidentiality_impact), ("changed", "none"));
        assert_eq!((three.integrity_effect, three.usability_impact), ("low", "high"));
        let two = version2(vector("AV:L/AC:M/Au:N/C:P/I:C/A:N"), true);
        assert_eq!((two.attack_way, two.attack_complexity), ("本地", "中"));
        assert_eq!((two.authentication, two.confidentiality_impact), ("无", "部分"));
        assert_eq!((two.integrity_effect, two.usability_impact), ("完全", "无"));
    }
}
