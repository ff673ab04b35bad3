//! Files and texts of the user, of limited length: devices such as `/dev/zero` never end.

use std::fs::File;
use std::io::{self, Read};

/// The longest body.
const LONGEST_TEXT: u64 = 64 * 1024 * 1024;
/// The longest file of an upload.
const LONGEST_FILE: u64 = 1024 * 1024 * 1024;

/// Reads the file of an upload.
pub(crate) fn file(path: &str) -> io::Result<Vec<u8>> {
    limited(open(path)?, LONGEST_FILE)
}

/// Reads a text file.
pub(crate) fn text_file(path: &str) -> io::Result<String> {
    text(open(path)?)
}

/// Reads a text in UTF-8. A byte order mark at its beginning is removed.
pub(crate) fn text(source: impl Read) -> io::Result<String> {
    let bytes = limited(source, LONGEST_TEXT)?;
    let text = String::from_utf8(bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not UTF-8; save it in this encoding",
        )
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

fn open(path: &str) -> io::Result<File> {
    match path {
        "" => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path is empty; write the path after `@` or `=`",
        )),
        path => File::open(path),
    }
}

fn limited(source: impl Read, longest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(longest + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > longest {
        true => Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is longer than {} MiB", longest >> 20),
        )),
        false => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_order_mark_is_removed() {
        assert_eq!(text("\u{feff}{}".as_bytes()).unwrap(), "{}");
        assert_eq!(text("{}\r\n".as_bytes()).unwrap(), "{}\r\n");
        let error = text(&b"\xff\xfe{\0}\0"[..]).unwrap_err().to_string();
        assert!(error.contains("UTF-8"), "{error}");
    }

    #[test]
    fn endless_input_is_an_error() {
        let error = text(io::repeat(b'x')).unwrap_err().to_string();
        assert!(error.contains("64 MiB"), "{error}");
        assert!(limited(&b"abc"[..], 2).is_err());
        assert_eq!(limited(&b"abc"[..], 3).unwrap(), b"abc");
    }
}
