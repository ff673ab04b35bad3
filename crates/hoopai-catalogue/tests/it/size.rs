//! The size of the descriptions.

use std::fs;
use std::path::Path;

/// The descriptions are part of every program that uses the catalogue.
const LARGEST: u64 = 220_000;

#[test]
fn descriptions_are_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let sizes = fs::read_dir(folder).expect("the folder").map(|file| {
        let file = file.expect("a file");
        file.metadata().expect("its size").len()
    });
    let size: u64 = sizes.sum();
    assert!(size <= LARGEST, "{size} bytes");
}
