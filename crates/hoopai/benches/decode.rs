//! What it costs to read a page of contacts: `cargo bench -p hoopai`.
//!
//! `any_json` is the measure, the same bytes as a `serde_json::Value`. A page as declared is to take at most 0.65 of its time,
//! one with a drifted field at most 3 times as long as that.

use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::BytesCount;
use hoopai::contacts::types::ContactsSearchResponse;
use hoopai::runtime::json;
use serde::Deserialize;
use serde_json::{Map, Value};

fn main() {
    divan::main();
}

const CONTACTS: usize = 100;

static PAGE: LazyLock<Vec<u8>> = LazyLock::new(|| page("\"US\""));
static DRIFTED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let page = String::from_utf8(PAGE.clone()).expect("made of text");
    let (before, after) = page
        .rsplit_once("\"tags\":[\"vip\",\"2026\"]")
        .expect("tags");
    format!("{before}\"tags\":{{\"vip\":true}}{after}").into_bytes()
});
static DRIFTED_ALL_OVER: LazyLock<Vec<u8>> = LazyLock::new(|| page("840"));

/// A page as the platform answers it: with the declared fields, and many that no file names. The people are made up.
fn page(country: &str) -> Vec<u8> {
    let contacts: Vec<String> = (0..CONTACTS).map(|index| contact(index, country)).collect();
    let next = "https://services.example.com/contacts/?limit=100&startAfter=1769851800000&startAfterId=Cm7Pj2Xs9Gf4Ua1Ne6Kt";
    format!(
        r#"{{"contacts":[{}],"count":4210,"meta":{{"total":4210,"nextPageUrl":"{next}","startAfterId":"Cm7Pj2Xs9Gf4Ua1Ne6Kt","startAfter":1769851800000,"currentPage":1,"nextPage":2,"prevPage":null}},"traceId":"3f0c8a52-7f7e-4f0b-9d0a-6f1f2b7f5d11"}}"#,
        contacts.join(",")
    )
    .into_bytes()
}

fn contact(index: usize, country: &str) -> String {
    let (first, last) = (
        ["Ada", "Björn", "Chloé", "Dmitri"][index % 4],
        ["Example", "Sample", "Muster"][index % 3],
    );
    format!(
        r#"{{"id":"Cm7Pj2Xs9Gf4Ua1N{index:04}","locationId":"Lq3Tz8Wn5Rk1Yb6Hd0Vx","contactName":"{first} {last}","firstName":"{first}","lastName":"{last}","firstNameRaw":"{first}","lastNameRaw":"{last}","companyName":null,"email":"person{index}@example.com","phone":"+1555010{index:04}","dnd":false,"dndSettings":{{"Call":{{"status":"inactive","message":"","code":"101"}}}},"type":"lead","source":"public api","assignedTo":null,"city":"Springfield","state":"OR","postalCode":"97477","address1":"{index} \"Main\" Street","dateAdded":"2026-01-31T09:30:00.000Z","dateUpdated":"2026-02-01T10:00:00.000Z","dateOfBirth":null,"businessId":null,"tags":["vip","2026"],"followers":[],"country":{country},"website":null,"timezone":"America/New_York","additionalEmails":[],"attributions":[{{"url":"https://example.com/landing?x={index}","utmSource":"newsletter","utmMedium":"email","isFirst":true,"pageUrl":"https://example.com/landing","medium":"form","mediumId":"Fm7Pj2Xs9Gf4Ua1Ne6Kt"}}],"customFields":[{{"id":"Cf7Pj2Xs9Gf4Ua1Ne6Kt","value":"blue"}},{{"id":"Cg7Pj2Xs9Gf4Ua1Ne6Kt","value":"{index}.5"}}]}}"#
    )
}

fn run<T>(bencher: Bencher<'_, '_>, page: &[u8], read: impl Fn(&[u8]) -> T + Sync) {
    bencher
        .counter(BytesCount::of_slice(page))
        .with_inputs(|| page)
        .bench_values(read);
}

#[divan::bench]
fn a_any_json(bencher: Bencher<'_, '_>) {
    run(bencher, &PAGE, |page| {
        serde_json::from_slice::<Value>(page).expect("JSON")
    });
}

#[divan::bench]
fn b_as_declared(bencher: Bencher<'_, '_>) {
    run(bencher, &PAGE, |page| {
        let read = json::from_slice::<ContactsSearchResponse>(page).expect("JSON");
        assert!(read.drift.is_empty());
        read
    });
}

#[divan::bench]
fn c_one_drifted_field(bencher: Bencher<'_, '_>) {
    run(bencher, &DRIFTED, |page| {
        let read = json::from_slice::<ContactsSearchResponse>(page).expect("JSON");
        assert_eq!(read.drift.len(), 1);
        read
    });
}

#[divan::bench]
fn d_every_contact_drifted(bencher: Bencher<'_, '_>) {
    run(bencher, &DRIFTED_ALL_OVER, |page| {
        let read = json::from_slice::<ContactsSearchResponse>(page).expect("JSON");
        assert_eq!(read.drift.len(), CONTACTS);
        read
    });
}

/// The same, and every field that no file names is looked at.
#[divan::bench]
fn e_as_declared_and_unnamed_fields_read(bencher: Bencher<'_, '_>) {
    run(bencher, &PAGE, |page| {
        let read = json::from_slice::<ContactsSearchResponse>(page).expect("JSON");
        let contacts = read.value.contacts.as_deref().unwrap_or_default();
        let unnamed: usize = contacts.iter().map(|contact| contact.extra.len()).sum();
        assert!(unnamed > CONTACTS);
        read
    });
}

/// The same model by `serde_json`, which tolerates nothing.
#[divan::bench]
fn f_as_declared_by_serde_json(bencher: Bencher<'_, '_>) {
    run(bencher, &PAGE, |page| {
        serde_json::from_slice::<ContactsSearchResponse>(page).expect("JSON")
    });
}

/// The same fields by serde's own derive, what it does not name in a flattened map.
#[divan::bench]
fn g_derived(bencher: Bencher<'_, '_>) {
    run(bencher, &PAGE, |page| {
        serde_json::from_slice::<derived::Page>(page).expect("JSON")
    });
}

mod derived {
    use super::{Deserialize, Map, Value};

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only read")]
    pub(super) struct Page {
        contacts: Option<Vec<Contact>>,
        count: Option<f64>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only read")]
    struct Contact {
        attributions: Option<Vec<Attribution>>,
        business_id: Option<String>,
        country: Option<String>,
        custom_fields: Option<Vec<CustomField>>,
        date_added: Option<String>,
        email: Option<String>,
        followers: Option<Vec<String>>,
        id: Option<String>,
        location_id: Option<String>,
        source: Option<String>,
        tags: Option<Vec<String>>,
        timezone: Option<String>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code, reason = "only read")]
    struct Attribution {
        medium: Option<String>,
        medium_id: Option<String>,
        url: Option<String>,
        utm_medium: Option<String>,
        utm_source: Option<String>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }

    #[derive(Deserialize)]
    #[allow(dead_code, reason = "only read")]
    struct CustomField {
        id: Option<String>,
        value: Option<Value>,
        #[serde(flatten)]
        extra: Map<String, Value>,
    }
}
