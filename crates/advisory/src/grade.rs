//! How bad a vulnerability is: one grade, and the reason for it.
//!
//! The base is the score of the newest CVSS version there is (4, then 3, then 2; the highest of several sources), or
//! the source's own word where there is no vector. What is known to be exploited is at least high, and critical from
//! 7.0 on or where ransomware uses it; an EPSS of 0.5 or more raises medium to high. A malicious package is critical.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;

/// Grades of the dictionaries JARRISK and CVERISK, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Grade {
    /// 9.0 to 10.
    Critical = 1,
    /// 7.0 to 8.9.
    High = 2,
    /// 4.0 to 6.9.
    Medium = 3,
    /// 0.1 to 3.9.
    Low = 4,
    /// No source says.
    Unknown = 5,
}

impl Grade {
    /// The worst first.
    pub const ALL: [Self; 5] = [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Unknown];

    /// The key in the dictionaries.
    pub const fn key(self) -> u8 {
        self as u8
    }

    /// By its key.
    pub const fn from_key(key: u8) -> Self {
        match key {
            1 => Self::Critical,
            2 => Self::High,
            3 => Self::Medium,
            4 => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// Of a base score.
    pub fn of_score(score: f32) -> Self {
        match score {
            score if score >= 9.0 => Self::Critical,
            score if score >= 7.0 => Self::High,
            score if score >= 4.0 => Self::Medium,
            score if score > 0.0 => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// Of a source's own word.
    pub fn of_word(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "critical" | "严重" | "超危" => Self::Critical,
            "high" | "important" | "高" | "高危" => Self::High,
            "moderate" | "medium" | "中" | "中危" => Self::Medium,
            "low" | "minor" | "低" | "低危" => Self::Low,
            _ => Self::Unknown,
        }
    }

    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Unknown => "unknown",
        }
    }
}

/// What a grade is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Signals {
    /// CVSS version and base score.
    pub score: Option<(u8, f32)>,
    /// Grade of the source's own word.
    pub word: Option<Grade>,
    /// On CISA's list of what is exploited.
    pub exploited: bool,
    /// Ransomware is known to use it.
    pub ransomware: bool,
    /// Probability of exploitation in the next 30 days, 0 to 1.
    pub epss: Option<f32>,
    /// The package itself is the attack.
    pub malicious: bool,
}

impl Signals {
    /// The grade.
    pub fn grade(&self) -> Grade {
        if self.malicious {
            return Grade::Critical;
        }
        let base = match (self.score, self.word) {
            (Some((_, score)), word) if score > 0.0 || word.is_none() => Grade::of_score(score),
            (_, word) => word.unwrap_or(Grade::Unknown),
        };
        let raised = if self.exploited {
            if self.ransomware || base <= Grade::High { Grade::Critical } else { Grade::High }
        } else if base == Grade::Medium && self.epss.is_some_and(|epss| epss >= 0.5) {
            Grade::High
        } else {
            base
        };
        raised.min(base)
    }

    /// The reason, for people.
    pub fn reason(&self) -> String {
        if self.malicious {
            return "the package itself is malicious".to_owned();
        }
        let mut reason = match (self.score, self.word) {
            (Some((version, score)), word) if score > 0.0 || word.is_none() => {
                format!("CVSS {version} base score {score:.1}")
            }
            (_, Some(word)) if word != Grade::Unknown => {
                format!("graded {} by its source, no CVSS vector", word.word())
            }
            _ => "no source grades it".to_owned(),
        };
        // Writing to a String cannot fail.
        if self.exploited {
            reason.push_str(", known to be exploited");
        }
        if self.ransomware {
            reason.push_str(", used by ransomware");
        }
        if let Some(epss) = self.epss {
            let _ = write!(reason, ", EPSS {epss:.3}");
        }
        reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exploitation_raises_and_never_lowers() {
        let medium = Signals { score: Some((3, 5.0)), ..Signals::default() };
        assert_eq!(medium.grade(), Grade::Medium);
        assert_eq!(Signals { epss: Some(0.6), ..medium }.grade(), Grade::High);
        assert_eq!(Signals { epss: Some(0.4), ..medium }.grade(), Grade::Medium);
        assert_eq!(Signals { exploited: true, ..medium }.grade(), Grade::High);
        assert_eq!(
            Signals { exploited: true, ransomware: true, ..medium }.grade(),
            Grade::Critical
        );
        let high = Signals { score: Some((3, 7.0)), exploited: true, ..Signals::default() };
        assert_eq!(high.grade(), Grade::Critical);
        assert_eq!(
            Signals { score: Some((3, 9.8)), epss: Some(0.9), ..high }.grade(),
            Grade::Critical
        );
        assert_eq!(Signals { exploited: true, ..Signals::default() }.grade(), Grade::High);
        assert_eq!(Signals { malicious: true, ..Signals::default() }.grade(), Grade::Critical);
        assert_eq!(Signals { word: Some(Grade::Low), ..Signals::default() }.grade(), Grade::Low);
        assert_eq!(Signals::default().grade(), Grade::Unknown);
        assert!(high.reason().contains("CVSS 3 base score 7.0, known to be exploited"));
    }
}
