//! A list of contacts: its pages, the loop of a plain client, and the stream.

use std::hint::black_box;

use serde::Deserialize;

use super::server::{Bench, LOCATION, PlainField};

pub(crate) const PAGES: usize = 20;
pub(crate) const PER_PAGE: usize = 100;

/// The types of a plain client.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainPage {
    contacts: Vec<PlainContact>,
    meta: PlainMeta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainMeta {
    start_after: Option<i64>,
    start_after_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainContact {
    id: String,
    location_id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    contact_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    timezone: Option<String>,
    country: Option<String>,
    source: Option<String>,
    date_added: Option<String>,
    date_updated: Option<String>,
    dnd: Option<bool>,
    business_id: Option<String>,
    tags: Option<Vec<String>>,
    custom_fields: Option<Vec<PlainField>>,
    attributions: Option<Vec<PlainAttribution>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainAttribution {
    url: Option<String>,
    utm_source: Option<String>,
    medium: Option<String>,
    medium_id: Option<String>,
}

pub(crate) fn bench() -> Bench {
    Bench::new((0..PAGES).map(page), requested_page)
}

/// The body of a page, with made-up data.
fn page(page: usize) -> String {
    let first = page * PER_PAGE;
    let contacts: Vec<String> = (first..first + PER_PAGE).map(contact).collect();
    let meta = if page + 1 < PAGES {
        format!(
            r#""startAfter":{},"startAfterId":"{}""#,
            1_769_851_800_000_u64 + page as u64,
            page + 1
        )
    } else {
        r#""startAfter":null,"startAfterId":null"#.to_owned()
    };
    format!(
        r#"{{"contacts":[{}],"count":{total},"meta":{{"total":{total},{meta}}},"traceId":"3f0c8a52-7f7e-4f0b-9d0a-6f1f2b7f5d11"}}"#,
        contacts.join(","),
        total = PAGES * PER_PAGE
    )
}

fn contact(index: usize) -> String {
    format!(
        r#"{{"id":"Cm7Pj2Xs9Gf4Ua1N{index:05}","locationId":"{LOCATION}","contactName":"Ada Example","firstName":"Ada","lastName":"Example","companyName":null,"email":"person{index}@example.com","phone":"+1555010{index:05}","dnd":false,"type":"lead","source":"public api","assignedTo":null,"city":"Springfield","postalCode":"97477","address1":"{index} \"Main\" Street","dateAdded":"2026-01-31T09:30:00.000Z","dateUpdated":"2026-02-01T10:00:00.000Z","businessId":null,"tags":["vip","2026"],"country":"US","timezone":"America/New_York","attributions":[{{"url":"https://example.com/landing?x={index}","utmSource":"newsletter","isFirst":true,"medium":"form","mediumId":"Fm7Pj2Xs9Gf4Ua1Ne6Kt"}}],"customFields":[{{"id":"Cf7Pj2Xs9Gf4Ua1Ne6Kt","value":"blue"}},{{"id":"Cg7Pj2Xs9Gf4Ua1Ne6Kt","value":"{index}.5"}}]}}"#
    )
}

/// The number of the requested page.
fn requested_page(request: &str) -> usize {
    let Some((_, rest)) = request.split_once("startAfterId=") else {
        return 0;
    };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}

pub(crate) async fn read_plain(bench: &Bench) -> usize {
    let (mut count, mut cursor) = (0, None::<(String, String)>);
    loop {
        let mut path = format!("/contacts/?locationId={LOCATION}&limit=100");
        if let Some((after, id)) = &cursor {
            path.push_str(&format!("&startAfter={after}&startAfterId={id}"));
        }
        let body = bench.get_plain(&path).await;
        let page: PlainPage = hoopai::serde_json::from_slice(body.as_ref()).unwrap();
        for contact in page.contacts {
            black_box(contact);
            count += 1;
        }
        match (page.meta.start_after, page.meta.start_after_id) {
            (Some(after), Some(id)) => cursor = Some((after.to_string(), id)),
            _ => return count,
        }
    }
}

#[allow(deprecated, reason = "most programs use this list")]
pub(crate) async fn read_ours(bench: &Bench, prefetch: bool) -> usize {
    let list = bench.ours.contacts().list_contacts();
    let mut contacts = list.stream().prefetch(prefetch);
    let mut count = 0;
    while let Some(contact) = contacts.next().await {
        black_box(contact.unwrap());
        count += 1;
    }
    count
}
