//! The rows of an input file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::string::FromUtf8Error;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{BulkError, BulkErrorKind};

/// A row of an input: its fields by name. Those of CSV files are strings.
pub type Row = Map<String, Value>;

/// The separators of columns that are recognized.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Reads the rows of a file in order.
pub(super) enum Rows {
    Csv(Box<CsvRows>),
    Ndjson(BufReader<File>),
}

pub(super) struct CsvRows {
    reader: csv::Reader<BufReader<File>>,
    header: csv::StringRecord,
    /// The last row that was passed over.
    skipped: csv::StringRecord,
    /// The length of the file if it does not end with a quote, and 0 otherwise.
    unquoted_end: u64,
}

impl Rows {
    /// Opens a file: CSV with a header if its name ends with `.csv` or `.tsv`, or else one JSON
    /// object in each line.
    pub(super) fn open(path: &Path, separator: Option<u8>) -> Result<Rows, BulkError> {
        let failed = |cause| BulkError::io("the input cannot be read", path, cause);
        let mut file = File::open(path).map_err(failed)?;
        let unquoted_end = unquoted_end(&mut file).map_err(failed)?;
        let mut file = BufReader::new(file);
        let start = file.fill_buf().map_err(failed)?;
        if is_utf16(start) {
            return Err(BulkError::new(
                BulkErrorKind::Invalid,
                "the input is UTF-16",
                "save it as UTF-8, in spreadsheets as `CSV UTF-8`",
            )
            .at(path));
        }
        let is_csv = path.extension().is_some_and(|extension| {
            extension.eq_ignore_ascii_case("csv") || extension.eq_ignore_ascii_case("tsv")
        });
        if !is_csv {
            return Ok(Rows::Ndjson(file));
        }
        if start.is_empty() {
            return Err(BulkError::new(
                BulkErrorKind::Invalid,
                "the input is empty and has no header",
                "check how it was made; some programs write no header if there are no rows",
            )
            .at(path));
        }
        let separator = separator.unwrap_or_else(|| separator_of(start));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .from_reader(file);
        let header = reader.headers().map_err(|error| {
            if error.is_io_error() {
                return failed(error.into());
            }
            BulkError::new(
                BulkErrorKind::Invalid,
                "the header of the input is not UTF-8",
                "save the input as UTF-8, in spreadsheets as `CSV UTF-8`",
            )
            .at(path)
        })?;
        let header: csv::StringRecord = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim())
            .collect();
        let mut names: Vec<&str> = header.iter().collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(BulkError::new(
                BulkErrorKind::Invalid,
                format!("two columns of the input are named {:?}", pair[0]),
                "give each column a name of its own",
            )
            .at(path));
        }
        Ok(Rows::Csv(Box::new(CsvRows {
            reader,
            header,
            skipped: csv::StringRecord::new(),
            unquoted_end,
        })))
    }

    /// The columns of a CSV file.
    pub(super) fn columns(&self) -> Option<Vec<String>> {
        match self {
            Rows::Csv(rows) => Some(rows.header.iter().map(str::to_owned).collect()),
            Rows::Ndjson(_) => None,
        }
    }

    /// Returns the next row. `Some(Err)`: the row cannot be read, and the next one can.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<Row, Cow<'static, str>>>> {
        match self {
            Rows::Csv(rows) => rows.next(),
            Rows::Ndjson(reader) => Ok(next_line(reader)?.map(|line| {
                let text = line.map_err(|_| "it is not UTF-8")?;
                serde_json::from_str(&text).map_err(|_| "it is not a JSON object".into())
            })),
        }
    }

    /// Passes a row over that [`next`](Rows::next) would return.
    pub(super) fn skip(&mut self) -> io::Result<()> {
        match self {
            Rows::Csv(rows) => match rows.reader.read_record(&mut rows.skipped) {
                Err(error) if error.is_io_error() => Err(error.into()),
                _ => Ok(()),
            },
            Rows::Ndjson(reader) => next_line(reader).map(drop),
        }
    }
}

/// The next line with something in it, without a byte order mark. `Some(Err)`: it is not UTF-8.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Result<String, FromUtf8Error>>> {
    loop {
        let mut bytes = Vec::new();
        if reader.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => return Ok(Some(Err(error))),
        };
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            return Ok(Some(Ok(text.to_owned())));
        }
    }
}

impl CsvRows {
    fn next(&mut self) -> io::Result<Option<Result<Row, Cow<'static, str>>>> {
        let mut record = csv::StringRecord::new();
        match self.reader.read_record(&mut record) {
            Ok(false) => Ok(None),
            Ok(true) if self.is_open(&record) => Ok(Some(Err(
                "a quote is not closed, so that the cell contains the rest of the file".into(),
            ))),
            Ok(true) => {
                let fields = self.header.iter().zip(&record);
                let row = fields.map(|(name, value)| (name.to_owned(), value.into()));
                Ok(Some(Ok(row.collect())))
            }
            Err(error) if error.is_io_error() => Err(error.into()),
            Err(error) => Ok(Some(Err(unreadable(&error)))),
        }
    }

    /// Whether the last cell of the file has a line break and no closing quote.
    fn is_open(&self, record: &csv::StringRecord) -> bool {
        let last = record.iter().next_back().unwrap_or_default();
        last.contains(['\n', '\r']) && self.reader.position().byte() == self.unquoted_end
    }
}

/// The length of a file, or 0 if its last byte but line breaks is a quote.
fn unquoted_end(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(64)))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    file.rewind()?;
    let last = tail.trim_ascii_end().last();
    Ok(if last == Some(&b'"') { 0 } else { length })
}

/// Why a row of a CSV file cannot be read.
fn unreadable(error: &csv::Error) -> Cow<'static, str> {
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!("it has {len} columns, and the header has {expected_len}").into(),
        _ => "it is not UTF-8".into(),
    }
}

/// Whether text begins with a byte order mark of UTF-16, or has the zero bytes of its letters.
fn is_utf16(start: &[u8]) -> bool {
    let letters = start.get(..start.len().min(64)).unwrap_or_default();
    let zeros = letters.iter().filter(|byte| **byte == 0).count();
    start.starts_with(&[0xff, 0xfe])
        || start.starts_with(&[0xfe, 0xff])
        || zeros * 3 > letters.len()
}

/// The separator that the header has most of, outside of quotes.
fn separator_of(start: &[u8]) -> u8 {
    let mut counts = [0; SEPARATORS.len()];
    let mut is_quoted = false;
    for byte in start {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            _ if is_quoted => {}
            byte => {
                let place = SEPARATORS.iter().position(|one| one == byte);
                if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
                    *count += 1;
                }
            }
        }
    }
    // The first of equals, so that a header without any of them has a comma.
    let most = counts.iter().max().copied().unwrap_or(0);
    let place = counts.iter().position(|count| *count == most);
    place
        .and_then(|place| SEPARATORS.get(place))
        .copied()
        .unwrap_or(b',')
}

/// Identifies the content of a file.
pub(super) fn fingerprint(path: &Path) -> Result<String, BulkError> {
    let failed = |cause| BulkError::io("the input cannot be read", path, cause);
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(failed)?;
        if read == 0 {
            break;
        }
        hash.update(&buffer[..read]);
    }
    let digest = hash.finalize();
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
