//! Requests with as little as possible: what goes on the wire although the caller did not set it, and what a call may lack.

use std::collections::BTreeSet;
use std::fmt::Write;

use hoopai::runtime::operation::{BodyKind, Operation, ParamLocation};
use hoopai::runtime::rate_limit::RateLimitSettings;
use hoopai::{CallOptions, Client, ErrorKind};
use serde_json::Value;

use crate::given::{Amounts, CALLS, Given, SETTERS, is_automatic};
use crate::requests::{decoded, parts, same, show};
use crate::support::{Received, Recorder};

/// All names that the client may fill in.
const NAMES: [&str; 4] = ["locationId", "location_id", "altId", "altType"];

/// The operations that take the location as `altId` without `altType` beside it, by overlay. Elsewhere a lone `altId` is an id
/// of another kind, such as a provider's own id of a message.
const ALT_ID_ALONE: [&str; 2] = ["payments.get_order", "products.get_product_collection"];

fn name_of(operation: &Operation) -> String {
    format!("{}.{}", operation.module, operation.name)
}

fn client(server: &Recorder, location: Option<&str>) -> Client {
    let mut builder = Client::builder()
        .private_token("pit-secret")
        .base_url(server.address())
        .limits(RateLimitSettings::unlimited());
    if let Some(location) = location {
        builder = builder.location(location);
    }
    builder.build().unwrap()
}

/// What is on the wire: place and name of each value, the fields of a body by their names at its top level.
fn on_the_wire(operation: &Operation, request: &Received) -> BTreeSet<(&'static str, String)> {
    let (path, query) = request
        .target
        .split_once('?')
        .unwrap_or((&request.target, ""));
    let mut keys = BTreeSet::new();
    for (template, segment) in operation.path.split('/').zip(path.split('/')) {
        if let Some(name) = template
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            assert!(!segment.is_empty(), "{path}");
            keys.insert(("path", name.to_owned()));
        }
    }
    keys.extend(decoded(query).into_iter().map(|(name, _)| ("query", name)));
    match operation.body.map(|body| body.kind) {
        _ if request.body.is_empty() => {}
        Some(BodyKind::Multipart) => {
            keys.extend(parts(request).into_iter().map(|part| ("body", part.name)));
        }
        Some(BodyKind::Form) => {
            keys.extend(
                decoded(&request.text())
                    .into_iter()
                    .map(|(name, _)| ("body", name)),
            );
        }
        _ => {
            let body: Value = serde_json::from_slice(&request.body).expect("JSON");
            let fields = body.as_object().into_iter().flatten();
            keys.extend(fields.map(|(name, _)| ("body", name.clone())));
        }
    }
    keys
}

/// What the caller gave, in the same form.
fn given_keys(given: &Given) -> BTreeSet<(&'static str, String)> {
    let mut keys = BTreeSet::new();
    for (place, name) in given.values.keys() {
        let place = if ["text", "file"].contains(place) {
            "body"
        } else {
            place
        };
        if place != "header" {
            keys.insert((place, (*name).to_owned()));
        }
    }
    if let Some((_, _, Value::Object(fields))) = &given.body {
        keys.extend(fields.keys().map(|name| ("body", name.clone())));
    }
    keys
}

#[tokio::test]
async fn minimal_request_carries_only_what_was_given_and_the_declared_location() {
    let server = Recorder::answering("application/json", "true").await;
    let client = client(&server, Some("LOC"));
    for table in hoopai::OPERATIONS {
        let mut text = String::new();
        for operation in *table {
            let name = name_of(operation);
            let (_, call) = CALLS.iter().find(|(other, _)| other == operation).unwrap();
            let given = Given::some_of(operation, Amounts::Required);
            call(&client, &given)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let request = server.only();
            let keys = on_the_wire(operation, &request);
            let given_keys = given_keys(&given);
            let automatic: Vec<_> = keys.difference(&given_keys).collect();
            for (place, key) in &automatic {
                assert!(
                    is_automatic(operation, place, key) && NAMES.contains(&key.as_str()),
                    "{name}: `{key}` in the {place} was not set and is not declared as automatic"
                );
            }
            let alone = automatic.iter().any(|(_, key)| key == "altId")
                && !automatic.iter().any(|(_, key)| key == "altType");
            assert!(
                !alone || ALT_ID_ALONE.contains(&name.as_str()),
                "{name}: `altId` without `altType`"
            );
            let left: Vec<_> = given_keys.difference(&keys).collect();
            assert!(left.is_empty(), "{name}: {left:?} did not arrive");
            if let Some(location) = operation.location {
                assert!(
                    keys.iter().any(|(_, key)| key == location.name),
                    "{name}: the location did not arrive"
                );
            }
            if let Some(("application/json", _, body)) = &given.body {
                let mut sent: Value = serde_json::from_slice(&request.body).unwrap();
                if let Value::Object(fields) = &mut sent {
                    fields.retain(|name, _| !is_automatic(operation, "body", name));
                }
                assert!(
                    same(&sent, body),
                    "{name}: the body is not what was given: {sent}"
                );
            }
            show(&mut text, operation, &request);
            if !automatic.is_empty() {
                let names: Vec<_> = automatic
                    .iter()
                    .map(|(place, key)| format!("{key} ({place})"))
                    .collect();
                let _ = writeln!(text, "  automatic: {}", names.join(", "));
            }
        }
        insta::assert_snapshot!(table[0].module, text);
    }
}

/// The operations of which an overlay marks parameters or fields as required.
fn enforces(operation: &Operation) -> bool {
    operation.query.iter().any(|parameter| parameter.required)
        || operation.body.is_some_and(|body| !body.fields.is_empty())
}

#[tokio::test]
async fn fields_that_only_the_specification_requires_may_be_missing() {
    let server = Recorder::answering("application/json", "true").await;
    let client = client(&server, Some("LOC"));
    let mut enforcing = Vec::new();
    for operation in hoopai::OPERATIONS.iter().copied().flatten() {
        let name = name_of(operation);
        let (_, call) = CALLS.iter().find(|(other, _)| other == operation).unwrap();
        let mut given = Given::some_of(operation, Amounts::PathOnly);
        let outcome = call(&client, &given).await;
        if enforces(operation) {
            let error = outcome.expect_err(&name);
            assert_eq!(error.kind(), ErrorKind::Request, "{name}: {error}");
            assert!(server.all().is_empty(), "{name}");
            enforcing.push(format!("{name}: {}", error.parameters().join(", ")));
            given.options = CallOptions::new().unchecked();
            call(&client, &given)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        } else {
            outcome.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        server.only();
    }
    insta::assert_snapshot!(enforcing.join("\n"));
}

#[tokio::test]
async fn all_missing_values_are_reported_at_once_with_their_setters() {
    let server = Recorder::answering("application/json", "true").await;
    let client = client(&server, None);
    for operation in hoopai::OPERATIONS.iter().copied().flatten() {
        let name = name_of(operation);
        let (_, call) = CALLS.iter().find(|(other, _)| other == operation).unwrap();
        let (_, setters) = SETTERS
            .iter()
            .find(|(other, _)| other == operation)
            .unwrap();
        let setters = setters.iter().filter(|(place, ..)| *place == "path");
        let mut given = Given::some_of(operation, Amounts::Nothing);
        let outcome = call(&client, &given).await;
        let needs_path = operation.path.contains('{');
        let location = operation.location.filter(|location| location.required);
        let body = operation
            .body
            .filter(|body| body.required && !body.omittable);
        let Err(error) = outcome else {
            assert!(
                !needs_path && location.is_none() && body.is_none() && !enforces(operation),
                "{name}"
            );
            server.only();
            continue;
        };
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Request, "{name}: {text}");
        assert!(server.all().is_empty(), "{name}: {text}");
        for (_, wire, setter) in setters {
            assert!(
                error.parameters().iter().any(|name| name == wire),
                "{name}: {text}"
            );
            assert!(text.contains(&format!(".{setter}(")), "{name}: {text}");
        }
        if let Some(location) = location {
            assert!(
                text.contains("the location (")
                    && text.contains("with `location` when the client is built"),
                "{name}: {text}"
            );
            assert!(
                error.parameters().iter().any(|name| name == location.name),
                "{name}: {text}"
            );
        }
        if body.is_some() {
            assert!(text.contains("the body"), "{name}: {text}");
        }
        // Without checks, only what makes the URL is needed.
        given.options = CallOptions::new().unchecked();
        match call(&client, &given).await {
            Ok(()) => drop(server.only()),
            Err(error) => {
                let only_path = setters_of_path(operation);
                assert!(
                    needs_path
                        && error
                            .parameters()
                            .iter()
                            .all(|name| only_path.contains(&name.as_str()))
                        || operation
                            .body
                            .is_some_and(|body| body.kind == BodyKind::Multipart),
                    "{name}: {error}"
                );
            }
        }
    }
}

fn setters_of_path(operation: &Operation) -> Vec<&'static str> {
    let (_, setters) = SETTERS
        .iter()
        .find(|(other, _)| *other == operation)
        .unwrap();
    let path = setters.iter().filter(|(place, ..)| *place == "path");
    path.map(|(_, wire, _)| *wire).collect()
}

#[test]
fn default_location_fills_path_parameters_only_where_declared() {
    for operation in hoopai::OPERATIONS.iter().copied().flatten() {
        if operation.method == hoopai::Method::Delete
            && let Some(location) = operation.location
            && location.part == ParamLocation::Path
        {
            assert!(
                !operation.path.ends_with('}')
                    || !operation.path.ends_with(&format!("{{{}}}", location.name)),
                "{}: deleting the default location by leaving its id out",
                operation.name
            );
        }
    }
}
