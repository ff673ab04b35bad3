//! Parquet files have the rows of the records and of the CSV file, as another reader sees them.

use std::fs;
use std::process::Command;

use hoopai_bulk::{BulkErrorKind, Column, ColumnKind, Export, PlatformList, to_csv, to_parquet};
use serde_json::{Map, Value};

use crate::lists::{THINGS, client, serve, things};

/// Reads a Parquet file with `pyarrow`: an object for each row, moments as milliseconds.
const READER: &str = r"
import json, sys
import pyarrow as pa, pyarrow.parquet as pq
file = pq.ParquetFile(sys.argv[1])
for batch in file.iter_batches(batch_size=1000):
    columns = {}
    for name, column in zip(batch.schema.names, batch.columns):
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.int64())
        columns[name] = column.cast(pa.string()).to_pylist() if pa.types.is_binary(column.type) else column.to_pylist()
    for row in range(batch.num_rows):
        print(json.dumps({name: values[row] for name, values in columns.items()}))
";

/// The rows of a Parquet file. `None`: there is no independent reader.
fn rows(path: &std::path::Path) -> Option<Vec<Value>> {
    let python = std::env::var("HOOPAI_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).args(["-c", READER]).arg(path).output();
    let output = match output {
        Ok(output) if output.status.success() => output,
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.contains("ModuleNotFoundError"), "{text}");
            println!("SKIPPED: Python has no pyarrow");
            return None;
        }
        Err(error) => {
            println!("SKIPPED: Python cannot be run: {error}");
            return None;
        }
    };
    let text = String::from_utf8(output.stdout).unwrap();
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// The record of a row: its columns, and what they do not hold. Null fields are missing.
pub(crate) fn record(row: &Value, columns: &[Column]) -> Map<String, Value> {
    let mut record = Map::new();
    for column in columns {
        let value = match (column.kind, &row[&column.name]) {
            (_, Value::Null) => continue,
            (ColumnKind::Json | ColumnKind::Decimal, Value::String(json)) => {
                serde_json::from_str(json).unwrap()
            }
            (ColumnKind::Timestamp, moment) => {
                let time = hoopai_runtime::Timestamp::from_unix_millis(moment.as_i64().unwrap());
                time.to_string().replace('Z', ".000Z").into()
            }
            (_, value) => value.clone(),
        };
        record.insert(column.name.clone(), value);
    }
    if let Some(other) = row["_other"].as_str() {
        let other: Map<String, Value> = serde_json::from_str(other).unwrap();
        record.extend(other);
        record.retain(|_, value| !value.is_null());
    }
    record
}

pub(crate) fn without_nulls(line: &str) -> Map<String, Value> {
    let mut record: Map<String, Value> = serde_json::from_str(line).unwrap();
    record.retain(|_, value| !value.is_null());
    record
}

#[tokio::test]
async fn rows_are_those_of_the_records_and_of_the_csv_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve();
    let client = client(&server.url);
    let export = Export::new(folder.path()).list(things(&client));
    let report = export.run().await.unwrap();
    let columns = [
        Column::new("id", ColumnKind::Text),
        Column::new("name", ColumnKind::Text),
        Column::new("amount", ColumnKind::Decimal),
        Column::new("flag", ColumnKind::Boolean),
        Column::new("field1", ColumnKind::Json),
    ];
    let records = &report.lists[0].path;
    let parquet = folder.path().join("things.parquet");
    assert_eq!(
        to_parquet(records, &parquet, &columns).unwrap(),
        THINGS as u64
    );
    let csv = folder.path().join("things.csv");
    assert_eq!(to_csv(records, &csv).unwrap(), THINGS as u64);
    let Some(rows) = rows(&parquet) else {
        return;
    };
    let text = fs::read_to_string(records).unwrap();
    assert_eq!(rows.len(), THINGS);
    let mut csv = csv::Reader::from_path(csv).unwrap();
    let header = csv.headers().unwrap().clone();
    for ((row, line), cells) in rows.iter().zip(text.lines()).zip(csv.records()) {
        let record = record(row, &columns);
        assert_eq!(record, without_nulls(line));
        for (name, cell) in header.iter().zip(&cells.unwrap()) {
            let value = record.get(name).map_or(String::new(), |value| match value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            });
            // Numbers have the digits of the record.
            let value = match (name, row["amount"].as_str()) {
                ("amount", Some(digits)) => digits.to_owned(),
                _ => value,
            };
            assert_eq!(cell, value, "{name}");
        }
    }
}

#[test]
fn values_of_other_types_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (records, parquet) = (
        folder.path().join("records.ndjson"),
        folder.path().join("records.parquet"),
    );
    let lines = [
        r#"{"text":"a","number":1,"flag":true,"at":"2026-01-31T09:30:00.000Z","price":1.50}"#,
        r#"{"text":7,"number":"1","flag":"true","at":"2026-01-31T09:30:00+02:00","price":"1.5"}"#,
        r#"{"text":null,"number":1.5,"flag":0,"at":"soon","price":{}}"#,
        r#"{"number":99999999999999999999,"at":1769851800000,"more":[1]}"#,
        "{}",
    ];
    fs::write(&records, lines.join("\n") + "\n").unwrap();
    let columns = [
        Column::new("text", ColumnKind::Text),
        Column::new("number", ColumnKind::Integer),
        Column::new("flag", ColumnKind::Boolean),
        Column::new("at", ColumnKind::Timestamp),
        Column::new("price", ColumnKind::Decimal),
    ];
    assert_eq!(to_parquet(&records, &parquet, &columns).unwrap(), 5);
    let Some(rows) = rows(&parquet) else {
        return;
    };
    for (row, line) in rows.iter().zip(lines) {
        assert_eq!(record(row, &columns), without_nulls(line));
    }
    assert_eq!(rows[0]["_other"], Value::Null);
    assert_eq!(rows[0]["at"], 1_769_851_800_000_i64);
    assert_eq!(rows[1]["at"], 1_769_844_600_000_i64);
    assert_eq!(rows[1]["price"], "1.5");
}

#[test]
fn columns_of_the_platform_are_those_of_its_interface() {
    let contacts = PlatformList::find("contacts.search_contacts").unwrap();
    let files = contacts.with_children().columns();
    let (name, columns) = &files[0];
    assert_eq!(name, "contacts-search_contacts");
    let kind = |name: &str| {
        columns
            .iter()
            .find(|column| column.name == name)
            .unwrap()
            .kind
    };
    assert_eq!(kind("id"), ColumnKind::Text);
    assert_eq!(kind("customFields"), ColumnKind::Json);
    assert_eq!(kind("dnd"), ColumnKind::Boolean);
    assert_eq!(files[1].0, "contacts-search_contacts-notes");
    assert_eq!(files[1].1[0], Column::new("_parent", ColumnKind::Text));
    assert!(files.iter().all(|(_, columns)| columns.len() > 2));
}

#[test]
fn a_file_that_cannot_be_converted_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let (records, parquet) = (
        folder.path().join("records.ndjson"),
        folder.path().join("records.parquet"),
    );
    fs::write(&records, "{}\nno\n").unwrap();
    fs::write(&parquet, "old").unwrap();
    let error = to_parquet(&records, &parquet, &[]).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Invalid);
    let twice = [
        Column::new("a", ColumnKind::Text),
        Column::new("a", ColumnKind::Json),
    ];
    let error = to_parquet(&records, &parquet, &twice).unwrap_err();
    assert!(error.to_string().contains("`a` exists twice"), "{error}");
    assert_eq!(fs::read_to_string(&parquet).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}
