//! Each paging style, on a collection of its own, to the last item.

use std::collections::HashSet;

use hoopai_mock::{COMPANY, LOCATION, Mock, RateLimitSettings, TOKEN, TokenSpec};
use hoopai_test_support::interface::declares;
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
    let builder = Mock::builder().limits(RateLimitSettings {
        burst: u32::MAX,
        daily: u32::MAX,
        ..RateLimitSettings::default()
    });
    Api::start_with(builder.token_with(TOKEN, TokenSpec::everything())).await
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

/// Whether the interface has the operation with the parameters of its first page.
fn is_declared(operation: &ListOperation) -> bool {
    let fields = operation.request.as_object();
    let names = fields.into_iter().flat_map(|fields| fields.keys().cloned());
    if operation.method == Method::GET {
        let query = names.collect::<Vec<_>>().join("&");
        declares("GET", &format!("{}?{query}", operation.path), &Value::Null)
    } else {
        declares(
            operation.method.as_str(),
            operation.path,
            &operation.request,
        )
    }
}

/// Reads all pages. Each item must be on one page.
async fn read_all(api: &Api, operation: &ListOperation, count: usize) {
    if !is_declared(operation) {
        return;
    }
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

/// A list of a location that is read with `GET`.
fn list(
    collection: &'static str,
    path: &'static str,
    items: &'static str,
    next: NextPage,
) -> ListOperation {
    ListOperation {
        collection,
        method: Method::GET,
        path,
        request: json!({ "locationId": LOCATION, "limit": 100 }),
        items,
        id: "id",
        next,
        total: None,
    }
}

impl ListOperation {
    fn post(self) -> Self {
        let method = Method::POST;
        Self { method, ..self }
    }

    /// Sets the parameters of the first page.
    fn request(self, request: Value) -> Self {
        Self { request, ..self }
    }

    fn id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    fn total(self, total: &'static str) -> Self {
        let total = Some(total);
        Self { total, ..self }
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

fn start_after(body: &Value, _: usize) -> Option<Value> {
    let (date, id) = (&body["meta"]["startAfter"], &body["meta"]["startAfterId"]);
    id.is_string()
        .then(|| json!({ "startAfter": date, "startAfterId": id }))
}

fn search_after(body: &Value, _: usize) -> Option<Value> {
    let contact = last(body, "/contacts")?;
    Some(json!({ "searchAfter": contact["searchAfter"] }))
}

/// The sort values of the last opportunity, as texts.
fn sort_values(body: &Value, _: usize) -> Option<Value> {
    let sort = last(body, "/opportunities")?["sort"].as_array()?.iter();
    let texts = sort.map(|value| value.to_string().trim_matches('"').to_owned());
    Some(json!({ "searchAfter": texts.collect::<Vec<_>>() }))
}

fn operations() -> Vec<ListOperation> {
    let size = json!({ "limit": 100 });
    let texts = || json!({ "limit": "100", "offset": "0" });
    let first = || located(json!({ "limit": 100, "offset": 0 }));
    let pages = || located(json!({ "pageLimit": 100 }));
    let company = || json!({ "companyId": COMPANY, "limit": "100" });
    let opportunities = |next| {
        list(
            "opportunities",
            "/opportunities/search",
            "/opportunities",
            next,
        )
    };
    let by_location = || with(json!({ "location_id": LOCATION }), size.clone());
    let sorted = located(json!({
        "limit": 100, "page": 1, "query": "", "searchAfter": [],
        "additionalDetails": { "notes": false, "tasks": false, "calendarEvents": false, "unReadConversations": false },
    }));
    let files =
        json!({ "type": "file", "sortBy": "createdAt", "sortOrder": "desc", "limit": "100" });
    let posts = json!({
        "limit": "100", "skip": "0", "fromDate": "2020-01-01T00:00:00.000Z",
        "toDate": "2090-01-01T00:00:00.000Z", "includeUsers": "false",
    });
    vec![
        list("contacts", "/contacts/", "/contacts", start_after).total("/meta/total"),
        list("contacts", "/contacts/search", "/contacts", numbered)
            .post()
            .request(pages())
            .total("/total"),
        list("contacts", "/contacts/search", "/contacts", search_after)
            .post()
            .request(pages())
            .total("/total"),
        list(
            "conversations",
            "/conversations/search",
            "/conversations",
            |body, _| {
                let date = last(body, "/conversations")?["sort"][0].clone();
                Some(json!({ "startAfterDate": date }))
            },
        )
        .total("/total"),
        list(
            "messages",
            "/conversations/messages/export",
            "/messages",
            |body, _| {
                let cursor = &body["nextCursor"];
                cursor.is_string().then(|| json!({ "cursor": cursor }))
            },
        )
        .total("/total"),
        opportunities(numbered)
            .request(by_location())
            .total("/meta/total"),
        opportunities(start_after)
            .request(by_location())
            .total("/meta/total"),
        opportunities(sort_values)
            .post()
            .request(sorted)
            .total("/total"),
        list(
            "records",
            "/objects/custom_objects.sample_1/records/search",
            "/records",
            numbered,
        )
        .post()
        .request(located(
            json!({ "pageLimit": 100, "page": 1, "query": "", "searchAfter": [] }),
        ))
        .total("/total"),
        list("orders", "/payments/orders", "/data", offset)
            .request(with(json!({ "altId": LOCATION }), size.clone()))
            .id("_id")
            .total("/totalCount"),
        list("transactions", "/payments/transactions", "/data", offset)
            .request(alternative(size))
            .id("_id")
            .total("/totalCount"),
        list("products", "/products/", "/products", offset)
            .id("_id")
            .total("/total/0/total"),
        list("invoices", "/invoices/", "/invoices", offset_text)
            .request(alternative(texts()))
            .id("_id")
            .total("/total"),
        list(
            "invoice-templates",
            "/invoices/template",
            "/data",
            offset_text,
        )
        .request(alternative(texts()))
        .id("_id")
        .total("/totalCount"),
        list("locations", "/locations/search", "/locations", skip).request(company()),
        list("users", "/users/search", "/users", skip)
            .request(company())
            .total("/count"),
        list("forms", "/forms/", "/forms", skip).total("/total"),
        list(
            "submissions",
            "/forms/submissions",
            "/submissions",
            |body, _| {
                let next = &body["meta"]["nextPage"];
                next.is_number().then(|| json!({ "page": next }))
            },
        )
        .total("/meta/total"),
        list("funnels", "/funnels/funnel/list", "/funnels", offset)
            .id("_id")
            .total("/count"),
        list("funnel-pages", "/funnels/page", "", offset)
            .request(with(first(), json!({ "funnelId": "all" })))
            .id("_id"),
        list(
            "redirects",
            "/funnels/lookup/redirect/list",
            "/data/data",
            offset,
        )
        .request(first())
        .total("/data/count"),
        list("blogs", "/blogs/site/all", "/data", skip)
            .request(located(json!({ "limit": 100, "skip": 0 })))
            .id("_id"),
        list("businesses", "/businesses/", "/businesses", skip),
        list("links", "/links/search", "/links", skip),
        list("medias", "/medias/files", "/files", offset_text)
            .request(alternative(files))
            .id("_id"),
        list(
            "social-posts",
            "/social-media-posting/mockLocation00000001/posts/list",
            "/results/posts",
            |_, seen| Some(json!({ "skip": seen.to_string() })),
        )
        .post()
        .request(posts)
        .id("_id")
        .total("/results/count"),
        list(
            "phone-numbers",
            "/phone-system/numbers/location/mockLocation00000001",
            "/numbers",
            |_, seen| Some(json!({ "page": seen / 100 })),
        )
        .request(json!({ "pageSize": 100 }))
        .id("sid"),
        list(
            "call-logs",
            "/voice-ai/dashboard/call-logs",
            "/callLogs",
            |_, seen| Some(json!({ "page": seen / 50 + 1 })),
        )
        .request(located(json!({ "pageSize": 50 })))
        .total("/total"),
        list("agents", "/agent-studio/agent", "/agents", |body, seen| {
            let more = body["pagination"]["hasMore"] == true;
            more.then(|| json!({ "offset": seen.to_string() }))
        })
        .request(located(texts()))
        .id("agentId")
        .total("/pagination/total"),
        list(
            "saas-locations",
            "/saas-api/public-api/saas-locations/mockCompany000000001",
            "/locations",
            |body, _| {
                let page = body["pagination"]["page"].as_u64()?;
                (body["pagination"]["hasNext"] == true).then(|| json!({ "page": page + 1 }))
            },
        )
        .request(json!({}))
        .id("locationId")
        .total("/pagination/total"),
        list(
            "knowledge-bases",
            "/knowledge-bases/",
            "/data/knowledgeBases",
            |body, _| {
                let data = &body["data"];
                (data["hasMore"] == true)
                    .then(|| json!({ "lastKnowledgeBaseId": data["lastKnowledgeBaseId"] }))
            },
        )
        .total("/data/activeCount"),
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
        ..list("messages", "", "/messages/messages", |body, _| {
            let page = &body["messages"];
            (page["nextPage"] == true).then(|| json!({ "lastMessageId": page["lastMessageId"] }))
        })
        .request(json!({ "limit": 100 }))
    };
    read_all(&api, &operation, 1050).await;
}

#[tokio::test]
async fn faqs_continue_after_the_last_id() {
    let api = start().await;
    let base = api.seed().items("knowledge-bases", LOCATION, 1);
    api.seed().items("faqs", LOCATION, 1050);
    let operation = list("faqs", "/knowledge-bases/faqs", "/faqs", |body, _| {
        (body["hasMore"] == true).then(|| json!({ "lastFaqId": body["lastFaqId"] }))
    })
    .request(located(json!({ "knowledgeBaseId": base[0], "limit": 100 })))
    .total("/count");
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
