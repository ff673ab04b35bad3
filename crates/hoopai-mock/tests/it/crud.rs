//! Creates, lists, reads, updates and deletes an item of each kind.

use hoopai_mock::{LOCATION, Mock, TOKEN, TokenSpec};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::crud_cases::{CrudCase, cases};

/// Finds the item with an id in a list.
fn find_item<'v>(body: &'v Value, at: &str, case: &CrudCase, id: &str) -> Option<&'v Value> {
    let items = body.pointer(at).and_then(Value::as_array);
    let items = items.unwrap_or_else(|| panic!("{}: no {at} in {body}", case.name));
    items.iter().find(|item| item[case.id] == id)
}

#[tokio::test]
async fn created_items_can_be_read_changed_and_deleted() {
    for case in cases() {
        // The default token is not valid for locations that are created.
        let builder = match case.name {
            "location" => Mock::builder().token_with(TOKEN, TokenSpec::everything()),
            _ => Mock::builder(),
        };
        let api = Api::start_with(builder).await;
        let parent = match case.parent {
            "" => String::new(),
            parent => api.seed().items(parent, LOCATION, 1).remove(0),
        };
        let path = |path: &str, id: &str| {
            let path = path.replace("{L}", LOCATION).replace("{P}", &parent);
            path.replace("{}", id)
        };
        let name = case.name;
        let (create, body) = &case.create;
        let body: Value = body
            .to_string()
            .replace("{P}", &parent)
            .parse()
            .expect("JSON");
        let created = api.post(&path(create, ""), body.clone()).await;
        let created = created
            .pointer(case.at)
            .unwrap_or_else(|| panic!("{name}: nothing at {} in {created}", case.at));
        let id = created[case.id]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: no id in {created}"))
            .to_owned();
        if let Some((list, at)) = case.list {
            let listed = api.get(&path(list, "")).await;
            assert!(
                find_item(&listed, at, &case, &id).is_some(),
                "{name}: not in {listed}"
            );
        }
        if let Some((get, at)) = case.get {
            let got = api.get(&path(get, &id)).await;
            assert_eq!(
                got.pointer(at).map(|item| &item[case.id]),
                Some(&json!(id)),
                "{name}"
            );
        }
        if let Some((update, body)) = &case.update {
            api.put(&path(update, &id), body.clone()).await;
        }
        let (field, value) = &case.changed;
        if let Some((get, at)) = case.get {
            let got = api.get(&path(get, &id)).await;
            assert_eq!(
                got.pointer(at).map(|item| &item[*field]),
                Some(value),
                "{name}: {got}"
            );
        }
        let Some(delete) = case.delete else {
            continue;
        };
        api.delete(&path(delete, &id), json!({})).await;
        let (status, message) = case.not_found;
        if let Some((get, _)) = case.get {
            let reply = api.send(Method::GET, &path(get, &id), &Value::Null).await;
            reply.refused(status, message);
        }
        let reply = api
            .send(Method::DELETE, &path(delete, &id), &json!({}))
            .await;
        reply.refused(status, message);
        if let Some((list, at)) = case.list {
            let listed = api.get(&path(list, "")).await;
            assert!(
                find_item(&listed, at, &case, &id).is_none(),
                "{name}: still in {listed}"
            );
        }
    }
}
