//! Paths and queries of requests.

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
async fn path_parameter_that_changes_the_path_is_rejected() {
    let server = Server::with_body("{}");
    for value in ["", ".", ".."] {
        let call = server.client().get_contact().contact_id(value);
        let error = call.send().await.unwrap_err();
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
async fn missing_path_parameter_is_named() {
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
async fn base_url_prefix_is_kept() {
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
async fn second_value_replaces_and_empty_list_unsets() {
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
async fn extra_query_pairs_are_appended() {
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
async fn missing_required_query_parameter_is_named() {
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
            .contains("the location (`locationId`) is not set: set a default with `.location(..)` on the builder of the client (`from_env` reads it from HOOPAI_LOCATION_ID), or call `.location_id(..)`"),
        "{error}"
    );
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn default_location_fills_path_and_query() {
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
async fn explicit_location_overrides_the_default() {
    let server = Server::with_body("{}");
    let client = server.client_with_location();
    let target = || server.last().target;

    let call = client.get_location().location_id("own");
    call.send().await.unwrap();
    assert_eq!(target(), "/locations/own");
    let call = client.list_contacts().location_id("own");
    call.send().await.unwrap();
    assert_eq!(target(), "/contacts/?locationId=own");
    let call = client.list_contacts().extra_query("locationId", "own");
    call.send().await.unwrap();
    assert_eq!(target(), "/contacts/?locationId=own");
    client
        .list_invoices()
        .extra_query("altType", "company")
        .alt_id("own")
        .send()
        .await
        .unwrap();
    assert_eq!(target(), "/invoices/?altType=company&altId=own");
    // The type of the id is not known, so the caller must set it.
    let call = client.list_invoices().alt_id("own");
    let error = call.send().await.unwrap_err();
    assert_eq!(error.parameter(), Some("altType"));
}
