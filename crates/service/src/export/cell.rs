//! One cell of an exported table, before a file format gives it its form.

use jiff::tz::TimeZone;
use muster_model::{Error, Micros, Result};
use serde::{Deserialize, Serialize};

/// A value on its way into a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell<'a> {
    /// Unknown, or not applicable.
    Empty,
    /// Text.
    Text(&'a str),
    /// A number.
    Int(i64),
    /// Yes or no, written in the caller's language.
    Flag(bool),
    /// A moment, written in the configured zone.
    Time(Micros),
}

/// The language yes and no are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// The word for a flag.
    pub const fn flag(self, yes: bool) -> &'static str {
        match (self, yes) {
            (Self::En, true) => "yes",
            (Self::En, false) => "no",
            (Self::Zh, true) => "是",
            (Self::Zh, false) => "否",
        }
    }

    /// The language of the first tag of `X-Language` or `Accept-Language`; English unless it is Chinese.
    pub fn from_tag(tag: &str) -> Self {
        let chinese = tag.trim_start().get(..2).is_some_and(|tag| tag.eq_ignore_ascii_case("zh"));
        if chinese { Self::Zh } else { Self::En }
    }
}

/// The zone that times are written in.
#[derive(Clone, Debug)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// Coordinated universal time.
    pub fn utc() -> Self {
        Self { name: "UTC".to_owned(), zone: TimeZone::UTC }
    }

    /// A zone of the time zone database, `Asia/Shanghai`, or `UTC`.
    ///
    /// # Errors
    /// `Invalid` when this machine's database has no such zone.
    pub fn named(name: &str) -> Result<Self> {
        if name == "UTC" {
            return Ok(Self::utc());
        }
        let zone = TimeZone::get(name).map_err(|error| {
            Error::invalid(
                "export.time_zone",
                format_args!("{name} is not in the time zone database"),
            )
            .with_source(error)
        })?;
        Ok(Self { name: name.to_owned(), zone })
    }

    /// The zone's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds since 1970 as a clock on the wall of this zone counts them.
    pub(super) fn wall_seconds(&self, at: Micros) -> Option<i64> {
        let timestamp = jiff::Timestamp::from_second(at.secs()).ok()?;
        Some(at.secs() + i64::from(self.zone.to_offset(timestamp).seconds()))
    }

    /// `2026-11-21 20:00:00`, without the zone.
    pub(crate) fn wall(&self, at: Micros) -> Option<String> {
        let timestamp = jiff::Timestamp::from_second(at.secs()).ok()?;
        Some(timestamp.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// [`Zone::push_iso`] as a text of its own.
    pub(super) fn iso(&self, at: Micros) -> String {
        let mut text = Vec::new();
        self.push_iso(at, &mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Appends ISO 8601 with the offset, to the second: `2026-11-21T20:00:00+08:00`; nothing for a moment without a date
    /// of four digits.
    pub(super) fn push_iso(&self, at: Micros, to: &mut Vec<u8>) {
        let Ok(timestamp) = jiff::Timestamp::from_second(at.secs()) else { return };
        let offset = self.zone.to_offset(timestamp);
        let local = offset.to_datetime(timestamp);
        let Ok(year) = u32::try_from(local.year()) else { return };
        let seconds = offset.seconds();
        let sign = if seconds < 0 { b'-' } else { b'+' };
        let minutes = seconds.unsigned_abs() / 60;
        let part = |int: i8| u32::from(int.unsigned_abs());
        // Digit by digit: a format that is read anew for each moment takes ten times as long.
        two(year / 100, to);
        for (mark, number) in [
            (None, year % 100),
            (Some(b'-'), part(local.month())),
            (Some(b'-'), part(local.day())),
            (Some(b'T'), part(local.hour())),
            (Some(b':'), part(local.minute())),
            (Some(b':'), part(local.second())),
            (Some(sign), minutes / 60),
            (Some(b':'), minutes % 60),
        ] {
            to.extend(mark);
            two(number, to);
        }
    }
}

/// Appends a number below 100 with two digits.
fn two(number: u32, to: &mut Vec<u8>) {
    let digit = |number: u32| b'0'.saturating_add(u8::try_from(number % 10).unwrap_or_default());
    to.extend([digit(number / 10), digit(number)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Micros = Micros::from_secs(1_795_262_400);

    #[test]
    fn a_moment_reads_as_the_zone_has_it() {
        let zone = Zone::named("Asia/Shanghai").unwrap();
        assert_eq!(zone.iso(NOON), "2026-11-21T20:00:00+08:00");
        assert_eq!(zone.wall_seconds(NOON), Some(NOON.secs() + 8 * 3600));
        assert_eq!(Zone::utc().iso(NOON), "2026-11-21T12:00:00+00:00");
        for at in [i64::MAX, i64::MIN, -99_999_999_999_000_000] {
            assert_eq!(Zone::utc().iso(Micros(at)), "");
        }
    }

    #[test]
    fn a_moment_is_written_as_the_calendar_has_it() {
        for name in ["UTC", "Asia/Shanghai", "America/St_Johns", "Asia/Kathmandu"] {
            let zone = Zone::named(name).unwrap();
            for n in 0..4_000 {
                let secs = -2_000_000_000 + n * 1_234_567;
                let at = jiff::Timestamp::from_second(secs).unwrap();
                let zoned = at.to_zoned(zone.zone.clone());
                // Before there were time zones, clocks differed by seconds, too: ISO 8601 has no place for these.
                if zoned.offset().seconds() % 60 == 0 {
                    let expected = zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
                    assert_eq!(zone.iso(Micros::from_secs(secs)), expected);
                }
            }
        }
    }

    #[test]
    fn an_unknown_zone_is_refused_by_name() {
        let error = Zone::named("Mars/Olympus").unwrap_err();
        assert_eq!(error.parameter(), Some("export.time_zone"));
    }

    #[test]
    fn chinese_is_chinese_in_any_spelling() {
        for tag in ["zh-cn", "ZH", "zh_CN,en;q=0.5"] {
            assert_eq!(Language::from_tag(tag).flag(true), "是");
        }
        for tag in ["en-us", "", "é"] {
            assert_eq!(Language::from_tag(tag).flag(false), "no");
        }
    }
}
