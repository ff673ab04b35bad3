//! Calls of the quickstart against the mock server.

use hoopai::contacts::types::CreateContactRequest;
use hoopai::{Client, ClientBuilder};
use hoopai_mock::{LOCATION, Mock, TOKEN, TokenSpec};

const LOCATION_TOKEN: &str = "pit-of-one-location";

async fn mock() -> Mock {
    let one = TokenSpec::location(LOCATION);
    let mock = Mock::builder().token(TOKEN).token_with(LOCATION_TOKEN, one);
    let mock = mock.start().await.unwrap();
    mock.seed().contacts(LOCATION, 3);
    mock
}

fn builder(mock: &Mock) -> ClientBuilder {
    Client::builder()
        .private_token(LOCATION_TOKEN)
        .location(LOCATION)
        .base_url(mock.url())
}

#[tokio::test]
async fn created_contact_can_be_read() {
    let mock = mock().await;
    let contacts = builder(&mock).build().unwrap().contacts();
    let new = CreateContactRequest::new().first_name("Ada").tags(["a"]);
    let created = contacts.create_contact().body(new).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 201);
    let id = created
        .contact
        .as_ref()
        .and_then(|contact| contact.id.clone())
        .unwrap();
    let read = contacts.get_contact().contact_id(id).send().await.unwrap();
    let contact = read.contact.as_ref().unwrap();
    assert_eq!(
        (contact.first_name.as_deref(), contact.tags.as_deref()),
        (Some("Ada"), Some(&["a".to_owned()][..]))
    );
}

#[tokio::test]
#[allow(deprecated, reason = "the quickstart lists")]
async fn mock_rejects_invalid_calls_like_the_platform() {
    let mock = mock().await;
    let client = builder(&mock).build().unwrap();
    let call = client.contacts().list_contacts().limit(2);
    let listed = call.send().await.unwrap();
    assert_eq!(listed.contacts.as_ref().map(Vec::len), Some(2));

    let call = client.contacts().list_contacts().location_id("other");
    let error = call.send().await.unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    let call = client.contacts().list_contacts();
    let error = call.extra_query("page", 1_i64).send().await.unwrap_err();
    assert!(error.is_validation(), "{error}");
    let call = client.contacts().get_contact().contact_id("unknown");
    let error = call.send().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");

    let other = builder(&mock).private_token("pit-other").build().unwrap();
    let error = other.contacts().list_contacts().send().await.unwrap_err();
    assert!(error.is_auth(), "{error}");
}

#[tokio::test]
async fn a_lead_is_created_once() {
    let mock = hoopai_mock::Mock::builder().start().await.unwrap();
    mock.seed().contacts(hoopai_mock::LOCATION, 20);
    let client = Client::builder()
        .private_token(hoopai_mock::TOKEN)
        .location(hoopai_mock::LOCATION)
        .base_url(mock.url())
        .build()
        .unwrap();

    let lead = CreateContactRequest::new()
        .first_name("Jane")
        .email("jane@example.com");
    let call = client.contacts().create_contact().body(lead);
    call.send().await.unwrap();

    assert_eq!(mock.journal().of("contacts.create-contact").len(), 1);
    assert!(mock.journal().duplicates_of_writes().is_empty());
}
