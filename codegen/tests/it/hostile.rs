//! Hostile input: documents, real ones and our own, mutated at random. Each case ends in a crate or in an error that
//! names file and place; never in a panic, the generator's own included, and never in a hang.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::time::Duration;

use fastrand::Rng;
use hoopai_codegen::{FileError, SourceText, Sources, effective, generate, strip};
use serde_json::{Map, Value, json};

use crate::support::{lifted, module, root, spec_alone};

const CASES: u64 = 2_400;
/// Far more than any case needs; only a hang takes as long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Real documents above this size take too long for this many cases; their kinds of schema are in the smaller ones.
const SIZE_LIMIT: usize = 45_000;

#[test]
fn mutated_documents_never_panic_or_hang() {
    // In CI the seed is always the same, so that a change is judged by what it changes; elsewhere each run looks at new cases.
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
        // Detached, so that a hang in it cannot keep this test from saying so.
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
    println!("{crates} made a crate, {faults} a fault");
    assert!(
        crates > CASES / 20 && faults > CASES / 20,
        "the mutations are too harmless or too harsh to prove anything"
    );
}

/// Our own documents, the committed ones as their overlays make them and, where they are at hand, the raw ones.
fn sources() -> Vec<(String, Value)> {
    let mut sample = crate::emitted::everything();
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
        // A raw one lacks what overlays say, without which an operation that pages is refused at once.
        if let Ok(bytes) = std::fs::read(
            root()
                .join("../shared/upstream")
                .join(name)
                .join("openapi.json"),
        ) && let Ok(mut raw) = serde_json::from_slice::<Value>(&bytes)
        {
            say_as(&effective.document, &mut raw);
            found.push((format!("raw {name}"), raw));
        }
        found.push((name.to_owned(), effective.document));
    }
    found
}

/// Gives the raw document's operations that page, or look so, a reason not to.
fn say_as(effective: &Value, raw: &mut Value) {
    for (path, item) in raw["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let known = &effective["paths"][path][method];
            if known.get("x-hoopai-paging").is_some() || known.get("x-hoopai-unpaged").is_some() {
                operation["x-hoopai-unpaged"] = "Nobody asks it to.".into();
            }
        }
    }
}

/// One case: whether a crate came of it; an error is what must not be.
fn run(seed: u64, case: u64, sources: &[(String, Value)]) -> Result<bool, String> {
    let mut rng = Rng::with_seed(seed ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    // Every other case is a document of our own: they are small, and have one of everything.
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
    // Half of the cases skip distilling, as a hand-edited spec would.
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
                    "a fault without place or remedy: {file}#{pointer}: {problem}; {remedy}"
                ));
            }
            // Whatever gets past the passes must be plain enough for the generator.
            if problem.contains("the generator") {
                return Err(format!("{file}#{pointer}: {problem}"));
            }
            Ok(false)
        }
    }
}

/// Names within generated data must be Rust's and distinct, which parsing does not see: a macro takes any tokens.
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
                // Variants stand several to a line.
                for variant in line.split(',').filter_map(|item| item.split_once(" = \"")) {
                    let variant = variant.0.trim();
                    if !members.insert(variant.to_owned()) {
                        return Err(format!("`{variant}` stands twice, at `{line}` with {name}"));
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
                return Err(format!("the type `{ident}` stands twice"));
            }
        } else if !members.insert(ident.to_owned()) {
            return Err(format!("`{ident}` stands twice, at `{line}`"));
        }
    }
    Ok(())
}

/// Every place in the document, as pointers.
fn places(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                places(
                    inner,
                    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
                    found,
                );
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter().enumerate() {
                places(inner, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push(pointer);
}

fn mutate(document: &mut Value, rng: &mut Rng) {
    let mut found = Vec::new();
    places(document, String::new(), &mut found);
    let pointer = found[rng.usize(..found.len())].clone();
    let other = found[rng.usize(..found.len())].clone();
    let elsewhere = document.pointer(&other).cloned().unwrap_or_default();
    let Some(place) = document.pointer_mut(&pointer) else {
        return;
    };
    match rng.u8(..14) {
        // Types swapped.
        0 => *place = odd(rng),
        // Keys dropped.
        1 => match place {
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
        // References broken, or leading to themselves.
        2 => *place = json!({ "$ref": reference(rng) }),
        3 => {
            if let Some(map) = place.as_object_mut() {
                map.insert("$ref".into(), reference(rng).into());
            }
        }
        // A part of the document in another place; cheap to make circular.
        4 => *place = elsewhere,
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
            *place = deep;
        }
        // Huge enums.
        6 => {
            let size = [3, 40, 1_500][rng.usize(..3)];
            *place = json!({ "type": "string", "enum": (0..size).map(|n| format!("value {n}")).collect::<Vec<_>>() });
        }
        // Enum values and names that are hard on Rust.
        7 => {
            *place = json!({ "type": "string", "enum": [word(rng), word(rng), word(rng), word(rng), "a", "A", "a"] })
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
            if let Some(map) = place.as_object_mut()
                && let Some(key) = pick(map, rng)
                && let Some(value) = map.remove(&key)
            {
                map.insert(word(rng), value);
            }
        }
        // Strings changed: methods, types, places, names.
        11 => *place = word(rng).into(),
        // Schemas of every composition.
        12 => {
            let key = ["allOf", "oneOf", "anyOf"][rng.usize(..3)];
            *place = json!({ key: [elsewhere, { "$ref": reference(rng) }, odd(rng)] });
        }
        // Several of the same.
        _ => match place {
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
