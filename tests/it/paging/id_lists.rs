//! Lists of any item type, read as lists of ids, so that one test covers all of them.

use futures_util::future::LocalBoxFuture;
use hoopai::paging::{CollectFuture, ItemStream, ListPosition, PageStream};
use hoopai::runtime::operation::Operation;
use hoopai::serde_json::{self, Value};
use hoopai::{Client, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How a list is read.
#[derive(Clone, Default)]
pub(super) struct ReadOptions {
    /// Leaves the page size to the client.
    pub(super) full_pages: bool,
    pub(super) without_prefetch: bool,
    /// The number of pages that are requested at a time; 0 means 1.
    pub(super) concurrent: usize,
    pub(super) resume: Option<ListPosition>,
}

impl ReadOptions {
    /// Resumes a list from a position that was serialized and deserialized.
    pub(super) fn resume(position: &ListPosition) -> Self {
        ReadOptions {
            resume: Some(round_tripped(position)),
            ..ReadOptions::default()
        }
    }
}

/// A stream of items or pages that yields ids.
pub(super) trait IdList {
    fn next(&mut self) -> LocalBoxFuture<'_, Option<Result<Vec<String>, Error>>>;
    fn position(&self) -> ListPosition;
    fn total(&self) -> Option<u64>;
}

/// All ids of a list.
pub(super) type AllIds = LocalBoxFuture<'static, Result<Vec<String>, Error>>;

/// The functions that read a list; the first arguments are the client and the parent.
pub(super) struct ReadFns {
    pub(super) items: fn(&Client, &str, ReadOptions) -> Box<dyn IdList>,
    pub(super) pages: fn(&Client, &str, ReadOptions) -> Box<dyn IdList>,
    pub(super) all: fn(&Client, &str, usize) -> AllIds,
}

fn id(item: &impl Serialize, field: &str) -> String {
    let item = serde_json::to_value(item).unwrap();
    match &item[field] {
        Value::String(id) => id.clone(),
        _ => panic!("no {field} in {item}"),
    }
}

struct Items<T> {
    list: ItemStream<T>,
    id: &'static str,
}

impl<T: Serialize + DeserializeOwned> IdList for Items<T> {
    fn next(&mut self) -> LocalBoxFuture<'_, Option<Result<Vec<String>, Error>>> {
        Box::pin(async {
            let item = self.list.next().await?;
            Some(item.map(|item| vec![id(&item, self.id)]))
        })
    }

    fn position(&self) -> ListPosition {
        self.list.position()
    }

    fn total(&self) -> Option<u64> {
        self.list.total()
    }
}

struct Pages<R> {
    list: PageStream<R>,
    /// The path of the items in a page.
    items: &'static str,
    id: &'static str,
}

impl<R: Serialize + DeserializeOwned> IdList for Pages<R> {
    fn next(&mut self) -> LocalBoxFuture<'_, Option<Result<Vec<String>, Error>>> {
        Box::pin(async {
            let page = match self.list.next().await? {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            };
            let (items, taken) = (page.items(), page.taken_before());
            let reply = serde_json::to_value(page.into_inner()).unwrap();
            let names = self.items.split('.').filter(|name| !name.is_empty());
            let list = names.fold(&reply, |value, name| &value[name]).as_array();
            let list = list.unwrap_or_else(|| panic!("no list at {} in {reply}", self.items));
            assert_eq!(list.len(), items);
            let rest = list.iter().skip(taken);
            Some(Ok(rest.map(|item| id(item, self.id)).collect()))
        })
    }

    fn position(&self) -> ListPosition {
        self.list.position()
    }

    fn total(&self) -> Option<u64> {
        self.list.total()
    }
}

/// Applies the options to a stream of items or of pages.
macro_rules! with_options {
    ($list:expr, $options:expr) => {{
        let list = $list.prefetch(!$options.without_prefetch);
        let list = list.concurrent($options.concurrent);
        match $options.resume {
            Some(position) => list.resume(position),
            None => list,
        }
    }};
}

pub(super) fn items<T: Serialize + DeserializeOwned + 'static>(
    list: ItemStream<T>,
    id: &'static str,
    options: ReadOptions,
) -> Box<dyn IdList> {
    let list = with_options!(list, options);
    Box::new(Items { list, id })
}

pub(super) fn pages<R: Serialize + DeserializeOwned + 'static>(
    list: PageStream<R>,
    operation: &Operation,
    id: &'static str,
    options: ReadOptions,
) -> Box<dyn IdList> {
    let list = with_options!(list, options);
    let items = operation.paging.unwrap().items;
    Box::new(Pages { list, items, id })
}

pub(super) fn all<T: Serialize + DeserializeOwned + 'static>(
    list: CollectFuture<T>,
    field: &'static str,
) -> AllIds {
    Box::pin(async move {
        let all = list.await?;
        Ok(all.iter().map(|item| id(item, field)).collect())
    })
}

/// A position after serialization and deserialization.
pub(super) fn round_tripped(position: &ListPosition) -> ListPosition {
    let text = serde_json::to_string(position).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Reads up to the end of a list or up to its first error.
pub(super) async fn read_to_end(list: &mut dyn IdList) -> (Vec<String>, Option<Error>) {
    let mut ids = Vec::new();
    while let Some(next) = list.next().await {
        match next {
            Ok(own) => ids.extend(own),
            Err(error) => {
                assert!(list.next().await.is_none(), "a list ends after an error");
                return (ids, Some(error));
            }
        }
    }
    assert!(list.next().await.is_none(), "a list ends once");
    (ids, None)
}

/// Reads a list that returns no error.
pub(super) async fn read_all(mut list: Box<dyn IdList>, context: &str) -> Vec<String> {
    let (ids, error) = read_to_end(&mut *list).await;
    assert!(error.is_none(), "{context}: {error:?}");
    ids
}
