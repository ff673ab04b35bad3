//! The page scanner, held against the same places in a tree of `serde_json`.

use hoopai_runtime::Method;
use hoopai_runtime::operation::{CursorField, CursorSource, PageParam, PageStrategy, Paging};
use serde_json::Value;

use crate::decode::same;
use crate::stub;

/// Ways to page, of the kinds that the platform has.
const RULES: [Paging; 4] = [
    Paging {
        items: "contacts",
        total: Some("meta.total"),
        strategy: PageStrategy::Cursor(&[
            CursorField {
                from: CursorSource::Reply("meta.startAfterId"),
                to: PageParam::Query("startAfterId"),
            },
            CursorField {
                from: CursorSource::Reply("meta.startAfter"),
                to: PageParam::Query("startAfter"),
            },
        ]),
        ..Paging::DEFAULT
    },
    Paging {
        items: "messages.messages",
        more: Some("messages.nextPage"),
        strategy: PageStrategy::Cursor(&[CursorField {
            from: CursorSource::Reply("messages.lastMessageId"),
            to: PageParam::Query("lastMessageId"),
        }]),
        ..Paging::DEFAULT
    },
    Paging {
        items: "conversations",
        total: Some("total"),
        strategy: PageStrategy::Cursor(&[CursorField {
            from: CursorSource::LastItem("sort.0"),
            to: PageParam::Query("startAfterDate"),
        }]),
        ..Paging::DEFAULT
    },
    Paging::DEFAULT,
];

/// The first byte chooses the way to page, the rest is the first page. The second is empty.
pub fn pages(input: &[u8]) {
    let Some((choice, page)) = input.split_first() else {
        return;
    };
    let rule = RULES[usize::from(*choice) % RULES.len()];
    let tree = serde_json::from_slice::<Value>(page);
    stub::with(|stub| {
        let answers = vec![stub::answer(200, &[], page)];
        let (items, fault) = stub.run(answers, async {
            let request = stub.handle().request(Method::Get, "/list");
            let mut stream = request.stream::<Value>(rule);
            let (mut items, mut fault) = (Vec::new(), false);
            while let Some(item) = stream.next().await {
                match item {
                    Ok(item) => items.push(item),
                    Err(_) => {
                        fault = true;
                        break;
                    }
                }
            }
            (items, fault)
        });
        let Ok(tree) = tree else {
            return;
        };
        match find(&tree, rule.items) {
            Some(listed @ Value::Array(_)) => {
                let items = Value::from(items.clone());
                assert!(same(&items, listed), "the items are {items}, not {listed}");
            }
            _ => assert!(items.is_empty(), "there is no list, and items came"),
        }
        let seen = stub.seen();
        assert!(seen.len() <= 2, "an empty page is an end: {seen:?}");
        let PageStrategy::Cursor(marks) = rule.strategy else {
            return;
        };
        // Where a page is asked for, it is by all marks that lead on, and by no others.
        if let Some(next) = seen.get(1) {
            let target = next.split(' ').nth(1).unwrap_or_default();
            let query = target.split_once('?').map_or("", |(_, query)| query);
            for mark in marks {
                let found = match mark.from {
                    CursorSource::Reply(place) => find(&tree, place),
                    CursorSource::LastItem(place) => {
                        items.last().and_then(|last| find(last, place))
                    }
                };
                let sent = query.split('&').any(|pair| {
                    pair.split_once('=')
                        .is_some_and(|(name, _)| name == mark.to.name())
                });
                assert_eq!(sent, found.is_some_and(leads_on), "{mark:?} {next}");
            }
        } else if !fault && rule.more.is_none() && rule.total.is_none() {
            let last = marks.iter().any(|mark| match mark.from {
                CursorSource::Reply(place) => find(&tree, place).is_some_and(leads_on),
                CursorSource::LastItem(place) => {
                    let found = items.last().and_then(|last| find(last, place));
                    found.is_some_and(leads_on)
                }
            });
            assert!(
                !last || items.is_empty(),
                "a mark leads on, and nothing was asked for"
            );
        }
    });
}

/// The value at a place.
fn find<'v>(tree: &'v Value, place: &str) -> Option<&'v Value> {
    if place.is_empty() {
        return Some(tree);
    }
    place.split('.').try_fold(tree, |value, name| match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Whether a mark says where to go on.
fn leads_on(mark: &Value) -> bool {
    match mark {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}
