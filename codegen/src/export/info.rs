//! Title, contact, licence, servers, tags and operation ids.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::walk;
use crate::json;
use crate::modules::Module;

/// The address of the platform, for documents that declare none.
const SERVER: &str = "https://services.leadconnectorhq.com";

/// Characters that tools accept in operation ids besides ASCII letters and digits.
const ID_CHARACTERS: &str = "-._~";

/// Completes `info`, `servers` and `tags`. Operations without a tag get the name of the product.
pub(super) fn describe(document: &mut Value, module: &Module) {
    document["info"]["title"] = format!("HoopAI Platform API: {}", module.product).into();
    document["info"]["contact"] =
        json!({ "name": "HoopAI Help", "url": "https://help.hoopai.com" });
    document["info"]["license"] = json!({
        "name": "MIT OR Apache-2.0",
        "url": "https://www.apache.org/licenses/LICENSE-2.0",
    });
    if document.get("servers").is_none() {
        document["servers"] = json!([{ "url": SERVER }]);
    }
    let mut tags = BTreeSet::new();
    walk::operations(document, |_, operation| {
        if json::texts(operation, "tags").next().is_none() {
            operation.insert("tags".to_owned(), json!([module.product]));
        }
        tags.extend(json::texts(operation, "tags").map(str::to_owned));
    });
    let tags: Vec<Value> = tags.iter().map(|name| json!({ "name": name })).collect();
    document["tags"] = tags.into();
}

/// Replaces characters of operation ids that have no place in a URL. Returns the new ids.
pub(super) fn operation_ids(document: &mut Value) -> BTreeMap<String, String> {
    let mut taken = BTreeSet::new();
    walk::operations(document, |_, operation| {
        taken.extend(json::text(operation, "operationId").map(str::to_owned));
    });
    let mut changed = BTreeMap::new();
    walk::operations(document, |_, operation| {
        let id = json::text(operation, "operationId").unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || ID_CHARACTERS.contains(c);
        if id.chars().all(is_plain) {
            return;
        }
        let plain: String = id
            .chars()
            .map(|c| if is_plain(c) { c } else { '-' })
            .collect();
        let mut new = plain.clone();
        let mut number = 2;
        while !taken.insert(new.clone()) {
            new = format!("{plain}-{number}");
            number += 1;
        }
        changed.insert(id.to_owned(), new.clone());
        operation.insert("operationId".to_owned(), new.into());
    });
    changed
}
