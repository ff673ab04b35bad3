//! Each paging style, on a collection of its own, to the last item.

use std::collections::HashSet;

use hoopai_mock::{COMPANY, LOCATION, Mock, RateLimitSettings};
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::Api;
use crate::support::Reply;

/// The number of items of each collection.
const COUNT: usize = 10_000;

/// Returns the parameters of the next page for a reply and the number of items so far.
type NextPage = fn(&Value, usize) -> Option<Value>;

struct ListOperation {
    collection: &'static str,
    method: Method,
    path: &'static str,
    /// The parameters of the first page. Those of [`NextPage`] are added to the query of a `GET`
    /// and to the body of a `POST`.
    request: Value,
    items: &'static str,
    id: &'static str,
    next: NextPage,
    /// The path of the total in the reply.
    total: Option<&'static str>,
}

async fn start() -> Api {
    Api::start_with(Mock::builder().limits(RateLimitSettings {
        burst: u32::MAX,
        daily: u32::MAX,
        ..RateLimitSettings::default()
    }))
    .await
}

/// Requests a page with further parameters.
async fn page(api: &Api, operation: &ListOperation, more: Option<&Value>) -> Reply {
    let mut fields = operation.request.as_object().cloned().unwrap_or_default();
    fields.extend(more.and_then(Value::as_object).cloned().unwrap_or_default());
    if operation.method == Method::GET {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &fields {
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            query.append_pair(name, &text);
        }
        let path = format!("{}?{}", operation.path, query.finish());
        api.send(Method::GET, &path, &Value::Null).await
    } else {
        let body = Value::Object(fields);
        api.send(operation.method.clone(), operation.path, &body)
            .await
    }
}

/// Reads all pages. Each item must be on one page.
async fn read_all(api: &Api, operation: &ListOperation, count: usize) {
    let name = operation.collection;
    let (mut seen, mut more, mut pages) = (HashSet::new(), None, 0);
    loop {
        let reply = page(api, operation, more.as_ref()).await;
        assert!(
            reply.status < 300,
            "{name}: {} {}",
            reply.status,
            reply.text
        );
        let body = reply.json();
        if let Some(total) = operation.total {
            assert_eq!(body.pointer(total), Some(&json!(count)), "{name}");
        }
        let items = body.pointer(operation.items).and_then(Value::as_array);
        let items = items.unwrap_or_else(|| panic!("{name}: no {} in {body}", operation.items));
        if items.is_empty() {
            break;
        }
        for item in items {
            let id = item[operation.id]
                .as_str()
                .unwrap_or_else(|| panic!("{name}: no id in {item}"));
            assert!(seen.insert(id.to_owned()), "{name}: {id} came twice");
        }
        pages += 1;
        assert!(pages <= count, "{name}: no end");
        more = (operation.next)(&body, seen.len());
        if more.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), count, "{name}, {pages} pages");
}

fn located(more: Value) -> Value {
    with(json!({ "locationId": LOCATION }), more)
}

fn alternative(more: Value) -> Value {
    with(json!({ "altId": LOCATION, "altType": "location" }), more)
}

fn with(mut fields: Value, more: Value) -> Value {
    let more = more.as_object().cloned().unwrap_or_default();
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(more);
    }
    fields
}

fn get(
    collection: &'static str,
    path: &'static str,
    request: Value,
    (items, id): (&'static str, &'static str),
    total: Option<&'static str>,
    next: NextPage,
) -> ListOperation {
    ListOperation {
        collection,
        method: Method::GET,
        path,
        request,
        items,
        id,
        next,
        total,
    }
}

fn post(operation: ListOperation) -> ListOperation {
    ListOperation {
        method: Method::POST,
        ..operation
    }
}

/// The next page starts after the items so far.
fn skip(_: &Value, seen: usize) -> Option<Value> {
    Some(json!({ "skip": seen }))
}

fn offset(_: &Value, seen: usize) -> Option<Value> {
    Some(json!({ "offset": seen }))
}

fn offset_text(_: &Value, seen: usize) -> Option<Value> {
    Some(json!({ "offset": seen.to_string() }))
}

fn numbered(_: &Value, seen: usize) -> Option<Value> {
    Some(json!({ "page": seen / 100 + 1 }))
}

fn last<'v>(body: &'v Value, items: &str) -> Option<&'v Value> {
    body.pointer(items)?.as_array()?.last()
}

fn operations() -> Vec<ListOperation> {
    let (size, id) = (json!({ "limit": 100 }), "id");
    let one = || located(json!({ "limit": 100 }));
    let first = || located(json!({ "limit": 100, "offset": 0 }));
    vec![
        get(
            "contacts",
            "/contacts/",
            one(),
            ("/contacts", id),
            Some("/meta/total"),
            |body, _| {
                let meta = &body["meta"];
                meta["startAfterId"].is_string().then(|| {
                json!({ "startAfter": meta["startAfter"], "startAfterId": meta["startAfterId"] })
            })
            },
        ),
        post(get(
            "contacts",
            "/contacts/search",
            located(json!({ "pageLimit": 100 })),
            ("/contacts", id),
            Some("/total"),
            numbered,
        )),
        post(get(
            "contacts",
            "/contacts/search",
            located(json!({ "pageLimit": 100 })),
            ("/contacts", id),
            Some("/total"),
            |body, _| Some(json!({ "searchAfter": last(body, "/contacts")?["searchAfter"] })),
        )),
        get(
            "conversations",
            "/conversations/search",
            one(),
            ("/conversations", id),
            Some("/total"),
            |body, _| {
                let date = last(body, "/conversations")?["sort"][0].clone();
                Some(json!({ "startAfterDate": date }))
            },
        ),
        get(
            "messages",
            "/conversations/messages/export",
            one(),
            ("/messages", id),
            Some("/total"),
            |body, _| {
                let cursor = &body["nextCursor"];
                cursor.is_string().then(|| json!({ "cursor": cursor }))
            },
        ),
        get(
            "opportunities",
            "/opportunities/search",
            with(json!({ "location_id": LOCATION }), size.clone()),
            ("/opportunities", id),
            Some("/meta/total"),
            numbered,
        ),
        get(
            "opportunities",
            "/opportunities/search",
            with(json!({ "location_id": LOCATION }), size.clone()),
            ("/opportunities", id),
            Some("/meta/total"),
            |body, _| {
                let meta = &body["meta"];
                meta["startAfterId"].is_string().then(|| {
                    json!({ "startAfter": meta["startAfter"], "startAfterId": meta["startAfterId"] })
                })
            },
        ),
        post(get(
            "opportunities",
            "/opportunities/search",
            located(
                json!({ "limit": 100, "page": 1, "query": "", "searchAfter": [], "additionalDetails": {
                "notes": false, "tasks": false, "calendarEvents": false, "unReadConversations": false,
            } }),
            ),
            ("/opportunities", id),
            Some("/total"),
            |body, _| {
                let sort = last(body, "/opportunities")?["sort"].as_array()?;
                let sort: Vec<String> = sort
                    .iter()
                    .map(|v| v.to_string().trim_matches('"').to_owned())
                    .collect();
                Some(json!({ "searchAfter": sort }))
            },
        )),
        post(get(
            "records",
            "/objects/custom_objects.sample_1/records/search",
            located(json!({ "pageLimit": 100, "page": 1, "query": "", "searchAfter": [] })),
            ("/records", id),
            Some("/total"),
            numbered,
        )),
        get(
            "orders",
            "/payments/orders",
            with(json!({ "altId": LOCATION }), size.clone()),
            ("/data", "_id"),
            Some("/totalCount"),
            offset,
        ),
        get(
            "transactions",
            "/payments/transactions",
            alternative(size.clone()),
            ("/data", "_id"),
            Some("/totalCount"),
            offset,
        ),
        get(
            "products",
            "/products/",
            one(),
            ("/products", "_id"),
            Some("/total/0/total"),
            offset,
        ),
        get(
            "invoices",
            "/invoices/",
            alternative(json!({ "limit": "100", "offset": "0" })),
            ("/invoices", "_id"),
            Some("/total"),
            offset_text,
        ),
        get(
            "invoice-templates",
            "/invoices/template",
            alternative(json!({ "limit": "100", "offset": "0" })),
            ("/data", "_id"),
            Some("/totalCount"),
            offset_text,
        ),
        get(
            "locations",
            "/locations/search",
            json!({ "companyId": COMPANY, "limit": "100" }),
            ("/locations", id),
            None,
            skip,
        ),
        get(
            "users",
            "/users/search",
            json!({ "companyId": COMPANY, "limit": "100" }),
            ("/users", id),
            Some("/count"),
            skip,
        ),
        get(
            "forms",
            "/forms/",
            one(),
            ("/forms", id),
            Some("/total"),
            skip,
        ),
        get(
            "submissions",
            "/forms/submissions",
            one(),
            ("/submissions", id),
            Some("/meta/total"),
            |body, _| {
                let next = &body["meta"]["nextPage"];
                next.is_number().then(|| json!({ "page": next }))
            },
        ),
        get(
            "funnels",
            "/funnels/funnel/list",
            one(),
            ("/funnels", "_id"),
            Some("/count"),
            offset,
        ),
        get(
            "funnel-pages",
            "/funnels/page",
            with(first(), json!({ "funnelId": "all" })),
            ("", "_id"),
            None,
            offset,
        ),
        get(
            "redirects",
            "/funnels/lookup/redirect/list",
            first(),
            ("/data/data", id),
            Some("/data/count"),
            offset,
        ),
        get(
            "blogs",
            "/blogs/site/all",
            located(json!({ "limit": 100, "skip": 0 })),
            ("/data", "_id"),
            None,
            skip,
        ),
        get(
            "businesses",
            "/businesses/",
            one(),
            ("/businesses", id),
            None,
            skip,
        ),
        get("links", "/links/search", one(), ("/links", id), None, skip),
        get(
            "medias",
            "/medias/files",
            alternative(
                json!({ "type": "file", "sortBy": "createdAt", "sortOrder": "desc", "limit": "100" }),
            ),
            ("/files", "_id"),
            None,
            offset_text,
        ),
        post(get(
            "social-posts",
            "/social-media-posting/mockLocation00000001/posts/list",
            json!({ "limit": "100", "skip": "0", "fromDate": "2020-01-01T00:00:00.000Z",
                    "toDate": "2090-01-01T00:00:00.000Z", "includeUsers": "false" }),
            ("/results/posts", "_id"),
            Some("/results/count"),
            |_, seen| Some(json!({ "skip": seen.to_string() })),
        )),
        get(
            "phone-numbers",
            "/phone-system/numbers/location/mockLocation00000001",
            json!({ "pageSize": 100 }),
            ("/numbers", "sid"),
            None,
            |_, seen| Some(json!({ "page": seen / 100 })),
        ),
        get(
            "call-logs",
            "/voice-ai/dashboard/call-logs",
            located(json!({ "pageSize": 50 })),
            ("/callLogs", id),
            Some("/total"),
            |_, seen| Some(json!({ "page": seen / 50 + 1 })),
        ),
        get(
            "agents",
            "/agent-studio/agent",
            located(json!({ "limit": "100", "offset": "0" })),
            ("/agents", "agentId"),
            Some("/pagination/total"),
            |body, seen| {
                let more = body["pagination"]["hasMore"] == true;
                more.then(|| json!({ "offset": seen.to_string() }))
            },
        ),
        get(
            "saas-locations",
            "/saas-api/public-api/saas-locations/mockCompany000000001",
            json!({}),
            ("/locations", "locationId"),
            Some("/pagination/total"),
            |body, _| {
                let page = body["pagination"]["page"].as_u64()?;
                (body["pagination"]["hasNext"] == true).then(|| json!({ "page": page + 1 }))
            },
        ),
        get(
            "knowledge-bases",
            "/knowledge-bases/",
            one(),
            ("/data/knowledgeBases", id),
            Some("/data/activeCount"),
            |body, _| {
                let data = &body["data"];
                (data["hasMore"] == true)
                    .then(|| json!({ "lastKnowledgeBaseId": data["lastKnowledgeBaseId"] }))
            },
        ),
    ]
}

async fn every_third(first: usize) {
    for operation in operations().into_iter().skip(first).step_by(3) {
        let api = start().await;
        let defaults = usize::from(["locations", "users"].contains(&operation.collection));
        if operation.collection == "records" {
            api.seed().objects(LOCATION, 1);
        }
        if operation.collection == "messages" {
            api.seed().conversations(LOCATION, 3);
        }
        let made = api.seed().items(operation.collection, LOCATION, COUNT);
        assert_eq!(made.len(), COUNT, "{}", operation.collection);
        read_all(&api, &operation, COUNT + defaults).await;
    }
}

#[tokio::test]
async fn lists_page_to_the_last_item() {
    every_third(0).await;
}

#[tokio::test]
async fn further_lists_page_to_the_last_item() {
    every_third(1).await;
}

#[tokio::test]
async fn other_lists_page_to_the_last_item() {
    every_third(2).await;
}

#[tokio::test]
async fn messages_of_a_conversation_are_nested() {
    let api = start().await;
    let conversations = api.seed().conversations(LOCATION, 2);
    for conversation in &conversations {
        api.seed()
            .items_of("messages", LOCATION, conversation, 1050);
    }
    let path = format!("/conversations/{}/messages", conversations[0]);
    let operation = ListOperation {
        path: Box::leak(path.into_boxed_str()),
        ..get(
            "messages",
            "",
            json!({ "limit": 100 }),
            ("/messages/messages", "id"),
            None,
            |body, _| {
                let page = &body["messages"];
                (page["nextPage"] == true)
                    .then(|| json!({ "lastMessageId": page["lastMessageId"] }))
            },
        )
    };
    read_all(&api, &operation, 1050).await;
}

#[tokio::test]
async fn faqs_continue_after_the_last_id() {
    let api = start().await;
    let base = api.seed().items("knowledge-bases", LOCATION, 1);
    api.seed().items("faqs", LOCATION, 1050);
    let operation = get(
        "faqs",
        "/knowledge-bases/faqs",
        located(json!({ "knowledgeBaseId": base[0], "limit": 100 })),
        ("/faqs", "id"),
        Some("/count"),
        |body, _| (body["hasMore"] == true).then(|| json!({ "lastFaqId": body["lastFaqId"] })),
    );
    read_all(&api, &operation, 1050).await;
}

#[tokio::test]
async fn contacts_with_one_of_two_cursors_stay_on_the_first_page() {
    let api = start().await;
    api.seed().contacts(LOCATION, 250);
    let operation = operations().swap_remove(0);
    let first = page(&api, &operation, None).await.json();
    let meta = &first["meta"];
    assert_eq!(
        (&meta["currentPage"], &meta["nextPage"]),
        (&json!(1), &json!(2))
    );
    for one in ["startAfter", "startAfterId"] {
        let half = json!({ one: meta[one] });
        let again = page(&api, &operation, Some(&half)).await.json();
        assert_eq!(again["contacts"], first["contacts"], "{one}");
        assert_eq!(again["meta"]["startAfterId"], meta["startAfterId"], "{one}");
    }
    let both = json!({ "startAfter": meta["startAfter"], "startAfterId": meta["startAfterId"] });
    let second = page(&api, &operation, Some(&both)).await.json();
    assert_ne!(second["contacts"], first["contacts"]);
}

#[tokio::test]
async fn more_than_a_hundred_contacts_per_page_are_rejected() {
    let api = start().await;
    let path = format!("/contacts/?locationId={LOCATION}&limit=101");
    let reply = api.send(Method::GET, &path, &Value::Null).await;
    reply.refused(403, "limit must not be greater than 100");
}

#[tokio::test]
async fn last_page_of_submissions_has_no_next_page() {
    let api = start().await;
    api.seed().submissions(LOCATION, 30);
    for (number, next, previous) in [(1, json!(2), Value::Null), (2, Value::Null, json!(1))] {
        let path = format!("/forms/submissions?locationId={LOCATION}&limit=20&page={number}");
        let reply = api.send(Method::GET, &path, &Value::Null).await.json();
        assert_eq!(
            reply["meta"],
            json!({ "total": 30, "currentPage": number, "nextPage": next, "prevPage": previous })
        );
    }
}
