//! Checks that names in hand-written Rust contain no retired words.
//!
//! Checked are identifiers where they are declared or used by themselves, and the names of files
//! and folders. Not checked are comments, literals, names after `::` or `.`, and names that are
//! imported from other crates: each of them is declared elsewhere.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use heck::ToSnakeCase;
use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::{
    error::{FileError, Result, file_error},
    workspace::{SourcePackage, Workspace, source_packages},
};

/// The list of retired words and of exceptions.
const LIST: &str = "xtask/retired-words.txt";

/// A name that contains a retired word.
#[derive(Debug)]
pub(crate) struct WordFinding {
    pub(crate) package: String,
    pub(crate) error: FileError,
}

/// Words in lower case.
type Words = Vec<String>;

#[derive(Debug, Default)]
struct RetiredWords {
    /// Retired words, each with its standard term.
    retired: Vec<(Words, String)>,
    /// Sequences of words that are allowed.
    allowed: Vec<Words>,
}

/// Checks all hand-written packages.
pub(crate) fn check_words(tree: &Workspace) -> Result<Vec<WordFinding>> {
    let list = RetiredWords::read(tree)?;
    let mut findings = Vec::new();
    for package in source_packages(tree)? {
        let errors = check_package(tree, &package, &list)?;
        findings.extend(errors.into_iter().map(|error| WordFinding {
            package: package.name.clone(),
            error,
        }));
    }
    Ok(findings)
}

fn check_package(
    tree: &Workspace,
    package: &SourcePackage,
    list: &RetiredWords,
) -> Result<Vec<FileError>> {
    let mut errors = Vec::new();
    let mut checked_paths = BTreeSet::new();
    for file in package.files(tree)? {
        let name_starts = file.path.match_indices('/').map(|(slash, _)| slash + 1);
        for start in name_starts.filter(|start| *start > package.folder.len()) {
            let end = file.path[start..]
                .find('/')
                .map_or(file.path.len(), |length| start + length);
            if checked_paths.insert(file.path[..end].to_owned()) {
                errors.extend(list.check(&file.path[..end], &file.path[start..end]));
            }
        }
        let tokens = TokenStream::from_str(&file.text).map_err(|error| {
            let line = error.span().start().line;
            file_error(
                format!("{}:{line}", file.path),
                error.to_string(),
                "correct it",
            )
        })?;
        let mut names = Names::default();
        names.collect(tokens);
        for (name, line) in names.own {
            if !names.imported.contains(&name) {
                errors.extend(list.check(&format!("{}:{line}", file.path), &name));
            }
        }
    }
    Ok(errors)
}

impl RetiredWords {
    fn read(tree: &Workspace) -> Result<Self> {
        let mut list = Self::default();
        let text = tree.text(LIST)?.unwrap_or_default();
        for (index, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, explanation) = line.split_once(" = ").ok_or_else(|| {
                file_error(
                    format!("{LIST}:{}", index + 1),
                    "has no ` = `",
                    "write `word = standard term` or `allow name = reason`",
                )
            })?;
            match name.strip_prefix("allow ") {
                Some(name) => list.allowed.push(split_words(name)),
                None => list
                    .retired
                    .push((split_words(name), explanation.to_owned())),
            }
        }
        Ok(list)
    }

    /// An error for each retired word in a name.
    fn check(&self, location: &str, name: &str) -> Vec<FileError> {
        let words = split_words(name);
        let mut is_allowed = vec![false; words.len()];
        for allowed in &self.allowed {
            for start in positions(&words, allowed) {
                is_allowed[start..start + allowed.len()].fill(true);
            }
        }
        let mut errors = Vec::new();
        for (retired, term) in &self.retired {
            if positions(&words, retired).any(|start| !is_allowed[start]) {
                errors.push(file_error(
                    location,
                    format!("`{name}` contains the retired word `{}`", retired.join("_")),
                    format!("use the standard term: {term}"),
                ));
            }
        }
        errors
    }
}

/// Where `part` occurs in `words`.
fn positions<'a>(words: &'a [String], part: &'a [String]) -> impl Iterator<Item = usize> + 'a {
    let windows = words.windows(part.len()).enumerate();
    windows
        .filter(move |(_, window)| *window == part)
        .map(|(start, _)| start)
}

/// Splits a name at characters that are no letters and at case changes: `HTTPServer_2` is `http`
/// and `server`.
fn split_words(name: &str) -> Words {
    let letters = name.replace(|character: char| !character.is_alphabetic(), " ");
    let words = letters.to_snake_case();
    words.split_terminator('_').map(str::to_owned).collect()
}

#[derive(Default)]
struct Names {
    /// Names, each with the line of its first occurrence.
    own: BTreeMap<String, usize>,
    /// Names that are imported from other crates.
    imported: BTreeSet<String>,
}

impl Names {
    fn collect(&mut self, tokens: TokenStream) {
        let mut before = [' ', ' '];
        let mut tokens = tokens.into_iter();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(name) if name == "use" => {
                    let path = tokens.by_ref();
                    let path = path.take_while(|token| !is_punct(token, ';')).collect();
                    self.collect_use(path, None);
                    before = [' ', ' '];
                }
                TokenTree::Ident(name) => {
                    if !matches!(before, [':', ':'] | [' ', '.']) {
                        self.add(&name);
                    }
                    before = [' ', ' '];
                }
                TokenTree::Punct(punct) => before = [before[1], punct.as_char()],
                TokenTree::Group(group) => {
                    self.collect(group.stream());
                    before = [' ', ' '];
                }
                TokenTree::Literal(_) => before = [' ', ' '],
            }
        }
    }

    /// Collects new names (`as name`), and the names that come from other crates.
    fn collect_use(&mut self, tokens: TokenStream, is_own_crate: Option<bool>) {
        let mut is_own = is_own_crate;
        let mut is_new_name = false;
        for token in tokens {
            match token {
                TokenTree::Ident(name) if is_new_name => self.add(&name),
                TokenTree::Ident(name) if name == "as" => {
                    is_new_name = true;
                    continue;
                }
                TokenTree::Ident(name) => {
                    let is_own =
                        is_own.get_or_insert(name == "crate" || name == "self" || name == "super");
                    if !*is_own {
                        self.imported.insert(name.to_string());
                    }
                }
                TokenTree::Group(group) => self.collect_use(group.stream(), is_own),
                // The next path of a group without a common beginning.
                punct if is_punct(&punct, ',') => is_own = is_own_crate,
                _ => {}
            }
            is_new_name = false;
        }
    }

    fn add(&mut self, name: &Ident) {
        let line = name.span().start().line;
        self.own.entry(name.to_string()).or_insert(line);
    }
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::testing;

    #[test]
    fn names_are_split_at_underscores_digits_and_case_changes() {
        for (name, words) in [
            ("road_trip", "road trip"),
            ("RoadTrip", "road trip"),
            ("HTTPRoad2", "http road"),
            ("ROAD_TRIPS", "road trips"),
            ("r#road", "r road"),
            ("broadcast", "broadcast"),
            ("road-trip.rs", "road trip rs"),
        ] {
            assert_eq!(split_words(name).join(" "), words, "{name}");
        }
    }

    /// The errors for a package with this file.
    fn errors(file: &str, text: &str) -> Vec<String> {
        let list = "# A comment\n\nroad = transport\ntake_off = start\nhand = current\ngrant = token\nallow grant_type = OAuth\n";
        let (_folder, tree) = testing::tree(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"sample\"]\n"),
            ("sample/Cargo.toml", "[package]\nname = \"sample\"\n"),
            (LIST, list),
            (file, text),
        ]);
        let findings = check_words(&tree).expect("readable");
        findings
            .into_iter()
            .map(|finding| finding.error.to_string())
            .collect()
    }

    #[test]
    fn retired_word_is_reported_with_file_line_and_standard_term() {
        assert_eq!(
            errors(
                "sample/src/lib.rs",
                "\nfn send() {\n    let the_road = 1;\n}\n"
            ),
            [
                "sample/src/lib.rs:3: `the_road` contains the retired word `road`; use the standard term: transport"
            ]
        );
    }

    #[test]
    fn every_kind_of_declaration_is_checked() {
        for declaration in [
            "fn road() {}",
            "fn f(road: u8) {}",
            "struct OpenRoad;",
            "struct S { road: u8 }",
            "enum E { Road }",
            "mod road {}",
            "const ROAD: u8 = 1;",
            "use std::mem as road;",
            "macro_rules! m { () => { fn road() {} } }",
            "fn f() { println!(\"{}\", road); }",
            "type TakeOff = u8;",
            "fn f(list: &[u8]) { for hand in 0..road {} }",
        ] {
            assert!(
                !errors("sample/src/lib.rs", declaration).is_empty(),
                "{declaration}"
            );
        }
        let found = errors("sample/tests/road/hand.rs", "");
        assert!(
            found
                .iter()
                .any(|error| error.starts_with("sample/tests/road: ")),
            "{found:?}"
        );
        assert!(
            found
                .iter()
                .any(|error| error.starts_with("sample/tests/road/hand.rs: ")),
            "{found:?}"
        );
    }

    #[test]
    fn comments_literals_foreign_names_and_exceptions_are_not_checked() {
        for text in [
            "// road\n/* road */\n/// road\n//! road",
            "const TEXT: &str = \"road\"; const C: char = 'r'; const RAW: &str = r#\"road\"#;",
            "use other::road::{Road, hand};\nfn f(_: Road) { hand(); }",
            "use {std::fmt, other::Road};\nfn f(_: Road) {}",
            "fn f(x: u8) { x.road(); other::road(); x.hand.road; }",
            "fn broadcast(handle: u8, lookup: u8) {}",
            "struct GrantType { grant_type: u8 }",
            "fn take() { off() }",
        ] {
            let text = text.replace("//! road", "");
            assert_eq!(
                errors("sample/src/lib.rs", &text),
                [] as [&str; 0],
                "{text}"
            );
        }
    }
}
