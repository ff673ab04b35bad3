//! Documentation files.

use hoopai_codegen::{Generated, SourceText, Sources, generate, strip};

use serde_json::{Value, json};

use crate::emit::{OVERLAY, everything};
use crate::support::{module, operation, spec_alone, strict};

const OWN: &str = "
module: Things, and what they are good for.
operations:
  GET /things/:
    summary: Lists the things of a location.
    description: |
      Those that were made last come first.

      A `status` of its own hides the others.
    parameters:
      status: Only things of this status.
  POST /things/:
    summary: Makes a thing.
    body:
      to.x: How far it is to go, in metres.
  POST /things/upload:
    summary: Uploads a thing.
    body:
      file: The thing itself.
  PUT /things/{thingId}:
    summary: Labels a thing.
    body:
      at.x: Where the label is.
parameters:
  thingId: The id of the thing.
schemas:
  CreateThingDto:
    description: A thing to be made.
    fields:
      name: Its name.
";

const COMMON: &str = "
parameters:
  limit: How many a page holds.
  never: Nowhere here.
fields:
  locationId: The location.
  tags: Labels, by name.
  dueDate: Never of a reply.
";

fn generated(own: &str, common: &str) -> Result<Generated, String> {
    generated_from(&everything(), own, common)
}

fn generated_from(document: &Value, own: &str, common: &str) -> Result<Generated, String> {
    let spec = strip(
        "sample.json",
        document.to_string().as_bytes(),
        &Default::default(),
    )
    .map_err(|error| error.to_string())?;
    let sources = Sources {
        overlay: Some(SourceText {
            file: "overlay.yaml",
            text: OVERLAY,
        }),
        documentation: Some(SourceText {
            file: "documentation.yaml",
            text: own,
        }),
        common: Some(SourceText {
            file: "common.yaml",
            text: common,
        }),
        ..spec_alone("sample.json", &spec)
    };
    strict(generate(&module("sample"), &sources)).map_err(|error| error.to_string())
}

#[test]
fn texts_reach_rustdoc() {
    let generated = generated(OWN, COMMON).unwrap();
    let (client, types, library) = (
        &generated.files["src/client.rs"],
        &generated.files["src/types.rs"],
        &generated.files["src/lib.rs"],
    );
    for (file, words) in [
        (library, "//! Things, and what they are good for.\n"),
        (
            client,
            "    /// Lists the things of a location.\n    ///\n    /// `GET /things/`\n    ///\n    /// Those that were made last come first.\n    ///\n    /// A `status` of its own hides the others.\n    ///\n    /// - Scope: `things.readonly`.\n",
        ),
        (
            client,
            "            /// Only things of this status.\n            query status:",
        ),
        (
            client,
            "            /// How many a page holds.\n            query limit:",
        ),
        (
            client,
            "            /// The id of the thing.\n            path thing_id:",
        ),
        (
            client,
            "            /// The thing itself.\n            part file =",
        ),
        (
            client,
            "            /// The location.\n            text location_id:",
        ),
        (
            types,
            "    /// A thing to be made.\n    #[doc(alias = \"CreateThingDto\")]\n",
        ),
        (
            types,
            "        /// Its name. Declared as required by the platform's specification.\n        pub name:",
        ),
        (
            types,
            "        /// The location. The client's default location unless set.\n        pub location_id:",
        ),
        (
            types,
            "        /// How far it is to go, in metres.\n        pub x:",
        ),
        (types, "        /// Where the label is.\n        pub x:"),
        (types, "        /// Labels, by name.\n        pub tags:"),
    ] {
        assert!(file.contains(words), "{words}\nis not in\n{file}");
    }
    assert!(!types.contains("Never of a reply."));
    let documented = &generated.report.documented;
    let counts = |share: &hoopai_codegen::Share| (share.done, share.all);
    assert_eq!(counts(&documented.operations), (5, 8));
    assert_eq!(
        documented.operations.lacking,
        ["delete_thing", "download_thing", "get_thing"]
    );
    assert_eq!(
        documented.request_fields.lacking,
        [
            "CreateThingRequest.to",
            "ExchangeTokenRequest.client_id",
            "Label.at",
            "Label.name",
            "upload_thing.hosted"
        ]
    );
    // The document for other tools has the texts, that of the mock server does not.
    let pointer = "/paths/~1things~1/get/summary";
    assert_eq!(
        generated.documented.pointer(pointer).unwrap(),
        "Lists the things of a location."
    );
    assert!(generated.effective.pointer(pointer).is_none());
}

#[test]
fn text_that_names_a_field_of_another_type_is_reported() {
    let misplaced = |field: &str, text: &str| {
        let own = format!("schemas: {{ ThingDto: {{ fields: {{ {field}: {text} }} }} }}");
        let report = generated(&own, "{}").unwrap().report;
        report.misplaced_texts
    };
    assert_eq!(
        misplaced("id", "\"Either this or `tags`.\""),
        ["the text of `id` of Thing names `tags`, which Thing lacks"]
    );
    for text in [
        "Excludes `type`.",
        "At `label.x`.",
        "Like `colour`, which is no field.",
        "Tags are of another type.",
    ] {
        assert_eq!(misplaced("id", &format!("{text:?}")), [""; 0], "{text}");
    }
    assert_eq!(misplaced("status", "\"`open` means unread.\""), [""; 0]);
}

#[test]
fn examples_set_fields_that_do_not_exclude_each_other() {
    let mut sample = everything();
    let text = json!({ "type": "string" });
    let moment = json!({ "type": "string", "format": "date-time" });
    sample["components"]["schemas"]["BlockDto"] = json!({ "type": "object", "properties": {
        "accountId": text, "calendarId": text, "endTime": moment, "isSaaSV2": { "type": "boolean" }, "startTime": moment,
    } });
    sample["paths"]["/blocks"]["post"] = operation(
        "create-block",
        json!({ "requestBody": { "required": true, "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/BlockDto" },
        } } } }),
    );
    let own = "schemas: { BlockDto: { fields: { calendarId: \"It excludes `accountId`.\" } } }";
    let generated = generated_from(&sample, own, "{}").unwrap();
    let client = &generated.files["src/client.rs"];
    let calls = [
        "types::CreateBlockRequest::new()",
        "    .account_id(\"…\")",
        "    .end_time(std::time::SystemTime::now())",
        "    .start_time(std::time::SystemTime::now()),",
    ];
    let expected = calls.map(|call| format!("    ///         {call}\n"));
    assert!(client.contains(&expected.concat()), "{client}");
    let types = &generated.files["src/types.rs"];
    assert!(types.contains("is_saas_v2: bool"), "{types}");
}

#[test]
fn types_without_a_text_are_reported() {
    let undescribed = |own: &str| {
        let report = generated(own, "{}").unwrap().report;
        report.undescribed_models
    };
    let label = "Label".to_owned();
    assert!(undescribed("{}").contains(&label));
    let described = "schemas: { Label: { description: A label. } }";
    assert!(!undescribed(described).contains(&label));
}

#[test]
fn texts_of_replies_and_unions_reach_rustdoc() {
    let own = "
operations:
  GET /things/: { summary: Lists things., reply: { total: The number of things. } }
  POST /things/token: { summary: Exchanges a token., body: { .: The credentials of an app. } }
schemas:
  ThingDto: { fields: { union: One of two forms., 'parts[]': A part of a thing. } }
";
    let mut document = everything();
    document["components"]["schemas"]["ThingDto"]["properties"]["parts"] = json!({
        "type": "array", "items": { "type": "object", "properties": { "size": { "type": "number" } } },
    });
    let generated = generated_from(&document, own, "{}").unwrap();
    let types = &generated.files["src/types.rs"];
    for words in [
        "        /// The number of things.\n        pub total:",
        "    /// One of two forms.\n    pub struct ThingUnion {",
        "    /// A part of a thing.\n    pub struct ThingPart {",
        "    /// The credentials of an app.\n    pub struct ExchangeTokenRequest {",
    ] {
        assert!(types.contains(words), "{words}\nis not in\n{types}");
    }
}

/// Texts do not affect which types are equal.
#[test]
fn texts_change_no_type() {
    let code = |own: &str, common: &str| -> Vec<String> {
        let generated = generated(own, common).unwrap();
        let lines = generated
            .files
            .values()
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>());
        lines
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect()
    };
    assert_eq!(code(OWN, COMMON), code("module: Nothing.", "{}"));
}

#[test]
fn keys_without_target_or_text_are_rejected() {
    let faults = [
        ("operations: { GET /gone: { summary: Lists. } }", "{}"),
        ("operations: { get-things: { summary: Lists. } }", "{}"),
        ("operations: { GET /things/: { description: No summary. } }", "{}"),
        ("operations: { GET /things/: { summary: \"Two\\nlines.\" } }", "{}"),
        ("operations: { GET /things/: { summary: Lists., parameters: { size: Large. } } }", "{}"),
        ("operations: { GET /things/: { summary: Lists., body: { name: Its name. } } }", "{}"),
        ("operations: { POST /things/: { summary: Makes., body: { to.y: Height. } } }", "{}"),
        ("operations: { GET /things/: { summary: Lists., reply: { size: Large. } } }", "{}"),
        ("schemas: { ThingDto: { fields: { 'children[]': A thing of another schema. } } }", "{}"),
        ("schemas: { Nothing: { description: Of the kind. } }", "{}"),
        ("schemas: { Label: { fields: { colour: Red. } } }", "{}"),
        ("schemas: { Label: { fields: { name: ' ' } } }", "{}"),
        ("schemas: { Label: { fields: { name: One. } } }\noperations: { 'PUT /things/{thingId}': { summary: Labels., body: { name: Another. } } }", "{}"),
        ("parameters: { size: Large. }", "{}"),
        ("fields: { colour: Red. }", "{}"),
        ("fields: { name: '' }", "{}"),
        ("fields: { id: The id of the thing. }", "{}"),
        ("summary: Things.", "{}"),
        ("- a list", "{}"),
        ("module: Things.", "module: All of them."),
        ("module: Things.", "fields: { name: '' }"),
    ]
    .map(|(own, common)| {
        let outcome = generated(own, common);
        format!("{own}\n{common}\n    {}", outcome.err().unwrap_or_else(|| "NO FAULT".to_owned()))
    });
    insta::assert_snapshot!(faults.join("\n"));
}
