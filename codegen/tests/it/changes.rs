//! The changes of the Rust API, and the report about them.

use hoopai_codegen::{
    ApiChange, Bump, ChangeReport, Generated, ModuleChanges, ModuleStatus, compare_crates,
};
use serde_json::Value;

use crate::planted_changes::{ALL, Planted, Program, base};
use crate::support::{generate_sample, lifted};

/// Generates a document whose extensions are declared by an overlay.
pub(crate) fn generated(document: &Value) -> Generated {
    let mut overlay: Value = serde_json::from_str(&lifted(document)).expect("JSON");
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten();
    for (name, schema) in schemas {
        if let Some(type_name) = schema.get("x-hoopai-name") {
            let action = serde_json::json!({
                "target": format!("$.components.schemas.{name}"),
                "description": "Lifted.",
                "update": { "x-hoopai-name": type_name },
            });
            overlay["actions"]
                .as_array_mut()
                .expect("a list")
                .push(action);
        }
    }
    generate_sample(document, Some(&overlay.to_string())).expect("generated")
}

pub(crate) fn edited(planted: &Planted) -> Value {
    let mut document = base();
    (planted.edit)(&mut document);
    document
}

/// Kind, item or aspect, name of the item or of its owner, and `!` if it is breaking.
fn line(change: &ApiChange) -> String {
    let value: Value =
        serde_json::from_str(&report(vec![change.clone()], "0.1.0").json()).expect("JSON");
    let change = &value["modules"][0]["api"][0];
    let text = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
    let kind = text("kind");
    let what = if kind == "changed" {
        text("aspect")
    } else {
        text("item")
    };
    let name = [text("name"), text("of")]
        .into_iter()
        .find(|name| !name.is_empty());
    let breaking = if change["breaking"] == true { " !" } else { "" };
    format!("{kind} {what} {}{breaking}", name.unwrap_or_default())
}

fn report(api: Vec<ApiChange>, version: &str) -> ChangeReport {
    ChangeReport {
        version: version.to_owned(),
        modules: vec![ModuleChanges {
            api,
            ..ModuleChanges::without_changes("sample", ModuleStatus::Changed)
        }],
    }
}

#[test]
fn planted_changes_are_classified() {
    assert!(ALL.len() >= 30, "{} planted changes", ALL.len());
    let before = generated(&base());
    let mut differing = Vec::new();
    for planted in ALL {
        let after = generated(&edited(planted));
        let changes = compare_crates(&before.files, &after.files).expect(planted.name);
        let mut lines: Vec<String> = changes.iter().map(line).collect();
        lines.sort();
        let mut expected: Vec<&str> = planted.expected.lines().map(str::trim).collect();
        expected.sort_unstable();
        if lines != expected {
            differing.push((planted.name, lines, expected));
        }

        let is_breaking = planted.verdict != Program::Compiles;
        let adds = changes
            .iter()
            .any(|change| line(change).starts_with("added"));
        for (version, expected) in [
            (
                "0.1.0",
                if is_breaking {
                    Bump::Minor
                } else {
                    Bump::Patch
                },
            ),
            (
                "1.4.2",
                match (is_breaking, adds) {
                    (true, _) => Bump::Major,
                    (false, true) => Bump::Minor,
                    (false, false) => Bump::Patch,
                },
            ),
        ] {
            let report = report(changes.clone(), version);
            assert_eq!(report.bump(), expected, "{}: {version}", planted.name);
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}

/// A change and its reverse have the same names, and what one adds the other removes.
#[test]
fn reversed_changes_are_reported_in_reverse() {
    let before = generated(&base());
    for planted in ALL {
        let after = generated(&edited(planted));
        let there = compare_crates(&before.files, &after.files).expect(planted.name);
        let back = compare_crates(&after.files, &before.files).expect(planted.name);
        let count = |changes: &[ApiChange], kind: &str| {
            changes
                .iter()
                .filter(|change| line(change).starts_with(kind))
                .count()
        };
        for (one, other) in [
            ("added", "removed"),
            ("removed", "added"),
            ("renamed", "renamed"),
            ("changed", "changed"),
        ] {
            assert_eq!(
                count(&there, one),
                count(&back, other),
                "{}: {one}: {there:#?} {back:#?}",
                planted.name
            );
        }
    }
}

#[test]
fn equal_crates_have_no_changes() {
    let before = generated(&base());
    assert_eq!(compare_crates(&before.files, &before.files), Ok(Vec::new()));
    let mut other = before.files.clone();
    let types = other.get_mut("src/types.rs").expect("types");
    types.push_str("\n// A comment is no change of the API.\n");
    assert_eq!(compare_crates(&before.files, &other), Ok(Vec::new()));
    let unchanged = ChangeReport {
        version: "0.1.0".to_owned(),
        modules: vec![ModuleChanges::without_changes(
            "sample",
            ModuleStatus::Unchanged,
        )],
    };
    assert_eq!(
        (unchanged.bump(), unchanged.next_version()),
        (Bump::None, "0.1.0".to_owned())
    );
    insta::assert_snapshot!(unchanged.markdown());
}

#[test]
fn files_that_are_not_generated_are_an_error() {
    let before = generated(&base());
    for (path, text) in [
        (
            "src/types.rs",
            "hoopai_runtime::model! { pub struct Thing { id } }",
        ),
        ("src/client.rs", "pub mod builder {"),
        (
            "src/client.rs",
            "pub mod builder { hoopai_runtime::operation! { pub A(operations::A) -> empty } }",
        ),
    ] {
        let mut other = before.files.clone();
        other.insert(path.to_owned(), text.to_owned());
        let error = compare_crates(&other, &before.files).expect_err(text);
        assert!(error.to_string().starts_with(path), "{error}");
        other.remove(path);
        let error = compare_crates(&other, &before.files).expect_err(path);
        assert!(error.to_string().contains("is missing"), "{error}");
    }
}

#[test]
fn next_version_follows_from_the_changes() {
    let with = |breaking| {
        let before = generated(&base());
        let planted = ALL
            .iter()
            .find(|planted| (planted.verdict == Program::Breaks) == breaking);
        let after = generated(&edited(planted.expect("a planted change")));
        compare_crates(&before.files, &after.files).expect("comparable")
    };
    for (version, breaking, next) in [
        ("0.1.4", true, "0.2.0"),
        ("0.1.4", false, "0.1.5"),
        ("1.2.3", true, "2.0.0"),
        ("1.2.3", false, "1.3.0"),
        ("1.2", true, "1.2"),
    ] {
        assert_eq!(
            report(with(breaking), version).next_version(),
            next,
            "{version}"
        );
    }
}

#[test]
fn report_has_summary_and_folded_lists() {
    let mut document = base();
    for planted in ALL.iter().filter(|planted| {
        [
            "operation removed",
            "field of another type",
            "value added to an enum",
            "type renamed by an overlay",
        ]
        .contains(&planted.name)
    }) {
        (planted.edit)(&mut document);
    }
    for index in 0..20 {
        document["components"]["schemas"]["Thing"]["properties"][format!("new{index}")] =
            serde_json::json!({ "type": "string" });
    }
    let (before, after) = (generated(&base()), generated(&document));
    let changes = compare_crates(&before.files, &after.files).expect("comparable");
    let report = report(changes, "0.1.0");
    insta::assert_snapshot!("report_markdown", report.markdown());
    insta::assert_snapshot!("report_json", report.json());
    assert_eq!(report.labels(), ["breaking"]);
}

/// Hosts reject longer texts of pull requests. The report as JSON stays complete.
#[test]
fn long_reports_are_cut() {
    let mut document = base();
    for index in 0..3000 {
        document["components"]["schemas"]["Thing"]["properties"][format!("new{index}")] =
            serde_json::json!({ "type": "string" });
    }
    let (before, after) = (generated(&base()), generated(&document));
    let changes = compare_crates(&before.files, &after.files).expect("comparable");
    assert_eq!(changes.len(), 3000);
    let report = report(changes, "0.1.0");
    let text = report.markdown();
    assert!(
        text.chars().count() <= 60_000,
        "{} characters",
        text.chars().count()
    );
    assert!(
        text.contains("- 2800 more, in the report as JSON"),
        "{text}"
    );
    assert_eq!(report.json().matches("\"item\"").count(), 3000);
}
