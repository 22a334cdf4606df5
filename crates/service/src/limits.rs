//! How often somebody may do something.

use crate::app::App;
use muster_model::{Caller, Error, ErrorKind, Micros, Result};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

/// Names one limiter holds at most. When it is full, windows that have ended are let go; if none has,
/// a new name passes unlimited rather than locking everybody out.
const CAPACITY: usize = 50_000;

/// Counts by name in windows of a minute.
pub struct Limiter<K>(Mutex<HashMap<K, (u32, Micros)>>);

impl<K: Hash + Eq> Default for Limiter<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Hash + Eq> Limiter<K> {
    /// An empty one.
    pub fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    /// Counts one more; false if that is more than `per_minute` in the window that began with the first.
    /// 0 means no limit.
    pub fn admit(&self, name: K, per_minute: u32, now: Micros) -> bool {
        if per_minute == 0 {
            return true;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= CAPACITY && !held.contains_key(&name) {
            held.retain(|_, (_, began)| now < began.plus_secs(60));
            if held.len() >= CAPACITY {
                return true;
            }
        }
        let (count, began) = held.entry(name).or_insert((0, now));
        if now >= began.plus_secs(60) {
            (*count, *began) = (0, now);
        }
        if *count >= per_minute {
            return false;
        }
        *count += 1;
        true
    }
}

/// Counts secrets that are about to be handed out to the caller's user.
///
/// # Errors
/// `RateLimited` beyond the limit of a minute.
pub fn admit_secret(app: &App, caller: &Caller, secrets: u32) -> Result<()> {
    let limit = app.settings.limits.secrets;
    let now = app.now();
    if (0..secrets).all(|_| app.secrets.admit(caller.user_id.clone(), limit, now)) {
        return Ok(());
    }
    let message = format!(
        "The throttling threshold has been reached: policy secrets over ratelimit,limit:{limit},time:1 minute"
    );
    Err(Error::new(ErrorKind::RateLimited, message))
}

/// Whom an address stands for when it is counted: of IPv6 the network of 64 bits, because one customer
/// has all of it.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}

/// The one table of rate limits; a minute each, 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Logins an address.
    pub logins: u32,
    /// Calls of one operation of the HSS and CGS APIs, by everybody.
    pub api: u32,
    /// Calls of one operation of the HSS and CGS APIs, by one user.
    pub user: u32,
    /// Calls of one operation of the HSS and CGS APIs, from one address.
    pub address: u32,
    /// Secrets handed out to one user.
    pub secrets: u32,
}

impl Limits {
    /// What is on unless somebody says otherwise.
    pub const STANDARD: Self = Self { logins: 20, api: 0, user: 0, address: 0, secrets: 60 };
    /// The limits the vendor documents for HSS, too.
    pub const VENDOR: Self = Self { api: 600, user: 5, address: 5, ..Self::STANDARD };

    /// A preset by its name in the configuration.
    pub fn preset(name: &str) -> Option<Self> {
        match name {
            "standard" => Some(Self::STANDARD),
            "vendor" => Some(Self::VENDOR),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_a_minute_after_its_first() {
        let limiter = Limiter::new();
        let at = Micros::from_secs;
        for n in 0..5 {
            assert!(limiter.admit("a", 5, at(n)));
        }
        assert!(!limiter.admit("a", 5, at(59)));
        assert!(limiter.admit("b", 5, at(59)));
        assert!(limiter.admit("a", 5, at(60)));
        assert!(limiter.admit("a", 0, at(60)));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2:ffff::"));
        assert_ne!(network("2001:db8:1:2::"), network("2001:db8:1:3::"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let limiter = Limiter::new();
        for n in 0..CAPACITY + 10 {
            assert!(limiter.admit(n, 1, Micros(0)));
        }
        assert_eq!(limiter.0.lock().unwrap().len(), CAPACITY);
        assert!(limiter.admit(CAPACITY + 11, 1, Micros::from_secs(61)));
        assert_eq!(limiter.0.lock().unwrap().len(), 1);
    }
}
