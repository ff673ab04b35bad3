//! Counts the lines of hand-written Rust.

use crate::{
    error::Result,
    workspace::{Workspace, source_packages},
};

/// Files above this number of lines are listed. The limit is a guideline.
pub(crate) const LONG_FILE: usize = 600;

/// The size of a package.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PackageSize {
    pub(crate) name: String,
    /// Lines in `src`.
    pub(crate) source: usize,
    /// Lines in other folders: tests, benches, examples.
    pub(crate) other: usize,
    /// Files above [`LONG_FILE`] lines.
    pub(crate) long_files: Vec<(String, usize)>,
}

/// The sizes of all hand-written packages.
pub(crate) fn package_sizes(tree: &Workspace) -> Result<Vec<PackageSize>> {
    let mut sizes = Vec::new();
    for package in source_packages(tree)? {
        let mut size = PackageSize {
            name: package.name.clone(),
            source: 0,
            other: 0,
            long_files: Vec::new(),
        };
        let source = format!("{}/src/", package.folder);
        for file in package.files(tree)? {
            let lines = file.text.lines().count();
            if file.path.starts_with(&source) {
                size.source += lines;
            } else {
                size.other += lines;
            }
            if lines > LONG_FILE {
                size.long_files.push((file.path, lines));
            }
        }
        sizes.push(size);
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::testing;

    #[test]
    fn lines_are_counted_by_folder_and_long_files_are_listed() {
        let (_folder, tree) = testing::tree(&[
            ("Cargo.toml", "[workspace]\nmembers = [\"sample\"]\n"),
            ("sample/Cargo.toml", "[package]\nname = \"sample\"\n"),
            ("sample/src/lib.rs", &"//! Text\n".repeat(LONG_FILE)),
            ("sample/tests/it.rs", &"// Text\n".repeat(LONG_FILE + 1)),
        ]);
        let sizes = package_sizes(&tree).expect("readable");
        let expected = PackageSize {
            name: "sample".to_owned(),
            source: LONG_FILE,
            other: LONG_FILE + 1,
            long_files: vec![("sample/tests/it.rs".to_owned(), LONG_FILE + 1)],
        };
        assert_eq!(sizes, [expected]);
    }
}
