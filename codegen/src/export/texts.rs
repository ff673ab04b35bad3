//! Texts for users of any language: operation ids instead of names of methods, and no clauses about
//! the Rust client.

use std::collections::BTreeMap;

use serde_json::Value;

use super::walk;
use crate::json::Object;

/// Methods of all builders. Texts name them without arguments too.
const BUILDER_METHODS: [&str; 2] = ["extra_body", "extra_query"];

/// Rewrites the texts of the document. `methods` has the operation id for the name of each method,
/// `ids` the new ids of operations that were renamed.
pub(super) fn without_rust(
    document: &mut Value,
    methods: &BTreeMap<String, String>,
    ids: &BTreeMap<String, String>,
) {
    walk::objects(document, &mut |map| {
        for key in ["summary", "description"] {
            rewrite(map, key, methods, ids);
        }
        let reasons: Vec<String> = map
            .keys()
            .filter(|key| key.starts_with("x-hoopai-"))
            .cloned()
            .collect();
        for key in reasons {
            rewrite(map, &key, methods, ids);
        }
    });
}

fn rewrite(
    map: &mut Object,
    key: &str,
    methods: &BTreeMap<String, String>,
    ids: &BTreeMap<String, String>,
) {
    let Some(text) = map.get(key).and_then(Value::as_str) else {
        return;
    };
    let text = with_ids(&without_clauses(text), methods, ids);
    if text.is_empty() {
        map.remove(key);
    } else {
        map.insert(key.to_owned(), text.into());
    }
}

/// Replaces names of methods in backticks.
fn with_ids(
    text: &str,
    methods: &BTreeMap<String, String>,
    ids: &BTreeMap<String, String>,
) -> String {
    let spans = text.split('`').enumerate().map(|(index, span)| {
        let id = methods.get(span.trim_end_matches("()"));
        match id.filter(|_| index % 2 == 1) {
            Some(id) => ids.get(id).unwrap_or(id).as_str(),
            None => span,
        }
    });
    spans.collect::<Vec<_>>().join("`")
}

/// Whether code is an expression of the Rust client.
fn is_rust(code: &str) -> bool {
    code.contains("::")
        || BUILDER_METHODS.contains(&code)
        || code
            .strip_prefix('.')
            .is_some_and(|call| call.contains('('))
}

/// Removes the clauses that contain Rust, up to the end of their sentences.
fn without_clauses(text: &str) -> String {
    let mut text = text.to_owned();
    while let Some((start, end)) = rust_span(&text) {
        let (cut, keeps_sentence) = clause_start(&text[..start]);
        let end = end + sentence_end(&text[end..]);
        let rest = text[end..].to_owned();
        text.truncate(cut);
        if keeps_sentence {
            text.push('.');
            text.push_str(&rest);
        } else {
            text = format!("{}{rest}", text.trim_end_matches([' ', '\n']));
            text = text.trim_start().to_owned();
        }
    }
    text
}

/// The bytes of the first code span that is Rust.
fn rust_span(text: &str) -> Option<(usize, usize)> {
    let mut start = 0;
    for (index, span) in text.split('`').enumerate() {
        let end = start + span.len();
        if index % 2 == 1 && is_rust(span) {
            return Some((start, end));
        }
        start = end + 1;
    }
    None
}

/// The end of the text before the clause that ends here, and whether its sentence begins earlier.
fn clause_start(before: &str) -> (usize, bool) {
    let mut start = (0, false);
    let mut in_code = false;
    for (index, c) in before.char_indices() {
        let rest = &before[index + c.len_utf8()..];
        let ends_word = rest.starts_with([' ', '\n']);
        match c {
            '`' => in_code = !in_code,
            _ if in_code || !ends_word => {}
            '.' => start = (index + 1, false),
            ';' | ':' => start = (index, true),
            ',' if rest.trim_start().starts_with("so ") => start = (index, true),
            _ => {}
        }
    }
    start
}

/// The number of bytes up to the end of the sentence, its period included. `after` starts with the
/// backtick at the end of a code span.
fn sentence_end(after: &str) -> usize {
    let mut in_code = true;
    for (index, c) in after.char_indices() {
        match c {
            '`' => in_code = !in_code,
            '.' if !in_code => {
                let rest = &after[index + 1..];
                if rest.is_empty() || rest.starts_with([' ', '\n']) {
                    return index + 1;
                }
            }
            _ => {}
        }
    }
    after.len()
}
