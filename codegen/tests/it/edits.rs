//! Edits of overlays and documentation files.

use hoopai_codegen::{Edit, apply_edits};

fn apply(text: &str, edits: &[Edit]) -> Result<String, String> {
    let edits: Vec<_> = edits.iter().map(|edit| (edit, "Because.")).collect();
    apply_edits("sample", "overlay.yaml", Some(text), &edits).map_err(|error| error.to_string())
}

fn remove_text(pointer: &str) -> Edit {
    Edit::RemoveText(pointer.to_owned())
}

fn append(action: &str) -> Edit {
    Edit::AppendAction(action.to_owned())
}

const ACTION: &str =
    r#"[{"target":"$.paths['/a'].get","description":"New.","update":{"x-hoopai-name":"list_a"}}]"#;

#[test]
fn removals_keep_comments_blank_lines_and_the_form_of_other_entries() {
    let text = "\
# top
module: A.
operations:
  # about b
  GET /b:
    summary: |
      Two lines,
      # and no comment.
    parameters: { x: X., y: 'Y, with a comma.', \"z/~\": Z. } # flow

  # about c
  GET /c:
    summary: >-
      Folded
      text.

  # about d
  GET /d: { summary: D. }
# end
";
    for (pointers, changes) in [
        (
            &["/operations/GET ~1b/parameters/x"][..],
            &[("x: X., ", "")][..],
        ),
        (
            &["/operations/GET ~1b/parameters/z~1~0"],
            &[(", \"z/~\": Z.", "")],
        ),
        (
            &[
                "/operations/GET ~1b/parameters/x",
                "/operations/GET ~1b/parameters/y",
                "/operations/GET ~1b/parameters/z~1~0",
            ],
            &[(
                "    parameters: { x: X., y: 'Y, with a comma.', \"z/~\": Z. } # flow\n",
                "",
            )],
        ),
        (
            &["/operations/GET ~1c", "/operations/GET ~1c/summary"],
            &[(
                "  GET /c:\n    summary: >-\n      Folded\n      text.\n",
                "",
            )],
        ),
        (
            &["/operations/GET ~1d"],
            &[("  GET /d: { summary: D. }\n", "")],
        ),
        (&["/module"], &[("module: A.\n", "")]),
    ] {
        let edits: Vec<_> = pointers
            .iter()
            .map(|&pointer| remove_text(pointer))
            .collect();
        let mut expected = text.to_owned();
        for (old, new) in changes {
            assert!(expected.contains(old), "{old}");
            expected = expected.replace(old, new);
        }
        assert_eq!(apply(text, &edits).unwrap(), expected, "{pointers:?}");
    }
}

#[test]
fn last_text_leaves_an_empty_file() {
    let text = "# top\nschemas:\n  A:\n    fields:\n      a: A.\n";
    let edited = apply(text, &[remove_text("/schemas/A/fields/a")]).unwrap();
    assert_eq!(edited, "# top\n{}\n");
}

const OVERLAY: &str = "overlay: 1.0.0\ninfo: { title: a, version: 1 }\nactions:\n";

#[test]
fn actions_are_removed_by_their_first_index_and_the_last_leaves_an_empty_list() {
    let item = |name: &str| format!("- target: $.{name}\n  description: D.\n  remove: true\n");
    let text = format!("{OVERLAY}{}{}# c\n{}", item("a"), item("b"), item("c"));
    let removed = |indices: &[usize]| {
        let edits: Vec<_> = indices
            .iter()
            .map(|index| Edit::RemoveAction(*index))
            .collect();
        apply(&text, &edits).unwrap()
    };
    assert_eq!(removed(&[0, 2]), format!("{OVERLAY}{}# c\n", item("b")));
    assert_eq!(removed(&[2, 1]), format!("{OVERLAY}{}# c\n", item("a")));
    let empty = removed(&[0, 1, 2]);
    assert_eq!(empty, format!("{} []\n# c\n", OVERLAY.trim_end()));
    let refilled = apply(&empty, &[append(ACTION)]).unwrap();
    assert_eq!(
        refilled,
        format!(
            "{OVERLAY}  - target: \"$.paths['/a'].get\"\n    description: \"New. Because.\"\n    update:\n      x-hoopai-name: list_a\n# c\n"
        )
    );
}

#[test]
fn appended_actions_have_the_indentation_and_line_ends_of_the_file() {
    let text = format!("{OVERLAY}- target: $.a\n  description: D.\n  remove: true\n\n# end");
    let edited = apply(&text, &[append(ACTION)]).unwrap();
    assert_eq!(
        edited,
        format!(
            "{OVERLAY}- target: $.a\n  description: D.\n  remove: true\n- target: \"$.paths['/a'].get\"\n  description: \"New. Because.\"\n  update:\n    x-hoopai-name: list_a\n\n# end\n"
        )
    );
    let windows = text.replace('\n', "\r\n") + "\r\n";
    assert_eq!(
        apply(&windows, &[append(ACTION)]).unwrap(),
        edited.replace('\n', "\r\n")
    );
    let flow = format!(
        "{} [{{target: $.a, description: D., remove: true}}]\n",
        OVERLAY.trim_end()
    );
    let edited = apply(&flow, &[append(ACTION)]).unwrap();
    assert!(
        edited.starts_with(flow.trim_end().trim_end_matches(']')),
        "{edited}"
    );
}

#[test]
fn missing_overlay_is_created() {
    let edit = append(ACTION);
    let text = apply_edits("sample", "overlay.yaml", None, &[(&edit, "Because.")]).unwrap();
    assert!(
        text.starts_with(
            "overlay: 1.0.0\ninfo:\n  title: \"sample\"\n  version: 1.0.0\nactions:\n  - target: "
        ),
        "{text}"
    );
}

#[test]
fn texts_that_cannot_be_edited_are_rejected_with_a_remedy() {
    for (text, edit, expected) in [
        (
            "a: 1\n",
            remove_text("/b"),
            "has no `b`; run cargo xtask codegen",
        ),
        ("a: [\n", remove_text("/a"), "is not valid YAML"),
        (
            "a: &x { b: 1 }\nc: *x\n",
            remove_text("/a"),
            "cannot be edited",
        ),
        ("a: 1\n", append(ACTION), "has no list of `actions`"),
        (OVERLAY, append("{"), "the proposed action cannot be read"),
        ("- a\n", Edit::RemoveAction(0), "has no `actions/0`"),
    ] {
        let error = apply(text, &[edit]).unwrap_err();
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}
