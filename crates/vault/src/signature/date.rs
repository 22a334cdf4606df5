//! `X-Sdk-Date`: `YYYYMMDDTHHMMSSZ`, UTC.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use muster_model::Micros;

/// Reads a date; `None` if it is not exactly of the form or no date of the calendar.
pub(super) fn parse(text: &[u8]) -> Option<Micros> {
    let [y1, y2, y3, y4, m1, m2, d1, d2, b'T', h1, h2, n1, n2, s1, s2, b'Z'] = *text else {
        return None;
    };
    let year = i16::from(pair(y1, y2)?) * 100 + i16::from(pair(y3, y4)?);
    let (month, day, hour) = (pair(m1, m2)?, pair(d1, d2)?, pair(h1, h2)?);
    let (minute, second) = (pair(n1, n2)?, pair(s1, s2)?);
    let at = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(Micros(TimeZone::UTC.to_timestamp(at).ok()?.as_microsecond()))
}

/// Writes a date. Empty for a moment no calendar has.
pub(super) fn format(at: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(at.0);
    at.map(|at| at.strftime("%Y%m%dT%H%M%SZ").to_string()).unwrap_or_default()
}

fn pair(tens: u8, ones: u8) -> Option<i8> {
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    i8::try_from(digit(tens)? * 10 + digit(ones)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_form_and_nothing_else() {
        assert_eq!(parse(b"20261121T120000Z"), Some(Micros::from_secs(1_795_262_400)));
        assert_eq!(parse(b"20240229T000000Z"), Some(Micros::from_secs(1_709_164_800)));
        for bad in ["20250229T000000Z", "20261121T120000", "20261301T000000Z", "20261121T240000Z"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(secs in 0_i64..253_400_000_000) {
            let at = Micros::from_secs(secs);
            prop_assert_eq!(parse(format(at).as_bytes()), Some(at));
        }
    }
}
