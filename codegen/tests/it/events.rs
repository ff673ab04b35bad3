//! Event files of webhooks.

use hoopai_codegen::{EventSources, GeneratedEvents, SourceText, generate_events, strip_event};
use serde_json::{Value, json};

const ENVELOPE: &[u8] = br#"{"type":"object","properties":{"type":{"type":"string"},
    "timestamp":{"type":"string","format":"date-time"},"webhookId":{"type":"string"}}}"#;

fn event(name: &str, model: &str, types: Value, properties: Value) -> (String, Vec<u8>) {
    let file = json!({
        "name": name, "model": model, "types": types, "aliases": [],
        "schema": { "type": "object", "properties": properties },
    });
    (format!("events/{name}.json"), file.to_string().into_bytes())
}

fn generate(
    events: &[(String, Vec<u8>)],
    documentation: Option<&str>,
) -> Result<GeneratedEvents, String> {
    let sources = EventSources {
        events,
        envelope: ("envelope.json", ENVELOPE),
        overlay: None,
        documentation: documentation.map(|text| SourceText {
            file: "documentation.yaml",
            text,
        }),
    };
    generate_events(&sources).map_err(|error| error.to_string())
}

fn file<'a>(generated: &'a GeneratedEvents, name: &str) -> &'a str {
    let mut files = generated.files.iter();
    let found = files.find(|(path, _)| path.ends_with(name));
    found.expect("the file").1
}

#[test]
fn events_of_one_model_share_its_fields() {
    let events = [
        event(
            "PetCreate",
            "Pet",
            json!({ "PetCreate": "observed" }),
            json!({
                "id": { "type": "string" },
                "kind": { "const": "cat", "type": "string" },
                "owner": { "type": "object", "properties": { "name": { "type": "string" } } },
                "weight": { "type": "integer" },
            }),
        ),
        event(
            "PetUpdate",
            "Pet",
            json!({ "PET_UPDATE": "assumed" }),
            json!({
                "kind": { "const": "dog", "type": "string" },
                "owner": { "type": "object", "properties": { "phone": { "type": ["string", "null"] } } },
                "weight": { "type": "string" },
                "dateAdded": { "type": "string" },
            }),
        ),
    ];
    let documentation = "operations:\n  POST /PetCreate:\n    summary: A pet was created.\nschemas:\n  Envelope:\n    fields:\n      webhookId: The id of the delivery.\n  Pet:\n    fields:\n      owner.name: The name of the owner.\n";
    let generated = generate(&events, Some(documentation)).expect("generated");
    assert!(generated.attention.is_empty());
    assert_eq!(generated.evidence, [1, 0, 1]);
    assert_eq!(generated.report.operations, 2);
    assert_eq!(generated.report.documented.operations.lacking.len(), 1);
    let types = file(&generated, "types.rs");
    for line in [
        "pub struct Pet {",
        "pub date_added: Timestamp = \"dateAdded\",",
        "pub timestamp: Timestamp = \"timestamp\",",
        "/// The id of the delivery.",
        "/// The name of the owner.",
        "pub phone: String = \"phone\",",
        "pub weight: Value = \"weight\",",
        "Cat = \"cat\", Dog = \"dog\",",
    ] {
        assert!(types.contains(line), "{line} in\n{types}");
    }
    assert_eq!(types.matches("pub struct Pet {").count(), 1);
    let list = file(&generated, "list.rs");
    for line in [
        "/// A pet was created.",
        "PetCreate(Pet) = \"PetCreate\" [\"PetCreate\": Observed] or [],",
        "PetUpdate(Pet) = \"PetUpdate\" [\"PET_UPDATE\": Assumed] or [\"PetUpdate\"],",
    ] {
        assert!(list.contains(line), "{line} in\n{list}");
    }
    // The payload of each event has its own fields only.
    let fixtures = file(&generated, "fixtures.rs");
    let fixtures: Vec<&str> = fixtures.lines().filter(|line| line.contains('{')).collect();
    assert!(!fixtures[0].contains("dateAdded") && fixtures[1].contains("dateAdded"));
    assert!(fixtures[1].contains("PET_UPDATE"));
    // So does a field with a constant.
    assert!(fixtures[0].contains("cat") && !fixtures[0].contains("dog"));
    assert!(fixtures[1].contains("dog") && !fixtures[1].contains("cat"));
    let again = generate(&events, Some(documentation)).expect("generated");
    assert_eq!(generated.files, again.files);
}

#[test]
fn faults_of_event_files_are_errors_that_name_the_file() {
    let types = || json!({ "A": "observed" });
    let field = || json!({ "id": { "type": "string" } });
    for (events, expected) in [
        (
            vec![
                event("One", "One", types(), field()),
                event("Two", "Two", json!({ "a": "assumed" }), field()),
            ],
            "events/Two.json: `a` is also a value of `type` of One",
        ),
        (
            vec![event("One", "one", types(), field())],
            "`one` is not a type name",
        ),
        (
            vec![event("One", "One", json!({}), field())],
            "no name or no value of `type`",
        ),
        (
            vec![event("One", "One", json!({ "A": "sure" }), field())],
            "not an event file",
        ),
        (vec![("x.json".to_owned(), b"{".to_vec())], "x.json"),
    ] {
        let error = generate(&events, None).expect_err("an error");
        assert!(error.contains(expected), "{error}");
    }
    let texts = "operations:\n  POST /Other:\n    summary: Nothing.\n";
    let events = [event("One", "One", types(), field())];
    assert_eq!(
        generate(&events, Some(texts))
            .expect("generated")
            .attention
            .len(),
        1
    );
}

#[test]
fn event_file_of_a_schema_has_facts_and_no_texts() {
    let schema = json!({
        "title": "PetCreate", "description": "A text.", "x-type-values": ["PET"], "x-type-source": ["wire"],
        "x-sources": ["page"], "type": "object", "required": [],
        "properties": { "description": {
            "type": "string", "description": "A text.", "example": "x", "enum": ["a"], "x-seen": ["wire"],
        } },
        "$defs": { "Part": { "type": "object", "title": "x", "properties": {} } },
    });
    let schema = schema.to_string();
    let (name, bytes) = strip_event("a", schema.as_bytes(), None).expect("a file");
    let text = String::from_utf8(bytes.clone()).expect("text");
    let found: Value = text.parse().expect("JSON");
    assert_eq!(name, "PetCreate");
    let expected = json!({
        "name": "PetCreate", "model": "PetCreate", "types": { "PET": "observed" }, "aliases": [],
        "schema": {
            "type": "object", "x-sources": ["page"],
            "properties": { "description": { "type": "string", "enum": ["a"], "x-seen": ["wire"] } },
            "$defs": { "Part": { "type": "object", "properties": {} } },
        },
    });
    assert_eq!(found, expected);
    let edited = text.replace("\"model\": \"PetCreate\"", "\"model\": \"Pet\"");
    let present = Some(("b", edited.as_bytes()));
    let (_, kept) = strip_event("a", schema.as_bytes(), present).expect("a file");
    assert_eq!(kept, edited.as_bytes());
    for broken in ["{}", "[]", "x", "{\"title\":\"A\"}"] {
        assert!(
            strip_event("a", broken.as_bytes(), None).is_err(),
            "{broken}"
        );
    }
}
