//! Composition analysis: access keys of its API, artifacts, tasks, and what was found.

pub mod documents;
pub mod edges;
pub mod files;
pub mod judging;
pub mod keys;
pub mod numbers;
pub mod policies;
pub mod results;
pub mod tasks;

pub use documents::Document;
pub use files::File;
pub use keys::Key;
pub use numbers::Named;
pub use policies::Policy;
pub use results::{Component, Finding, Found, Vulnerability};
pub use tasks::{Status, Task};
