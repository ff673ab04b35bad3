//! Every operation needs a Bearer token (facts: every request). An operation that declares no security gets the
//! scheme `bearer`; requirements that name no declared scheme go; one that stands twice counts once.

use serde_json::{Value, json};

use super::walk;
use crate::fault::{At, Fault};

pub(super) fn run(document: &mut Value, _: &At<'_>) -> Result<usize, Fault> {
    let declared: Vec<String> = document
        .pointer("/components/securitySchemes")
        .and_then(Value::as_object)
        .map(|schemes| schemes.keys().cloned().collect())
        .unwrap_or_default();
    let global = document.get("security").cloned();
    let mut bearer = false;
    let changed = walk::operations(document, |_, _, operation| {
        let before = operation.get("security").cloned();
        let mut kept: Vec<Value> = Vec::new();
        for requirement in before
            .as_ref()
            .or(global.as_ref())
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let known = requirement.as_object().is_some_and(|schemes| {
                !schemes.is_empty()
                    && schemes.iter().all(|(name, scopes)| {
                        declared.contains(name)
                            && scopes
                                .as_array()
                                .is_some_and(|s| s.iter().all(Value::is_string))
                    })
            });
            if known && !kept.contains(requirement) {
                kept.push(requirement.clone());
            }
        }
        if kept.is_empty() {
            bearer = true;
            kept.push(json!({ "bearer": [] }));
        }
        let kept = Value::from(kept);
        let changed = usize::from(before.as_ref() != Some(&kept));
        operation.insert("security".into(), kept);
        changed
    });
    if let Some(document) = document.as_object_mut() {
        document.remove("security");
        if bearer && !declared.iter().any(|name| name == "bearer") {
            let components = document.entry("components").or_insert_with(|| json!({}));
            components["securitySchemes"]["bearer"] = json!({ "type": "http", "scheme": "bearer" });
        }
    }
    Ok(changed)
}
