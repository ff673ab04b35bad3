//! Conversion of exported records to CSV.

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{BulkError, BulkErrorKind};
use crate::replaced_file::replace;

/// The largest number of columns. Fields beyond it are in the column [`OTHER`], as JSON.
const COLUMNS: usize = 1_000;
const OTHER: &str = "_other";

/// Writes the records of a file of an [`Export`](crate::Export) to a CSV file, which is replaced
/// only when it is complete. Returns the number of rows.
///
/// The columns are the fields of all records, in the order in which they first occur. A cell holds a
/// string as it is, nothing for `null` or a missing field, and other values as JSON, with the digits
/// that the platform sent. Cells are not changed for spreadsheets, which read those that begin with
/// `=`, `+`, `-` or `@` as formulas: import such a file as text.
///
/// # Errors
/// A file cannot be read or written, or a line is not a JSON object.
pub fn to_csv(records: impl AsRef<Path>, csv: impl AsRef<Path>) -> Result<u64, BulkError> {
    let (records, csv) = (records.as_ref(), csv.as_ref());
    let columns = columns(records)?;
    let what = "the CSV file cannot be written";
    replace(csv, what, |file| {
        let failed = |cause| BulkError::io(what, csv, cause);
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        let rows = write_rows(records, &columns, &mut writer)?;
        let buffer = writer
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        let file = buffer
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        Ok((file, rows))
    })
}

/// The columns of a file: names, and whether there are more fields.
struct Columns {
    names: Vec<String>,
    places: HashMap<String, usize>,
    other: bool,
}

fn columns(records: &Path) -> Result<Columns, BulkError> {
    let mut columns = Columns {
        names: Vec::new(),
        places: HashMap::new(),
        other: false,
    };
    read_records(records, |fields| {
        for (name, _) in fields.0 {
            if columns.places.contains_key(&name) {
                continue;
            }
            if columns.names.len() == COLUMNS || name == OTHER {
                columns.other = true;
                continue;
            }
            columns.places.insert(name.clone(), columns.names.len());
            columns.names.push(name);
        }
        Ok(())
    })?;
    Ok(columns)
}

fn write_rows(
    records: &Path,
    columns: &Columns,
    writer: &mut csv::Writer<BufWriter<File>>,
) -> Result<u64, BulkError> {
    let failed =
        |error: csv::Error| BulkError::io("the CSV file cannot be written", records, error.into());
    let other = columns.other.then_some(OTHER);
    let header = columns.names.iter().map(String::as_str).chain(other);
    writer.write_record(header).map_err(failed)?;
    let mut rows = 0;
    let mut cells = vec![String::new(); columns.names.len() + usize::from(columns.other)];
    read_records(records, |fields| {
        cells.iter_mut().for_each(String::clear);
        let mut more = String::new();
        for (name, json) in &fields.0 {
            match columns.places.get(name) {
                Some(place) => cells[*place] = cell(json.get()),
                None => {
                    more.push(if more.is_empty() { '{' } else { ',' });
                    more.push_str(&serde_json::Value::from(name.as_str()).to_string());
                    more.push(':');
                    more.push_str(json.get());
                }
            }
        }
        if !more.is_empty()
            && let Some(cell) = cells.last_mut()
        {
            more.push('}');
            *cell = more;
        }
        rows += 1;
        writer.write_record(&cells).map_err(failed)
    })?;
    Ok(rows)
}

fn cell(json: &str) -> String {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str(json).unwrap_or_else(|_| json.to_owned()),
        _ if json == "null" => String::new(),
        _ => json.to_owned(),
    }
}

/// Reads the records of a file, one in each line.
pub(crate) fn read_records(
    path: &Path,
    mut visit: impl FnMut(Fields) -> Result<(), BulkError>,
) -> Result<(), BulkError> {
    let failed = |cause| BulkError::io("the records cannot be read", path, cause);
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut line = String::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        number += 1;
        if reader.read_line(&mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        let fields = serde_json::from_str(&line).map_err(|_| {
            BulkError::new(
                BulkErrorKind::Invalid,
                format!("line {number} is not a JSON object"),
                "pass a file of an export",
            )
            .at(path)
        })?;
        visit(fields)?;
    }
}

/// The fields of a record in their order, each value as it was received.
pub(crate) struct Fields(pub(crate) Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(FieldsVisitor)
    }
}
