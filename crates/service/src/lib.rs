//! The product's rules, one file a domain.
//!
//! A service function takes the [`App`] and the caller, names its action, authorises, opens and commits
//! its own transaction, and leaves an audit record. It knows nothing of HTTP and nothing of SQL.
#![forbid(unsafe_code)]

pub mod app;
pub mod assets;
pub mod audit;
pub mod audit_log;
pub mod authz;
mod background;
pub mod certificates;
pub mod changes;
pub mod collect;
pub mod containers;
pub mod enrol;
pub mod events;
pub mod export;
mod folder;
pub mod history;
pub mod hosts;
pub mod identity;
pub mod images;
pub mod ingest;
pub mod keypairs;
pub mod known_ports;
pub mod limits;
pub mod programs;
pub mod protected_files;
pub mod roster;
pub mod sca;
pub mod sealing;
pub mod settings;
pub mod vault;
pub mod vulnerabilities;

pub use app::App;
pub use authz::ProjectKey;
pub use settings::Settings;
