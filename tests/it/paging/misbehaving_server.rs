//! Lists from servers that break the paging rules: each ends as the documentation of `paging` says.
//! The server is the mock where it behaves like that, and a scripted one elsewhere.

use hoopai::paging::ItemStream;
use hoopai::paging::PagingErrorKind;
use hoopai::runtime::operation::{
    CursorField, CursorSource, PageParam, PageSize, PageStrategy, Paging,
};
use hoopai::serde_json::{Value, json};
use hoopai::{Client, Error, Method};
use hoopai_mock::LOCATION;
use hoopai_test_support::{Request, Server};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::paging::harness::Harness;

/// A server whose replies are computed from the number of the request and its query.
struct ScriptedServer(Server);

impl ScriptedServer {
    fn new(reply: impl Fn(&Request) -> Value + Send + Sync + 'static) -> Self {
        Self(Server::start(move |request| {
            reply(request).to_string().into()
        }))
    }

    fn client(&self) -> Client {
        let builder = Client::builder().private_token("pit-secret");
        let builder = builder.location(LOCATION).base_url(&self.0.url);
        builder.build().unwrap()
    }

    /// The values of a parameter in all requests; `-` if it is absent.
    fn sent(&self, name: &str) -> Vec<String> {
        let requests = self.0.requests().into_iter();
        let value = |request: Request| request.query(name).unwrap_or_else(|| "-".to_owned());
        requests.map(value).collect()
    }
}

/// Items with these numbers as their ids.
fn items(numbers: impl IntoIterator<Item = usize>) -> Value {
    let item = |number: usize| json!({"id": number.to_string(), "_id": number.to_string()});
    numbers.into_iter().map(item).collect()
}

/// Reads a list up to its end or first error and returns the numbers of its items.
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

fn kind(error: Option<Error>) -> Option<PagingErrorKind> {
    error.and_then(|error| error.paging_error_kind())
}

/// `startAfter` without `startAfterId` returns the first page again.
#[tokio::test]
async fn contacts_by_one_of_two_cursors_fail_on_page_two() {
    const ONE_CURSOR: Paging = Paging {
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
    let harness = Harness::new().await;
    let mut seeded = harness.mock.seed().contacts(LOCATION, 50);
    seeded.reverse();
    let client = harness.client();
    let call = client.request(Method::GET, "/contacts/");
    let mut list: ItemStream<Value> = call.query("locationId", LOCATION).stream(ONE_CURSOR);
    let mut ids = Vec::new();
    let error = loop {
        match list.next().await {
            Some(Ok(contact)) => ids.push(contact["id"].as_str().unwrap().to_owned()),
            Some(Err(error)) => break error,
            None => panic!("the list ends without an error"),
        }
    };
    assert_eq!(
        error.paging_error_kind(),
        Some(PagingErrorKind::RepeatedCursor)
    );
    assert!(error.to_string().contains("page 2"), "{error}");
    assert!(!error.is_retryable());
    assert_eq!(ids, seeded[..20], "no item comes twice");
    assert_eq!(harness.mock.journal().count(), 2);
}

#[tokio::test]
async fn cursor_cycle_of_several_pages_is_an_error() {
    // Pages 0 to 6, then page 3 again.
    let server = ScriptedServer::new(|request| {
        let page: usize = match request.query("cursor") {
            Some(cursor) => cursor.trim_start_matches("c").parse().unwrap(),
            None => 0,
        };
        let next = if page == 6 { 3 } else { page + 1 };
        json!({"messages": items([page]), "nextCursor": format!("c{next}"), "total": 1000})
    });
    let list = server.client().conversations().export_messages().stream();
    let (numbers, error) = read(list).await;
    assert_eq!(kind(error), Some(PagingErrorKind::RepeatedCursor));
    assert_eq!(numbers[..7], [0, 1, 2, 3, 4, 5, 6]);
    assert!(numbers.len() < 7 * 4, "{numbers:?}");
}

#[tokio::test]
async fn cursor_of_the_same_page_is_an_error_after_its_items() {
    let server = ScriptedServer::new(
        |_| json!({"messages": items([0, 1]), "nextCursor": "same", "total": 2000}),
    );
    let list = server.client().conversations().export_messages().stream();
    let (numbers, error) = read(list).await;
    assert_eq!(kind(error), Some(PagingErrorKind::RepeatedCursor));
    assert_eq!(numbers, [0, 1]);
    assert_eq!(server.sent("cursor"), ["-", "same"]);
}

/// Reads 12 products, 5 on a page, with this total.
async fn products(total: usize) -> (Vec<usize>, Option<Error>, Vec<String>) {
    let server = ScriptedServer::new(move |request| {
        let from = request.number("offset").unwrap();
        json!({"products": items(from.min(12)..(from + 5).min(12)), "total": [{"total": total}]})
    });
    let list = server.client().products().list_products().limit(5);
    let (numbers, error) = read(list.stream()).await;
    (numbers, error, server.sent("offset"))
}

#[tokio::test]
async fn wrong_total_loses_no_items() {
    let all: Vec<usize> = (0..12).collect();
    for (total, offsets) in [
        (12, vec!["0", "5", "10"]),
        // Only an empty page ends the list.
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
async fn pages_of_varying_length_lose_no_items() {
    // Pages have 1 to 4 items instead of the requested 100.
    let server = ScriptedServer::new(|request| {
        let from = request.number("skip").unwrap();
        let length = [3, 1, 4, 2][request.index % 4];
        json!({"forms": items(from.min(30)..(from + length).min(30)), "total": 30})
    });
    let (numbers, error) = read(server.client().forms().list_forms().stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
    assert_eq!(server.sent("skip")[..5], ["0", "3", "4", "8", "10"]);
}

#[tokio::test]
async fn empty_page_with_a_next_page_does_not_end_the_list() {
    // The next page by cursor.
    let server = ScriptedServer::new(|request| match request.index {
        number @ (1 | 2) => json!({"messages": [], "nextCursor": format!("c{number}"), "total": 4}),
        3 => json!({"messages": items([2, 3]), "nextCursor": null, "total": 4}),
        _ => json!({"messages": items([0, 1]), "nextCursor": "c0", "total": 4}),
    });
    let messages = server.client().conversations().export_messages();
    let (numbers, error) = read(messages.limit(2).stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, [0, 1, 2, 3]);
    assert_eq!(server.sent("cursor"), ["-", "c0", "c1", "c2"]);

    // The next page by number.
    let server = ScriptedServer::new(|request| {
        let page = request.number("page").unwrap();
        let own = if page == 2 { items([]) } else { items([page]) };
        let next = (page < 3).then_some(page + 1);
        json!({"submissions": own, "meta": {"total": 2, "nextPage": next}})
    });
    let (numbers, error) = read(server.client().forms().list_form_submissions().stream()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(numbers, [1, 3]);
    assert_eq!(server.sent("page"), ["1", "2", "3"]);
}

#[tokio::test]
async fn ignored_offset_is_a_repeated_page_error() {
    let server = ScriptedServer::new(|_| json!({"forms": items(0..50), "total": 5000}));
    let (numbers, error) = read(server.client().forms().list_forms().stream()).await;
    assert_eq!(kind(error), Some(PagingErrorKind::RepeatedPage));
    assert_eq!(numbers, (0..50).collect::<Vec<_>>());
}

#[tokio::test]
async fn missing_list_is_an_error() {
    let server = ScriptedServer::new(|_| json!({"forms": {"0": {"id": "0"}}, "total": 1}));
    let (numbers, error) = read(server.client().forms().list_forms().stream()).await;
    assert!(numbers.is_empty());
    assert_eq!(kind(error), Some(PagingErrorKind::NoList));
}

/// An offset depends on the current items of the list; a cursor does not.
#[tokio::test]
async fn deletion_while_reading_skips_items_by_offset_but_not_by_cursor() {
    let harness = Harness::new().await;
    let mut contacts = harness.mock.seed().contacts(LOCATION, 12);
    let mut invoices = harness.mock.seed().invoices(LOCATION, 12);
    contacts.reverse();
    invoices.reverse();
    let client = harness.client();

    let list = client.contacts();
    #[allow(deprecated, reason = "deprecated lists page like all others")]
    let list = list.list_contacts().limit(5);
    let mut list = list.stream().prefetch(false);
    let mut ids = Vec::new();
    while let Some(contact) = list.next().await {
        ids.push(contact.unwrap().id.unwrap());
        if ids.len() == 5 {
            let delete = client.contacts().delete_contact();
            delete.contact_id(&*contacts[1]).send().await.unwrap();
        }
    }
    assert_eq!(ids, contacts, "a cursor skips no item");

    let list = client.invoices().list_invoices().limit(5);
    let mut list = list.stream().prefetch(false);
    let mut ids = Vec::new();
    while let Some(invoice) = list.next().await {
        ids.push(invoice.unwrap().id.unwrap());
        if ids.len() == 5 {
            let delete = client.invoices().delete_invoice();
            delete.invoice_id(&*invoices[1]).send().await.unwrap();
        }
    }
    invoices.remove(5);
    assert_eq!(
        ids, invoices,
        "the item that moved to the previous page is skipped"
    );
}
