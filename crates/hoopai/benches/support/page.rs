//! Pages of contacts to decode, and the type of a plain client.

use serde::Deserialize;
use serde_json::Value;

use super::server::PlainField;

pub(crate) const CONTACTS: usize = 100;

/// A page of the list of contacts, with declared and undeclared fields and made-up data.
pub(crate) fn list() -> Vec<u8> {
    let contacts: Vec<String> = (0..CONTACTS).map(contact).collect();
    let next = "https://services.example.com/contacts/?limit=100&startAfter=1769851800000&startAfterId=Cm7Pj2Xs9Gf4Ua1Ne6Kt";
    format!(
        r#"{{"contacts":[{}],"count":4210,"meta":{{"total":4210,"nextPageUrl":"{next}","startAfterId":"Cm7Pj2Xs9Gf4Ua1Ne6Kt","startAfter":1769851800000,"currentPage":1,"nextPage":2,"prevPage":null}},"traceId":"3f0c8a52-7f7e-4f0b-9d0a-6f1f2b7f5d11"}}"#,
        contacts.join(",")
    )
    .into_bytes()
}

/// The same page with one drifted field in each contact.
pub(crate) fn drifted_list() -> Vec<u8> {
    let page = String::from_utf8_lossy(&list()).into_owned();
    page.replace(r#""country":"US""#, r#""country":840"#)
        .into_bytes()
}

fn contact(index: usize) -> String {
    let (first, last) = (
        ["Ada", "Björn", "Chloé", "Dmitri"][index % 4],
        ["Example", "Sample", "Muster"][index % 3],
    );
    format!(
        r#"{{"id":"Cm7Pj2Xs9Gf4Ua1N{index:04}","locationId":"Lq3Tz8Wn5Rk1Yb6Hd0Vx","contactName":"{first} {last}","firstName":"{first}","lastName":"{last}","firstNameRaw":"{first}","lastNameRaw":"{last}","companyName":null,"email":"person{index}@example.com","phone":"+1555010{index:04}","dnd":false,"dndSettings":{{"Call":{{"status":"inactive","message":"","code":"101"}}}},"type":"lead","source":"public api","assignedTo":null,"city":"Springfield","state":"OR","postalCode":"97477","address1":"{index} \"Main\" Street","dateAdded":"2026-01-31T09:30:00.000Z","dateUpdated":"2026-02-01T10:00:00.000Z","dateOfBirth":null,"businessId":null,"tags":["vip","2026"],"followers":[],"country":"US","website":null,"timezone":"America/New_York","additionalEmails":[],"attributions":[{{"url":"https://example.com/landing?x={index}","utmSource":"newsletter","utmMedium":"email","isFirst":true,"pageUrl":"https://example.com/landing","medium":"form","mediumId":"Fm7Pj2Xs9Gf4Ua1Ne6Kt"}}],"customFields":[{{"id":"Cf7Pj2Xs9Gf4Ua1Ne6Kt","value":"blue"}},{{"id":"Cg7Pj2Xs9Gf4Ua1Ne6Kt","value":"{index}.5"}}]}}"#
    )
}

/// A page of the search for contacts, with declared fields only.
pub(crate) fn search() -> Vec<u8> {
    let hits: Vec<String> = (0..CONTACTS).map(hit).collect();
    format!(
        r#"{{"contacts":[{}],"total":4210,"traceId":"3f0c8a52-7f7e-4f0b-9d0a-6f1f2b7f5d11"}}"#,
        hits.join(",")
    )
    .into_bytes()
}

fn hit(index: usize) -> String {
    format!(
        r#"{{"id":"Cm7Pj2Xs9Gf4Ua1N{index:04}","locationId":"Lq3Tz8Wn5Rk1Yb6Hd0Vx","firstNameLowerCase":"ada","lastNameLowerCase":"example","fullNameLowerCase":"ada example","firstName":"Ada","lastName":"Example","companyName":null,"email":"person{index}@example.com","phone":"+1555010{index:04}","dnd":false,"dndSettings":{{}},"type":"lead","source":"public api","assignedTo":null,"city":"Springfield","state":"OR","postalCode":"97477","address":"{index} Main Street","dateAdded":"2026-01-31T09:30:00.000Z","dateUpdated":"2026-02-01T10:00:00.000Z","dateOfBirth":null,"businessId":null,"tags":["vip","2026"],"followers":[],"country":"US","website":null,"timezone":"America/New_York","additionalEmails":[],"additionalPhones":[],"searchAfter":[1769851800000,"Cm7Pj2Xs9Gf4Ua1N{index:04}"],"customFields":[{{"id":"Cf7Pj2Xs9Gf4Ua1Ne6Kt","value":"blue"}},{{"id":"Cg7Pj2Xs9Gf4Ua1Ne6Kt","value":"{index}.5"}}]}}"#
    )
}

/// The type of a plain client for the page of the search.
#[derive(Deserialize)]
pub(crate) struct PlainSearch {
    contacts: Vec<PlainHit>,
    total: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainHit {
    id: String,
    location_id: Option<String>,
    first_name_lower_case: Option<String>,
    last_name_lower_case: Option<String>,
    full_name_lower_case: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    dnd: Option<bool>,
    dnd_settings: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<String>,
    source: Option<String>,
    assigned_to: Option<String>,
    city: Option<String>,
    state: Option<String>,
    postal_code: Option<String>,
    address: Option<String>,
    date_added: Option<String>,
    date_updated: Option<String>,
    date_of_birth: Option<String>,
    business_id: Option<String>,
    tags: Option<Vec<String>>,
    followers: Option<Vec<String>>,
    country: Option<String>,
    website: Option<String>,
    timezone: Option<String>,
    additional_emails: Option<Vec<Value>>,
    additional_phones: Option<Vec<Value>>,
    search_after: Option<Vec<Value>>,
    custom_fields: Option<Vec<PlainField>>,
}
