//! One call: its reply, the types of a plain client, and the call itself.

use std::hint::black_box;

use serde::Deserialize;

use super::server::{Bench, PlainField};

const BODY: &str = r#"{"contact":{"id":"Cm7Pj2Xs9Gf4Ua1Ne6Kt","name":"Ada Example","locationId":"Lq3Tz8Wn5Rk1Yb6Hd0Vx","firstName":"Ada","lastName":"Example","email":"Ada@example.com","emailLowerCase":"ada@example.com","timezone":"Europe/Vienna","companyName":"Example & Sons","phone":"+15550100001","dnd":false,"type":"lead","source":"web form","assignedTo":"Us4Er5Id6Ma7De8Up9Xy","address1":"1 Example Street","city":"Exampleton","state":"EX","country":"AT","postalCode":"1010","website":"https://ada.example.com","tags":["newsletter","visited the shop"],"dateOfBirth":"1990-01-02T00:00:00.000Z","dateAdded":"2026-01-02T03:04:05.678Z","dateUpdated":"2026-02-03T04:05:06.789Z","attachments":"","ssn":"","keyword":"autumn","firstNameLowerCase":"ada","fullNameLowerCase":"ada example","lastNameLowerCase":"example","lastActivity":"2026-03-04T05:06:07.890Z","customFields":[{"id":"Cu5To6Mf7Ie8Ld9Id0Aa","value":"a value"},{"id":"Cu5To6Mf7Ie8Ld9Id0Bb","value":"12"}],"businessId":"Bu5In6Es7Sf8Ie9Ld0Aa"},"traceId":"0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"}"#;

/// The type of a plain client.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain {
    contact: PlainContact,
    trace_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainContact {
    id: String,
    name: Option<String>,
    location_id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    email_lower_case: Option<String>,
    timezone: Option<String>,
    company_name: Option<String>,
    phone: Option<String>,
    dnd: Option<bool>,
    #[serde(rename = "type")]
    kind: Option<String>,
    source: Option<String>,
    assigned_to: Option<String>,
    address1: Option<String>,
    city: Option<String>,
    state: Option<String>,
    country: Option<String>,
    postal_code: Option<String>,
    website: Option<String>,
    tags: Option<Vec<String>>,
    date_of_birth: Option<String>,
    date_added: Option<String>,
    date_updated: Option<String>,
    attachments: Option<String>,
    ssn: Option<String>,
    keyword: Option<String>,
    first_name_lower_case: Option<String>,
    full_name_lower_case: Option<String>,
    last_name_lower_case: Option<String>,
    last_activity: Option<String>,
    custom_fields: Option<Vec<PlainField>>,
    business_id: Option<String>,
}

pub(crate) fn bench() -> Bench {
    Bench::new([BODY.to_owned()], |_| 0)
}

pub(crate) async fn call_plain(bench: &Bench) {
    let body = bench.get_plain("/contacts/Cm7Pj2Xs9Gf4Ua1Ne6Kt").await;
    black_box(hoopai::serde_json::from_slice::<Plain>(body.as_ref()).unwrap());
}

pub(crate) async fn call_ours(bench: &Bench) {
    let contacts = bench.ours.contacts();
    let call = contacts.get_contact().contact_id("Cm7Pj2Xs9Gf4Ua1Ne6Kt");
    black_box(call.send().await.unwrap());
}
