//! Security as the platform has it: our descriptions of the schemes, and operations that require no
//! token.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::walk;
use crate::json;

/// The extension of operations that require no bearer token. Its value is the reason.
const NO_TOKEN: &str = "x-hoopai-no-token";

/// The beginning of the name of a scheme and its description.
const SCHEMES: [(&str, &str); 2] = [
    (
        "Location-Access",
        "The access token of a location (sub-account), or a private integration token that was created in the location.",
    ),
    (
        "Agency-Access",
        "The access token of an agency (company), or a private integration token that was created in the agency.",
    ),
];

/// Describes the schemes that operations use, and removes the others.
pub(super) fn describe(document: &mut Value) {
    let mut used = BTreeSet::new();
    walk::operations(document, |_, operation| {
        if operation.contains_key(NO_TOKEN) {
            operation.insert("security".to_owned(), json!([]));
        }
        let requirements = json::items(operation, "security").filter_map(Value::as_object);
        used.extend(requirements.flat_map(|one| one.keys().cloned()));
    });
    let schemes = document
        .pointer_mut("/components/securitySchemes")
        .and_then(Value::as_object_mut);
    let Some(schemes) = schemes else { return };
    schemes.retain(|name, _| used.contains(name));
    for (name, scheme) in schemes {
        let row = SCHEMES.iter().find(|(start, _)| name.starts_with(start));
        if let Some((_, text)) = row {
            scheme["description"] = (*text).into();
        }
    }
}
