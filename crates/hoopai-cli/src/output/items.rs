//! The items of a reply, and the fields of an item.

use serde_json::{Map, Value};

/// The list of items: at its declared path; or the reply itself; or the only field of the reply
/// that is a list of objects.
pub(super) fn find<'a>(reply: &'a Value, path: Option<&str>) -> Option<&'a Vec<Value>> {
    if let Some(path) = path.filter(|path| !path.is_empty()) {
        return get(reply, path)?.as_array();
    }
    if let Some(list) = reply.as_array() {
        return Some(list);
    }
    let mut lists = reply.as_object()?.values().filter_map(|value| {
        let list = value.as_array()?;
        list.iter().all(Value::is_object).then_some(list)
    });
    let first = lists.next()?;
    lists.next().is_none().then_some(first)
}

/// The value at a path such as `contact.tags.0`.
pub(super) fn get<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    // A name can contain a dot itself.
    if let Some(found) = value.as_object().and_then(|fields| fields.get(path)) {
        return Some(found);
    }
    path.split('.').try_fold(value, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })
}

/// The only object of a reply such as `{"contact":{…},"traceId":"…"}`; any other reply itself.
pub(super) fn single(mut reply: Value) -> Value {
    let Some(fields) = reply.as_object_mut() else {
        return reply;
    };
    let mut names = fields.keys().filter(|name| *name != "traceId");
    match (names.next().cloned(), names.next()) {
        (Some(name), None) if fields[&name].is_object() => fields[&name].take(),
        _ => reply,
    }
}

/// The selected fields of an item, by their paths; the whole item if none are selected.
pub(super) fn select(item: Value, fields: &[String]) -> Value {
    if fields.is_empty() {
        return item;
    }
    let mut selected = Map::new();
    for path in fields {
        let value = get(&item, path).cloned().unwrap_or(Value::Null);
        selected.insert(path.clone(), value);
    }
    Value::Object(selected)
}
