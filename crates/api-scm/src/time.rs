//! Times as SCM writes them.

use muster_model::Micros;

/// `2021-05-27 16:46:25.0` in UTC; empty where there is none.
pub(crate) fn text(at: Option<Micros>) -> String {
    let Some(at) = at else { return String::new() };
    let iso = at.iso();
    let (date, time) = iso.split_once('T').unwrap_or((&iso, ""));
    format!("{date} {}.0", time.get(..8).unwrap_or(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_digit_of_its_seconds() {
        assert_eq!(text(Some(Micros(1_622_133_985_999_999))), "2021-05-27 16:46:25.0");
        assert_eq!(text(None), "");
    }
}
