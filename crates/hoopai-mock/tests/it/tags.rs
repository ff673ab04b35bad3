//! Tags of contacts: the same however they were written, and all of them in the location's list.

use hoopai_mock::{LOCATION, Mock, TOKEN};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Reply, call, client, get};

struct World {
    mock: Mock,
    client: reqwest::Client,
}

impl World {
    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let request = call(&self.client, &self.mock, method, path, TOKEN).json(&body);
        let reply = Reply::of(request).await;
        assert!(reply.status < 300, "{path}: {}", reply.text);
        reply.json()
    }

    /// Asserts that a contact has these tags, wherever it is read, and that the location lists those of all contacts.
    async fn has(&self, id: &str, tags: Value, known: Value) {
        let read = get(&self.client, &self.mock, &format!("/contacts/{id}"), TOKEN).await;
        assert_eq!(read.json()["contact"]["tags"], tags, "read");
        let filter = json!({ "field": "id", "operator": "eq", "value": id });
        let body =
            json!({ "locationId": LOCATION, "page": 1, "pageLimit": 9, "filters": [filter] });
        let found = self.send(Method::POST, "/contacts/search", body).await;
        assert_eq!(found["contacts"][0]["tags"], tags, "searched");
        let path = format!("/contacts/?locationId={LOCATION}");
        let listed = get(&self.client, &self.mock, &path, TOKEN).await.json();
        let own = listed["contacts"].as_array().into_iter().flatten();
        let own = own.clone().find(|contact| contact["id"] == id);
        assert_eq!(own.expect("the contact")["tags"], tags, "listed");
        let path = format!("/locations/{LOCATION}/tags");
        let listed = get(&self.client, &self.mock, &path, TOKEN).await.json();
        let listed = listed["tags"].as_array().into_iter().flatten();
        let mut names: Vec<&str> = listed.filter_map(|tag| tag["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(json!(names), known, "the location's list");
    }
}

#[tokio::test]
async fn tags_are_kept_alike_on_every_path() {
    let mock = Mock::builder().start().await.expect("a server");
    let world = World {
        mock,
        client: client(),
    };
    let body = json!({ "locationId": LOCATION, "email": "ada@example.com", "tags": ["VIP", "vip", "Lead"] });
    let made = world.send(Method::POST, "/contacts/", body).await;
    assert_eq!(made["contact"]["tags"], json!(["vip", "lead"]));
    let id = made["contact"]["id"].as_str().expect("an id").to_owned();
    let path = format!("/contacts/{id}");
    world
        .has(&id, json!(["vip", "lead"]), json!(["lead", "vip"]))
        .await;
    let body = json!({ "tags": ["New", "Lead", "new"] });
    world.send(Method::PUT, &path, body).await;
    world
        .has(&id, json!(["new", "lead"]), json!(["lead", "new", "vip"]))
        .await;
    let body = json!({ "locationId": LOCATION, "email": "ADA@example.com", "tags": ["Again"] });
    let upserted = world.send(Method::POST, "/contacts/upsert", body).await;
    assert_eq!(upserted["contact"]["id"], id.as_str());
    let known = json!(["again", "lead", "new", "vip"]);
    world.has(&id, json!(["again"]), known.clone()).await;
    let tags = format!("{path}/tags");
    let added = world
        .send(Method::POST, &tags, json!({ "tags": ["VIP", "vip"] }))
        .await;
    assert_eq!(added["tagsAdded"], json!(["vip"]));
    world.has(&id, json!(["again", "vip"]), known.clone()).await;
    world
        .send(Method::DELETE, &tags, json!({ "tags": ["AGAIN"] }))
        .await;
    world.has(&id, json!(["vip"]), known.clone()).await;
    let bulk = |tags: Value| json!({ "locationId": LOCATION, "contacts": [id], "tags": tags });
    let path = "/contacts/bulk/tags/update/add";
    world
        .send(Method::POST, path, bulk(json!(["Lead", "LEAD"])))
        .await;
    world.has(&id, json!(["vip", "lead"]), known.clone()).await;
    let path = "/contacts/bulk/tags/update/remove";
    world.send(Method::POST, path, bulk(json!(["VIP"]))).await;
    world.has(&id, json!(["lead"]), known).await;
}

#[tokio::test]
async fn a_location_has_a_tag_once() {
    let mock = Mock::builder().start().await.expect("a server");
    let client = client();
    let contact = json!({ "firstName": "Zoe", "tags": ["Seeded"] });
    mock.seed().item("contacts", LOCATION, &contact);
    let path = format!("/locations/{LOCATION}/tags");
    let create = |name: &str| {
        let body = json!({ "name": name });
        Reply::of(call(&client, &mock, Method::POST, &path, TOKEN).json(&body))
    };
    create("SEEDED")
        .await
        .refused(400, "The tag name is already exist.");
    let made = create("Fresh").await;
    assert_eq!(made.json()["tag"]["name"], "fresh", "{}", made.text);
}
