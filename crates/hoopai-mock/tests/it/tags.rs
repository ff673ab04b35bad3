//! Tags of contacts are normalized by every operation, and listed for their location.

use hoopai_mock::LOCATION;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;

/// Asserts that all operations return these tags of a contact, and that the location lists `all`.
async fn assert_tags(api: &Api, id: &str, tags: Value, all: Value) {
    let read = api.get(&format!("/contacts/{id}")).await;
    assert_eq!(read["contact"]["tags"], tags, "read");
    let filter = json!({ "field": "id", "operator": "eq", "value": id });
    let body = json!({ "locationId": LOCATION, "page": 1, "pageLimit": 9, "filters": [filter] });
    let found = api.post("/contacts/search", body).await;
    assert_eq!(found["contacts"][0]["tags"], tags, "searched");
    let path = format!("/contacts/?locationId={LOCATION}");
    let listed = api.get(&path).await;
    let own = listed["contacts"].as_array().into_iter().flatten();
    let own = own.clone().find(|contact| contact["id"] == id);
    assert_eq!(own.expect("the contact")["tags"], tags, "listed");
    let path = format!("/locations/{LOCATION}/tags");
    let listed = api.get(&path).await;
    let listed = listed["tags"].as_array().into_iter().flatten();
    let mut names: Vec<&str> = listed.filter_map(|tag| tag["name"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(json!(names), all, "the list of the location");
}

#[tokio::test]
async fn every_operation_normalizes_tags() {
    let api = Api::start().await;
    let body = json!({ "locationId": LOCATION, "email": "ada@example.com", "tags": ["VIP", "vip", "Lead"] });
    let created = api.post("/contacts/", body).await;
    assert_eq!(created["contact"]["tags"], json!(["vip", "lead"]));
    let id = created["contact"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/contacts/{id}");
    assert_tags(&api, &id, json!(["vip", "lead"]), json!(["lead", "vip"])).await;
    let body = json!({ "tags": ["New", "Lead", "new"] });
    api.put(&path, body).await;
    assert_tags(
        &api,
        &id,
        json!(["new", "lead"]),
        json!(["lead", "new", "vip"]),
    )
    .await;
    let body = json!({ "locationId": LOCATION, "email": "ADA@example.com", "tags": ["Again"] });
    let upserted = api.post("/contacts/upsert", body).await;
    assert_eq!(upserted["contact"]["id"], id.as_str());
    let all = json!(["again", "lead", "new", "vip"]);
    assert_tags(&api, &id, json!(["again"]), all.clone()).await;
    let tags = format!("{path}/tags");
    let added = api.post(&tags, json!({ "tags": ["VIP", "vip"] })).await;
    assert_eq!(added["tagsAdded"], json!(["vip"]));
    assert_tags(&api, &id, json!(["again", "vip"]), all.clone()).await;
    api.delete(&tags, json!({ "tags": ["AGAIN"] })).await;
    assert_tags(&api, &id, json!(["vip"]), all.clone()).await;
    let bulk = |tags: Value| json!({ "locationId": LOCATION, "contacts": [id], "tags": tags });
    let path = "/contacts/bulk/tags/update/add";
    api.post(path, bulk(json!(["Lead", "LEAD"]))).await;
    assert_tags(&api, &id, json!(["vip", "lead"]), all.clone()).await;
    let path = "/contacts/bulk/tags/update/remove";
    api.post(path, bulk(json!(["VIP"]))).await;
    assert_tags(&api, &id, json!(["lead"]), all).await;
}

#[tokio::test]
async fn duplicate_tags_of_a_location_are_rejected() {
    let api = Api::start().await;
    let contact = json!({ "firstName": "Zoe", "tags": ["Seeded"] });
    api.seed().item("contacts", LOCATION, &contact);
    let path = format!("/locations/{LOCATION}/tags");
    let duplicate = json!({ "name": "SEEDED" });
    let reply = api.send(Method::POST, &path, &duplicate).await;
    reply.refused(400, "The tag name is already exist.");
    let created = api.post(&path, json!({ "name": "Fresh" })).await;
    assert_eq!(created["tag"]["name"], "fresh");
}
