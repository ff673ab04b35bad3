//! Invisible characters, inserted into every string of a module's sources: generated files contain
//! them as escapes only, and values of the encoded form keep them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use hoopai_codegen::{
    FileError, Generated, Module, SourceText, Sources, facade, generate, is_invisible,
    parse_modules, strip,
};
use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Value, json};

use crate::emit::everything;
use crate::support::{module, spec_alone, strict};

/// One of each kind: control characters, bidi controls and marks, zero-width characters,
/// separators, variation selectors, tag characters, other fillers and format characters.
const INVISIBLE: &[char] = &[
    '\0',
    '\u{7}',
    '\u{8}',
    '\r',
    '\u{1b}',
    '\u{7f}',
    '\u{85}',
    '\u{9b}',
    '\u{ad}',
    '\u{34f}',
    '\u{61c}',
    '\u{115f}',
    '\u{180e}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{200f}',
    '\u{2028}',
    '\u{2029}',
    '\u{202a}',
    '\u{202b}',
    '\u{202c}',
    '\u{202d}',
    '\u{202e}',
    '\u{2060}',
    '\u{2066}',
    '\u{2067}',
    '\u{2068}',
    '\u{2069}',
    '\u{206f}',
    '\u{3164}',
    '\u{fe00}',
    '\u{fe0f}',
    '\u{feff}',
    '\u{ffa0}',
    '\u{fffb}',
    '\u{1d173}',
    '\u{e0001}',
    '\u{e0041}',
    '\u{e007f}',
    '\u{e0100}',
    '\u{e01ef}',
];

/// The text that is inserted in the runs without invisible characters.
const MARK: &str = "zq9";

/// A small module, which is generated once for each of its strings.
fn small() -> Value {
    let mut sample = everything();
    let paths = sample["paths"].as_object_mut().expect("paths");
    paths
        .retain(|path, _| ["/things/", "/things/upload", "/things/token"].contains(&path.as_str()));
    let fields = sample["components"]["schemas"]["ThingDto"]["properties"].as_object_mut();
    let kept = ["id", "status", "label", "byName", "dueDate"];
    fields
        .expect("fields")
        .retain(|name, _| kept.contains(&name.as_str()));
    sample
}

/// A string of a document: a value, or a key of an object.
struct StringPosition {
    pointer: String,
    key: Option<String>,
}

fn positions(value: &Value, pointer: &str, found: &mut Vec<StringPosition>) {
    match value {
        Value::String(_) => found.push(StringPosition {
            pointer: pointer.to_owned(),
            key: None,
        }),
        Value::Object(map) => {
            for (key, inner) in map {
                found.push(StringPosition {
                    pointer: pointer.to_owned(),
                    key: Some(key.clone()),
                });
                let step = key.replace('~', "~0").replace('/', "~1");
                positions(inner, &format!("{pointer}/{step}"), found);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                positions(inner, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The document with `text` in the middle of one string, and that string. Other occurrences of the
/// string, such as references, are unchanged.
fn inserted(document: &Value, position: &StringPosition, text: &str) -> (Value, String) {
    let with = |old: &str| {
        let middle = (0..=old.len() / 2)
            .rev()
            .find(|at| old.is_char_boundary(*at))
            .unwrap_or_default();
        format!("{}{text}{}", &old[..middle], &old[middle..])
    };
    let mut document = document.clone();
    let node = document
        .pointer_mut(&position.pointer)
        .expect("the position");
    let new = match (&position.key, node) {
        (Some(key), Value::Object(map)) => {
            let value = map.remove(key).expect("the key");
            let new = with(key);
            map.insert(new.clone(), value);
            new
        }
        (None, Value::String(old)) => {
            *old = with(old);
            old.clone()
        }
        _ => unreachable!("no string"),
    };
    (document, new)
}

/// The string literals of a file, including those in macros, without those of attributes and
/// documentation.
fn literals(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let mut after_hash = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if !after_hash => literals(group.stream(), found),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    found.insert(text.value());
                }
            }
            TokenTree::Punct(punct) => {
                // Also for inner attributes, `#![…]`.
                after_hash = punct.as_char() == '#' || after_hash && punct.as_char() == '!';
                continue;
            }
            _ => {}
        }
        after_hash = false;
    }
}

/// All string literals of the crate. Checks that no file has an invisible character and that each
/// parses.
fn checked(generated: &Generated, at: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    // The compressed description of the catalogue is no text.
    let files: BTreeMap<&String, &str> = generated
        .workspace_files
        .iter()
        .filter(|(path, _)| !path.ends_with(".deflate"))
        .map(|(path, bytes)| (path, std::str::from_utf8(bytes).expect("text")))
        .collect();
    let own = generated.files.iter();
    let own = own.map(|(path, text)| (path, text.as_str()));
    for (path, text) in own.chain(files.iter().map(|(path, text)| (*path, *text))) {
        if let Some(c) = text.chars().find(|c| is_invisible(*c)) {
            panic!("{at}: {path} contains {c:?}");
        }
        if path.ends_with(".rs") {
            let file = syn::parse_file(text);
            file.unwrap_or_else(|error| panic!("{at}: {path} does not parse: {error}"));
            literals(text.parse().expect("tokens"), &mut found);
        }
    }
    let interface = files[&"crates/hoopai-mock/interface/sample.json".to_owned()];
    let read: Value = serde_json::from_str(interface).expect("JSON");
    assert!(read["paths"].is_object(), "{at}");
    found
}

fn check_error(error: &FileError, at: &str) {
    let text = error.to_string();
    assert!(
        !text.contains(is_invisible) && !error.remedy.is_empty(),
        "{at}: {text:?}"
    );
}

/// The result for an inserted text.
#[derive(PartialEq)]
enum Outcome {
    Generated { in_literal: bool },
    Rejected,
}

/// Inserts text into every string. Returns how often a crate was generated that has the text in a
/// literal.
fn insert_everywhere(
    document: &Value,
    make: impl Fn(&Value) -> Result<Generated, FileError>,
) -> usize {
    let mut all = Vec::new();
    positions(document, "", &mut all);
    let every: String = INVISIBLE.iter().collect();
    let mut on_wire = 0;
    for position in &all {
        let at = format!("{} {:?}", position.pointer, position.key);
        let mut one = |text: &str| {
            let (hostile, value) = inserted(document, position, text);
            match make(&hostile) {
                Ok(generated) => {
                    let in_literal = checked(&generated, &at).contains(&value);
                    on_wire += usize::from(in_literal);
                    Outcome::Generated { in_literal }
                }
                Err(error) => {
                    check_error(&error, &at);
                    Outcome::Rejected
                }
            }
        };
        if one(&every) == (Outcome::Generated { in_literal: true }) {
            continue;
        }
        // If plain text reaches a literal, so does each invisible character that is not rejected.
        let (marked, mark) = inserted(document, position, MARK);
        if make(&marked).is_ok_and(|plain| checked(&plain, &at).contains(&mark)) {
            for c in INVISIBLE {
                let outcome = one(&c.to_string());
                let lost = Outcome::Generated { in_literal: false };
                assert!(outcome != lost, "{at}: {c:?} is not on the wire");
            }
        }
    }
    on_wire
}

#[test]
fn invisible_characters_of_an_interface_are_escaped() {
    let mut sample = small();
    sample["paths"]["/things/"]["get"]["x-hoopai-paging"] = json!({
        "items": "things", "total": "total", "size": { "parameter": "limit", "max": 100 },
        "cursor-of-last": { "startAfterId": "id" },
    });
    let on_wire = insert_everywhere(&sample, |document| {
        let bytes = document.to_string();
        let spec = strip("sample.json", bytes.as_bytes(), &Default::default());
        let overlay = crate::support::lifted(document);
        if let Ok(spec) = &spec {
            assert!(!String::from_utf8_lossy(spec).contains(is_invisible));
        }
        let overlay = SourceText {
            file: "overlay.yaml",
            text: &overlay,
        };
        let spec = spec?;
        strict(generate(
            &module("sample"),
            &Sources {
                overlay: Some(overlay),
                ..spec_alone("sample.json", &spec)
            },
        ))
    });
    // Names of fields, parameters and parts, values of enums, ids of operations, scopes.
    println!("{on_wire} on the wire");
    assert!(on_wire >= 40, "only {on_wire}");
}

#[test]
fn invisible_characters_of_overlays_and_documentation_are_escaped() {
    let bytes = everything().to_string();
    let spec = strip("sample.json", bytes.as_bytes(), &Default::default()).expect("stripped");
    let overlay = json!({ "overlay": "1.0.0", "info": { "title": "sample", "version": "1" }, "actions": [
        { "target": "$.paths['/things/'].get", "description": "Ours.", "update": {
            "x-hoopai-unpaged": "One page holds all.", "summary": "Lists things.", "description": "In **order**.\n\nTwice.",
        } },
        { "target": "$.paths['/things/token'].post", "description": "Ours.", "update": {
            "x-hoopai-name": "exchange_token", "x-hoopai-not-idempotent": "A code is good once.",
        } },
        { "target": "$.components.schemas.ThingDto", "description": "Ours.", "update": {
            "description": "A thing.", "properties": { "dueDate": { "description": "When." } },
        } },
    ] });
    let documentation = json!({
        "module": "All *things*.",
        "operations": { "GET /things/{thingId}": { "summary": "Reads one.", "description": "By `id`.", "parameters": { "thingId": "Its id." } } },
        "parameters": { "limit": "How many." },
        "fields": { "tags": "Words." },
        "schemas": { "Label": { "description": "A label.", "fields": { "name": "Its name." } } },
    });
    let make = |overlay: &Value, documentation: &Value| {
        let (overlay, documentation) = (overlay.to_string(), documentation.to_string());
        let text = |file, text| Some(SourceText { file, text });
        strict(generate(
            &module("sample"),
            &Sources {
                overlay: text("overlay.yaml", &overlay),
                documentation: text("documentation.yaml", &documentation),
                ..spec_alone("sample.json", &spec)
            },
        ))
    };
    let plain = make(&overlay, &documentation).expect("generated");
    assert!(plain.files["src/client.rs"].contains("In **order**."));
    insert_everywhere(&overlay, |overlay| make(overlay, &documentation));
    insert_everywhere(&documentation, |words| make(&overlay, words));

    let mut hostile = documentation.clone();
    hostile["operations"]["GET /things/{thingId}"]["summary"] = "Reads \u{202e}one.".into();
    let shown = make(&overlay, &hostile).expect("generated");
    assert!(shown.files["src/client.rs"].contains("/// Reads \\u{202e}one."));
}

#[test]
fn invisible_characters_of_the_module_list_are_rejected() {
    let manifest = include_str!("../../../crates/hoopai/Cargo.toml");
    let spec = everything().to_string();
    for c in INVISIBLE {
        let text = format!("A{c}b");
        let entry = |product: &str, alias: &str, github: &str| {
            let quoted = |text: &str| toml::Value::from(text).to_string();
            format!(
                "[[module]]\nname = \"a\"\nproduct = {}\naliases = [{}]\ngithub = {}\n",
                quoted(product),
                quoted(alias),
                quoted(github)
            )
        };
        assert!(parse_modules(&entry("A", "B", "c")).is_ok());
        for list in [
            entry(&text, "B", "c"),
            entry("A", &text, "c"),
            entry("A", "B", &text),
        ] {
            check_error(&parse_modules(&list).expect_err("rejected"), &list);
        }
        // A list that was not parsed.
        let hostile = Module {
            product: text.clone(),
            ..module("sample")
        };
        let error = generate(&hostile, &spec_alone("sample.json", spec.as_bytes()));
        check_error(&error.expect_err("rejected"), "a module");
        check_error(
            &facade(&[hostile], manifest).expect_err("rejected"),
            "facade",
        );
    }
}

/// rustc has lints against text that is displayed differently from its content.
#[test]
fn rustc_finds_no_bidi_character_in_generated_code() {
    let mut sample = everything();
    let mut all = Vec::new();
    positions(&sample, "", &mut all);
    let wire_name = |position: &&StringPosition| {
        let parts: Vec<&str> = position.pointer.split('/').collect();
        parts.contains(&"enum")
            || position.key.is_some() && position.pointer.ends_with("/properties")
            || parts.contains(&"parameters") && position.pointer.ends_with("/name")
    };
    let overlay =
        json!({ "overlay": "1.0.0", "info": { "title": "sample", "version": "1" }, "actions": [
        { "target": "$.paths['/things/'].get", "description": "Ours.", "update": {
            "summary": "Lists \u{202e}things.", "x-hoopai-unpaged": "None.",
        } },
    ] })
        .to_string();
    let make = |document: &Value| {
        let spec = strip(
            "sample.json",
            document.to_string().as_bytes(),
            &Default::default(),
        )?;
        strict(generate(
            &module("sample"),
            &Sources {
                overlay: Some(SourceText {
                    file: "overlay.yaml",
                    text: &overlay,
                }),
                ..spec_alone("sample.json", &spec)
            },
        ))
    };
    let mut kept = 0;
    // In reverse order, so that renaming a key does not move later positions.
    for position in all.iter().filter(wire_name).rev() {
        let (hostile, _) = inserted(&sample, position, "\u{202e}\u{2066}");
        if make(&hostile).is_ok() {
            (sample, kept) = (hostile, kept + 1);
        }
    }
    assert!(kept >= 40, "only {kept}");
    let generated = make(&sample).expect("generated");
    let code: String = generated
        .files
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .map(|(_, text)| format!("swallow! {{\n{text}\n}}\n"))
        .collect();
    assert_eq!(lints(&code), "");
    let raw = code.replace("\\u{202e}", "\u{202e}");
    let found = lints(&raw);
    assert!(
        found.contains("present in literal") && found.contains("present in doc comment"),
        "the witness is blind: {found}"
    );
}

/// The output of rustc for code without macro expansion.
fn lints(code: &str) -> String {
    let mut rustc = Command::new("rustc")
        .args(["--edition=2024", "--crate-type=lib", "--emit=metadata", "-"])
        // Not to /dev/null: rustc renames its output into position, and root would replace the
        // device.
        .arg("--out-dir")
        .arg(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("rustc");
    let text = format!("#![allow(unused)]\nmacro_rules! swallow {{ ($($t:tt)*) => {{}} }}\n{code}");
    let mut input = rustc.stdin.take().expect("piped");
    input.write_all(text.as_bytes()).expect("written");
    drop(input);
    let output = rustc.wait_with_output().expect("done");
    String::from_utf8_lossy(&output.stderr).into_owned()
}
