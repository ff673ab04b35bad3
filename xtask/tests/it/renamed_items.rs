//! Entries of the attention list about types and methods that have another name after a
//! regeneration, and the edits that keep the old one.

use serde_json::{Value, json};

use crate::fixture::{Tree, assert_contains, interface, server};

const GET: (&str, &str) = ("get", "/links/{linkId}");

/// An interface with these names of a schema and an operation.
fn with_names(schema: &str, operation: &str) -> Value {
    let mut links = interface("links", &[GET]);
    links["paths"]["/links/{linkId}"]["get"]["operationId"] = operation.into();
    let schemas = &mut links["components"]["schemas"];
    schemas["BookmarkDto"]["properties"]["owner"] =
        json!({ "$ref": format!("#/components/schemas/{schema}") });
    schemas[schema] = json!({ "type": "object", "properties": {
        "name": { "type": "string" },
        "role": { "type": "string", "enum": ["admin", "user"] }
    } });
    links
}

fn regen(tree: &Tree, schema: &str, operation: &str) -> String {
    let server = server(&[("links", with_names(schema, operation))]);
    tree.regen(&server, &[]).ok()
}

fn generated() -> Tree {
    let tree = Tree::new(&["links"]);
    regen(&tree, "OwnerDto", "find-link");
    tree.run(&["check"]).ok();
    tree
}

/// The names of the types and methods of the crate, in any order.
fn names(tree: &Tree) -> String {
    let types = tree.read("crates/api/links/src/types.rs");
    let client = tree.read("crates/api/links/src/client.rs");
    format!("{types}\n{client}")
}

#[test]
fn renamed_types_and_methods_keep_their_names_by_the_proposed_edits() {
    let tree = generated();
    let before = names(&tree);
    let text = regen(&tree, "ContactDto", "read-link");
    for expected in [
        "`types::Owner` is now `types::Contact`",
        "`types::OwnerRole` is now `types::ContactRole`",
        "`types::Link` is now `types::ReadLinkResponse`",
        "`Client::get_link` is now `Client::read_link`",
        "add the action [{\"description\":\"`types::Owner` had this name",
    ] {
        assert_contains(&text, expected);
    }
    assert!(names(&tree) != before);
    tree.run(&["check"]).failed();
    tree.run(&["check", "--allow-attention"]).ok();
    // Nothing ends the entries but a decision.
    tree.run(&["codegen"]).ok();
    let list = tree.read("specs/attention.json");
    regen(&tree, "ContactDto", "read-link");
    assert_eq!(tree.read("specs/attention.json"), list);

    let text = tree
        .run(&["attend", "--all", "--reason", "Programs use it."])
        .ok();
    assert_contains(&text, "0 open");
    tree.run(&["check"]).ok();
    for name in ["Owner {", "OwnerRole", "Link {", "GET_LINK", "fn get_link"] {
        let has_name = |text: &str| text.contains(name);
        assert_eq!(has_name(&names(&tree)), has_name(&before), "{name}");
    }
    let overlay = tree.read("specs/links/overlay.yaml");
    let kept: Vec<&str> = overlay
        .lines()
        .filter(|line| line.contains("x-hoopai-name"))
        .collect();
    assert_eq!(
        kept.len(),
        2,
        "the other names follow from these: {overlay}"
    );
    assert!(!tree.path("specs/attention.json").exists());
}

#[test]
fn renames_are_relative_to_the_last_settled_name() {
    let tree = generated();
    let files = tree.files();
    regen(&tree, "ContactDto", "read-link");
    let text = regen(&tree, "AccountDto", "read-link");
    assert_contains(&text, "`types::Owner` is now `types::Account`");
    regen(&tree, "OwnerDto", "find-link");
    assert!(files == tree.files(), "the names are as before");

    regen(&tree, "ContactDto", "read-link");
    let arguments = ["attend", "--all", "--accept", "--reason", "It says more."];
    let text = tree.run(&arguments).ok();
    assert_contains(&text, "0 entries edited, 5 accepted, 0 open");
    tree.run(&["check"]).ok();
    let text = regen(&tree, "OwnerDto", "read-link");
    assert_contains(&text, "`types::Contact` is now `types::Owner`");
    assert_contains(&text, "no longer accepted, because it has ended");
}

#[test]
fn name_that_the_overlay_chooses_is_no_entry() {
    let tree = generated();
    tree.write(
        "specs/links/overlay.yaml",
        "overlay: 1.0.0\ninfo: { title: links, version: 1.0.0 }\nactions:\n  - target: $.paths['/links/{linkId}'].get\n    description: It opens a link.\n    update: { x-hoopai-name: open_link }\n",
    );
    regen(&tree, "OwnerDto", "find-link");
    assert_contains(&names(&tree), "open_link");
    tree.run(&["check"]).ok();
}
