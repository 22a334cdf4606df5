//! How a stored asset becomes a row on the wire.

use crate::list::{int32, millis};
use muster_model::{Column, Micros};
use muster_service::assets::Seen;

/// Declares a wire row: each field with its type and where it comes from (a function of this module,
/// with a column where it needs one).
macro_rules! row {
    ($(#[$doc:meta])* $name:ident {
        $($field:ident: $ty:ty = $source:ident$(($column:ident))?,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize)]
        pub(crate) struct $name { $($field: $ty,)* }

        impl From<&muster_service::assets::Seen> for $name {
            fn from(seen: &muster_service::assets::Seen) -> Self {
                Self {
                    $($field: crate::asset::row::$source(
                        seen $(, muster_model::Column::$column)?
                    ),)*
                }
            }
        }
    };
}
pub(crate) use row;

pub(crate) fn agent_id(seen: &Seen) -> String {
    seen.host.agent_id.as_ref().map(ToString::to_string).unwrap_or_default()
}

pub(crate) fn host_id(seen: &Seen) -> String {
    seen.host.id.to_string()
}

pub(crate) fn host_name(seen: &Seen) -> String {
    seen.host.name.clone()
}

pub(crate) fn host_ip(seen: &Seen) -> String {
    seen.host.ip.clone()
}

pub(crate) fn container_id(seen: &Seen) -> String {
    seen.container.as_ref().map(|container| container.id.clone()).unwrap_or_default()
}

pub(crate) fn container_name(seen: &Seen) -> String {
    seen.container.as_ref().map(|container| container.name.clone()).unwrap_or_default()
}

pub(crate) fn text(seen: &Seen, column: Column) -> String {
    seen.fact.text(column).to_owned()
}

pub(crate) fn int(seen: &Seen, column: Column) -> Option<i32> {
    seen.fact.int(column).map(int32)
}

pub(crate) fn flag(seen: &Seen, column: Column) -> bool {
    seen.fact.flag(column)
}

/// A flag that the contract has as a number.
pub(crate) fn zero_or_one(seen: &Seen, column: Column) -> i32 {
    i32::from(seen.fact.flag(column))
}

/// A moment the contract has as text: ISO 8601, UTC.
pub(crate) fn iso(seen: &Seen, column: Column) -> String {
    let at = seen.fact.int(column).map(Micros::from_secs);
    at.map(|at| at.iso().replace(".000000Z", "Z")).unwrap_or_default()
}

/// The process, 0 where there is none.
pub(crate) fn pid(seen: &Seen) -> i32 {
    seen.volatile.pid.map_or(0, |pid| int32(pid.into()))
}

pub(crate) fn started(seen: &Seen) -> Option<i64> {
    millis(seen.volatile.started)
}

pub(crate) fn ctime(seen: &Seen) -> Option<i64> {
    millis(seen.volatile.ctime)
}

pub(crate) fn mtime(seen: &Seen) -> Option<i64> {
    millis(seen.volatile.mtime)
}

pub(crate) fn atime(seen: &Seen) -> Option<i64> {
    millis(seen.volatile.atime)
}

pub(crate) fn first_seen(seen: &Seen) -> i64 {
    seen.first_seen.millis()
}

pub(crate) fn scanned(seen: &Seen) -> i64 {
    seen.scanned_at.millis()
}

/// The export's word for the kind: `database`, `web_cms`, `web_service`.
pub(crate) fn kind(seen: &Seen) -> String {
    seen.fact.kind().name().to_owned()
}
