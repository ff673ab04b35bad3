//! The rows of an input file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::{BulkError, BulkErrorKind};

/// A row of an input: its fields by name. Those of CSV files are strings.
pub type Row = Map<String, Value>;

/// Reads the rows of a file in order.
pub(super) enum Rows {
    Csv(Box<csv::Reader<BufReader<File>>>, csv::StringRecord),
    Ndjson(BufReader<File>),
}

impl Rows {
    /// Opens a file: CSV with a header if its name ends with `.csv`, or else one JSON object in each
    /// line.
    pub(super) fn open(path: &Path) -> Result<Rows, BulkError> {
        let failed = |cause| BulkError::io("the input cannot be read", path, cause);
        let file = BufReader::new(File::open(path).map_err(failed)?);
        let is_csv = path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
        if !is_csv {
            return Ok(Rows::Ndjson(file));
        }
        let mut reader = csv::Reader::from_reader(file);
        let header = reader.headers().map_err(|error| failed(error.into()))?;
        let header: csv::StringRecord = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}'))
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
        Ok(Rows::Csv(Box::new(reader), header))
    }

    /// Returns the next row. `Some(Err)`: the row cannot be read, and the next one can.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<Row, &'static str>>> {
        match self {
            Rows::Csv(reader, header) => {
                let mut record = csv::StringRecord::new();
                match reader.read_record(&mut record) {
                    Ok(false) => Ok(None),
                    Ok(true) => {
                        let fields = header.iter().zip(&record);
                        let row = fields.map(|(name, value)| (name.to_owned(), value.into()));
                        Ok(Some(Ok(row.collect())))
                    }
                    Err(error) if error.is_io_error() => Err(error.into()),
                    Err(_) => Ok(Some(Err(
                        "it has another number of columns than the header, or is not UTF-8",
                    ))),
                }
            }
            Rows::Ndjson(reader) => loop {
                let mut bytes = Vec::new();
                if reader.read_until(b'\n', &mut bytes)? == 0 {
                    return Ok(None);
                }
                let Ok(text) = std::str::from_utf8(&bytes) else {
                    return Ok(Some(Err("it is not UTF-8")));
                };
                let text = text.trim().trim_start_matches('\u{feff}');
                if text.is_empty() {
                    continue;
                }
                return Ok(Some(
                    serde_json::from_str(text).map_err(|_| "it is not a JSON object"),
                ));
            },
        }
    }
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
