//! Paths and queries as the wire sees them.

use hoopai_runtime::error::ErrorKind;
use hoopai_test_support::Server;

use crate::clients::{Clients, LOCATION};
use crate::sample_api::Client;
use crate::sample_api::types::Status;

#[tokio::test]
async fn path_parameters_are_encoded() {
    let server = Server::with_body("{}");
    server.client().get("a/b c?ü#%2e").await.unwrap();
    assert_eq!(
        server.single().target,
        "/contacts/a%2Fb%20c%3F%C3%BC%23%252e"
    );
}

#[tokio::test]
async fn path_parameters_that_make_another_path_are_refused() {
    let server = Server::with_body("{}");
    for value in ["", ".", ".."] {
        let error = server
            .client()
            .get_contact()
            .contact_id(value)
            .send()
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.parameter()),
            (ErrorKind::Request, Some("contactId"))
        );
        assert!(
            error
                .to_string()
                .contains("contacts.get_contact (GET /contacts/{contactId})"),
            "{error}"
        );
    }
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_path_parameter_that_is_not_set_is_named() {
    let server = Server::with_body("{}");
    let error = server.client().get_contact().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.parameter()),
        (ErrorKind::Request, Some("contactId"))
    );
    assert_eq!(
        error.to_string(),
        "contacts.get_contact (GET /contacts/{contactId}): the path parameter `contactId` is not set: call `.contact_id(..)`"
    );
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn a_prefix_of_the_base_url_stays() {
    let server = Server::with_body("{}");
    for base in [
        format!("{}/proxy/v1", server.url),
        format!("{}/proxy/v1/", server.url),
    ] {
        let client = Client::new(
            server
                .builder()
                .base_url(base)
                .location("l")
                .build()
                .unwrap(),
        );
        client.list_contacts().send().await.unwrap();
        assert_eq!(server.last().target, "/proxy/v1/contacts/?locationId=l");
    }
}

#[tokio::test]
async fn query_values_are_written_as_declared() {
    let server = Server::with_body("{}");
    let client = server.client_with_location();
    client
        .list_contacts()
        .limit(20)
        .ratio(2.0)
        .ids(["a b", "c&d"])
        .fields(vec!["x", "y,z"])
        .status(Status::OnHold)
        .extra_query("filter[a]", "ü+")
        .send()
        .await
        .unwrap();
    assert_eq!(
        server.single().target,
        format!(
            "/contacts/?limit=20&ratio=2&ids=a%20b&ids=c%26d&fields=x,y%2Cz&status=on%20hold&filter%5Ba%5D=%C3%BC%2B&locationId={LOCATION}"
        )
    );
}

#[tokio::test]
async fn a_second_value_replaces_and_an_empty_list_unsets() {
    let server = Server::with_body("{}");
    server
        .client_with_location()
        .list_contacts()
        .limit(20)
        .limit(30)
        .ids(["a"])
        .ids(Vec::<String>::new())
        .send()
        .await
        .unwrap();
    assert_eq!(
        server.single().target,
        format!("/contacts/?limit=30&locationId={LOCATION}")
    );
}

#[tokio::test]
async fn extra_pairs_add_up() {
    let server = Server::with_body("{}");
    server
        .client()
        .list_contacts()
        .extra_query("locationId", "l")
        .extra_query("x", ["1", "2"])
        .extra_query("x", 3_i64)
        .send()
        .await
        .unwrap();
    assert_eq!(
        server.single().target,
        "/contacts/?locationId=l&x=1&x=2&x=3"
    );
}

#[tokio::test]
async fn a_required_query_parameter_that_is_not_set_is_named() {
    let server = Server::with_body("{}");
    let error = server.client().search_contacts().send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.parameter()),
        (ErrorKind::Request, Some("query"))
    );
    assert!(
        error
            .to_string()
            .contains("`query` is not set: call `.query(..)`"),
        "{error}"
    );
    let error = server.client().list_contacts().send().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the location (`locationId`) is not set: set a default with `location` when the client is built, or call `.location_id(..)`"),
        "{error}"
    );
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn the_default_location_goes_into_path_and_query() {
    let server = Server::with_body("{}");
    let client = server.client_with_location();
    let target = || server.last().target;

    client.get_location().send().await.unwrap();
    assert_eq!(target(), format!("/locations/{LOCATION}"));
    client.list_contacts().send().await.unwrap();
    assert_eq!(target(), format!("/contacts/?locationId={LOCATION}"));
    client.list_invoices().send().await.unwrap();
    assert_eq!(
        target(),
        format!("/invoices/?altId={LOCATION}&altType=location")
    );
    client.get("c").await.unwrap();
    assert_eq!(
        target(),
        "/contacts/c",
        "an operation that takes none gets none"
    );
}

#[tokio::test]
async fn a_location_that_the_call_names_goes_first() {
    let server = Server::with_body("{}");
    let client = server.client_with_location();
    let target = || server.last().target;

    client
        .get_location()
        .location_id("own")
        .send()
        .await
        .unwrap();
    assert_eq!(target(), "/locations/own");
    client
        .list_contacts()
        .location_id("own")
        .send()
        .await
        .unwrap();
    assert_eq!(target(), "/contacts/?locationId=own");
    client
        .list_contacts()
        .extra_query("locationId", "own")
        .send()
        .await
        .unwrap();
    assert_eq!(target(), "/contacts/?locationId=own");
    client
        .list_invoices()
        .extra_query("altType", "company")
        .alt_id("own")
        .send()
        .await
        .unwrap();
    assert_eq!(target(), "/invoices/?altType=company&altId=own");
    // Whose id it is cannot be told, so the kind is the caller's to say.
    let error = client
        .list_invoices()
        .alt_id("own")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.parameter(), Some("altType"));
}
