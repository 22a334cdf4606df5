//! Windows onto lists.

/// A slice of a longer list together with the length of the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// How many rows match in all, not only on this page.
    pub total: i64,
    /// The rows of this page; empty past the end.
    pub rows: Vec<T>,
}

/// Which slice is wanted. The edge has already checked the vendor's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paging {
    /// Rows to return at most.
    pub limit: u32,
    /// Rows to skip.
    pub offset: u32,
}
