//! Items as rows of a table or of CSV.

use std::io::Write;

use serde_json::Value;

use super::table::Columns;
use crate::failure::{Failure, Result};
use crate::options::Format;
use crate::style::Style;
use crate::text;

/// The column of the name of items without fields.
const VALUE: &str = "value";

/// Writes rows. The first items decide the columns.
pub(super) struct Rows {
    format: Format,
    raw: bool,
    terminal: bool,
    width: Option<usize>,
    columns: Vec<String>,
    /// Fields of later items that have no column.
    without_column: Vec<String>,
    /// The widths of a table, which the first items decide.
    table: Option<Columns>,
}

impl Rows {
    pub(super) fn new(format: Format, raw: bool, terminal: bool, width: Option<usize>) -> Self {
        Rows {
            format,
            raw,
            terminal,
            width,
            columns: Vec::new(),
            without_column: Vec::new(),
            table: None,
        }
    }

    pub(super) fn write(
        &mut self,
        out: &mut impl Write,
        items: &[Value],
        fields: &[String],
    ) -> Result {
        let is_first = self.columns.is_empty();
        if is_first {
            self.columns = if fields.is_empty() {
                columns(items, self.format)
            } else {
                fields.to_vec()
            };
        }
        for item in items {
            for name in item
                .as_object()
                .into_iter()
                .flat_map(|fields| fields.keys())
            {
                if !self.columns.contains(name) && !self.without_column.contains(name) {
                    self.without_column.push(name.clone());
                }
            }
        }
        let rows = items.iter().map(|item| {
            let cell = |column: &String| match item.as_object() {
                Some(fields) => fields.get(column),
                None if column == VALUE => Some(item),
                None => None,
            };
            self.columns.iter().map(cell).collect::<Vec<_>>()
        });
        if self.format == Format::Csv {
            let mut writer = csv::WriterBuilder::new().from_writer(out);
            let failed = |error: csv::Error| match error.into_kind() {
                csv::ErrorKind::Io(error) => Failure::from(error),
                _ => Failure::internal("a row of CSV cannot be written"),
            };
            if is_first {
                let names = self.columns.iter().map(|name| self.csv_text(name));
                writer.write_record(names).map_err(failed)?;
            }
            for row in rows {
                let cells = row.into_iter().map(|cell| self.csv_cell(cell));
                writer.write_record(cells).map_err(failed)?;
            }
            writer.flush()?;
            return Ok(());
        }
        let rows: Vec<Vec<String>> = rows
            .map(|row| {
                row.into_iter()
                    .map(|cell| text::plain(&cell_text(cell)))
                    .collect()
            })
            .collect();
        let names: Vec<String> = self.columns.iter().map(|name| text::plain(name)).collect();
        if is_first {
            let table = Columns::of(&names, &rows, self.width);
            table.line(out, &names, &Style::bold(self.terminal))?;
            self.table = Some(table);
        }
        for row in &rows {
            if let Some(table) = &self.table {
                table.line(out, row, &Style::PLAIN)?;
            }
        }
        Ok(())
    }

    /// Reports columns that are not shown.
    pub(super) fn report(&mut self) {
        let hidden = self.table.take().map_or(0, |table| table.hidden);
        if hidden > 0 {
            eprintln!(
                "{hidden} more columns do not fit: select some with --fields, or use -o json"
            );
        }
        if !self.without_column.is_empty() {
            let names: Vec<String> = self
                .without_column
                .drain(..)
                .map(|name| text::plain(&name))
                .collect();
            eprintln!(
                "later items have fields without a column: {}: select the columns with --fields",
                names.join(", ")
            );
        }
    }

    fn csv_cell(&self, cell: Option<&Value>) -> String {
        match cell {
            Some(Value::String(text)) => self.csv_text(text),
            other => cell_text(other),
        }
    }

    /// A text that no spreadsheet reads as a formula: one that begins as a formula gets an
    /// apostrophe.
    fn csv_text(&self, text: &str) -> String {
        let is_formula =
            text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
        let text = if is_formula && !self.raw {
            format!("'{text}")
        } else {
            text.to_owned()
        };
        if self.terminal {
            text::plain(&text)
        } else {
            text
        }
    }
}

fn cell_text(cell: Option<&Value>) -> String {
    match cell {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The fields that a table begins with, since they name an item.
const LEADING: [&str; 12] = [
    "id",
    "_id",
    "name",
    "title",
    "firstName",
    "lastName",
    "email",
    "phone",
    "type",
    "status",
    "command",
    "subject",
];

/// The names of all fields, `id` first. A table is cut at the width of the terminal, so the fields
/// that name an item are next, and copies in lower case are last.
fn columns(items: &[Value], format: Format) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for item in items {
        match item.as_object() {
            Some(fields) => columns.extend(fields.keys().cloned()),
            None => columns.push(VALUE.to_owned()),
        }
    }
    let rank = |name: &str| {
        let leading = LEADING.iter().position(|leading| *leading == name);
        match leading {
            Some(index) if format == Format::Table || index < 2 => index,
            _ if format == Format::Table && name.ends_with("LowerCase") => LEADING.len() + 1,
            _ => LEADING.len(),
        }
    };
    columns.sort_by_key(|name| (rank(name), name.clone()));
    columns.dedup();
    columns
}
