//! The items that a query selects, in their order. Items are not copied for a page of an unfiltered
//! list.

use std::cmp::Ordering;
use std::ops::{Bound, RangeBounds};

use super::condition::SortKey;
use super::filter::Query;
use crate::state::collection::Fields;
use crate::state::store::{ScopeItems, StoredItem};

pub(crate) enum Selection<'a> {
    All(&'a ScopeItems),
    /// Positions and ids of the selected items, in the order of their creation.
    Filtered(Vec<(u64, &'a str)>),
    /// Positions and ids of the selected items, in the sort order of the request.
    Sorted(Vec<(u64, &'a str)>),
}

/// The start of a page.
#[derive(Clone, Copy)]
pub(super) enum Start {
    /// After this many items.
    Offset(usize),
    /// After this position.
    After(u64),
}

impl<'a> Selection<'a> {
    /// Selects items. `view` returns the fields of an item as replies show them.
    pub(crate) fn new(
        items: Option<&'a ScopeItems>,
        query: &Query,
        view: &dyn Fn(Fields) -> Fields,
    ) -> Self {
        let orders = query.orders();
        if let Some(items) = items
            && query.selects_all()
            && orders.is_empty()
        {
            return Selection::All(items);
        }
        let items = items.into_iter().flatten();
        let selected = items.filter(|(_, item)| query.selects(item, view));
        if orders.is_empty() {
            let selected = selected.map(|(position, item)| (*position, item.id()));
            return Selection::Filtered(selected.collect());
        }
        let keys = |item: &StoredItem| -> Vec<Option<SortKey>> {
            let fields = view(item.fields());
            orders.iter().map(|order| order.key(&fields)).collect()
        };
        let mut sorted: Vec<_> = selected
            .map(|(position, item)| (keys(item), (*position, item.id())))
            .collect();
        sorted.sort_by(|(a, _), (b, _)| {
            let pairs = orders.iter().zip(a.iter().zip(b));
            let mut compared = pairs.map(|(order, (a, b))| order.compare(a.as_ref(), b.as_ref()));
            compared
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        Selection::Sorted(sorted.into_iter().map(|(_, item)| item).collect())
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Selection::All(items) => items.len(),
            Selection::Filtered(items) | Selection::Sorted(items) => items.len(),
        }
    }

    /// The position of the item with this id.
    pub(super) fn position_of(&self, id: &str) -> Option<u64> {
        match self {
            Selection::All(items) => {
                let found = items.iter().find(|(_, item)| item.id() == id);
                found.map(|(position, _)| *position)
            }
            Selection::Filtered(items) | Selection::Sorted(items) => {
                let found = items.iter().find(|(_, other)| *other == id);
                found.map(|(position, _)| *position)
            }
        }
    }

    /// The positions of the items of a page.
    pub(super) fn page(&self, start: Start, limit: usize, oldest_first: bool) -> Vec<u64> {
        let (skip, range) = match start {
            Start::Offset(skip) => (skip, (Bound::Unbounded, Bound::Unbounded)),
            Start::After(at) if oldest_first => (0, (Bound::Excluded(at), Bound::Unbounded)),
            Start::After(at) => (0, (Bound::Unbounded, Bound::Excluded(at))),
        };
        fn cut(
            positions: impl DoubleEndedIterator<Item = u64>,
            oldest_first: bool,
            skip: usize,
            limit: usize,
        ) -> Vec<u64> {
            if oldest_first {
                positions.skip(skip).take(limit).collect()
            } else {
                positions.rev().skip(skip).take(limit).collect()
            }
        }
        match self {
            Selection::All(items) => {
                let positions = items.range(range).map(|(position, _)| *position);
                cut(positions, oldest_first, skip, limit)
            }
            // The sort order of the request takes precedence over that of the list.
            Selection::Sorted(items) => {
                let skip = match start {
                    Start::Offset(skip) => skip,
                    Start::After(after) => {
                        let last = items.iter().position(|(position, _)| *position == after);
                        last.map_or(items.len(), |last| last.saturating_add(1))
                    }
                };
                let positions = items.iter().map(|(position, _)| *position);
                positions.skip(skip).take(limit).collect()
            }
            Selection::Filtered(items) => {
                let positions = items.iter().map(|(position, _)| *position);
                let in_range = positions.filter(|position| range.contains(position));
                cut(in_range, oldest_first, skip, limit)
            }
        }
    }
}
