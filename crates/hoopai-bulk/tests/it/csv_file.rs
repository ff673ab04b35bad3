//! Conversion to CSV.

use std::fs;

use hoopai_bulk::{BulkErrorKind, to_csv};
use serde_json::Value;

use crate::lists::{THINGS, undisturbed};

#[tokio::test]
async fn each_record_is_a_row_with_the_same_values() {
    let folder = tempfile::tempdir().unwrap();
    let (things, _) = undisturbed(folder.path()).await;
    let csv = folder.path().join("things.csv");
    let rows = to_csv(folder.path().join("things.ndjson"), &csv).unwrap();
    assert_eq!(rows, THINGS as u64);

    let mut reader = csv::Reader::from_path(&csv).unwrap();
    let header = reader.headers().unwrap().clone();
    let things = String::from_utf8(things).unwrap();
    for (row, line) in reader.records().zip(things.lines()) {
        let row = row.unwrap();
        let record: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        for (name, cell) in header.iter().zip(&row) {
            match record.get(name) {
                None | Some(Value::Null) => assert_eq!(cell, "", "{name}"),
                Some(Value::String(text)) => assert_eq!(cell, text, "{name}"),
                Some(Value::Number(_)) => assert!(line.contains(cell), "{name}"),
                Some(other) => {
                    assert_eq!(
                        &serde_json::from_str::<Value>(cell).unwrap(),
                        other,
                        "{name}"
                    );
                }
            }
        }
        assert!(
            record
                .keys()
                .all(|name| header.iter().any(|column| column == name))
        );
    }
}

#[test]
fn fields_beyond_the_columns_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (records, csv) = (folder.path().join("a.ndjson"), folder.path().join("a.csv"));
    let fields: Vec<String> = (0..1_100).map(|n| format!("\"f{n}\":{n}")).collect();
    fs::write(&records, format!("{{{}}}\n", fields.join(","))).unwrap();
    to_csv(&records, &csv).unwrap();
    let mut reader = csv::Reader::from_path(&csv).unwrap();
    assert_eq!(reader.headers().unwrap().len(), 1_001);
    let row = reader.records().next().unwrap().unwrap();
    let other: Value = serde_json::from_str(&row[1_000]).unwrap();
    assert_eq!(other["f1099"], 1_099);
    assert_eq!(other.as_object().unwrap().len(), 100);
}

#[test]
fn a_line_that_is_no_record_is_an_error_and_the_old_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (records, csv) = (folder.path().join("a.ndjson"), folder.path().join("a.csv"));
    fs::write(&records, "{\"a\":1}\n[2]\n").unwrap();
    fs::write(&csv, "old").unwrap();
    let error = to_csv(&records, &csv).unwrap_err();
    assert_eq!(error.kind(), BulkErrorKind::Invalid);
    assert!(error.to_string().contains("line 2"), "{error}");
    assert_eq!(fs::read_to_string(&csv).unwrap(), "old");
    assert!(!folder.path().join("a.csv.new").exists());
}
