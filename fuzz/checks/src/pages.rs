//! The page scanner, compared with a tree of `serde_json`.

use hoopai_runtime::Method;
use hoopai_runtime::operation::{CursorField, CursorSource, PageParam, PageStrategy, Paging};
use serde_json::Value;

use crate::decode::same;
use crate::stub_server;

/// Paging rules of all kinds that the platform has.
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

/// The first byte of the input selects the paging rule; the rest is the first page. The second page
/// is empty.
pub fn pages(input: &[u8]) {
    let Some((choice, page)) = input.split_first() else {
        return;
    };
    let rule = RULES[usize::from(*choice) % RULES.len()];
    let tree = serde_json::from_slice::<Value>(page);
    stub_server::with(|server| {
        let replies = vec![stub_server::reply(200, &[], page)];
        let (items, failed) = server.run(replies, async {
            let request = server.handle().request(Method::GET, "/list");
            let mut stream = request.stream::<Value>(rule);
            let mut items = Vec::new();
            while let Some(item) = stream.next().await {
                match item {
                    Ok(item) => items.push(item),
                    Err(_) => return (items, true),
                }
            }
            (items, false)
        });
        let Ok(tree) = tree else {
            return;
        };
        match find(&tree, rule.items) {
            Some(listed @ Value::Array(_)) => {
                let items = Value::from(items.clone());
                assert!(same(&items, listed), "the items are {items}, not {listed}");
            }
            _ => assert!(items.is_empty(), "items without a list"),
        }
        let targets = server.targets();
        assert!(
            targets.len() <= 2,
            "an empty page is not the last one: {targets:?}"
        );
        let PageStrategy::Cursor(cursors) = rule.strategy else {
            return;
        };
        let has_value = |cursor: &CursorField| {
            let value = match cursor.from {
                CursorSource::Reply(path) => find(&tree, path),
                CursorSource::LastItem(path) => items.last().and_then(|last| find(last, path)),
                other => panic!("{other:?}"),
            };
            value.is_some_and(is_cursor)
        };
        // The request of the next page has exactly the cursors that have a value.
        if let Some(next) = targets.get(1) {
            let query = next.split_once('?').map_or("", |(_, query)| query);
            for cursor in cursors {
                let sent = query.split('&').any(|pair| {
                    pair.split_once('=')
                        .is_some_and(|(name, _)| name == cursor.to.name())
                });
                assert_eq!(sent, has_value(cursor), "{cursor:?} {next}");
            }
        } else if !failed && rule.more.is_none() && rule.total.is_none() {
            assert!(
                items.is_empty() || !cursors.iter().any(has_value),
                "a cursor has a value, but no page was requested"
            );
        }
    });
}

/// Returns the value at a path.
fn find<'v>(tree: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(tree);
    }
    path.split('.').try_fold(tree, |value, name| match value {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Whether a value is a cursor of a next page.
fn is_cursor(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    }
}
