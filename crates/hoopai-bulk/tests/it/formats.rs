//! Files of the three formats are equal row for row, as programs that are not of this project read
//! them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use hoopai_bulk::Column;
use parquet::file::reader::SerializedFileReader;
use parquet::record::Field;
use serde_json::{Map, Value};

use crate::parquet::{record, without_nulls};

/// Compares the files with Python's `json` and `csv`, and with `pyarrow` if it is installed.
const COMPARISON: &str = r#"
import csv, datetime, json, sys
try:
    import pyarrow as pa, pyarrow.parquet as pq
except ModuleNotFoundError:
    pq = None
csv.field_size_limit(1 << 30)

def parquet_rows(path):
    file = pq.ParquetFile(path)
    for batch in file.iter_batches(batch_size=1000):
        names = batch.schema.names
        columns = [column.to_pylist() for column in batch.columns]
        for values in zip(*columns):
            yield dict(zip(names, values))

def same_cell(value, token, cell):
    if value is None:
        return cell == ""
    if isinstance(value, str):
        return cell == value
    if isinstance(value, bool) or isinstance(value, (list, dict)):
        return json.loads(cell) == value
    return cell == token

def same_column(value, column):
    if isinstance(column, datetime.datetime):
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")) == column
    if isinstance(column, str) and not isinstance(value, str):
        return json.loads(column) == value
    return column == value or json.loads(column) == value

records, table, parquet = sys.argv[1:4]
other = parquet_rows(parquet) if pq else None
count = 0
with open(records, encoding="utf-8") as lines, open(table, encoding="utf-8", newline="") as rows:
    rows = csv.DictReader(rows)
    for line in lines:
        record, row = json.loads(line), next(rows)
        tokens = json.loads(line, parse_float=str, parse_int=str)
        assert set(record) <= set(row), (count, set(record) - set(row))
        for name, cell in row.items():
            assert same_cell(record.get(name), tokens.get(name), cell), (count, name)
        if other:
            columns = next(other)
            rest = json.loads(columns.pop("_other") or "{}")
            for name, value in record.items():
                column = columns.pop(name, None)
                if column is not None:
                    assert same_column(value, column), (count, name)
                elif value is not None:
                    assert rest.pop(name) == value, (count, name)
            assert not any(value is not None for value in columns.values()), count
            assert not any(value is not None for value in rest.values()), count
        count += 1
    assert next(rows, None) is None
    assert not other or next(other, None) is None
print(count, "rows", "without pyarrow" if pq is None else "with pyarrow")
"#;

/// Compares records with their CSV and Parquet files, and returns the number of rows.
pub(crate) fn compare(records: &Path, csv: &Path, parquet: &Path, columns: &[Column]) -> u64 {
    let python = std::env::var("HOOPAI_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python)
        .args(["-c", COMPARISON])
        .args([records, csv, parquet])
        .output();
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{text}");
            print!("Python: {}", String::from_utf8_lossy(&output.stdout));
        }
        Err(error) => println!("SKIPPED: Python cannot be run: {error}"),
    }
    let reader = SerializedFileReader::new(File::open(parquet).unwrap()).unwrap();
    let mut rows = reader.into_iter();
    let mut count = 0;
    for line in BufReader::new(File::open(records).unwrap()).lines() {
        let row = rows.next().unwrap().unwrap();
        let fields = row.get_column_iter();
        let fields: Map<String, Value> = fields
            .map(|(name, field)| (name.clone(), value(field)))
            .collect();
        let found = record(&fields.into(), columns);
        assert_eq!(found, without_nulls(&line.unwrap()), "row {count}");
        count += 1;
    }
    assert!(rows.next().is_none());
    count
}

/// A value of a column, moments as milliseconds.
fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Long(value) | Field::TimestampMillis(value) => (*value).into(),
        Field::Str(text) => text.as_str().into(),
        other => panic!("{other:?}"),
    }
}
