//! Edits of `specs/modules.toml`, which keep all lines of other modules and all comments.

use std::ops::Range;

use hoopai_codegen::{Module, parse_modules};

use super::MODULES;
use crate::error::{Result, file_error};

const HEADER: &str = "[[module]]";

/// Words of module names that are not written as `Word`.
const WORDS: [(&str, &str); 5] = [
    ("ai", "AI"),
    ("api", "API"),
    ("isv", "ISV"),
    ("saas", "SaaS"),
    ("sms", "SMS"),
];

/// A module that a source has and the list lacks. Its product is the name in words.
pub(crate) fn new_module(name: &str) -> Module {
    let word = |word: &str| {
        let special = WORDS.iter().find(|(plain, _)| *plain == word);
        let mut letters = word.chars();
        special.map_or_else(
            || {
                let first = letters.next().map(|first| first.to_ascii_uppercase());
                first.into_iter().chain(letters).collect()
            },
            |(_, written)| (*written).to_owned(),
        )
    };
    let words: Vec<String> = name.split('-').map(word).collect();
    Module {
        name: name.to_owned(),
        product: words.join(" "),
        aliases: Vec::new(),
        github: None,
        default: false,
        deprecated: false,
    }
}

/// Whether a name can be that of a module.
pub(crate) fn is_module_name(name: &str) -> bool {
    parse_modules(&entry(name, "")).is_ok()
}

fn entry(name: &str, product: &str) -> String {
    format!("{HEADER}\nname = {name:?}\nproduct = {product:?}\n")
}

/// Changes the text of the list so that it has the modules of `requested`: adds those that it lacks,
/// and sets or removes their marks.
pub(crate) fn updated(text: &str, requested: &[Module]) -> Result<String> {
    let mut text = text.to_owned();
    for module in requested {
        let present = parse_modules(&text)?;
        match present.iter().position(|old| old.name == module.name) {
            None => {
                let next = present.iter().position(|old| old.name > module.name);
                add(&mut text, module, next);
            }
            Some(index) if present[index].deprecated != module.deprecated => {
                mark(&mut text, index, module.deprecated);
            }
            Some(_) => {}
        }
    }
    let read = parse_modules(&text)?;
    if requested.iter().all(|module| read.contains(module)) {
        Ok(text)
    } else {
        Err(file_error(
            MODULES,
            "has a form that cannot be edited",
            "write each module as a `[[module]]` entry with one key on each line, and repeat the command",
        ))
    }
}

/// The bytes of each entry, from its header to the next one.
fn entries(text: &str) -> Vec<Range<usize>> {
    let mut starts = Vec::new();
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        if line.trim() == HEADER {
            starts.push(position);
        }
        position += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .copied()
        .zip(ends)
        .map(|(start, end)| start..end)
        .collect()
}

/// Adds an entry before the one with the index `next`, or at the end.
fn add(text: &mut String, module: &Module, next: Option<usize>) {
    let new = entry(&module.name, &module.product);
    let next = next.and_then(|next| entries(text).into_iter().nth(next));
    match next {
        Some(next) => {
            // Comments above an entry belong to it.
            let mut at = next.start;
            for line in text[..next.start].split_inclusive('\n').rev() {
                if !line.starts_with('#') {
                    break;
                }
                at -= line.len();
            }
            text.insert_str(at, &format!("{new}\n"));
        }
        None => {
            let end = text.trim_end().len();
            text.truncate(end);
            if end > 0 {
                text.push_str("\n\n");
            }
            text.push_str(&new);
        }
    }
}

/// Sets or removes the mark of the entry with this index.
fn mark(text: &mut String, index: usize, deprecated: bool) {
    let Some(entry) = entries(text).into_iter().nth(index) else {
        return;
    };
    let mut lines: Vec<&str> = text[entry.clone()].split_inclusive('\n').collect();
    let is_key = |line: &&str| {
        line.split('=')
            .next()
            .is_some_and(|key| key.trim() == "deprecated")
    };
    lines.retain(|line| !is_key(line));
    if deprecated {
        let is_entry = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        let last = lines.iter().rposition(is_entry).map_or(0, |last| last + 1);
        if let Some(last) = last
            .checked_sub(1)
            .filter(|last| !lines[*last].ends_with('\n'))
        {
            let with_end = format!("{}\ndeprecated = true\n", lines[last]);
            let joined = lines[..last].concat() + &with_end;
            text.replace_range(entry, &joined);
            return;
        }
        lines.insert(last, "deprecated = true\n");
    }
    let joined = lines.concat();
    text.replace_range(entry, &joined);
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# All modules.\n\n[[module]]\nname = \"a\"\nproduct = \"A\" # kept\n\n# About m.\n[[module]]\nname = \"m\"\nproduct = \"M\"\n";

    #[test]
    fn updated_keeps_other_lines_and_returns_to_the_first_text() {
        let mut requested = parse_modules(LIST).expect("valid");
        requested[0].deprecated = true;
        requested[1].deprecated = true;
        requested.extend([new_module("b-ai"), new_module("z")]);
        let text = updated(LIST, &requested).expect("edited");
        let expected = "# All modules.\n\n[[module]]\nname = \"a\"\nproduct = \"A\" # kept\ndeprecated = true\n\n[[module]]\nname = \"b-ai\"\nproduct = \"B AI\"\n\n# About m.\n[[module]]\nname = \"m\"\nproduct = \"M\"\ndeprecated = true\n\n[[module]]\nname = \"z\"\nproduct = \"Z\"\n";
        assert_eq!(text, expected);
        let back = updated(&text, &parse_modules(LIST).expect("valid")).expect("edited");
        assert_eq!(back, expected.replace("deprecated = true\n", ""));
    }

    #[test]
    fn names_that_are_not_kebab_case_are_no_module_names() {
        for name in ["Links", "a b", "../a", "a\"", "", "9a", "a_b"] {
            assert!(!is_module_name(name), "{name}");
        }
        assert!(is_module_name("email-isv"));
    }
}
