//! Runs the checks of the fuzz targets on the committed corpora.

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use hoopai_fuzz_checks::CHECKS;

#[test]
fn committed_inputs_pass() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let mut failed = Vec::new();
    for (name, check) in CHECKS {
        let mut files: Vec<_> = fs::read_dir(corpora.join(name))
            .expect("each target has a corpus")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.sort_unstable();
        assert!(!files.is_empty(), "the corpus of {name} is empty");
        for file in files {
            let input = fs::read(&file).expect("a file that can be read");
            if catch_unwind(|| check(&input)).is_err() {
                failed.push(file);
            }
        }
    }
    assert!(failed.is_empty(), "these inputs fail: {failed:#?}");
}

#[test]
fn targets_and_checks_correspond() {
    let targets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz_targets");
    let mut files: Vec<String> = fs::read_dir(targets)
        .expect("the targets")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect();
    files.sort_unstable();
    let mut expected: Vec<String> = CHECKS
        .iter()
        .map(|(name, _)| format!("{name}.rs"))
        .collect();
    expected.sort_unstable();
    assert_eq!(files, expected);
}
