//! Hostile input: real documents and test documents with random mutations. Each case ends in a
//! crate or in an error with file and pointer, never in a panic, including those of progenitor, or
//! in a hang.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use fastrand::Rng;
use hoopai_codegen::{
    FileError, Generated, SourceText, Sources, effective, generate, strip, strip_tolerantly,
};
use serde_json::{Map, Value, json};

use crate::support::{lifted, module, root, spec_alone};

const CASES: u64 = 1_000;
const FILE_CASES: u64 = 150;
/// The time after which a case counts as a hang.
const PATIENCE: Duration = Duration::from_secs(60);
/// Real documents above this size take too long for this many cases; smaller ones have the same
/// kinds of schema.
const SIZE_LIMIT: usize = 45_000;

#[test]
fn mutated_documents_never_panic_or_hang() {
    let sources = sources();
    let (crates, faults) = run_cases(CASES, move |seed, case| run(seed, case, &sources));
    assert!(
        crates > CASES / 20 && faults > CASES / 20,
        "the mutations are too harmless or too harsh to prove anything"
    );
}

/// A file that is JSON with a version of OpenAPI 3 and paths always makes a crate, with the module's
/// own overlay.
#[test]
fn mutated_interface_files_always_make_a_crate() {
    let Ok(common) = std::fs::read(root().join("../shared/upstream/common/common-schemas.json"))
    else {
        println!("SKIPPED mutated_interface_files_always_make_a_crate: no ../shared/upstream");
        return;
    };
    let external = BTreeMap::from([("../common/common-schemas.json".to_owned(), common)]);
    // More cases also use the large files.
    let asked = std::env::var("HOOPAI_MUTATIONS").ok();
    let asked = asked.and_then(|number| number.parse().ok());
    let files = interface_files(asked.map_or(SIZE_LIMIT, |_| usize::MAX));
    run_cases(asked.unwrap_or(FILE_CASES), move |seed, case| {
        run_file(seed, case, &files, &external)
    });
}

/// An interface file of the platform and its overlay.
struct InterfaceFile {
    name: String,
    document: Value,
    overlay: Option<String>,
}

fn interface_files(size_limit: usize) -> Vec<InterfaceFile> {
    let folders = std::fs::read_dir(root().join("../shared/upstream"));
    let mut files: Vec<InterfaceFile> = folders
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let bytes = std::fs::read(entry.path().join("openapi.json")).ok()?;
            let overlay = root().join("specs").join(&name).join("overlay.yaml");
            (bytes.len() <= size_limit).then_some(InterfaceFile {
                name,
                document: serde_json::from_slice(&bytes).ok()?,
                overlay: std::fs::read_to_string(overlay).ok(),
            })
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn run_file(
    seed: u64,
    case: u64,
    files: &[InterfaceFile],
    external: &BTreeMap<String, Vec<u8>>,
) -> Result<bool, String> {
    let mut rng = case_rng(seed, case);
    let file = &files[rng.usize(..files.len())];
    let mut document = file.document.clone();
    for _ in 0..rng.usize(1..6) {
        mutate(&mut document, &mut rng);
    }
    let text = document.to_string();
    let version = document.get("openapi").and_then(Value::as_str);
    let readable = serde_json::from_str::<Value>(&text).is_ok()
        && version.is_some_and(|version| version.starts_with("3."))
        && document.get("paths").is_some_and(Value::is_object);
    let outcome =
        strip_tolerantly("hostile.json", text.as_bytes(), external).and_then(|(spec, _)| {
            let sources = Sources {
                overlay: file.overlay.as_deref().map(|text| SourceText {
                    file: "overlay.yaml",
                    text,
                }),
                ..spec_alone("spec.json", &spec)
            };
            generate(&module("hostile"), &sources)
        });
    match outcome {
        Ok(generated) => {
            check_sources(&generated)?;
            Ok(true)
        }
        Err(error) if readable => Err(format!("{}: {error}", file.name)),
        Err(error) if error.remedy.is_empty() => Err(format!("no remedy: {error}")),
        Err(_) => Ok(false),
    }
}

/// Runs cases and counts those that return true and false. Fails on an error, a panic or a hang.
fn run_cases(
    cases: u64,
    run: impl Fn(u64, u64) -> Result<bool, String> + Send + Sync + 'static,
) -> (u64, u64) {
    // CI uses a fixed seed, so that only changes of the code change the result; other runs use a
    // new one.
    let fixed = std::env::var("HOOPAI_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = fixed.unwrap_or_else(|| match std::env::var_os("CI") {
        Some(_) => 1,
        None => fastrand::u64(..),
    });
    println!("seed {seed}, {cases} cases; run it again with HOOPAI_SEED={seed}");
    let (sender, results) = mpsc::channel();
    let run = Arc::new(run);
    for half in 0..2 {
        let (sender, run) = (sender.clone(), run.clone());
        // Detached, so that the test can report a hang.
        std::thread::spawn(move || {
            for case in (half..cases).step_by(2) {
                let outcome = catch_unwind(AssertUnwindSafe(|| run(seed, case)));
                let outcome = outcome.unwrap_or_else(|_| Err("it panicked".to_owned()));
                if sender.send((case, outcome)).is_err() {
                    return;
                }
            }
        });
    }
    let (mut crates, mut faults) = (0, 0);
    let mut problems = Vec::new();
    for done in 0..cases {
        match results.recv_timeout(PATIENCE) {
            Ok((_, Ok(true))) => crates += 1,
            Ok((_, Ok(false))) => faults += 1,
            Ok((case, Err(problem))) => problems.push(format!("case {case}: {problem}")),
            Err(_) => panic!("seed {seed}: a case hangs after {done} are done"),
        }
    }
    println!("{crates} made a crate, {faults} an error");
    let shown = &problems[..problems.len().min(20)];
    assert!(
        problems.is_empty(),
        "seed {seed}: {} cases failed: {shown:#?}",
        problems.len()
    );
    (crates, faults)
}

fn case_rng(seed: u64, case: u64) -> Rng {
    Rng::with_seed(seed ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15))
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
    let mut rng = case_rng(seed, case);
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
            check_sources(&generated)?;
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

/// Checks that generated sources parse.
fn check_sources(generated: &Generated) -> Result<(), String> {
    let sources = generated.files.iter();
    for (path, text) in sources.filter(|(path, _)| path.ends_with(".rs")) {
        syn::parse_file(text).map_err(|error| format!("{path} does not parse: {error}"))?;
        if path.ends_with("types.rs") || path.ends_with("client.rs") {
            distinct(text).map_err(|problem| format!("{path}: {problem}"))?;
        }
    }
    Ok(())
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
