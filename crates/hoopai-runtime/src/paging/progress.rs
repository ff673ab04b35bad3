//! Progress of reading a list.

/// The progress of reading a list after a page arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListProgress {
    /// The number of pages of this reader.
    pub pages: u64,
    /// The number of items, including those before the resumed position.
    pub items: u64,
    /// The number of items of this page.
    pub page_items: u64,
    /// The total that the platform reported.
    pub total: Option<u64>,
    /// Whether a further page will be requested.
    pub more: bool,
}
