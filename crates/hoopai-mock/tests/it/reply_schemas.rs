//! Stored fields are in replies with the types of the corrected interface.

use hoopai_mock::LOCATION;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;

struct Case {
    collection: &'static str,
    fields: Value,
    method: Method,
    /// `{id}` is the id of the item.
    path: &'static str,
    body: Value,
    /// The path of the item in the reply.
    at: &'static str,
}

fn get(collection: &'static str, fields: Value, path: &'static str, at: &'static str) -> Case {
    Case {
        collection,
        fields,
        method: Method::GET,
        path,
        body: Value::Null,
        at,
    }
}

fn cases() -> Vec<Case> {
    let items = json!([{ "name": "A chair", "currency": "USD", "amount": 5, "qty": 2, "_id": "65f151c99bc2bf3aaf970d72" }]);
    let listed = json!({ "name": "A price", "items": items });
    let post = json!({ "summary": "News", "status": "scheduled", "type": "reel" });
    vec![
        get(
            "invoices",
            json!({ "invoiceItems": items }),
            "/invoices/{id}?altId={location}&altType=location",
            "",
        ),
        get(
            "invoices",
            json!({ "invoiceItems": items }),
            "/invoices/?altId={location}&altType=location&limit=10&offset=0",
            "/invoices/0",
        ),
        get(
            "invoice-templates",
            listed.clone(),
            "/invoices/template/{id}?altId={location}&altType=location",
            "",
        ),
        get(
            "invoice-schedules",
            json!({ "status": "scheduled", "items": items }),
            "/invoices/schedule?altId={location}&altType=location&limit=10&offset=0",
            "/schedules/0",
        ),
        get(
            "estimates",
            listed.clone(),
            "/invoices/estimate/list?altId={location}&altType=location&limit=10&offset=0",
            "/estimates/0",
        ),
        get(
            "estimate-templates",
            listed,
            "/invoices/estimate/template?altId={location}&altType=location&limit=10&offset=0",
            "/data/0",
        ),
        get(
            "transactions",
            json!({ "status": "succeeded" }),
            "/payments/transactions?altId={location}&altType=location",
            "/data/0",
        ),
        get(
            "transactions",
            json!({ "status": "succeeded" }),
            "/payments/transactions/{id}?altId={location}&altType=location",
            "",
        ),
        get(
            "subscriptions",
            json!({ "status": "active" }),
            "/payments/subscriptions?altId={location}&altType=location",
            "/data/0",
        ),
        get(
            "subscriptions",
            json!({ "status": "active", "altType": "location" }),
            "/payments/subscriptions/{id}?altId={location}&altType=location",
            "",
        ),
        get(
            "product-reviews",
            json!({ "headline": "Firm", "detail": "Has four legs", "rating": 4.5 }),
            "/products/reviews?altId={location}&altType=location",
            "/data/0",
        ),
        get(
            "location-templates",
            json!({ "name": "A greeting", "type": "sms" }),
            "/locations/{location}/templates?originId=mockLocation00000001",
            "/templates/0",
        ),
        get(
            "appointments",
            json!({ "title": "Visit", "startTime": "2026-03-14T10:00:00.000Z" }),
            "/calendars/events/appointments/{id}",
            "/appointment",
        ),
        Case {
            method: Method::POST,
            body: json!({ "query": "paint" }),
            ..get(
                "tasks",
                json!({ "title": "Buy paint", "completed": false }),
                "/locations/{location}/tasks/search",
                "/tasks/0",
            )
        },
        get(
            "social-posts",
            post.clone(),
            "/social-media-posting/{location}/posts/{id}",
            "/results/post",
        ),
        Case {
            method: Method::POST,
            body: json!({ "skip": "0", "limit": "10", "fromDate": "2020-01-22T05:32:49.463Z",
                "toDate": "2040-03-20T05:32:49.463Z", "includeUsers": "true", "postType": "reel" }),
            ..get(
                "social-posts",
                post,
                "/social-media-posting/{location}/posts/list",
                "/results/posts/0",
            )
        },
    ]
}

#[tokio::test]
async fn replies_contain_all_stored_fields() {
    for case in cases() {
        let api = Api::start().await;
        let id = api.seed().item(case.collection, LOCATION, &case.fields);
        let path = case.path.replace("{id}", &id);
        let path = path.replace("{location}", LOCATION);
        let reply = api.send(case.method, &path, &case.body).await;
        assert!(reply.status < 300, "{path}: {}", reply.text);
        let reply = reply.json();
        let shown = reply.pointer(case.at);
        let shown = shown.unwrap_or_else(|| panic!("{path}: nothing at {} of {reply}", case.at));
        for (name, value) in case.fields.as_object().expect("fields") {
            assert_eq!(&shown[name], value, "{path}: {name} of {shown}");
        }
    }
}

#[tokio::test]
async fn created_post_has_type_and_status() {
    let api = Api::start().await;
    let path = format!("/social-media-posting/{LOCATION}/posts");
    let body = json!({ "type": "post", "status": "draft", "summary": "News", "userId": "u", "accountIds": ["a"] });
    let reply = api.send(Method::POST, &path, &body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let post = &reply.json()["results"]["post"];
    assert_eq!(
        (&post["type"], &post["status"]),
        (&body["type"], &body["status"])
    );
}
