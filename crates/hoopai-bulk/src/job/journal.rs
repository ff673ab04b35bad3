//! The journal of a job: an append-only file of checked lines.
//!
//! A line is the checksum of all entries up to this one, and an entry as JSON. So a line that was
//! removed, moved or changed is noticed at the first line after it. A last line that is incomplete
//! is what a process leaves that ended while it wrote; it is cut off.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{BulkError, BulkErrorKind};
use crate::job::{NEW_JOB, is_there, removed};

/// Digits of a checksum, and the space after it.
const PREFIX: usize = 9;

/// The digits of the length of a journal.
const DIGITS: usize = 20;

/// The extension of the file with the length of a journal.
const LENGTH: &str = "length";

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
    /// Makes an empty journal.
    pub(crate) fn create(path: &Path) -> Result<(), BulkError> {
        let failed = |cause| BulkError::io("the journal cannot be made", path, cause);
        // The journal is last, so that it is never without its length.
        let mut synced = File::create(path.with_extension(LENGTH)).map_err(failed)?;
        write_length(&mut synced, 0)
            .and_then(|()| synced.sync_all())
            .and_then(|()| File::create(path)?.sync_all())
            .map_err(failed)
    }

    /// Makes an empty journal unless there is one. A journal that had entries is not made again.
    pub(crate) fn create_if_new(path: &Path) -> Result<(), BulkError> {
        let length = path.with_extension(LENGTH);
        if is_there(path) {
            return Ok(());
        }
        if is_there(&length) && read_length(&mut open_existing(&length, false)?, &length)? > 0 {
            return Err(removed(path));
        }
        Self::create(path)
    }

    /// Whether a journal was made, or its length is left of it.
    pub(crate) fn is_begun(path: &Path) -> bool {
        is_there(path) || is_there(&path.with_extension(LENGTH))
    }

    /// Opens a journal, and passes its entries on in order.
    pub(crate) fn open<E: DeserializeOwned>(
        path: &Path,
        mut visit: impl FnMut(E),
    ) -> Result<Journal, BulkError> {
        let mut file = open_existing(path, true)?;
        let (length, checksum) = scan(&mut file, path, &mut visit)?;
        let synced_path = path.with_extension(LENGTH);
        let mut synced = open_existing(&synced_path, true)?;
        let before = read_length(&mut synced, &synced_path)?;
        let mut journal = Journal {
            path: path.to_owned(),
            file,
            length,
            checksum,
            synced,
            is_cut: length < before,
        };
        let failed = |cause| BulkError::io("the journal cannot be opened", path, cause);
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
        let mut reader = BufReader::new(open_existing(path, false)?);
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
        let synced = path.with_extension(LENGTH);
        let synced = read_length(&mut open_existing(&synced, false)?, &synced)?;
        let (length, _) = scan(&mut open_existing(path, false)?, path, &mut visit)?;
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
            .and_then(|()| write_length(&mut self.synced, self.length))
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

/// Opens a file that was made with its job.
fn open_existing(path: &Path, write: bool) -> Result<File, BulkError> {
    let file = OpenOptions::new().read(true).write(write).open(path);
    file.map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => removed(path),
        _ => BulkError::io("the journal cannot be opened", path, cause),
    })
}

/// Writes the length of a journal, with as many digits as the largest one, so that no digits of an
/// older length are left.
fn write_length(file: &mut File, length: u64) -> std::io::Result<()> {
    // In one write, so that a process that ends leaves no mixture of two lengths.
    file.write_all(format!("{length:0DIGITS$}").as_bytes())
}

fn read_length(file: &mut File, path: &Path) -> Result<u64, BulkError> {
    let mut text = String::new();
    let read = file.read_to_string(&mut text);
    match (read, text.parse()) {
        (Ok(DIGITS), Ok(length)) => Ok(length),
        (Err(cause), _) if cause.kind() != ErrorKind::InvalidData => Err(BulkError::io(
            "the length of the journal cannot be read",
            path,
            cause,
        )),
        _ => Err(BulkError::new(
            BulkErrorKind::Damaged,
            "the length of the journal was changed",
            format!("restore the file from a backup, or {NEW_JOB}"),
        )
        .at(path)),
    }
}

/// Passes the entries of a journal on in order, and returns their length and checksum. An incomplete
/// last line is ignored.
fn scan<E: DeserializeOwned>(
    file: &mut File,
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
        format!("restore the folder of the job from a backup, or {NEW_JOB}"),
    )
    .at(path)
}
