//! Gives every operation the security schemes of the tokens that may call it. Without a
//! declaration, tokens of locations and of agencies may. Requirements that name no declared scheme
//! are removed, and so are repeated ones.
//!
//! `bearer` becomes `Location-Access`. The platform's files describe both alike, as a sub-account's
//! access token or private integration token, and the platform answers an agency's token there with
//! 401 "This authClass type is not allowed to access this scope".

use serde_json::{Value, json};

use super::walk;
use crate::error::{FileError, SourcePointer};

const BEARER: &str = "bearer";
const LOCATION: &str = "Location-Access";
const AGENCY: &str = "Agency-Access";

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let declared: Vec<String> = document
        .pointer("/components/securitySchemes")
        .and_then(Value::as_object)
        .map(|schemes| schemes.keys().cloned().collect())
        .unwrap_or_default();
    let global = document.get("security").cloned();
    let (mut of_location, mut of_agency) = (false, false);
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
            if !known {
                continue;
            }
            let mut requirement = requirement.clone();
            if let Some(scopes) = requirement
                .as_object_mut()
                .and_then(|one| one.remove(BEARER))
            {
                of_location = true;
                requirement[LOCATION] = scopes;
            }
            if !kept.contains(&requirement) {
                kept.push(requirement);
            }
        }
        if kept.is_empty() {
            (of_location, of_agency) = (true, true);
            kept.extend([json!({ LOCATION: [] }), json!({ AGENCY: [] })]);
        }
        let kept = Value::from(kept);
        let changed = usize::from(before.as_ref() != Some(&kept));
        operation.insert("security".into(), kept);
        changed
    });
    if let Some(document) = document.as_object_mut() {
        document.remove("security");
        for (name, is_used) in [(LOCATION, of_location), (AGENCY, of_agency)] {
            if is_used && !declared.iter().any(|other| other == name) {
                let components = document.entry("components").or_insert_with(|| json!({}));
                components["securitySchemes"][name] = json!({ "type": "http", "scheme": "bearer" });
            }
        }
    }
    Ok(changed)
}
