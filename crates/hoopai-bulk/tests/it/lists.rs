//! The server of the tests: `GET /things?offset=N&limit=M` lists things, and
//! `GET /things/{id}/notes` the notes of one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hoopai_bulk::{Export, ExportList};
use hoopai_runtime::operation::{PageParam, PageSize, PageStrategy, Paging};
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Handle, Method};
use hoopai_test_support::{Reply, Request, Server};

pub(crate) const THINGS: usize = 437;
const PAGE: u32 = 20;

pub(crate) const RULE: Paging = Paging {
    items: "things",
    total: Some("total"),
    size: Some(PageSize {
        to: PageParam::Query("limit"),
        max: PAGE,
        declared: true,
    }),
    strategy: PageStrategy::Offset(PageParam::Query("offset")),
    ..Paging::DEFAULT
};

/// A thing as JSON. Some have fields of their own, numbers with many digits and line breaks.
fn thing(number: usize) -> String {
    let more = match number % 4 {
        0 => String::new(),
        1 => format!(",\n \"amount\": 1234567890.{number:09}0"),
        2 => format!(
            r#","field{}":{{"a":[1,null,"x"]}},"unknown":null"#,
            number % 7
        ),
        _ => r#","text":"a \"b\"\nc, é","flag":true"#.to_owned(),
    };
    format!(r#"{{"id":"t{number}","name":"Thing {number}"{more}}}"#)
}

pub(crate) fn page(request: &Request) -> Reply {
    if let Some(rest) = request.path().strip_prefix("/things/") {
        let id = rest.trim_end_matches("/notes");
        let notes = id.len() % 3;
        let notes: Vec<String> = (0..notes)
            .map(|number| format!(r#"{{"id":"{id}-n{number}","body":"note"}}"#))
            .collect();
        return Reply::json(200, format!(r#"{{"notes":[{}]}}"#, notes.join(",")));
    }
    let offset = request.number("offset").unwrap_or(0);
    let limit = request.number("limit").unwrap_or(PAGE as usize);
    let things: Vec<String> = (offset..THINGS.min(offset + limit)).map(thing).collect();
    let body = format!(r#"{{"things":[{}],"total":{THINGS}}}"#, things.join(","));
    Reply::json(200, body)
}

/// Serves the lists.
pub(crate) fn serve() -> Server {
    Server::start(page)
}

/// Serves the lists from a thread, for clients in other runtimes.
pub(crate) fn serve_on_thread() -> Server {
    Server::on_thread(page)
}

/// Serves the lists, and fails from the request with this number on, once for each number.
pub(crate) fn serve_with_failures(failures: Vec<usize>) -> Server {
    let (count, failures) = (AtomicUsize::new(0), Arc::new(Mutex::new(failures)));
    Server::start(move |request| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        if failures.lock().unwrap().contains(&number) {
            return Reply::json(500, r#"{"message":"no"}"#);
        }
        page(request)
    })
}

pub(crate) fn client(url: &str) -> Handle {
    Handle::builder()
        .private_token("pit-1")
        .base_url(url)
        .limits(RateLimitSettings::unlimited())
        .retry(NoRetry)
        .build()
        .unwrap()
}

/// The things, and the notes of each.
pub(crate) fn things(client: &Handle) -> ExportList {
    let (list, notes) = (client.clone(), client.clone());
    ExportList::new("things", move || {
        list.request(Method::GET, "/things")
            .stream::<serde_json::Value>(RULE)
    })
    .children("notes", "id", move |id| {
        let rule = Paging {
            items: "notes",
            // A list in one reply.
            strategy: PageStrategy::Cursor(&[]),
            ..Paging::DEFAULT
        };
        notes
            .request(Method::GET, "/things/{id}/notes")
            .path("id", id)
            .stream::<serde_json::Value>(rule)
    })
}

/// The things without their notes.
pub(crate) fn flat(client: &Handle) -> ExportList {
    let client = client.clone();
    ExportList::new("things", move || {
        client
            .request(Method::GET, "/things")
            .stream::<serde_json::Value>(RULE)
    })
}

/// The export of an undisturbed run: the things and their notes.
pub(crate) async fn undisturbed(folder: &std::path::Path) -> (Vec<u8>, Vec<u8>) {
    let server = serve();
    let client = client(&server.url);
    let report = Export::new(folder)
        .list(things(&client))
        .run()
        .await
        .unwrap();
    assert!(report.complete);
    files(folder)
}

pub(crate) fn files(folder: &std::path::Path) -> (Vec<u8>, Vec<u8>) {
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
    (read("things.ndjson"), read("notes.ndjson"))
}
