//! The server of the quickstart is as strict as it claims, so that the example proves something.

#[path = "../../examples/quickstart/demo.rs"]
mod demo;

use hoopai::contacts::types::CreateContactRequest;
use hoopai::{Client, ClientBuilder};

async fn builder() -> ClientBuilder {
    let url = demo::start().await.unwrap();
    Client::builder()
        .private_token(demo::TOKEN)
        .location(demo::LOCATION)
        .base_url(url)
}

#[tokio::test]
async fn contacts_are_added_and_read() {
    let contacts = builder().await.build().unwrap().contacts();
    let new = CreateContactRequest::new().first_name("Ada").tags(["a"]);
    let created = contacts.create_contact().body(new).send().await.unwrap();
    assert_eq!(
        (created.status().as_u16(), created.trace_id()),
        (201, Some("demo-trace"))
    );
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
async fn calls_that_the_platform_refuses_are_refused() {
    let client = builder().await.build().unwrap();
    let listed = client
        .contacts()
        .list_contacts()
        .limit(2)
        .send()
        .await
        .unwrap();
    assert_eq!(listed.contacts.as_ref().map(Vec::len), Some(2));

    let error = client
        .contacts()
        .list_contacts()
        .location_id("other")
        .send()
        .await
        .unwrap_err();
    assert!(error.is_forbidden(), "{error}");
    let error = client
        .contacts()
        .list_contacts()
        .extra_query("page", 1_i64)
        .send()
        .await
        .unwrap_err();
    assert!(error.is_validation(), "{error}");
    let error = client
        .contacts()
        .get_contact()
        .contact_id("nobody")
        .send()
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");

    let stranger = builder().await.private_token("pit-other").build().unwrap();
    let error = stranger
        .contacts()
        .list_contacts()
        .send()
        .await
        .unwrap_err();
    assert!(error.is_auth(), "{error}");
}
