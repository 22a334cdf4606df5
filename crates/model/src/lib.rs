//! The pure types everything else speaks: ids, the twelve asset kinds, errors, pages, callers, time.
//!
//! No I/O and no async here. What lies in this crate is understood by the agent and the server alike,
//! so a change to [`fact`] or [`report`] is a change of the agent protocol.
#![forbid(unsafe_code)]

pub mod action;
pub mod asset;
pub mod caller;
pub mod container;
pub mod diagnostic;
pub mod enrol;
pub mod error;
pub mod fact;
pub mod host;
pub mod id;
pub mod image;
pub mod kind;
pub mod known_port;
pub mod owner;
pub mod page;
pub mod proof;
pub mod purl;
pub mod report;
pub mod time;

pub use action::Action;
pub use caller::{Assumer, Caller, Credential, Role, Scope};
pub use diagnostic::Diagnostic;
pub use enrol::EnrolToken;
pub use error::{Error, Kind as ErrorKind, Result};
pub use fact::{Column, Fact, FactHash, Value};
pub use id::{AgentId, DomainId, HostId, ProjectId, UserId};
pub use kind::{Category, Kind};
pub use owner::Owner;
pub use page::{Page, Paging};
pub use purl::Purl;
pub use time::{Clock, Micros, SystemClock};
