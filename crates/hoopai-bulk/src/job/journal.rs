//! The journal of a job: an append-only file of checked lines.
//!
//! A line is the checksum of all entries up to this one, and an entry as JSON. So a line that was
//! removed, moved or changed is noticed at the first line after it. A last line that is incomplete
//! is what a process leaves that ended while it wrote; it is cut off.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{BulkError, BulkErrorKind};

/// Digits of a checksum, and the space after it.
const PREFIX: usize = 9;

pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    checksum: Hasher,
    /// Holds the length of the last [`sync`](Journal::sync), as text.
    synced: File,
    is_cut: bool,
}

impl Journal {
    /// Opens or creates a journal, and passes its entries on in order.
    pub(crate) fn open<E: DeserializeOwned>(
        path: &Path,
        mut visit: impl FnMut(E),
    ) -> Result<Journal, BulkError> {
        let failed = |cause| BulkError::io("the journal cannot be opened", path, cause);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        let (length, checksum) = scan(&file, path, &mut visit)?;
        let mut synced = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.with_extension("length"))
            .map_err(failed)?;
        let mut before = String::new();
        synced.read_to_string(&mut before).map_err(failed)?;
        let mut journal = Journal {
            path: path.to_owned(),
            file,
            length,
            checksum,
            synced,
            is_cut: before
                .trim()
                .parse()
                .is_ok_and(|before: u64| length < before),
        };
        journal.cut().map_err(failed)?;
        Ok(journal)
    }

    /// Reads the entries of a journal that another process may be writing. An incomplete last line
    /// is ignored.
    pub(crate) fn read<E: DeserializeOwned>(
        path: &Path,
        mut visit: impl FnMut(E),
    ) -> Result<(), BulkError> {
        let failed = |cause| BulkError::io("the journal cannot be read", path, cause);
        let mut reader = BufReader::new(File::open(path).map_err(failed)?);
        let mut checksum = Hasher::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            reader.read_until(b'\n', &mut line).map_err(failed)?;
            let entry = line
                .strip_suffix(b"\n")
                .and_then(|line| read_line(line, &checksum));
            let Some((entry, next)) = entry else {
                return Ok(());
            };
            visit(entry);
            checksum = next;
        }
    }

    /// Reads the entries of a journal, of which no line was changed and none that was written to the
    /// disk is missing.
    pub(crate) fn check<E: DeserializeOwned>(
        path: &Path,
        mut visit: impl FnMut(E),
    ) -> Result<(), BulkError> {
        let failed = |cause| BulkError::io("the journal cannot be read", path, cause);
        let synced = path.with_extension("length");
        let synced = match std::fs::read_to_string(&synced) {
            Ok(synced) => synced.trim().parse::<u64>().unwrap_or(0),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => 0,
            Err(cause) => return Err(failed(cause)),
        };
        let file = File::open(path).map_err(failed)?;
        let (length, _) = scan(&file, path, &mut visit)?;
        if length < synced {
            return Err(BulkError::new(
                BulkErrorKind::Damaged,
                "the end of the journal is missing",
                "run the job again: it continues after the last checkpoint that is left",
            )
            .at(path));
        }
        Ok(())
    }

    /// Appends an entry. It outlives the process, and outlives the machine after
    /// [`sync`](Journal::sync). After an error the journal is as before.
    pub(crate) fn append(&mut self, entry: &impl Serialize) -> Result<(), BulkError> {
        let json = serde_json::to_vec(entry).map_err(|cause| {
            BulkError::io(
                "an entry of the journal cannot be written",
                &self.path,
                cause.into(),
            )
        })?;
        let mut checksum = self.checksum.clone();
        checksum.update(&json);
        let mut line = format!("{:08x} ", checksum.clone().finalize()).into_bytes();
        line.extend_from_slice(&json);
        line.push(b'\n');
        if let Err(cause) = self.file.write_all(&line) {
            // What could not be cut off here is an incomplete last line.
            let _ = self.cut();
            return Err(BulkError::io(
                "the journal cannot be written",
                &self.path,
                cause,
            ));
        }
        self.length += line.len() as u64;
        self.checksum = checksum;
        Ok(())
    }

    /// Whether entries that had been written to the disk were missing at the end when the journal
    /// was opened.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Writes the journal to the disk.
    pub(crate) fn sync(&mut self) -> Result<(), BulkError> {
        self.file
            .sync_data()
            .and_then(|()| self.synced.rewind())
            // Of constant length, so that no digits of an older length are left.
            .and_then(|()| write!(self.synced, "{:020}", self.length))
            .map_err(|cause| BulkError::io("the journal cannot be written", &self.path, cause))
    }

    /// Cuts off what follows the last entry.
    fn cut(&mut self) -> std::io::Result<()> {
        if self.file.metadata()?.len() != self.length {
            self.file.set_len(self.length)?;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        Ok(())
    }
}

/// Passes the entries of a journal on in order, and returns their length and checksum. An incomplete
/// last line is ignored.
fn scan<E: DeserializeOwned>(
    file: &File,
    path: &Path,
    visit: &mut impl FnMut(E),
) -> Result<(u64, Hasher), BulkError> {
    let failed = |cause| BulkError::io("the journal cannot be read", path, cause);
    let mut reader = BufReader::new(file);
    let mut checksum = Hasher::new();
    let mut length = 0;
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
        number += 1;
        let entry = line
            .strip_suffix(b"\n")
            .and_then(|line| read_line(line, &checksum));
        let Some((entry, next)) = entry else {
            if read > 0 && !is_torn(&line, &mut reader).map_err(failed)? {
                return Err(damaged(path, number));
            }
            return Ok((length, checksum));
        };
        visit(entry);
        checksum = next;
        length += read as u64;
    }
}

/// The entry of a line without its end, and the checksum after it.
fn read_line<E: DeserializeOwned>(line: &[u8], before: &Hasher) -> Option<(E, Hasher)> {
    let (prefix, json) = line.split_at_checked(PREFIX)?;
    let digits = std::str::from_utf8(prefix.strip_suffix(b" ")?).ok()?;
    let expected = u32::from_str_radix(digits, 16).ok()?;
    let mut checksum = before.clone();
    checksum.update(json);
    if checksum.clone().finalize() != expected {
        return None;
    }
    Some((serde_json::from_slice(json).ok()?, checksum))
}

/// Whether a line that is not an entry is the rest of an interrupted write: nothing follows it. A
/// file system that lost its power can leave zeros there, of any length.
fn is_torn(line: &[u8], rest: &mut impl BufRead) -> std::io::Result<bool> {
    if line.last() == Some(&b'\n') {
        return Ok(false);
    }
    Ok(rest.fill_buf()?.is_empty())
}

fn damaged(path: &Path, line: u64) -> BulkError {
    BulkError::new(
        BulkErrorKind::Damaged,
        format!("line {line} of the journal was changed, or lines before it were removed"),
        "restore the folder of the job from a backup, or start a new job in another folder",
    )
    .at(path)
}
