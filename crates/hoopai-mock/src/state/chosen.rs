//! The items that a list is about, in the order of their making: a whole shelf, which is not gone through for a page of it, or
//! what of one was chosen.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Bound;

use super::choose::Choice;
use super::conditions::Key;
use super::store::{Fields, Item};

pub(super) enum Chosen<'a> {
    Shelf(&'a BTreeMap<u64, Item>),
    /// Moments and ids.
    Some(Vec<(u64, &'a str)>),
    /// The same, in the sort order of the request.
    Sorted(Vec<(u64, &'a str)>),
}

/// Where in a list a page begins.
#[derive(Clone, Copy)]
pub(super) enum Begin {
    /// Behind so many items.
    Skip(usize),
    /// Behind this moment.
    Behind(u64),
}

impl<'a> Chosen<'a> {
    /// `view` returns the fields of an item as replies show them.
    pub(super) fn of(
        shelf: Option<&'a BTreeMap<u64, Item>>,
        choice: &Choice,
        view: &dyn Fn(Fields) -> Fields,
    ) -> Self {
        let orders = choice.orders();
        match shelf {
            Some(shelf) if choice.takes_all() && orders.is_empty() => Chosen::Shelf(shelf),
            _ => {
                let items = shelf.into_iter().flatten();
                let taken = items.filter(|(_, item)| choice.takes(item, view));
                if orders.is_empty() {
                    return Chosen::Some(taken.map(|(at, item)| (*at, item.id())).collect());
                }
                let keys = |item: &Item| -> Vec<Option<Key>> {
                    let fields = view(item.fields());
                    orders.iter().map(|order| order.key(&fields)).collect()
                };
                let mut sorted: Vec<_> = taken
                    .map(|(at, item)| (keys(item), (*at, item.id())))
                    .collect();
                sorted.sort_by(|(a, _), (b, _)| {
                    let pairs = orders.iter().zip(a.iter().zip(b));
                    let mut order =
                        pairs.map(|(order, (a, b))| order.compare(a.as_ref(), b.as_ref()));
                    order.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
                });
                Chosen::Sorted(sorted.into_iter().map(|(_, item)| item).collect())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Chosen::Shelf(shelf) => shelf.len(),
            Chosen::Some(items) | Chosen::Sorted(items) => items.len(),
        }
    }

    /// The moment of the item with this id.
    pub(super) fn moment_of(&self, id: &str) -> Option<u64> {
        match self {
            Chosen::Shelf(shelf) => {
                let found = shelf.iter().find(|(_, item)| item.id() == id);
                found.map(|(at, _)| *at)
            }
            Chosen::Some(items) | Chosen::Sorted(items) => {
                let found = items.iter().find(|(_, other)| *other == id);
                found.map(|(at, _)| *at)
            }
        }
    }

    /// The moments of the items of a page.
    pub(super) fn page(&self, begin: Begin, limit: usize, oldest_first: bool) -> Vec<u64> {
        let (skip, range) = match begin {
            Begin::Skip(skip) => (skip, (Bound::Unbounded, Bound::Unbounded)),
            Begin::Behind(at) if oldest_first => (0, (Bound::Excluded(at), Bound::Unbounded)),
            Begin::Behind(at) => (0, (Bound::Unbounded, Bound::Excluded(at))),
        };
        fn cut(
            moments: impl DoubleEndedIterator<Item = u64>,
            oldest_first: bool,
            skip: usize,
            limit: usize,
        ) -> Vec<u64> {
            if oldest_first {
                moments.skip(skip).take(limit).collect()
            } else {
                moments.rev().skip(skip).take(limit).collect()
            }
        }
        match self {
            Chosen::Shelf(shelf) => {
                let moments = shelf.range(range).map(|(at, _)| *at);
                cut(moments, oldest_first, skip, limit)
            }
            // The sort order of the request takes precedence over that of the list.
            Chosen::Sorted(items) => {
                let behind = match begin {
                    Begin::Skip(skip) => skip,
                    Begin::Behind(moment) => {
                        let last = items.iter().position(|(at, _)| *at == moment);
                        last.map_or(items.len(), |last| last.saturating_add(1))
                    }
                };
                let moments = items.iter().skip(behind).take(limit);
                moments.map(|(at, _)| *at).collect()
            }
            Chosen::Some(items) => {
                let from = match range.0 {
                    Bound::Excluded(moment) => items.partition_point(|(at, _)| *at <= moment),
                    _ => 0,
                };
                let to = match range.1 {
                    Bound::Excluded(moment) => items.partition_point(|(at, _)| *at < moment),
                    _ => items.len(),
                };
                let moments = items.get(from..to).unwrap_or_default().iter();
                cut(moments.map(|(at, _)| *at), oldest_first, skip, limit)
            }
        }
    }
}
