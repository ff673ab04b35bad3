//! Compresses the effective documents of `interface/`, which are seven times as large as text.

use std::path::PathBuf;
use std::{env, fs, io};

use miniz_oxide::deflate::compress_to_vec;

/// The smallest level with the size that the highest levels reach, to some percent.
const LEVEL: u8 = 6;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=interface");
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    for entry in fs::read_dir("interface")? {
        let entry = entry?;
        let compressed = compress_to_vec(&fs::read(entry.path())?, LEVEL);
        let mut name = entry.file_name();
        name.push(".deflate");
        fs::write(out.join(name), compressed)?;
    }
    Ok(())
}
