//! The envelope of every list, and the widths of its numbers.

use muster_http::{Failure, Json};
use muster_model::{Micros, Page};
use serde::Serialize;

/// `{"total_num": ..., "data_list": [...]}`.
#[derive(Debug, Serialize)]
pub(crate) struct DataList<T> {
    pub(crate) total_num: i32,
    pub(crate) data_list: Vec<T>,
}

/// An empty object, for calls that have nothing to say.
#[derive(Debug, Serialize)]
pub(crate) struct Done {}

/// What most handlers return.
pub(crate) type Answer<T> = Result<Json<T>, Failure>;

impl<T> DataList<T> {
    /// From a page of other rows.
    pub(crate) fn of<'a, F: 'a>(page: &'a Page<F>) -> Self
    where
        T: From<&'a F>,
    {
        Self { total_num: int32(page.total), data_list: page.rows.iter().map(T::from).collect() }
    }

    /// A list that is whole.
    pub(crate) fn whole(data_list: Vec<T>) -> Self {
        let total_num = i32::try_from(data_list.len()).unwrap_or(i32::MAX);
        Self { total_num, data_list }
    }
}

/// Clamped to 32 bits: the vendor's Go client fails on more (a uid of 4294967294, a size over 2 GiB).
pub(crate) fn int32(int: i64) -> i32 {
    i32::try_from(int).unwrap_or(if int < 0 { i32::MIN } else { i32::MAX })
}

/// Milliseconds, the unit of all row times.
pub(crate) fn millis(at: Option<Micros>) -> Option<i64> {
    at.map(Micros::millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_clamped_to_32_bits() {
        assert_eq!(int32(4_294_967_294), 2_147_483_647);
        assert_eq!(int32(-5_000_000_000), i32::MIN);
        assert_eq!(int32(65_534), 65_534);
    }
}
