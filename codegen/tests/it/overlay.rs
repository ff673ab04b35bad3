//! Overlays.

use hoopai_codegen::effective;
use serde_json::{Value, json};

use crate::support::{document, operation};

fn apply(actions: &str) -> Result<Value, String> {
    let document = document(
        json!({ "/things": { "get": operation("get-things", json!({})), "post": operation("make", json!({})) } }),
        json!({ "Thing": { "type": "object", "required": ["id"], "properties": { "id": { "type": "string", "enum": ["a"] } } } }),
    );
    let text =
        format!("overlay: 1.0.0\ninfo:\n  title: sample\n  version: 1.0.0\nactions:\n{actions}");
    effective(
        "sample.json",
        document.to_string().as_bytes(),
        "overlay.yaml",
        Some(&text),
    )
    .map_err(|error| error.to_string())
    .and_then(|effective| match effective.attention.first() {
        None => Ok(effective.document),
        Some(entry) => Err(entry.to_string()),
    })
}

#[test]
fn updates_merge_and_removals_remove() {
    let document = apply(
        "  - target: $.components.schemas.Thing.properties\n    description: The platform sends it.\n    update:\n      name: { type: string }\n      id: { enum: [b] }\n\
         \x20 - target: $.paths['/things'].post\n    description: Not offered any more.\n    remove: true\n",
    )
    .unwrap();
    assert_eq!(
        document["components"]["schemas"]["Thing"]["properties"]["name"]["type"],
        "string"
    );
    assert_eq!(
        document["components"]["schemas"]["Thing"]["properties"]["id"]["enum"],
        json!(["a", "b"])
    );
    assert!(document["paths"]["/things"].get("post").is_none());
}

#[test]
fn target_with_many_matches_updates_all() {
    let document = apply("  - target: $.paths.*.*\n    description: All of them.\n    update: { deprecated: true }\n").unwrap();
    assert_eq!(document["paths"]["/things"]["get"]["deprecated"], true);
    assert_eq!(document["paths"]["/things"]["post"]["deprecated"], true);
}

#[test]
fn actions_without_effect_or_reason_are_rejected() {
    let faults = [
        "  - target: $.paths['/gone']\n    description: Because.\n    remove: true\n",
        "  - target: $.components.schemas.Thing\n    description: Because.\n    update: { type: object }\n",
        "  - target: $.components.schemas.Thing\n    description: Because.\n    update: { required: [id] }\n",
        "  - target: $.components.schemas.Thing\n    update: { type: string }\n",
        "  - target: $.components.schemas.Thing\n    description: Because.\n",
        "  - target: $[\n    description: Because.\n    remove: true\n",
        "  - target: $.info\n    description: Because.\n    extend: {}\n",
        "  - target: $\n    description: Because.\n    remove: true\n",
    ]
    .map(|actions| apply(actions).unwrap_err());
    insta::assert_snapshot!(faults.join("\n"));
}
