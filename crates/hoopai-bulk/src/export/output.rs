//! An output file that is appended to, and its checksums.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use crate::error::BulkError;

const BUFFER: usize = 64 * 1024;

/// The content of an output file at a checkpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) checksum: u32,
}

/// A file of rows, one JSON value in each line.
pub(super) struct Output {
    path: PathBuf,
    file: BufWriter<File>,
    rows: u64,
    bytes: u64,
    checksum: Hasher,
}

impl Output {
    /// Opens a file at a mark that [`matching`] has found in it, and cuts off what follows.
    pub(super) fn open(path: &Path, mark: Mark) -> Result<Output, BulkError> {
        let failed = |cause| BulkError::io("the output cannot be written", path, cause);
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        file.set_len(mark.bytes).map_err(failed)?;
        file.seek(SeekFrom::Start(mark.bytes)).map_err(failed)?;
        Ok(Output {
            path: path.to_owned(),
            file: BufWriter::with_capacity(BUFFER, file),
            rows: mark.rows,
            bytes: mark.bytes,
            checksum: Hasher::new_with_initial_len(mark.checksum, mark.bytes),
        })
    }

    pub(super) fn write(&mut self, json: &str) -> Result<(), BulkError> {
        let mut line = one_line(json);
        line.push('\n');
        self.file
            .write_all(line.as_bytes())
            .map_err(|cause| self.failed(cause))?;
        self.checksum.update(line.as_bytes());
        self.bytes += line.len() as u64;
        self.rows += 1;
        Ok(())
    }

    /// Passes all rows to the operating system, and returns where the file ends.
    pub(super) fn flush(&mut self) -> Result<Mark, BulkError> {
        self.file.flush().map_err(|cause| self.failed(cause))?;
        Ok(Mark {
            rows: self.rows,
            bytes: self.bytes,
            checksum: self.checksum.clone().finalize(),
        })
    }

    /// Writes the file to the disk.
    pub(super) fn sync(&mut self) -> Result<(), BulkError> {
        let written = self
            .file
            .flush()
            .and_then(|()| self.file.get_ref().sync_data());
        written.map_err(|cause| self.failed(cause))
    }

    fn failed(&self, cause: io::Error) -> BulkError {
        BulkError::io("the output cannot be written", &self.path, cause)
    }
}

/// Which of these marks the file holds. A file that does not exist is empty.
pub(super) fn matching(path: &Path, marks: &[Mark]) -> Result<Vec<bool>, BulkError> {
    let ends: BTreeSet<u64> = marks.iter().map(|mark| mark.bytes).collect();
    let found = checksums(path, &ends)
        .map_err(|cause| BulkError::io("the output cannot be read", path, cause))?;
    let matches = |mark: &Mark| found.get(&mark.bytes) == Some(&mark.checksum);
    Ok(marks.iter().map(matches).collect())
}

/// The checksums of the beginnings of a file that have these lengths, as far as it is that long.
fn checksums(path: &Path, ends: &BTreeSet<u64>) -> io::Result<BTreeMap<u64, u32>> {
    let mut file: Box<dyn Read> = match File::open(path) {
        Ok(file) => Box::new(BufReader::with_capacity(BUFFER, file)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Box::new(io::empty()),
        Err(cause) => return Err(cause),
    };
    let mut checksum = Hasher::new();
    let mut position = 0;
    let mut found = BTreeMap::new();
    let mut buffer = vec![0; BUFFER];
    for end in ends {
        while position < *end {
            let most = usize::try_from(end - position).map_or(BUFFER, |left| left.min(BUFFER));
            let read = file.read(&mut buffer[..most])?;
            if read == 0 {
                return Ok(found);
            }
            checksum.update(&buffer[..read]);
            position += read as u64;
        }
        found.insert(*end, checksum.clone().finalize());
    }
    Ok(found)
}

/// The JSON without line breaks between its values.
fn one_line(json: &str) -> String {
    if !json.contains(['\n', '\r']) {
        return json.to_owned();
    }
    // A JSON string contains no line break, so each is white space.
    json.replace(['\n', '\r'], " ")
}
