//! `cargo xtask events`: event files from JSON schemas.

use std::fs;

use serde_json::{Value, json};
use xtask::Status;

use crate::fixture::{Tree, assert_contains, files_below, own_root};

const EVENT: &str = "specs/webhooks/events/PetCreate.json";

/// A schema with texts and an example, which event files do not have.
fn schema(title: &str, fields: Value) -> String {
    json!({
        "title": title,
        "description": "A text of the platform.",
        "x-type-values": ["PetCreate"],
        "x-type-source": ["official-example"],
        "type": "object",
        "required": [],
        "properties": fields,
    })
    .to_string()
}

fn fields(kind: &str) -> Value {
    json!({
        "id": { "type": "string", "description": "A text.", "example": "pet-1" },
        "kind": { "type": kind, "x-seen": ["docs"] },
    })
}

/// Runs the command on the folder `schemas` of a tree.
fn events(tree: &Tree) -> crate::fixture::CommandOutput {
    let folder = tree.path("schemas");
    tree.run(&["events", folder.to_str().expect("UTF-8")])
}

fn event(tree: &Tree) -> Value {
    tree.read(EVENT).parse().expect("JSON")
}

#[test]
fn schemas_become_event_files_without_texts() {
    let tree = Tree::new(&[]);
    tree.write(
        "schemas/PetCreate.schema.json",
        &schema("PetCreate", fields("string")),
    );
    tree.write("schemas/README.md", "No schema.");
    assert_contains(&events(&tree).ok(), "1 event: 1 written");
    assert_eq!(
        event(&tree),
        json!({
            "name": "PetCreate",
            "model": "PetCreate",
            "types": { "PetCreate": "example" },
            "aliases": [],
            "schema": {
                "type": "object",
                "properties": {
                    "id": { "type": "string" },
                    "kind": { "type": "string", "x-seen": ["docs"] },
                },
            },
        })
    );
    assert_contains(&events(&tree).ok(), "1 event: 0 written");
}

#[test]
fn decisions_in_present_files_are_kept() {
    let tree = Tree::new(&[]);
    let mut present = json!({ "name": "PetCreate", "model": "Pet", "types": {}, "schema": {} });
    present["aliases"] = json!(["PetAdded"]);
    tree.write(EVENT, &present.to_string());
    tree.write("specs/webhooks/events/Other.json", "of no schema");
    tree.write(
        "schemas/PetCreate.schema.json",
        &schema("PetCreate", fields("integer")),
    );
    assert_contains(&events(&tree).ok(), "1 event: 1 written");
    let event = event(&tree);
    assert_eq!(event["model"], "Pet");
    assert_eq!(event["aliases"], json!(["PetAdded"]));
    assert_eq!(event["types"], json!({ "PetCreate": "example" }));
    assert_eq!(event["schema"]["properties"]["kind"]["type"], "integer");
    assert_eq!(
        tree.read("specs/webhooks/events/Other.json"),
        "of no schema"
    );
}

#[test]
fn unusable_folders_are_errors_and_nothing_is_written() {
    let tree = Tree::new(&[]);
    assert_contains(&events(&tree).error(), "cannot be read");
    tree.write("schemas/README.md", "No schema.");
    events(&tree).ends_with(Status::Failure);
    for (text, expected) in [
        (
            schema("PetUpdate", fields("string")),
            "is the schema of `PetUpdate`",
        ),
        (r#"{"title":"PetCreate"}"#.to_owned(), "no `x-type-values`"),
        ("{".to_owned(), "PetCreate.schema.json"),
    ] {
        tree.write("schemas/PetCreate.schema.json", &text);
        assert_contains(&events(&tree).error(), expected);
        assert!(!tree.path(EVENT).exists());
    }
}

/// The committed files are those of the schemas, apart from decisions, which the command keeps.
#[test]
fn committed_event_files_are_up_to_date() {
    let schemas = own_root()
        .parent()
        .map(|parent| parent.join("shared/webhooks/events"));
    let Some(schemas) = schemas.filter(|folder| folder.is_dir()) else {
        println!("SKIPPED: ../shared/webhooks/events is missing");
        return;
    };
    let tree = Tree::new(&[]);
    let committed = files_below(&own_root().join("specs/webhooks/events"));
    assert_eq!(committed.len(), 77);
    for (file, bytes) in &committed {
        tree.write_bytes(&format!("specs/webhooks/events/{file}"), bytes);
    }
    let number = fs::read_dir(&schemas).expect("a folder").count();
    let output = tree.run(&["events", schemas.to_str().expect("UTF-8")]).ok();
    assert!(number >= 77, "{number}");
    assert_contains(&output, "77 events: 0 written");
}
