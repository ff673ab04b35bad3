//! Requests with minimal input: the values that the client adds, and the values that a call
//! requires.

use std::collections::BTreeSet;
use std::fmt::Write;

use hoopai::runtime::operation::{BodyKind, Operation, ParamLocation};
use hoopai::runtime::rate_limit::RateLimitSettings;
use hoopai::{CallOptions, Client, ErrorKind};
use serde_json::Value;

use crate::call_table::{CALLS, CallInput, Coverage, SETTERS, Setter, is_automatic};
use crate::operations::{all_operations, qualified_name, row};
use crate::requests::{decoded, parts, same, show};
use hoopai_test_support::{Request, Server};

/// All parameters that the client may add.
const AUTOMATIC_NAMES: [&str; 4] = ["locationId", "location_id", "altId", "altType"];

/// The operations whose `altId` is the location although they have no `altType`. In all other
/// operations an `altId` without `altType` is another id, such as that of an external message.
const ALT_ID_ALONE: [&str; 2] = ["payments.get_order", "products.get_product_collection"];

fn client(server: &Server, location: Option<&str>) -> Client {
    let mut builder = Client::builder()
        .private_token("pit-secret")
        .base_url(&server.url)
        .limits(RateLimitSettings::unlimited());
    if let Some(location) = location {
        builder = builder.location(location);
    }
    builder.build().unwrap()
}

/// The kind and name of each parameter and top-level body field of a request.
fn request_keys(operation: &Operation, request: &Request) -> BTreeSet<(&'static str, String)> {
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

/// The kind and name of each parameter and top-level body field of the input.
fn input_keys(input: &CallInput) -> BTreeSet<(&'static str, String)> {
    let mut keys = BTreeSet::new();
    for (kind, name) in input.values.keys() {
        let kind = if ["text", "file"].contains(kind) {
            "body"
        } else {
            kind
        };
        if kind != "header" {
            keys.insert((kind, (*name).to_owned()));
        }
    }
    if let Some((_, _, Value::Object(fields))) = &input.body {
        keys.extend(fields.keys().map(|name| ("body", name.clone())));
    }
    keys
}

#[tokio::test]
async fn minimal_request_has_only_the_input_and_the_location() {
    let server = Server::with_body("true");
    let client = client(&server, Some("LOC"));
    for table in hoopai::OPERATIONS {
        let mut text = String::new();
        for operation in *table {
            let name = qualified_name(operation);
            let call = row(&CALLS, operation);
            let input = CallInput::with_coverage(operation, Coverage::Required);
            call(&client, &input)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            let request = server.take_single();
            let keys = request_keys(operation, &request);
            let input_keys = input_keys(&input);
            let automatic: Vec<_> = keys.difference(&input_keys).collect();
            for (kind, key) in &automatic {
                assert!(
                    is_automatic(operation, kind, key) && AUTOMATIC_NAMES.contains(&key.as_str()),
                    "{name}: `{key}` in the {kind} is neither in the input nor declared as automatic"
                );
            }
            let alone = automatic.iter().any(|(_, key)| key == "altId")
                && !automatic.iter().any(|(_, key)| key == "altType");
            assert!(
                !alone || ALT_ID_ALONE.contains(&name.as_str()),
                "{name}: `altId` without `altType`"
            );
            let missing: Vec<_> = input_keys.difference(&keys).collect();
            assert!(missing.is_empty(), "{name}: {missing:?} not sent");
            if let Some(location) = operation.location {
                assert!(
                    keys.iter().any(|(_, key)| key == location.name),
                    "{name}: the location is not sent"
                );
            }
            if let Some(("application/json", _, body)) = &input.body {
                let mut sent: Value = serde_json::from_slice(&request.body).unwrap();
                if let Value::Object(fields) = &mut sent {
                    fields.retain(|name, _| !is_automatic(operation, "body", name));
                }
                assert!(
                    same(&sent, body),
                    "{name}: the body is not the input: {sent}"
                );
            }
            show(&mut text, operation, &request);
            if !automatic.is_empty() {
                let names: Vec<_> = automatic
                    .iter()
                    .map(|(kind, key)| format!("{key} ({kind})"))
                    .collect();
                let _ = writeln!(text, "  automatic: {}", names.join(", "));
            }
        }
        insta::assert_snapshot!(table[0].module, text);
    }
}

/// Whether an overlay marks parameters or body fields of an operation as required.
fn has_required_values(operation: &Operation) -> bool {
    operation.query.iter().any(|parameter| parameter.required)
        || operation.body.is_some_and(|body| !body.fields.is_empty())
}

#[tokio::test]
async fn field_that_only_the_specification_requires_is_optional() {
    let server = Server::with_body("true");
    let client = client(&server, Some("LOC"));
    let mut enforcing = Vec::new();
    for operation in all_operations() {
        let name = qualified_name(operation);
        let call = row(&CALLS, operation);
        let mut input = CallInput::with_coverage(operation, Coverage::PathOnly);
        let result = call(&client, &input).await;
        if has_required_values(operation) {
            let error = result.expect_err(&name);
            assert_eq!(error.kind(), ErrorKind::Request, "{name}: {error}");
            assert!(server.take().is_empty(), "{name}");
            enforcing.push(format!("{name}: {}", error.parameters().join(", ")));
            input.options = CallOptions::new().unchecked();
            call(&client, &input)
                .await
                .unwrap_or_else(|error| panic!("{name}: {error}"));
        } else {
            result.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        server.take_single();
    }
    insta::assert_snapshot!(enforcing.join("\n"));
}

#[tokio::test]
async fn missing_values_are_one_error_that_names_their_setters() {
    let server = Server::with_body("true");
    let client = client(&server, None);
    for operation in all_operations() {
        let name = qualified_name(operation);
        let call = row(&CALLS, operation);
        let setters = path_setters(operation);
        let mut input = CallInput::with_coverage(operation, Coverage::Nothing);
        let result = call(&client, &input).await;
        let needs_path = operation.path.contains('{');
        let location = operation.location.filter(|location| location.required);
        let body = operation
            .body
            .filter(|body| body.required && !body.omittable);
        let Err(error) = result else {
            assert!(
                !needs_path
                    && location.is_none()
                    && body.is_none()
                    && !has_required_values(operation),
                "{name}"
            );
            server.take_single();
            continue;
        };
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Request, "{name}: {text}");
        assert!(server.take().is_empty(), "{name}: {text}");
        for (_, wire_name, setter) in &setters {
            assert!(
                error.parameters().iter().any(|name| name == wire_name),
                "{name}: {text}"
            );
            assert!(text.contains(&format!(".{setter}(")), "{name}: {text}");
        }
        if let Some(location) = location {
            assert!(
                text.contains("the location (")
                    && text.contains("with `.location(..)` on the builder of the client"),
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
        // An unchecked call requires the path parameters only.
        input.options = CallOptions::new().unchecked();
        match call(&client, &input).await {
            Ok(()) => drop(server.take_single()),
            Err(error) => {
                assert!(
                    needs_path
                        && error
                            .parameters()
                            .iter()
                            .all(|name| setters.iter().any(|(_, wire_name, _)| wire_name == name))
                        || operation
                            .body
                            .is_some_and(|body| body.kind == BodyKind::Multipart),
                    "{name}: {error}"
                );
            }
        }
    }
}

fn path_setters(operation: &Operation) -> Vec<Setter> {
    let setters = row(&SETTERS, operation).iter().copied();
    setters.filter(|(kind, ..)| *kind == "path").collect()
}

#[test]
fn default_location_is_never_the_id_of_a_deletion() {
    for operation in all_operations() {
        if *operation.method == hoopai::Method::DELETE
            && let Some(location) = operation.location
            && location.part == ParamLocation::Path
        {
            assert!(
                !operation.path.ends_with('}')
                    || !operation.path.ends_with(&format!("{{{}}}", location.name)),
                "{}: deletes the default location if no id is set",
                operation.name
            );
        }
    }
}
