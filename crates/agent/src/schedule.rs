//! Which kinds are due for a sweep.

use crate::config::Config;
use muster_model::{Error, Kind, Result};
use std::time::Duration;

const DAY: u16 = 24 * 60;

/// Periods and quiet hours. Time is a parameter: `now` counts from any fixed moment, `minute` is the
/// minute of the local day.
#[derive(Clone, Debug)]
pub struct Schedule {
    kinds: Vec<Entry>,
    quiet: Vec<(u16, u16)>,
}

#[derive(Clone, Debug)]
struct Entry {
    kind: Kind,
    every: Duration,
    due: Duration,
}

impl Schedule {
    /// From the configuration; every enabled kind is due at once.
    ///
    /// # Errors
    /// `Invalid`, naming the key.
    pub fn new(config: &Config) -> Result<Self> {
        let mut kinds = Vec::new();
        for kind in Kind::ALL {
            let settings = config.kind(kind);
            let every = settings.every_secs.unwrap_or_else(|| default_secs(kind));
            if !(10..=604_800).contains(&every) {
                let name = format!("kinds.{kind}.every_secs");
                return Err(Error::invalid(name, "must be 10 to 604800"));
            }
            if settings.enabled {
                let every = Duration::from_secs(every);
                kinds.push(Entry { kind, every, due: Duration::ZERO });
            }
        }
        let quiet = config.schedule.quiet.iter().map(|text| window(text));
        Ok(Self { kinds, quiet: quiet.collect::<Result<_>>()? })
    }

    /// The kinds that are collected at all.
    pub fn enabled(&self) -> Vec<Kind> {
        self.kinds.iter().map(|it| it.kind).collect()
    }

    /// The kinds that are switched off.
    pub fn disabled(&self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| !self.enabled().contains(kind)).collect()
    }

    /// The kinds to sweep now.
    pub fn due(&self, now: Duration, minute: u16) -> Vec<Kind> {
        if self.is_quiet(minute) {
            return Vec::new();
        }
        self.kinds.iter().filter(|it| it.due <= now).map(|it| it.kind).collect()
    }

    /// Whether it is a kind's time, quiet hours aside.
    pub fn is_due(&self, kind: Kind, now: Duration) -> bool {
        self.kinds.iter().any(|it| it.kind == kind && it.due <= now)
    }

    /// These kinds were swept.
    pub fn swept(&mut self, kinds: &[Kind], now: Duration) {
        for entry in self.kinds.iter_mut().filter(|it| kinds.contains(&it.kind)) {
            entry.due = now + entry.every;
        }
    }

    /// When the next kind is due, quiet hours aside.
    pub fn next(&self) -> Option<Duration> {
        self.kinds.iter().map(|it| it.due).min()
    }

    /// Whether nothing is swept unasked now.
    pub fn is_quiet(&self, minute: u16) -> bool {
        self.quiet.iter().any(|(from, to)| {
            if from <= to {
                (*from..*to).contains(&minute)
            } else {
                minute >= *from || minute < *to
            }
        })
    }
}

/// What changes without anybody installing anything is looked at more often. A sweep that finds nothing
/// changed costs next to nothing, so the periods follow from how soon somebody wants to know.
const fn default_secs(kind: Kind) -> u64 {
    match kind {
        Kind::Process | Kind::Port => 30,
        Kind::Database
        | Kind::WebService
        | Kind::WebSite
        | Kind::Users
        | Kind::AutoLaunch
        | Kind::JarPackage
        | Kind::WebCms
        | Kind::WebFramework
        | Kind::App
        | Kind::KernelModule => 300,
    }
}

fn window(text: &str) -> Result<(u16, u16)> {
    let parse = || {
        let (from, to) = text.split_once('-')?;
        Some((minute_of_day(from)?, minute_of_day(to)?))
    };
    parse().ok_or_else(|| Error::invalid("schedule.quiet", "must read like 22:00-06:00"))
}

fn minute_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let minute = hours.checked_mul(60)?.checked_add(minutes)?;
    (minutes < 60 && minute <= DAY).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn every_kind_comes_at_its_own_period() {
        let config =
            Config::parse("[kinds.port]\nevery_secs = 20\n[kinds.app]\nenabled = false").unwrap();
        let mut schedule = Schedule::new(&config).unwrap();
        let first = schedule.due(secs(0), 0);
        assert_eq!(first.len(), 11);
        assert_eq!(schedule.disabled(), [Kind::App]);
        schedule.swept(&first, secs(1));
        assert_eq!(schedule.due(secs(20), 0), []);
        assert_eq!(schedule.next(), Some(secs(21)));
        assert_eq!(schedule.due(secs(21), 0), [Kind::Port]);
    }

    #[test]
    fn quiet_hours_may_cross_midnight() {
        let config = Config::parse("[schedule]\nquiet = ['22:00-06:00', '12:00-12:30']").unwrap();
        let schedule = Schedule::new(&config).unwrap();
        for (minute, quiet) in
            [(0, true), (359, true), (360, false), (720, true), (750, false), (1_320, true)]
        {
            assert_eq!(schedule.due(secs(9), minute).is_empty(), quiet, "minute {minute}");
        }
    }
}
