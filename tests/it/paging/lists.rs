//! Lists of any type, read as lists of ids, so that one test serves them all.

use std::future::Future;
use std::pin::Pin;

use hoopai::paging::{CollectFuture, ItemStream, ListPosition, PageStream};
use hoopai::serde_json::Value;
use hoopai::{Client, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rows::Row;

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// How a list is read.
#[derive(Clone, Default)]
pub(super) struct Manner {
    pub(super) without_prefetch: bool,
    /// 0 and 1 are the same.
    pub(super) concurrent: usize,
    pub(super) resume: Option<ListPosition>,
}

/// What a list gives at a time, an item or a page, as ids.
pub(super) trait List {
    fn next(&mut self) -> Later<'_, Option<Result<Vec<String>, Error>>>;
    fn position(&self) -> ListPosition;
    fn total(&self) -> Option<u64>;
}

/// A list of a row, over the type of its items and of its pages.
pub(super) struct Reads {
    pub(super) items: fn(&Row, &Client, &str, bool, Manner) -> Box<dyn List>,
    pub(super) pages: fn(&Row, &Client, &str, bool, Manner) -> Box<dyn List>,
    pub(super) all: fn(&Row, &Client, &str, bool, usize) -> Whole,
}

/// A whole list, as ids.
pub(super) type Whole = Later<'static, Result<Vec<String>, Error>>;

/// The id of an item, in whichever of its fields it stands.
fn id(item: &impl Serialize, field: &str) -> String {
    let item = hoopai::serde_json::to_value(item).unwrap();
    match &item[field] {
        Value::String(id) => id.clone(),
        _ => panic!("no {field} in {item}"),
    }
}

struct Items<T> {
    list: ItemStream<T>,
    id: &'static str,
}

impl<T: Serialize + DeserializeOwned> List for Items<T> {
    fn next(&mut self) -> Later<'_, Option<Result<Vec<String>, Error>>> {
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
    /// Where its items stand.
    place: &'static str,
    id: &'static str,
}

impl<R: Serialize + DeserializeOwned> List for Pages<R> {
    fn next(&mut self) -> Later<'_, Option<Result<Vec<String>, Error>>> {
        Box::pin(async {
            let page = match self.list.next().await? {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            };
            let (items, taken) = (page.items(), page.taken_before());
            let reply = hoopai::serde_json::to_value(page.into_inner()).unwrap();
            let pointer = match self.place {
                "" => String::new(),
                place => format!("/{}", place.replace('.', "/")),
            };
            let list = reply.pointer(&pointer).and_then(Value::as_array);
            let list = list.unwrap_or_else(|| panic!("no list at {pointer} in {reply}"));
            assert_eq!(list.len(), items);
            Some(Ok(list
                .iter()
                .skip(taken)
                .map(|item| id(item, self.id))
                .collect()))
        })
    }

    fn position(&self) -> ListPosition {
        self.list.position()
    }

    fn total(&self) -> Option<u64> {
        self.list.total()
    }
}

pub(super) fn items<T: Serialize + DeserializeOwned + 'static>(
    mut list: ItemStream<T>,
    row: &Row,
    manner: Manner,
) -> Box<dyn List> {
    list = list.prefetch(!manner.without_prefetch);
    list = list.concurrent(manner.concurrent);
    if let Some(from) = manner.resume {
        list = list.resume(from);
    }
    Box::new(Items { list, id: row.id })
}

pub(super) fn pages<R: Serialize + DeserializeOwned + 'static>(
    mut list: PageStream<R>,
    row: &Row,
    manner: Manner,
) -> Box<dyn List> {
    list = list.prefetch(!manner.without_prefetch);
    list = list.concurrent(manner.concurrent);
    if let Some(from) = manner.resume {
        list = list.resume(from);
    }
    let place = row.operation.paging.unwrap().items;
    Box::new(Pages {
        list,
        place,
        id: row.id,
    })
}

pub(super) fn all<T: Serialize + DeserializeOwned + 'static>(
    list: CollectFuture<T>,
    row: &Row,
) -> Later<'static, Result<Vec<String>, Error>> {
    let field = row.id;
    Box::pin(async move {
        let all = list.await?;
        Ok(all.iter().map(|item| id(item, field)).collect())
    })
}

/// A position as it comes back from where it was kept.
pub(super) fn kept(position: &ListPosition) -> ListPosition {
    let text = hoopai::serde_json::to_string(position).unwrap();
    hoopai::serde_json::from_str(&text).unwrap()
}

/// What comes up to the end, or up to an error.
pub(super) async fn rest(list: &mut dyn List) -> (Vec<String>, Option<Error>) {
    let mut ids = Vec::new();
    while let Some(next) = list.next().await {
        match next {
            Ok(own) => ids.extend(own),
            Err(error) => {
                assert!(list.next().await.is_none(), "it ends after an error");
                return (ids, Some(error));
            }
        }
    }
    assert!(list.next().await.is_none(), "an end is an end");
    (ids, None)
}
