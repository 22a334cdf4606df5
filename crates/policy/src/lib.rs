//! Identity policies: what is allowed to whom, on what, under which conditions.
//!
//! The vendor's JSON, in both of its versions: `1.1` (custom policies and roles of the v3 APIs) and `5.0`
//! (identity policies). Pure: a policy is parsed ([`Policy::parse`]) and asked ([`decide`]); who has which
//! policy is not known here.
//!
//! ```json
//! {"Version": "5.0", "Statement": [
//!   {"Effect": "Allow", "Action": ["scm:cert:*"], "Resource": ["scm:*:*:cert:*"],
//!    "Condition": {"IpAddress": {"g:SourceIp": ["10.0.0.0/8"]}}},
//!   {"Effect": "Deny", "Action": ["scm:cert:export"],
//!    "Condition": {"StringEquals": {"g:ResourceTag/tier": ["root"]}}}]}
//! ```
//!
//! A statement that denies wins over every one that allows; what no statement allows is not allowed.
#![forbid(unsafe_code)]

pub mod condition;
mod decide;
mod document;
mod operator;
mod pattern;

pub use decide::{Context, Decision, Place, Query, decide};
pub use document::{Effect, MAX_TEXT, Policy, Statement};
pub use pattern::Pattern;
