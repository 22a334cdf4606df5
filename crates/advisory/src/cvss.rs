//! CVSS vectors of all versions and their base scores (FIRST, CVSS 2.0 to 4.0).

use crate::record::Score;
use std::str::FromStr as _;

/// Reads a vector and computes its score. None where it is no CVSS vector.
pub fn score(vector: &str, source: &str) -> Option<Score> {
    let vector = vector.trim();
    if vector.is_empty() || vector.len() > 512 {
        return None;
    }
    // Version 2 has no prefix of its own; some write it in brackets, some with one.
    let bare = vector.trim_start_matches('(').trim_end_matches(')');
    let (version, wanted): (u8, &[&str]) = match vector.get(..6) {
        Some("CVSS:4") => (4, &["AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"]),
        Some("CVSS:3") => (3, &["AV", "AC", "PR", "UI", "S", "C", "I", "A"]),
        _ => (2, &["AV", "AC", "Au", "C", "I", "A"]),
    };
    // Without one of the base metrics there is no base score.
    if wanted.iter().any(|name| metric(bare, name).is_none()) {
        return None;
    }
    let score = match version {
        4 => cvss::v4::Vector::from_str(vector).ok()?.score().value(),
        3 => cvss::v3::Vector::from_str(vector).ok()?.score().value(),
        _ => cvss::v2::Vector::from_str(bare.strip_prefix("CVSS:2.0/").unwrap_or(bare))
            .ok()?
            .score()
            .value(),
    };
    #[expect(clippy::cast_possible_truncation, reason = "0 to 10 with one digit after the point")]
    let score = score as f32;
    (0.0..=10.0).contains(&score).then(|| Score {
        version,
        score,
        vector: vector.to_owned(),
        source: source.to_owned(),
    })
}

/// What a base score is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// Version 2 or 3: later ones have no such parts.
    pub version: u8,
    /// The base score.
    pub score: f64,
    /// Its part for what is lost.
    pub impact: f64,
    /// Its part for how easily.
    pub exploitability: f64,
}

/// Takes the score of a vector of version 2 or 3 apart. None for any other.
pub fn parts(vector: &str) -> Option<Parts> {
    let version = score(vector, "")?.version;
    let (score, impact, exploitability) = match version {
        2 => {
            let bare = vector.trim().trim_start_matches('(').trim_end_matches(')');
            let it =
                cvss::v2::Vector::from_str(bare.strip_prefix("CVSS:2.0/").unwrap_or(bare)).ok()?;
            (it.score().value(), it.impact().value(), it.exploitability().value())
        }
        3 => {
            let it = cvss::v3::Vector::from_str(vector.trim()).ok()?;
            // The library stops at what the specification calls the impact sub-score's base.
            let base = it.impact().value();
            let impact = if metric(vector, "S") == Some("C") {
                7.52 * (base - 0.029) - 3.25 * (base - 0.02).powi(15)
            } else {
                6.42 * base
            };
            (it.score().value(), impact.max(0.0), it.exploitability().value())
        }
        _ => return None,
    };
    Some(Parts { version, score, impact, exploitability })
}

/// The value of one metric, `AV` of `CVSS:3.1/AV:N/...`.
pub fn metric<'a>(vector: &'a str, name: &str) -> Option<&'a str> {
    vector.split('/').find_map(|part| part.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_every_version_have_the_published_score() {
        // Examples of the specifications' own documents and of the NVD.
        for (vector, version, expected) in [
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", 2, 7.5),
            ("(AV:L/AC:H/Au:N/C:C/I:C/A:C)", 2, 6.2),
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 3, 6.1),
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 3, 9.8),
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 4, 10.0),
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 4, 7.3),
        ] {
            let found = score(vector, "x").unwrap();
            assert_eq!((found.version, found.score), (version, expected), "{vector}");
        }
        for no_vector in ["", "7.5", "CVSS:3.1/AV:N", "CVSS:9.0/AV:N/AC:L", "high"] {
            assert!(score(no_vector, "x").is_none(), "{no_vector}");
        }
        let worst = parts("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H").unwrap();
        assert!((worst.impact - 5.87).abs() < 0.05 && (worst.exploitability - 3.88).abs() < 0.05);
        let changed = parts("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H").unwrap();
        assert!((changed.impact - 6.05).abs() < 0.05);
        let older = parts("(AV:N/AC:L/Au:N/C:P/I:P/A:P)").unwrap();
        assert!((older.impact - 6.44).abs() < 0.05 && (older.exploitability - 9.99).abs() < 0.05);
        assert!(parts("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H").is_none());
        assert_eq!(metric("CVSS:3.1/AV:N/AC:L", "AC"), Some("L"));
        assert_eq!(metric("CVSS:3.1/AV:N/AC:L", "A"), None);
    }
}
