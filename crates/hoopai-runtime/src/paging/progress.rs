//! Progress of reading a list.

/// How far a list was read when a page came. It tells counts and no contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListProgress {
    /// How many pages came in this reading.
    pub pages: u64,
    /// How many items came, those before the position that it went on from included.
    pub items: u64,
    /// How many of them are in this page.
    pub page_items: u64,
    /// How many there are in all, by the platform's word.
    pub total: Option<u64>,
    /// Whether a further page will be asked for.
    pub more: bool,
}
