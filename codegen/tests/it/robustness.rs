//! Hostile input: real documents and test documents with random mutations. Each case ends in a
//! crate or in an error with file and pointer, never in a panic, including those of progenitor, or
//! in a hang.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use fastrand::Rng;
use hoopai_codegen::{FileError, SourceText, Sources, effective, generate, strip};
use serde_json::{Map, Value, json};

use crate::support::{lifted, module, root, spec_alone};

const CASES: u64 = 2_400;
/// The time after which a case counts as a hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// Real documents above this size take too long for this many cases; smaller ones have the same
/// kinds of schema.
const SIZE_LIMIT: usize = 45_000;

#[test]
fn mutated_documents_never_panic_or_hang() {
    // CI uses a fixed seed, so that only changes of the code change the result; other runs use a
    // new one.
    let fixed = std::env::var("HOOPAI_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = fixed.unwrap_or_else(|| match std::env::var_os("CI") {
        Some(_) => 1,
        None => fastrand::u64(..),
    });
    println!("seed {seed}; run it again with HOOPAI_SEED={seed}");
    let sources = sources();
    println!("{} documents, {CASES} cases", sources.len());
    let (sender, results) = mpsc::channel();
    for half in 0..2 {
        let (sender, sources) = (sender.clone(), sources.clone());
        // Detached, so that the test can report a hang.
        std::thread::spawn(move || {
            for case in (half..CASES).step_by(2) {
                let outcome = catch_unwind(AssertUnwindSafe(|| run(seed, case, &sources)));
                if sender
                    .send((
                        case,
                        outcome.unwrap_or_else(|_| Err("it panicked".to_owned())),
                    ))
                    .is_err()
                {
                    return;
                }
            }
        });
    }
    let (mut crates, mut faults) = (0, 0);
    for done in 0..CASES {
        match results.recv_timeout(PATIENCE) {
            Ok((_, Ok(true))) => crates += 1,
            Ok((_, Ok(false))) => faults += 1,
            Ok((case, Err(problem))) => panic!("seed {seed}, case {case}: {problem}"),
            Err(_) => panic!("seed {seed}: a case hangs after {done} are done"),
        }
    }
    println!("{crates} made a crate, {faults} a error");
    assert!(
        crates > CASES / 20 && faults > CASES / 20,
        "the mutations are too harmless or too harsh to prove anything"
    );
}

/// Test documents, the effective documents of the committed files and, if available, the raw files.
fn sources() -> Vec<(String, Value)> {
    let mut sample = crate::emit::everything();
    sample["paths"]["/things/"]["get"]["x-hoopai-paging"] = json!({
        "items": "things", "total": "total", "size": { "parameter": "limit", "max": 100 },
        "cursor-of-last": { "startAfterId": "id" },
    });
    let mut found = vec![
        ("sample".to_owned(), sample),
        ("styles".to_owned(), crate::paging::styles()),
    ];
    let modules: Vec<_> = std::fs::read_dir(root().join("specs"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    let mut names: Vec<_> = modules.iter().filter_map(|name| name.to_str()).collect();
    names.sort_unstable();
    for name in names {
        let folder = root().join("specs").join(name);
        let Ok(bytes) = std::fs::read(folder.join("openapi.json")) else {
            continue;
        };
        if bytes.len() > SIZE_LIMIT {
            continue;
        }
        let overlay = std::fs::read_to_string(folder.join("overlay.yaml")).ok();
        let effective =
            effective(name, &bytes, name, overlay.as_deref()).expect("the tree is whole");
        // A raw file lacks the declarations of paging, without which it is rejected.
        if let Ok(bytes) = std::fs::read(
            root()
                .join("../shared/upstream")
                .join(name)
                .join("openapi.json"),
        ) && let Ok(mut raw) = serde_json::from_slice::<Value>(&bytes)
        {
            declare_unpaged(&effective.document, &mut raw);
            found.push((format!("raw {name}"), raw));
        }
        found.push((name.to_owned(), effective.document));
    }
    found
}

/// Adds a reason not to page to the operations of a raw document that have paging parameters.
fn declare_unpaged(effective: &Value, raw: &mut Value) {
    for (path, item) in raw["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let known = &effective["paths"][path][method];
            if known.get("x-hoopai-paging").is_some() || known.get("x-hoopai-unpaged").is_some() {
                operation["x-hoopai-unpaged"] = "The file was changed at random.".into();
            }
        }
    }
}

/// Runs one case. Returns whether a crate was generated; an error is a failure of the test.
fn run(seed: u64, case: u64, sources: &[(String, Value)]) -> Result<bool, String> {
    let mut rng = Rng::with_seed(seed ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // Every other case is a test document: they are small and have every feature.
    let (_, document) = if case.is_multiple_of(2) {
        &sources[rng.usize(..2)]
    } else {
        &sources[rng.usize(..sources.len())]
    };
    let mut document = document.clone();
    for _ in 0..rng.usize(1..4) {
        mutate(&mut document, &mut rng);
    }
    let overlay = lifted(&document);
    let mut bytes = document.to_string().into_bytes();
    if rng.u8(..) < 8 {
        bytes.truncate(rng.usize(..=bytes.len()));
    }
    let common = json!({ "components": { "schemas": {
        "BadRequestDTO": { "type": "object" }, "UnauthorizedDTO": { "type": "object" }, "UnprocessableDTO": { "type": "object" },
    } } });
    let outside = BTreeMap::from([(
        "../common/common-schemas.json".to_owned(),
        common.to_string().into_bytes(),
    )]);
    // Half of the cases are not stripped, like a spec that was edited manually.
    let outcome = if rng.bool() {
        strip("hostile.json", &bytes, &outside).and_then(|spec| {
            let sources = Sources {
                overlay: Some(SourceText {
                    file: "overlay.yaml",
                    text: &overlay,
                }),
                ..spec_alone("hostile.json", &spec)
            };
            generate(&module("hostile"), &sources)
        })
    } else {
        generate(&module("hostile"), &spec_alone("hostile.json", &bytes))
    };
    match outcome {
        Ok(generated) => {
            for (path, text) in generated
                .files
                .iter()
                .filter(|(path, _)| path.ends_with(".rs"))
            {
                syn::parse_file(text).map_err(|error| format!("{path} does not parse: {error}"))?;
                if path.ends_with("types.rs") || path.ends_with("client.rs") {
                    distinct(text).map_err(|problem| format!("{path}: {problem}"))?;
                }
            }
            Ok(true)
        }
        Err(FileError {
            file,
            pointer,
            problem,
            remedy,
        }) => {
            if file.is_empty()
                || problem.is_empty()
                || remedy.is_empty()
                || !(pointer.is_empty() || pointer.starts_with('/'))
            {
                return Err(format!(
                    "a error without pointer or remedy: {file}#{pointer}: {problem}; {remedy}"
                ));
            }
            // progenitor must accept everything that the passes accept.
            if problem.contains("the generator") {
                return Err(format!("{file}#{pointer}: {problem}"));
            }
            Ok(false)
        }
    }
}

/// Checks that names in generated data are valid and distinct. Parsing does not check it, because a
/// macro accepts any tokens.
fn distinct(text: &str) -> Result<(), String> {
    let mut types = BTreeSet::new();
    let mut members = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        let words: Vec<&str> = line.split([' ', ':', '(']).collect();
        let (name, members_begin) = match words[..] {
            _ if line.starts_with("//") || line.starts_with('#') => continue,
            ["pub", "struct" | "enum", name, ..] => (name, true),
            [name, "{"] if name.starts_with(|c: char| c.is_ascii_uppercase()) => {
                members.clear();
                continue;
            }
            ["pub", name, ..] if !["fn", "mod", "use", "static"].contains(&name) => (name, false),
            [
                "path" | "query" | "header" | "text" | "part" | "json" | "form",
                name,
                ..,
            ] => (name, false),
            [name, "=", ..] if line.contains(" = \"") => {
                // A line has several variants.
                for variant in line.split(',').filter_map(|item| item.split_once(" = \"")) {
                    let variant = variant.0.trim();
                    if !members.insert(variant.to_owned()) {
                        return Err(format!("`{variant}` occurs twice, at `{line}` with {name}"));
                    }
                }
                continue;
            }
            _ => continue,
        };
        let ident = name.trim_end_matches(['{', ';']);
        syn::parse_str::<syn::Ident>(ident)
            .map_err(|_| format!("`{ident}` is no name, at `{line}`"))?;
        if members_begin {
            members.clear();
            if !types.insert(ident.to_owned()) {
                return Err(format!("the type `{ident}` occurs twice"));
            }
        } else if !members.insert(ident.to_owned()) {
            return Err(format!("`{ident}` occurs twice, at `{line}`"));
        }
    }
    Ok(())
}

/// The pointers of all values in the document.
fn pointers(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                pointers(
                    inner,
                    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                pointers(inner, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(pointer);
}

fn mutate(document: &mut Value, rng: &mut Rng) {
    let mut found = Vec::new();
    pointers(document, String::new(), &mut found);
    let pointer = found[rng.usize(..found.len())].clone();
    let other = found[rng.usize(..found.len())].clone();
    let elsewhere = document.pointer(&other).cloned().unwrap_or_default();
    let Some(pointer) = document.pointer_mut(&pointer) else {
        return;
    };
    match rng.u8(..14) {
        // Types swapped.
        0 => *pointer = odd(rng),
        // Keys dropped.
        1 => match pointer {
            Value::Object(map) => {
                if let Some(key) = pick(map, rng) {
                    map.remove(&key);
                }
            }
            Value::Array(items) => {
                if !items.is_empty() {
                    items.remove(rng.usize(..items.len()));
                }
            }
            other => *other = Value::Null,
        },
        // References broken, or to themselves.
        2 => *pointer = json!({ "$ref": reference(rng) }),
        3 => {
            if let Some(map) = pointer.as_object_mut() {
                map.insert("$ref".into(), reference(rng).into());
            }
        }
        // A part of the document in another position, possibly in itself.
        4 => *pointer = elsewhere,
        // Deep nesting.
        5 => {
            let key = ["items", "additionalProperties", "allOf", "properties"][rng.usize(..4)];
            let mut deep = elsewhere;
            for _ in 0..rng.usize(1..140) {
                deep = match key {
                    "allOf" => json!({ key: [deep, {}] }),
                    "properties" => json!({ "type": "object", key: { "a": deep } }),
                    _ => json!({ "type": "array", key: deep }),
                };
            }
            *pointer = deep;
        }
        // Huge enums.
        6 => {
            let size = [3, 40, 1_500][rng.usize(..3)];
            *pointer = json!({ "type": "string", "enum": (0..size).map(|n| format!("value {n}")).collect::<Vec<_>>() });
        }
        // Enum values and names that are not Rust names.
        7 => {
            *pointer = json!({ "type": "string", "enum": [word(rng), word(rng), word(rng), word(rng), "a", "A", "a"] })
        }
        // Duplicate ids.
        8 => {
            for (_, item) in document
                .pointer_mut("/paths")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flatten()
            {
                for (_, operation) in item.as_object_mut().into_iter().flatten() {
                    if let Some(operation) = operation.as_object_mut() {
                        operation.insert("operationId".into(), "same".into());
                    }
                }
            }
        }
        // Keys renamed.
        9 | 10 => {
            if let Some(map) = pointer.as_object_mut()
                && let Some(key) = pick(map, rng)
                && let Some(value) = map.remove(&key)
            {
                map.insert(word(rng), value);
            }
        }
        // Strings changed: methods, types, locations, names.
        11 => *pointer = word(rng).into(),
        // Schemas of every composition.
        12 => {
            let key = ["allOf", "oneOf", "anyOf"][rng.usize(..3)];
            *pointer = json!({ key: [elsewhere, { "$ref": reference(rng) }, odd(rng)] });
        }
        // Items repeated.
        _ => match pointer {
            Value::Array(items) => items.extend(items.clone()),
            Value::Object(map) => {
                map.insert(word(rng), elsewhere);
            }
            other => *other = json!([other.clone(), other.clone()]),
        },
    }
}

fn pick(map: &Map<String, Value>, rng: &mut Rng) -> Option<String> {
    if map.is_empty() {
        None
    } else {
        map.keys().nth(rng.usize(..map.len())).cloned()
    }
}

fn odd(rng: &mut Rng) -> Value {
    match rng.u8(..9) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(-1.5e300),
        3 => json!(word(rng)),
        4 => json!([]),
        5 => json!({}),
        6 => json!([["nested"], { "type": "string" }]),
        7 => json!({ "type": ["string", 7, null] }),
        _ => {
            json!({ "type": "object", "required": true, "properties": { "": { "type": "any" }, "self": {}, "Self": {}, "é": {} } })
        }
    }
}

fn reference(rng: &mut Rng) -> String {
    let names = [
        "ThingDto",
        "Label",
        "Gone",
        "",
        "A/B",
        "~1",
        "CreateThingDto",
    ];
    let name = names[rng.usize(..names.len())];
    match rng.u8(..8) {
        0 => format!("#/components/parameters/{name}"),
        1 => format!("other.json#/components/schemas/{name}"),
        2 => name.to_owned(),
        3 => "#".to_owned(),
        _ => format!("#/components/schemas/{name}"),
    }
}

fn word(rng: &mut Rng) -> String {
    let words = [
        "",
        "self",
        "Self",
        "type",
        "crate",
        "_",
        "__",
        "1",
        "1st",
        "-",
        "a-b",
        "a_b",
        "aB",
        "A B",
        "é",
        "日本",
        "🦀",
        "\u{202e}rtl",
        "\0",
        "\"quoted\"",
        "`tick`",
        "*/",
        "//",
        "\\",
        "\n",
        "{",
        "}",
        "{a}/{b}",
        "/x/{id}",
        "$ref",
        "String",
        "Option",
        "Unrecognized",
        "new",
        "send",
        "body",
        "extra",
        "clone",
        "path",
        "query",
        "header",
        "200",
        "2XX",
        "default",
        "object",
        "array",
        "integer",
        "null",
        "value",
        "Vec",
        "Box",
        "r#fn",
        "Ünïcödé",
        "ﬁ",
        "a\u{301}",
        "İ",
    ];
    let word = words[rng.usize(..words.len())];
    if rng.u8(..) < 10 {
        word.repeat(200)
    } else {
        word.to_owned()
    }
}
