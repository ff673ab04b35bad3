//! Checks the guide: table of contents, links, tested code, list of examples, logging levels.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use hoopai_mock::{Fault, FaultRule, LOCATION, Mock, TOKEN};
use hoopai_test_support::{VirtualTime, log};

use crate::links::{check, links, prose, title};

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

/// The Markdown files below a folder, relative to it, without their ending.
fn pages_below(folder: &Path, prefix: &str) -> BTreeSet<String> {
    let mut pages = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name");
        if entry.path().is_dir() {
            pages.extend(pages_below(&entry.path(), &format!("{prefix}{name}/")));
        } else if let Some(name) = name.strip_suffix(".md") {
            pages.insert(format!("{prefix}{name}"));
        }
    }
    pages
}

/// The pages of the guide, without their ending.
fn pages() -> BTreeSet<String> {
    let mut pages = pages_below(&root().join("docs/src"), "");
    pages.remove("SUMMARY");
    pages
}

#[test]
fn table_of_contents_lists_each_page_once_by_its_title() {
    let contents = read(&root().join("docs/src/SUMMARY.md"));
    let listed: Vec<(String, String)> = contents
        .lines()
        .filter_map(|line| {
            let (title, target) = line.split_once('[')?.1.split_once("](")?;
            Some((target.strip_suffix(".md)")?.to_owned(), title.to_owned()))
        })
        .collect();
    assert_eq!(listed.len(), links(&contents).len(), "a line for each link");
    let mut expected: Vec<(String, String)> = Vec::new();
    for page in pages() {
        let text = read(&root().join(format!("docs/src/{page}.md")));
        let title = title(&text).unwrap_or_else(|| panic!("docs/src/{page}.md has no title"));
        expected.push((page, title.to_owned()));
    }
    let mut sorted = listed;
    sorted.sort();
    assert_eq!(sorted, expected);
}

/// A link to another folder has no target in the website that `cargo xtask guide` builds.
#[test]
fn every_link_has_a_target() {
    let root = root();
    let mut files: Vec<String> = ["README", "ARCHITECTURE", "CHANGELOG"]
        .map(str::to_owned)
        .into();
    files.extend(pages_below(&root.join("docs"), "docs/"));
    files.extend(names("crates", "").into_iter().filter_map(|name| {
        let readme = format!("crates/{name}/README");
        root.join(format!("{readme}.md")).exists().then_some(readme)
    }));
    let mut count = 0;
    let mut broken = Vec::new();
    for file in files {
        let (links, problems) = check(&root, &format!("{file}.md"));
        count += links;
        broken.extend(problems);
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(count > 150, "{count} links");
}

#[test]
fn lines_have_at_most_100_columns() {
    for name in pages() {
        let text = read(&root().join(format!("docs/src/{name}.md")));
        // Rows of tables cannot be wrapped.
        let mut lines = prose(&text).filter(|line| !line.starts_with('|'));
        let long = lines.find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "docs/src/{name}.md");
    }
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
        assert!(chapter.contains(&format!("| `{name}` |")), "{name}");
    }
}

/// The table of log events in the guide has the levels of the code.
#[tokio::test]
async fn levels_in_the_guide_are_those_of_the_events() {
    let page = read(&root().join("docs/src/logging-and-metrics.md"));
    let documented = |content: &str| {
        let row = page
            .lines()
            .find(|line| line.starts_with('|') && line.contains(content));
        let row = row.unwrap_or_else(|| panic!("no row about {content}"));
        row.split('|')
            .nth(2)
            .expect("a level")
            .trim()
            .to_uppercase()
    };

    let mock = Mock::builder().start().await.expect("the mock starts");
    mock.faults()
        .add(FaultRule::new(Fault::status(503)).times(1));
    let time = VirtualTime::default();
    let client = hoopai::Client::builder()
        .private_token(TOKEN)
        .location(LOCATION)
        .base_url(mock.url())
        .clock(time.clock.clone())
        .observer(time.clone())
        .build()
        .expect("a client");
    log::capture();
    let call = client.contacts().get_contact().contact_id("unknown").send();
    let received = || mock.journal().count();
    let error = time.run(call, received, |by| time.clock.advance(by)).await;
    error.expect_err("there is no contact");
    assert_eq!(received(), 2);

    let lines = log::take();
    for (content, event) in [
        ("span `call`", "}: hoopai: new"),
        ("span `attempt`", "attempt{number=1}: hoopai: new"),
        ("a call is retried after a wait", "retried after a wait"),
    ] {
        let line = lines.iter().find(|line| line.contains(event));
        let line = line.unwrap_or_else(|| panic!("{event} is not in {lines:#?}"));
        let level = line.split_whitespace().nth(1).expect("a level");
        assert_eq!(documented(content), level, "{content}: {line}");
    }
}
