//! What the platform does, or could do, to a list: each ends as the documentation of `paging` says, through the builders of the
//! operations. On the mock where it does such things, else on a server that is told what to answer.

use std::sync::{Arc, Mutex};

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use hoopai::paging::ItemStream;
use hoopai::paging::PagingErrorKind;
use hoopai::runtime::operation::{
    CursorField, CursorSource, PageParam, PageSize, PageStrategy, Paging,
};
use hoopai::serde_json::{Value, json};
use hoopai::{Client, Error, Method};
use hoopai_mock::LOCATION;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::world::World;

/// A server that answers what it is told, by the number of the request and its query.
struct Told {
    address: String,
    queries: Arc<Mutex<Vec<Value>>>,
}

impl Told {
    async fn new(answer: impl Fn(usize, &Value) -> Value + Send + Sync + 'static) -> Self {
        let queries: Arc<Mutex<Vec<Value>>> = Arc::default();
        let (seen, answer) = (queries.clone(), Arc::new(answer));
        let app = axum::Router::new().fallback(move |request: Request| {
            let (seen, answer) = (seen.clone(), answer.clone());
            async move {
                let (head, body) = request.into_parts();
                to_bytes(body, 1 << 20).await.unwrap();
                let pairs = head.uri.query().unwrap_or_default().split('&');
                let query: Value = pairs.filter_map(|pair| pair.split_once('=')).collect();
                let mut seen = seen.lock().unwrap();
                seen.push(query.clone());
                let reply = answer(seen.len() - 1, &query).to_string();
                ([(CONTENT_TYPE, "application/json")], reply)
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Told { address, queries }
    }

    fn client(&self) -> Client {
        Client::builder()
            .private_token("pit-secret")
            .location(LOCATION)
            .base_url(&self.address)
            .build()
            .unwrap()
    }

    /// What the requests said of a parameter.
    fn sent(&self, name: &str) -> Vec<String> {
        let queries = self.queries.lock().unwrap();
        let said = |query: &Value| query[name].as_str().unwrap_or("-").to_owned();
        queries.iter().map(said).collect()
    }
}

/// Items with these numbers as their ids.
fn items(numbers: impl IntoIterator<Item = usize>) -> Value {
    let item = |number: usize| json!({"id": number.to_string(), "_id": number.to_string()});
    numbers.into_iter().map(item).collect()
}

/// The numbers of what comes, and the error at the end if there is one.
async fn read<T: Serialize + DeserializeOwned>(
    mut list: ItemStream<T>,
) -> (Vec<usize>, Option<Error>) {
    let mut numbers = Vec::new();
    while let Some(item) = list.next().await {
        match item {
            Ok(item) => {
                let item = hoopai::serde_json::to_value(item).unwrap();
                let id = item["id"].as_str().or_else(|| item["_id"].as_str());
                numbers.push(id.unwrap().parse().unwrap());
            }
            Err(error) => return (numbers, Some(error)),
        }
    }
    (numbers, None)
}

fn fault(error: Option<Error>) -> Option<PagingErrorKind> {
    error.and_then(|error| error.paging_error_kind())
}

/// `startAfter` without `startAfterId` gives the first page again.
#[tokio::test]
async fn contacts_by_one_mark_of_two_are_an_error_and_no_endless_list() {
    const BY_ONE: Paging = Paging {
        items: "contacts",
        size: Some(PageSize {
            to: PageParam::Query("limit"),
            max: 20,
            declared: false,
        }),
        strategy: PageStrategy::Cursor(&[CursorField {
            from: CursorSource::Reply("meta.startAfter"),
            to: PageParam::Query("startAfter"),
        }]),
        ..Paging::DEFAULT
    };
    let world = World::new().await;
    let mut seeded = world.mock.seed().contacts(LOCATION, 50);
    seeded.reverse();
    let client = world.client();
    let call = client.request(Method::Get, "/contacts/");
    let mut list: ItemStream<Value> = call.query("locationId", LOCATION).stream(BY_ONE);
    let mut ids = Vec::new();
    let error = loop {
        match list.next().await {
            Some(Ok(contact)) => ids.push(contact["id"].as_str().unwrap().to_owned()),
            Some(Err(error)) => break error,
            None => panic!("it ended as if it were whole"),
        }
    };
    assert_eq!(
        error.paging_error_kind(),
        Some(PagingErrorKind::RepeatedCursor)
    );
    assert!(error.to_string().contains("page 2"), "{error}");
    assert!(!error.is_retryable());
    assert_eq!(ids, seeded[..20], "nothing came twice");
    assert_eq!(world.mock.journal().count(), 2);
}

#[tokio::test]
async fn a_cursor_that_comes_back_after_many_pages_is_an_error() {
    // 0 to 6, then 3 again.
    let server = Told::new(|_, query| {
        let page: usize = match query["cursor"].as_str() {
            Some(cursor) => cursor.trim_start_matches("c").parse().unwrap(),
            None => 0,
        };
        let next = if page == 6 { 3 } else { page + 1 };
        json!({"messages": items([page]), "nextCursor": format!("c{next}"), "total": 1000})
    })
    .await;
    let list = server.client().conversations().export_messages().stream();
    let (numbers, error) = read(list).await;
    assert_eq!(fault(error), Some(PagingErrorKind::RepeatedCursor));
    assert_eq!(numbers[..7], [0, 1, 2, 3, 4, 5, 6]);
    assert!(numbers.len() < 7 * 4, "{numbers:?}");
}

#[tokio::test]
async fn a_cursor_that_leads_to_its_own_page_is_an_error_behind_its_items() {
    let server =
        Told::new(|_, _| json!({"messages": items([0, 1]), "nextCursor": "same", "total": 2000}));
    let server = server.await;
    let list = server.client().conversations().export_messages().stream();
    let (numbers, error) = read(list).await;
    assert_eq!(fault(error), Some(PagingErrorKind::RepeatedCursor));
    assert_eq!(numbers, [0, 1]);
    assert_eq!(server.sent("cursor"), ["-", "same"]);
}

/// 12 products, 5 a page, under this count of all.
async fn products(total: usize) -> (Vec<usize>, Option<Error>, Vec<String>) {
    let server = Told::new(move |_, query| {
        let from: usize = query["offset"].as_str().unwrap().parse().unwrap();
        json!({"products": items(from.min(12)..(from + 5).min(12)), "total": [{"total": total}]})
    })
    .await;
    let list = server.client().products().list_products().limit(5);
    let (numbers, error) = read(list.stream()).await;
    (numbers, error, server.sent("offset"))
}

#[tokio::test]
async fn a_count_of_all_that_lies_loses_nothing() {
    let all: Vec<usize> = (0..12).collect();
    for (total, offsets) in [
        (12, vec!["0", "5", "10"]),
        // Only the empty page ends it.
        (500, vec!["0", "5", "10", "12"]),
        (0, vec!["0", "5", "10"]),
        (6, vec!["0", "5", "10"]),
    ] {
        let (numbers, error, sent) = products(total).await;
        assert!(error.is_none(), "{total}: {error:?}");
        assert_eq!(numbers, all, "{total}");
        assert_eq!(sent, offsets, "{total}");
    }
}

#[tokio::test]
async fn pages_of_odd_lengths_leave_nothing_out() {
    // The page that was asked for with 100 comes with 1 to 4 items.
    let server = Told::new(|number, query| {
        let from: usize = query["skip"].as_str().unwrap().parse().unwrap();
        let length = [3, 1, 4, 2][number % 4];
        json!({"forms": items(from.min(30)..(from + length).min(30)), "total": 30})
    })
    .await;
    let (numbers, error) = read(server.client().forms().list_forms().stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
    assert_eq!(server.sent("skip")[..5], ["0", "3", "4", "8", "10"]);
}

#[tokio::test]
async fn an_empty_page_in_the_middle_does_not_end_a_list_that_leads_on() {
    // By marks.
    let server = Told::new(|number, _| match number {
        1 | 2 => json!({"messages": [], "nextCursor": format!("c{number}"), "total": 4}),
        3 => json!({"messages": items([2, 3]), "nextCursor": null, "total": 4}),
        _ => json!({"messages": items([0, 1]), "nextCursor": "c0", "total": 4}),
    })
    .await;
    let messages = server.client().conversations().export_messages();
    let (numbers, error) = read(messages.limit(2).stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert_eq!(server.sent("cursor"), ["-", "c0", "c1", "c2"]);

    // By the platform's word.
    let server = Told::new(|_, query| {
        let page: usize = query["page"].as_str().unwrap().parse().unwrap();
        let own = if page == 2 { items([]) } else { items([page]) };
        let next = (page < 3).then_some(page + 1);
        json!({"submissions": own, "meta": {"total": 2, "nextPage": next}})
    })
    .await;
    let (numbers, error) = read(server.client().forms().list_form_submissions().stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, [1, 3]);
    assert_eq!(server.sent("page"), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_platform_that_passes_over_the_offset_is_found_out() {
    let server = Told::new(|_, _| json!({"forms": items(0..50), "total": 5000})).await;
    let (numbers, error) = read(server.client().forms().list_forms().stream()).await;
    assert_eq!(fault(error), Some(PagingErrorKind::RepeatedPage));
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn no_list_in_its_place_is_an_error_and_not_an_end() {
    let server = Told::new(|_, _| json!({"forms": {"0": {"id": "0"}}, "total": 1})).await;
    let (numbers, error) = read(server.client().forms().list_forms().stream()).await;
    assert!(numbers.is_empty());
    assert_eq!(fault(error), Some(PagingErrorKind::NoList));
}

/// Offsets count what is there at the moment; marks do not.
#[tokio::test]
async fn a_list_that_shrinks_while_it_is_read_does_what_is_written_of_it() {
    let world = World::new().await;
    let mut contacts = world.mock.seed().contacts(LOCATION, 12);
    let mut invoices = world.mock.seed().invoices(LOCATION, 12);
    contacts.reverse();
    invoices.reverse();
    let client = world.client();

    let list = client.contacts();
    #[allow(
        deprecated,
        reason = "what the platform advises against pages like the rest"
    )]
    let list = list.list_contacts().limit(5);
    let mut list = list.stream().prefetch(false);
    let mut came = Vec::new();
    while let Some(contact) = list.next().await {
        came.push(contact.unwrap().id.unwrap());
        if came.len() == 5 {
            let delete = client.contacts().delete_contact();
            delete.contact_id(&*contacts[1]).send().await.unwrap();
        }
    }
    assert_eq!(came, contacts, "behind the mark all is as it was");

    let list = client.invoices().list_invoices().limit("5");
    let mut list = list.stream().prefetch(false);
    let mut came = Vec::new();
    while let Some(invoice) = list.next().await {
        came.push(invoice.unwrap().id.unwrap());
        if came.len() == 5 {
            let delete = client.invoices().delete_invoice();
            delete.invoice_id(&*invoices[1]).send().await.unwrap();
        }
    }
    let mut moved_up = invoices.clone();
    moved_up.remove(5);
    assert_eq!(came, moved_up, "the one that took the place of the last");
}
