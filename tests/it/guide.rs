//! Checks the guide: table of contents, links, tested code, list of examples.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn names(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect(folder);
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let names = names.map(|name| name.into_string().expect("a name"));
    names
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .collect()
}

/// The pages of the guide, without their ending.
fn pages() -> BTreeSet<String> {
    let recipes = names("docs/src/recipes", ".md").into_iter();
    let recipes = recipes.map(|name| format!("recipes/{name}"));
    recipes.chain(names("docs/src", ".md")).collect()
}

/// The lines of a text that are not code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut code = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        code ^= fence;
        !code && !fence
    })
}

/// The targets of the links of a text.
fn links(text: &str) -> Vec<String> {
    let lines: Vec<&str> = prose(text).collect();
    // A link may contain a line break.
    let text = lines.join(" ");
    let targets = text.split("](").skip(1);
    targets
        .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
        .collect()
}

/// The anchors of the headings of a text.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let headings = headings.map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn table_of_contents_lists_each_chapter_once() {
    let mut listed = links(&read(&root().join("docs/src/SUMMARY.md")));
    listed.sort();
    let mut chapters: Vec<String> = pages()
        .into_iter()
        .map(|name| format!("{name}.md"))
        .collect();
    chapters.retain(|name| name != "SUMMARY.md");
    assert_eq!(listed, chapters);
}

#[test]
fn every_link_has_a_target() {
    let chapters = pages()
        .into_iter()
        .map(|name| format!("docs/src/{name}.md"));
    let mut count = 0;
    for file in chapters.chain([
        "README.md".to_owned(),
        "crates/hoopai-mock/README.md".to_owned(),
    ]) {
        let path = root().join(&file);
        let text = read(&path);
        for link in links(&text).iter().filter(|link| !link.starts_with("http")) {
            let (target, anchor) = link
                .split_once('#')
                .map_or((link.as_str(), None), |(target, anchor)| {
                    (target, Some(anchor))
                });
            let target = if target.is_empty() {
                path.clone()
            } else {
                path.parent().expect("a folder").join(target)
            };
            assert!(
                target.exists(),
                "{file}: the target of {link} does not exist"
            );
            if let Some(anchor) = anchor {
                assert!(
                    anchors(&read(&target)).contains(anchor),
                    "{file}: the heading of {link} does not exist"
                );
            }
            count += 1;
        }
    }
    assert!(count > 50, "{count} links");
}

/// Each chapter with Rust code is a documentation test, without ignored code.
#[test]
fn all_code_of_the_guide_is_tested() {
    let tested = read(&root().join("tests/guide.rs"));
    for name in pages() {
        let text = read(&root().join(format!("docs/src/{name}.md")));
        let mut inside = false;
        let mut has_code = false;
        for fence in text.lines().filter(|line| line.starts_with("```")) {
            inside = !inside;
            let language = fence.trim_start_matches('`');
            assert!(
                !inside || !language.is_empty(),
                "docs/src/{name}.md: a code block has no language"
            );
            assert!(!language.contains("ignore"), "docs/src/{name}.md: {fence}");
            has_code |= language.starts_with("rust");
        }
        let listed = tested.contains(&format!("../docs/src/{name}.md"));
        assert_eq!(listed, has_code, "docs/src/{name}.md in tests/guide.rs");
    }
}

#[test]
fn guide_lists_every_example() {
    let chapter = read(&root().join("docs/src/examples.md"));
    for name in names("crates/hoopai/examples", ".rs") {
        assert!(chapter.contains(&format!("[{name}](")), "{name}");
    }
}
