//! The items that a list is about, in the order of their making: a whole shelf, which is not gone through for a page of it, or
//! what of one was chosen.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::choose::Choice;
use super::store::Item;

pub(super) enum Chosen<'a> {
    Shelf(&'a BTreeMap<u64, Item>),
    /// Moments and ids.
    Some(Vec<(u64, &'a str)>),
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
    pub(super) fn of(shelf: Option<&'a BTreeMap<u64, Item>>, choice: &Choice<'_>) -> Self {
        match shelf {
            Some(shelf) if choice.takes_all() => Chosen::Shelf(shelf),
            _ => {
                let items = shelf.into_iter().flatten();
                let taken = items.filter(|(_, item)| choice.takes(item));
                Chosen::Some(taken.map(|(at, item)| (*at, item.id())).collect())
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Chosen::Shelf(shelf) => shelf.len(),
            Chosen::Some(items) => items.len(),
        }
    }

    /// The moment of the item with this id.
    pub(super) fn moment_of(&self, id: &str) -> Option<u64> {
        match self {
            Chosen::Shelf(shelf) => {
                let found = shelf.iter().find(|(_, item)| item.id() == id);
                found.map(|(at, _)| *at)
            }
            Chosen::Some(items) => {
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
