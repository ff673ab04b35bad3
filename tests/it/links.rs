//! Checks relative links and anchors of Markdown files.
//!
//! Pages of the guide link to pages of the guide only: the website that mdbook builds contains no
//! other file. They name other files as code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The folder of the pages of the guide.
const GUIDE: &str = "docs/src";

/// The lines of a text that are not in a code block.
pub(crate) fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<&str> = None;
    text.lines().filter(move |line| {
        let line = line.trim_start();
        let marker = ["```", "~~~"].into_iter().find(|m| line.starts_with(m));
        match (fence, marker) {
            (None, None) => true,
            (None, Some(_)) => {
                fence = marker;
                false
            }
            (Some(open), _) => {
                if marker == Some(open) {
                    fence = None;
                }
                false
            }
        }
    })
}

/// The text without its code spans.
fn without_code_spans(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        kept.push_str(&rest[..start]);
        let span = &rest[start..];
        let length = span.len() - span.trim_start_matches('`').len();
        let (fence, inside) = span.split_at(length);
        // The closing run has as many backticks as the opening one.
        let runs = inside.match_indices(fence);
        let mut ends = runs.filter(|(at, _)| {
            !inside[..*at].ends_with('`') && !inside[at + length..].starts_with('`')
        });
        rest = match ends.next() {
            Some((at, _)) => &inside[at + length..],
            None => {
                kept.push_str(fence);
                inside
            }
        };
    }
    kept.push_str(rest);
    kept
}

/// The targets of the links of a text: inline links, images and reference definitions.
pub(crate) fn links(text: &str) -> Vec<String> {
    let lines: Vec<&str> = prose(text).collect();
    let definitions = lines.iter().filter_map(|line| {
        let (_, target) = line.trim_start().strip_prefix('[')?.split_once("]: ")?;
        Some(target)
    });
    // An inline link may contain a line break.
    let joined = without_code_spans(&lines.join(" "));
    let inline = joined.split("](").skip(1);
    let inline = inline.filter_map(|rest| Some(rest.split_once(')')?.0));
    let targets = inline.chain(definitions);
    // A title may follow the target.
    targets
        .filter_map(|target| target.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

/// The title of a page: its first heading.
pub(crate) fn title(text: &str) -> Option<&str> {
    prose(text).find_map(|line| line.strip_prefix("# "))
}

/// The anchors of the headings of a text, by the rule of GitHub and mdbook.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut used: BTreeMap<String, usize> = BTreeMap::new();
    let headings = prose(text).filter_map(|line| {
        let heading = line.trim_start_matches('#');
        let level = line.len() - heading.len();
        ((1..=6).contains(&level) && heading.starts_with(' ')).then(|| heading.trim())
    });
    headings
        .map(|heading| {
            let mut shown = heading.to_owned();
            // A link in a heading is shown as its text.
            while let Some((before, rest)) = shown.split_once("](") {
                let after = rest.split_once(')').map_or("", |(_, after)| after);
                shown = format!("{before}{after}");
            }
            let kept = shown
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            let anchor = kept.collect::<String>().to_lowercase().replace(' ', "-");
            let count = used.entry(anchor.clone()).or_default();
            *count += 1;
            match *count {
                1 => anchor,
                count => format!("{anchor}-{}", count - 1),
            }
        })
        .collect()
}

/// The problem of a link in a file of the folder `root`, if it has one.
fn problem(root: &Path, file: &Path, link: &str) -> Option<&'static str> {
    let (target, anchor) = match link.split_once('#') {
        Some((target, anchor)) => (target, Some(anchor)),
        None => (link, None),
    };
    if target.starts_with('/') {
        return Some("is not relative");
    }
    let path = match target {
        "" => file.to_owned(),
        _ => file.parent()?.join(target),
    };
    let Ok(path) = path.canonicalize() else {
        return Some("has no target");
    };
    if !path.starts_with(root.canonicalize().ok()?) {
        return Some("leaves the workspace");
    }
    let guide = root.join(GUIDE);
    if file.starts_with(&guide) && !path.starts_with(guide.canonicalize().ok()?) {
        return Some("leaves the guide; name the file as code");
    }
    let anchor = anchor?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    let is_heading =
        path.extension().is_some_and(|ending| ending == "md") && anchors(&text).contains(anchor);
    (!is_heading).then_some("names no heading of its target")
}

/// The number of relative links of a Markdown file, and a line for each that is broken.
pub(crate) fn check(root: &Path, file: &str) -> (usize, Vec<String>) {
    let path = root.join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut relative = links(&text);
    relative.retain(|link| {
        !["http:", "https:", "mailto:"]
            .iter()
            .any(|s| link.starts_with(s))
    });
    let broken = relative.iter().filter_map(|link| {
        let problem = problem(root, &path, link)?;
        Some(format!("{file}: the link {link} {problem}"))
    });
    (relative.len(), broken.collect())
}

#[test]
fn broken_links_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("root");
    fs::create_dir_all(root.join("docs")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(root.join(name), text).expect(name);
    write("../outside.md", "# Outside\n");
    write("code.rs", "# Heading\n");
    write(
        "docs/page.md",
        "# A page: `x-y_z`, and more!\n\n## Twice\n\n## Twice\n\n```sh\n# comment\n```\n",
    );
    write(
        "README.md",
        "# Start\n\n\
         [a](docs/page.md) [a](docs/page.md#a-page-x-y_z-and-more) [a](docs/page.md#twice-1)\n\
         [a](#start) [a](docs) [a\nb](code.rs \"title\") [a](https://example.com/missing.md)\n\
         `[code](missing-1.md)` ``[`code`](missing-2.md)``\n\n\
         ```md\n[code](missing-3.md)\n```\n\n\
         [a](missing.md) [`a`](docs/page.md#twice-2) [a](docs/page.md#comment)\n\
         ![a](missing.png) [a](/README.md) [a](../outside.md) [a](code.rs#heading) [a](#end)\n\n\
         [ref]: missing-ref.md\n",
    );
    let (count, mut broken) = check(&root, "README.md");
    broken.sort();
    assert_eq!(
        broken,
        [
            "README.md: the link #end names no heading of its target",
            "README.md: the link ../outside.md leaves the workspace",
            "README.md: the link /README.md is not relative",
            "README.md: the link code.rs#heading names no heading of its target",
            "README.md: the link docs/page.md#comment names no heading of its target",
            "README.md: the link docs/page.md#twice-2 names no heading of its target",
            "README.md: the link missing-ref.md has no target",
            "README.md: the link missing.md has no target",
            "README.md: the link missing.png has no target",
        ]
    );
    assert_eq!(count, 15);
}

#[test]
fn links_that_leave_the_guide_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::create_dir_all(root.join("docs/src/recipes")).expect("a folder");
    let write = |name: &str, text: &str| fs::write(root.join(name), text).expect(name);
    write("README.md", "[a](docs/src/page.md)\n");
    write("docs/plan.md", "[a](../README.md)\n");
    write(
        "docs/src/page.md",
        "[a](recipes/one.md) [a](../../README.md)\n",
    );
    write(
        "docs/src/recipes/one.md",
        "[a](../page.md) [a](../../plan.md) [a](../../../docs) [a](https://example.com/)\n",
    );
    let broken = |file: &str| check(root, file).1;
    assert_eq!(broken("README.md"), [""; 0]);
    assert_eq!(broken("docs/plan.md"), [""; 0]);
    assert_eq!(
        broken("docs/src/page.md"),
        ["docs/src/page.md: the link ../../README.md leaves the guide; name the file as code"]
    );
    assert_eq!(
        broken("docs/src/recipes/one.md"),
        [
            "docs/src/recipes/one.md: the link ../../plan.md leaves the guide; name the file as code",
            "docs/src/recipes/one.md: the link ../../../docs leaves the guide; name the file as code",
        ]
    );
}
