//! `cargo xtask attend`: the planted deviations, and those of older files of the platform.

use serde_json::{Value, json};

use crate::{
    fixture::{Tree, assert_contains, interface, server},
    platform_files::{committed_tree, older_states},
};

const LIST: (&str, &str) = ("get", "/links/");
const GET: (&str, &str) = ("get", "/links/{linkId}");

const OVERLAY: &str = "\
# Corrections of links.
overlay: 1.0.0
info:
  title: links
  version: 1.0.0
actions:
  # names
  - target: \"$.paths['/links/gone'].get\" # a note
    description: \"The name of an operation that has gone.\"
    update: { x-hoopai-name: list_gone }

  - target: \"$.paths['/links/'].get\"
    description: |
      The name that users look for.
    update:
      x-hoopai-name: list_links   # kept

  # facts
  - target: \"$.components.schemas.BookmarkDto\"
    description: The platform has it itself.
    update: { type: object }
# the end
";

const DOCUMENTATION: &str = "\
module: Links.   # kept
operations:
  GET /links/gone:
    summary: Lists what has gone.
  # kept
  GET /links/:
    summary: Lists the links.
    parameters: { fields: The fields., gone: A parameter that has gone. }
schemas:
  GoneDto:
    fields:
      id: The id.
";

/// A tree with a deviation of each kind.
fn planted() -> Tree {
    let tree = Tree::new(&["links"]);
    tree.write("specs/links/overlay.yaml", OVERLAY);
    tree.write("specs/links/documentation.yaml", DOCUMENTATION);
    let mut links = interface("links", &[LIST, GET]);
    let operation = |id: &str, parameters: Value, schema: Value| {
        json!({
            "operationId": id,
            "parameters": parameters,
            "responses": { "200": {
                "description": "Done",
                "content": { "application/json": { "schema": schema } }
            } }
        })
    };
    let query = |name: &str| json!({"name": name, "in": "query", "schema": {"type": "integer"}});
    let bookmark = json!({ "$ref": "#/components/schemas/BookmarkDto" });
    let page = json!({ "type": "object", "properties": {
        "bookmarks": { "type": "array", "items": bookmark },
        "total": { "type": "integer" }
    } });
    let pages = json!([query("limit"), query("offset")]);
    links["paths"]["/links/pages"]["get"] = operation("pages", pages, page.clone());
    links["paths"]["/links/undecided"]["get"] = operation(
        "undecided",
        json!([query("limit"), query("offset"), query("page")]),
        page,
    );
    let broken = json!({ "$ref": "#/components/schemas/MissingDto" });
    links["paths"]["/links/broken"]["get"] = operation("broken", json!([]), broken);
    for path in ["/links/same-name", "/links/same_name"] {
        links["paths"][path]["get"] = operation("same-name", json!([]), bookmark.clone());
    }
    tree.regen(&server(&[("links", links)]), &[]).ok();
    tree
}

#[test]
fn all_entries_are_settled_with_a_reason_and_the_result_passes_check() {
    let tree = planted();
    let text = tree.run(&["check"]).failed();
    assert!(!text.contains("interrupted"), "{text}");
    let text = tree
        .run(&["attend", "--all", "--reason", "Read on Monday."])
        .ok();
    assert_contains(&text, "0 open");
    assert_contains(&text, "accepted: ");
    assert_contains(&text, "(Read on Monday.)");
    tree.run(&["check"]).ok();

    let overlay = tree.read("specs/links/overlay.yaml");
    let kept = OVERLAY.replace(
        "  - target: \"$.paths['/links/gone'].get\" # a note
    description: \"The name of an operation that has gone.\"
    update: { x-hoopai-name: list_gone }
",
        "",
    );
    let kept = kept.replace(
        "  - target: \"$.components.schemas.BookmarkDto\"
    description: The platform has it itself.
    update: { type: object }
",
        "@",
    );
    let (before, after) = kept.split_once("\n  # facts\n@").expect("two parts");
    assert!(overlay.starts_with(before), "{overlay}");
    assert!(
        overlay.ends_with(&format!("\n  # facts\n{after}")),
        "{overlay}"
    );
    assert_contains(
        &overlay,
        "    description: \"The rule is inferred from its parameters and its reply. Read on Monday.\"\n",
    );
    assert_contains(&overlay, "      x-hoopai-paging:\n");
    assert_contains(&overlay, "      x-hoopai-unpaged:");
    assert_contains(&overlay, "      x-hoopai-name: ");

    let documentation = tree.read("specs/links/documentation.yaml");
    assert_eq!(
        documentation,
        "\
module: Links.   # kept
operations:
  # kept
  GET /links/:
    summary: Lists the links.
    parameters: { fields: The fields. }
"
    );
    let list = tree.read("specs/attention.json");
    assert_contains(&list, "\"accepted\": \"Read on Monday.\"");

    let files = tree.files();
    let text = tree.run(&["attend", "--all", "--reason", "Again."]).ok();
    assert_contains(&text, "no open entries");
    assert!(files == tree.files(), "a second run changes nothing");
    tree.run(&["codegen"]).ok();
    assert!(files == tree.files(), "codegen keeps the acceptances");
}

#[test]
fn without_a_terminal_and_without_a_selection_entries_are_listed() {
    let tree = planted();
    let files = tree.files();
    let text = tree.run(&["attend"]).ok();
    assert_contains(&text, "   1 links: ");
    assert_contains(&text, "--all, with --reason TEXT");
    assert!(files == tree.files(), "nothing is written");
}

#[test]
fn selected_entries_are_settled_and_the_others_stay() {
    let tree = planted();
    let before = tree.run(&["attend"]).ok().lines().count();
    let text = tree.run(&["attend", "1", "--reason", "Gone."]).ok();
    assert_contains(&text, "1 entry edited, 0 accepted");
    assert_eq!(tree.run(&["attend"]).ok().lines().count(), before - 1);
    let text = tree
        .run(&["attend", "--module", "links", "--reason", "Gone."])
        .ok();
    assert_contains(&text, " 0 open");
}

#[test]
fn wrong_selections_are_rejected_with_a_remedy() {
    let tree = planted();
    let files = tree.files();
    for (arguments, expected) in [
        (
            &["attend", "99", "--reason", "x"][..],
            "has no entry 99: the open entries are 1 to",
        ),
        (&["attend", "0", "--reason", "x"], "has no entry 0"),
        (
            &["attend", "--module", "users", "--reason", "x"],
            "has no module `users`",
        ),
        (&["attend", "--all"], "add --reason TEXT"),
        (&["attend", "--all", "--reason", " "], "add --reason TEXT"),
    ] {
        let error = tree.run(arguments).error();
        assert_contains(&error, expected);
    }
    assert!(files == tree.files(), "nothing is written");
}

#[test]
fn on_a_terminal_each_entry_is_shown_with_its_edit_and_asked_about() {
    let tree = planted();
    let text = tree
        .run_with_answers(&["attend"], &["y", "It has gone.", "n", "y", "", "q"])
        .ok();
    assert_contains(
        &text,
        "  specs/links/overlay.yaml:8\n  -   - target: \"$.paths['/links/gone'].get\" # a note",
    );
    assert_contains(&text, "apply this edit?");
    assert_contains(&text, "(It has gone.)");
    assert_contains(&text, "skipped, because it has no reason");
    assert_contains(&text, "1 entry edited, 0 accepted");
    assert!(!tree.read("specs/links/overlay.yaml").contains("list_gone"));
}

#[test]
fn acceptance_ends_with_its_entry() {
    let tree = planted();
    tree.run(&["attend", "--all", "--reason", "Read on Monday."])
        .ok();
    let links = interface("links", &[LIST, GET]);
    let text = tree.regen(&server(&[("links", links)]), &[]).ok();
    assert_contains(&text, "no longer accepted, because it has ended: ");
    let list = tree.read("specs/attention.json");
    assert!(!list.contains("accepted"), "{list}");
}

#[test]
fn older_files_of_the_platform_are_settled() {
    for state in older_states("older_files_of_the_platform_are_settled") {
        let tree = committed_tree();
        let source = state.to_str().expect("UTF-8");
        tree.regen_in(&tree.workspace(), source, &[]).ok();
        let text = tree
            .run(&["attend", "--all", "--reason", "The state of an older day."])
            .ok();
        assert_contains(&text, " 0 open");
        tree.run(&["check"]).ok();
    }
}
