//! The dictionaries: keys on the wire and what they mean, in the caller's language.

use crate::envelope::Answer;
use crate::language::Chinese;
use crate::signed::Signed;
use axum::extract::State;
use muster_http::Failure;
use muster_model::Error;
use muster_service::App;
use muster_service::sca::{LANGUAGES, UNGRADED, dictionary_access};
use serde::{Deserialize, Serialize};

/// A dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dictionary {
    JarRisk,
    CveRisk,
    LicenseRisk,
    ComputerLanguage,
    /// The document's spelling is COMFIRM.
    Confirm,
    UseDifficulty,
}

/// Key, Chinese, English.
type Entry = (&'static str, &'static str, &'static str);

const JAR_RISK: &[Entry] = &[
    ("1", "超危", "critical"),
    ("2", "高危", "high"),
    ("3", "中危", "medium"),
    ("4", "低危", "low"),
    ("5", "无风险", "none"),
];
const CVE_RISK: &[Entry] = &[
    ("1", "超危", "critical"),
    ("2", "高危", "high"),
    ("3", "中危", "medium"),
    ("4", "低危", "low"),
    ("5", "未知", "unknown"),
];
const LICENSE_RISK: &[Entry] = &[
    ("1", "高风险", "high: strong copyleft, network copyleft or no commercial use"),
    ("2", "中风险", "medium: weak copyleft"),
    ("3", "低风险", "low: permissive"),
    ("4", "未知", "unknown"),
];
const CONFIRM: &[Entry] = &[("1", "是", "yes"), ("0", "否", "no")];
const USE_DIFFICULTY: &[Entry] =
    &[("1", "容易", "easy"), ("2", "一般", "medium"), ("3", "困难", "hard")];
/// States of a component's origin: a field without a dictionary.
const ORIGINS: &[Entry] = &[
    ("0", "开源", "open source"),
    ("1", "自研", "own"),
    ("2", "开源(未收录)", "open source, not in any index"),
    ("3", "非开源", "proprietary"),
    ("4", "开源(已修改)", "open source, modified"),
    ("5", "自研(废弃)", "own, retired"),
];

impl Dictionary {
    const ALL: [Self; 6] = [
        Self::JarRisk,
        Self::CveRisk,
        Self::LicenseRisk,
        Self::ComputerLanguage,
        Self::Confirm,
        Self::UseDifficulty,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::JarRisk => "JARRISK",
            Self::CveRisk => "CVERISK",
            Self::LicenseRisk => "LICENSERISK",
            Self::ComputerLanguage => "COMPUTERLANGUAGE",
            Self::Confirm => "COMFIRM",
            Self::UseDifficulty => "VULNERABILITYUSEDIFFICULTYTYPE",
        }
    }

    const fn entries(self) -> &'static [Entry] {
        match self {
            Self::JarRisk => JAR_RISK,
            Self::CveRisk => CVE_RISK,
            Self::LicenseRisk => LICENSE_RISK,
            Self::Confirm => CONFIRM,
            Self::UseDifficulty => USE_DIFFICULTY,
            // Its keys are names that are the same in every language.
            Self::ComputerLanguage => &[],
        }
    }
}

/// The meaning of a key; empty for one that is not there.
pub(crate) fn text(dictionary: Dictionary, key: &str, chinese: bool) -> &'static str {
    lookup(dictionary.entries(), key, chinese)
}

/// A grade and its meaning on the wire. What nobody graded or checked has no grade: an empty key and a word that says
/// so.
pub(crate) fn grade(dictionary: Dictionary, grade: u8, chinese: bool) -> (String, String) {
    let key = grade.to_string();
    match text(dictionary, &key, chinese) {
        "" => {
            let (zh, en) = if grade == UNGRADED {
                ("未知", "unknown")
            } else {
                ("未检查", "not checked")
            };
            (String::new(), if chinese { zh } else { en }.to_owned())
        }
        desc => (key, desc.to_owned()),
    }
}

/// The meaning of `privatePublicStatus`.
pub(crate) fn origin(status: i64, chinese: bool) -> &'static str {
    lookup(ORIGINS, &status.to_string(), chinese)
}

fn lookup(entries: &'static [Entry], key: &str, chinese: bool) -> &'static str {
    let found = entries.iter().find(|(known, ..)| *known == key);
    found.map_or("", |(_, zh, en)| if chinese { zh } else { en })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Which {
    dict_type: String,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dict {
    dict_key: &'static str,
    dict_value: &'static str,
    sort: usize,
}

pub(crate) async fn list(
    State(app): State<App>,
    Chinese(chinese): Chinese,
    signed: Signed<Which>,
) -> Result<Answer<Vec<Dict>>, Failure> {
    dictionary_access(&app, &signed.caller).await?;
    let asked = &signed.parameters.dict_type;
    let found = Dictionary::ALL.into_iter().find(|dictionary| dictionary.code() == asked);
    let dictionary = found.ok_or_else(|| {
        let codes = Dictionary::ALL.map(Dictionary::code).join(", ");
        Error::invalid("dictType", format_args!("must be one of {codes}"))
    })?;
    Ok(Answer(rows(dictionary, chinese)))
}

fn rows(dictionary: Dictionary, chinese: bool) -> Vec<Dict> {
    if dictionary == Dictionary::ComputerLanguage {
        let row =
            |(sort, name): (usize, &&'static str)| Dict { dict_key: name, dict_value: name, sort };
        return LANGUAGES.iter().enumerate().map(row).collect();
    }
    let row = |(sort, (key, zh, en)): (usize, &Entry)| Dict {
        dict_key: key,
        dict_value: if chinese { zh } else { en },
        sort,
    };
    dictionary.entries().iter().enumerate().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use muster_service::sca::NOT_CHECKED;

    #[test]
    fn a_grade_that_was_not_given_is_not_a_good_one() {
        let unknown = grade(Dictionary::JarRisk, UNGRADED, false);
        assert_eq!(unknown, (String::new(), "unknown".to_owned()));
        let unchecked = grade(Dictionary::JarRisk, NOT_CHECKED, false);
        assert_eq!(unchecked, (String::new(), "not checked".to_owned()));
        assert_eq!(grade(Dictionary::JarRisk, 1, true), ("1".to_owned(), "超危".to_owned()));
        assert_eq!(grade(Dictionary::CveRisk, 5, false), ("5".to_owned(), "unknown".to_owned()));
    }

    #[test]
    fn every_dictionary_has_rows_in_their_order() {
        for dictionary in Dictionary::ALL {
            let rows = rows(dictionary, true);
            assert!(rows.len() >= 2, "{dictionary:?}");
            assert!(rows.iter().enumerate().all(|(n, row)| row.sort == n));
            assert!(rows.iter().all(|row| !row.dict_key.is_empty() && !row.dict_value.is_empty()));
        }
    }
}
