//! Setters: values that fields accept, and values that are rejected before anything is sent.

use std::collections::BTreeMap;

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::serde_json::{self, Value, json};
use hoopai_runtime::testing::Reveal;
use hoopai_runtime::{Call, CallOptions, Error, Handle, Method};
use hoopai_test_support::Server;

use crate::clients::{Clients, LOCATION};
use crate::sample_api::{operations, types::Contact};

/// The error of a call with this body, which is never sent.
async fn rejected(contact: Contact) -> Error {
    let server = Server::with_body("{}");
    let call = server.client_with_location().create_contact().body(contact);
    let error = call.send().await.unwrap_err();
    assert_eq!((error.kind(), server.count()), (ErrorKind::Request, 0));
    error
}

#[test]
fn null_accepts_rust_names_and_wire_names() {
    let expected = json!({"firstName": null, "byName": null, "type": null});
    for [first_name, by_name, kind] in [
        ["first_name", "by_name", "type"],
        ["firstName", "byName", "type"],
    ] {
        let contact = Contact::new().first_name("Jane");
        let contact = contact.null(first_name).null(by_name).null(kind);
        assert_eq!(contact.first_name, None);
        assert_eq!(serde_json::to_value(&contact).unwrap(), expected);
    }
}

#[tokio::test]
async fn null_of_an_unknown_field_is_an_error_that_lists_the_fields() {
    let error = rejected(Contact::new().email("a@b.c").null("firstname")).await;
    assert_eq!(error.parameter(), Some("firstname"));
    assert_contains(
        &error,
        &[
            "contacts.create_contact",
            "`Contact` has no field `firstname`",
            "id, first_name, email",
            "by_name, anything, custom, type.",
            "`extra`",
        ],
    );

    let friend = Contact::new().null("nick\nname");
    let error = rejected(Contact::new().friends([Contact::new(), friend])).await;
    assert_eq!(error.parameter(), Some("friends[1].nickname"));
    assert!(!error.to_string().contains('\n'), "{error}");
}

/// Asserts that the text of an error contains all parts.
fn assert_contains(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn fields_for_any_json_accept_what_serializes() {
    #[derive(serde::Serialize)]
    struct Own {
        colour: &'static str,
    }
    let own = || Own { colour: "teal" };
    let map = serde_json::Map::from_iter([("colour".to_owned(), "teal".into())]);
    let expected = json!({"colour": "teal"});
    for contact in [
        Contact::new().custom(json!({"colour": "teal"})),
        Contact::new().custom(&map),
        Contact::new().custom(map.clone()),
        Contact::new().custom(own()),
        Contact::new().custom(BTreeMap::from([("colour", "teal")])),
    ] {
        assert_eq!(serde_json::to_value(&contact).unwrap()["custom"], expected);
    }
    for (contact, expected) in [
        (Contact::new().anything(own()), expected.clone()),
        (Contact::new().anything(json!([1, null])), json!([1, null])),
        (Contact::new().anything("text"), json!("text")),
        (Contact::new().anything(0.5), json!(0.5)),
        (Contact::new().anything(["a", "b"]), json!(["a", "b"])),
        (Contact::new().anything(Value::Null), json!(null)),
    ] {
        assert_eq!(contact.anything, Some(expected));
    }

    let by_name = Contact::new().by_name(json!({"jane": {"firstName": "Jane", "odd": 1.10}}));
    let jane = Contact::new().first_name("Jane");
    assert_eq!(
        by_name.by_name.as_ref().unwrap()["jane"].first_name,
        jane.first_name
    );
    let by_name = Contact::new().by_name(BTreeMap::from([("jane".to_owned(), jane.clone())]));
    assert_eq!(by_name.by_name.unwrap()["jane"], jane);
}

#[tokio::test]
async fn values_that_are_no_objects_are_errors_with_their_path() {
    for (contact, path, reason) in [
        (
            Contact::new().custom(json!([1])),
            "custom",
            "not a JSON object",
        ),
        (Contact::new().custom("text"), "custom", "not a JSON object"),
        (
            Contact::new().by_name(json!([["a", {}]])),
            "byName",
            "not a JSON object",
        ),
        (
            Contact::new().by_name(json!({"a": "text"})),
            "byName",
            "not of the type",
        ),
        (Contact::new().anything(f64::NAN), "anything", "NaN"),
        (
            Contact::new().anything([0.5, f64::INFINITY]),
            "anything",
            "infinite",
        ),
        (
            Contact::new().parent(Contact::new().custom(json!(null))),
            "parent.custom",
            "not a JSON object",
        ),
    ] {
        let error = rejected(contact).await;
        assert_eq!(error.parameters(), [path], "{error}");
        assert_contains(&error, &[path, reason]);
    }
}

#[tokio::test]
async fn body_that_is_no_object_lacks_the_required_fields() {
    let server = Server::with_body("{}");
    let handle = server.builder().location(LOCATION).build().unwrap();
    for body in [json!([{"firstName": "Jane"}]), json!("text"), json!(null)] {
        let mut call = Call::new(&handle, &operations::CREATE_CONTACT);
        call.json(&body);
        let error = call.send_empty().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert_eq!(error.parameters(), ["locationId", "firstName"]);
        assert_contains(&error, &["not a JSON object", "`json!({ … })`"]);
    }
    assert_eq!(server.count(), 0);

    let mut call = Call::new(&handle, &operations::CREATE_CONTACT);
    call.json(&json!([1]));
    call.options(CallOptions::new().unchecked());
    call.send_empty().await.unwrap();
    assert_eq!(server.single().text(), "[1]");
}

#[test]
fn rejected_values_make_models_unequal_and_are_not_written() {
    let contact = Contact::new().null("nickname");
    assert_ne!(contact, Contact::new());
    assert_eq!(contact, contact.clone());
    assert!(serde_json::to_string(&contact).is_err());
    assert!(serde_json::to_string(&[contact]).is_err());
}

#[tokio::test]
async fn builders_are_futures() {
    let server = Server::with_body(r#"{"contact":{"firstName":"Jane"}}"#);
    let client = server.client_with_location();
    let reply = client.get_contact().contact_id("c").await.unwrap();
    let Contact { first_name, .. } = reply.into_inner().contact.unwrap();
    assert_eq!(first_name.as_deref(), Some("Jane"));
    let handle = server.builder().build().unwrap();
    let reply = handle.request(Method::GET, "/contacts/c").await.unwrap();
    assert_eq!(reply["contact"]["firstName"], "Jane");
    client.delete_contact().contact_id("c").await.unwrap();
    assert_eq!(server.count(), 3);
}

#[test]
fn methods_of_requests_are_those_of_http() {
    assert_eq!(*operations::CREATE_CONTACT.method, Method::POST);
}

#[test]
fn reveal_shows_values_that_debug_hides() {
    let contact = Contact::new().first_name("Jane").tags(["a"]);
    assert!(!format!("{contact:?}").contains("Jane"));
    assert_eq!(
        format!("{:?}", Reveal(&contact)),
        r#"{"firstName":"Jane","tags":["a"]}"#
    );
    assert_eq!(
        format!("{:#?}", Reveal(&Some([&contact]))),
        format!("{:#}", json!([{"firstName": "Jane", "tags": ["a"]}]))
    );
    assert_ne!(Reveal(&contact), Reveal(&Contact::new()));
    assert!(format!("{:?}", Reveal(&contact.null("nickname"))).contains("nickname"));
}

fn from_variables(variables: &[(&str, &str)]) -> Result<Handle, Error> {
    let value = |name: &str| {
        let mut variables = variables.iter();
        let (_, value) = variables.find(|(known, _)| *known == name)?;
        Some((*value).into())
    };
    hoopai_runtime::HandleBuilder::from_variables(value)?.build()
}

#[tokio::test]
async fn variables_of_the_environment_configure_a_client() {
    let server = Server::with_body("{}");
    let variables = [
        ("HOOPAI_TOKEN", " pit-from-environment\n"),
        ("HOOPAI_LOCATION_ID", LOCATION),
        ("HOOPAI_BASE_URL", &server.url),
    ];
    let handle = from_variables(&variables).unwrap();
    assert_eq!(handle.location(), Some(LOCATION));
    handle.request(Method::GET, "/x").send().await.unwrap();
    let authorization = server.single().header("authorization").map(str::to_owned);
    assert_eq!(
        authorization.as_deref(),
        Some("Bearer pit-from-environment")
    );

    let handle = from_variables(&[("HOOPAI_TOKEN", "pit-x"), ("HOOPAI_LOCATION_ID", " ")]).unwrap();
    assert_eq!(handle.location(), None);
}

#[test]
fn missing_and_invalid_variables_are_errors_that_name_them() {
    let secret = "pit-secret with spaces";
    for (variables, parts) in [
        (
            vec![],
            ["HOOPAI_TOKEN is not set", "Settings > Integrations"],
        ),
        (
            vec![("HOOPAI_TOKEN", "")],
            ["HOOPAI_TOKEN is not set", "Settings > Integrations"],
        ),
        (
            vec![("HOOPAI_TOKEN", secret)],
            ["HOOPAI_TOKEN is invalid", "copy it again"],
        ),
        (
            vec![("HOOPAI_TOKEN", "pit-x"), ("HOOPAI_LOCATION_ID", "..")],
            ["HOOPAI_LOCATION_ID is invalid", "the id of a location"],
        ),
        (
            vec![
                ("HOOPAI_TOKEN", "pit-x"),
                ("HOOPAI_BASE_URL", "http://example.com"),
            ],
            ["HOOPAI_BASE_URL is invalid", "https"],
        ),
        (
            vec![("HOOPAI_TOKEN", "pit-x"), ("HOOPAI_BASE_URL", "localhost")],
            ["HOOPAI_BASE_URL is invalid", "such as https://"],
        ),
    ] {
        let error = from_variables(&variables).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_contains(&error, &parts);
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
}
