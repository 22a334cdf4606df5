//! Assets: facts (content, once a project) and sightings (where and when).
//!
//! An unchanged sweep costs one row, whatever it saw: the time of the last look stands on the scope
//! (`host_kinds`) and not on every sighting. A change ends one interval and begins another, so the state of
//! any past moment and the difference from any cursor are queries.

mod apply;
mod assemble;
mod at;
mod certificates;
mod changes;
mod columns;
mod counts;
mod diff;
mod export;
pub(crate) mod facts;
mod held;
mod history;
mod list;
mod overview;
mod query;
mod retention;
mod statistics;

pub use apply::{Applied, MAX_ROWS, Target, apply, rounds};
pub use assemble::{HostRef, Seen};
pub use at::list_at;
pub use certificates::{Found, certificates};
pub use changes::{Change, Op, changes, latest_cursor};
pub use export::ExportCursor;
pub use held::in_containers;
pub use history::{HistoryQuery, history};
pub use list::{count, list};
pub use overview::{most_common, totals_of};
pub use query::{Filter, Query};
pub use retention::{Keep, Purged, purge};
pub use statistics::{Group, GroupOrder, statistics, totals};
