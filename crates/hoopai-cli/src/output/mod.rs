//! The output: replies and items in the selected format.

mod absent;
mod filter;
mod items;
mod rows;
mod table;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde_json::{Value, json};

use crate::failure::Result;
use crate::options::{Format, Options};
use crate::text;

use absent::Absent;
use filter::Filter;
use rows::Rows;

/// The number of items whose fields decide the columns of a list.
const FIRST_ITEMS: usize = 100;

/// Writes replies and items. Characters that a terminal would interpret are escaped.
pub(crate) struct Printer<W: Write> {
    out: W,
    format: Format,
    fields: Vec<String>,
    absent: Absent,
    limit: u64,
    filter: Option<Filter>,
    rows: Rows,
    terminal: bool,
    /// Items of a list whose columns are not decided.
    waiting: Vec<Value>,
    written: u64,
    in_array: bool,
}

impl Printer<BufWriter<io::Stdout>> {
    /// The printer of the standard output.
    pub(crate) fn stdout(options: &Options, streamed: bool) -> Result<Self> {
        let terminal = io::stdout().is_terminal();
        let width = match terminal_size::terminal_size() {
            Some((width, _)) if terminal => Some(usize::from(width.0)),
            _ => None,
        };
        Self::new(
            BufWriter::new(io::stdout()),
            options,
            streamed,
            terminal,
            width,
        )
    }
}

impl<W: Write> Printer<W> {
    pub(crate) fn new(
        out: W,
        options: &Options,
        streamed: bool,
        terminal: bool,
        width: Option<usize>,
    ) -> Result<Self> {
        let format = options.output.unwrap_or(match (terminal, streamed) {
            (true, _) if options.jq.is_none() => Format::Table,
            (_, true) => Format::Ndjson,
            _ => Format::Json,
        });
        Ok(Printer {
            out,
            format,
            fields: options.fields.clone(),
            absent: Absent::new(&options.fields),
            limit: options.limit.unwrap_or(u64::MAX),
            filter: options.jq.as_deref().map(Filter::parse).transpose()?,
            rows: Rows::new(format, options.csv_raw, terminal, width),
            terminal,
            waiting: Vec::new(),
            written: 0,
            in_array: false,
        })
    }

    /// Writes a whole reply. `path` is that of its list of items, if it is declared.
    pub(crate) fn reply(&mut self, reply: Value, path: Option<&str>) -> Result {
        if self.filter.is_some() {
            self.filtered(reply)?;
            return self.finish();
        }
        let shaped = !self.fields.is_empty() || self.limit != u64::MAX;
        match items::find(&reply, path) {
            Some(list) if self.format != Format::Json || shaped => {
                let list = list.clone();
                for item in list {
                    if !self.item(item)? {
                        break;
                    }
                }
                return self.finish_list();
            }
            _ if reply.is_null() && self.format != Format::Json => {}
            _ if self.format == Format::Json => {
                let reply = self.select(reply);
                self.line(&reply, true)?;
            }
            _ => {
                let reply = match self.format {
                    Format::Csv | Format::Table if self.fields.is_empty() => items::single(reply),
                    _ => self.select(reply),
                };
                match reply {
                    Value::Object(fields) if self.format == Format::Table => {
                        // They are rows now, and no columns.
                        self.fields.clear();
                        let rows = fields.into_iter();
                        self.waiting.extend(
                            rows.map(|(name, value)| json!({ "field": name, "value": value })),
                        );
                        self.written += 1;
                    }
                    reply => {
                        self.write_item(reply)?;
                    }
                }
            }
        }
        self.finish()
    }

    /// Writes an item of a list. `false`: no more items are accepted.
    pub(crate) fn item(&mut self, item: Value) -> Result<bool> {
        if self.written >= self.limit {
            return Ok(false);
        }
        if self.filter.is_some() {
            self.written += 1;
            self.filtered(item)?;
            return Ok(self.written < self.limit);
        }
        let item = self.select(item);
        self.write_item(item)
    }

    /// The selected fields of an item.
    fn select(&mut self, item: Value) -> Value {
        self.absent.read(&item);
        items::select(item, &self.fields)
    }

    /// Writes an item, of which the fields are selected.
    fn write_item(&mut self, item: Value) -> Result<bool> {
        self.written += 1;
        match self.format {
            Format::Ndjson => self.line(&item, false)?,
            Format::Json => {
                let start = if self.in_array { ",\n" } else { "[\n" };
                self.in_array = true;
                let text = serde_json::to_string_pretty(&item).unwrap_or_default();
                let indented = text::json(&text).replace('\n', "\n  ");
                write!(self.out, "{start}  {indented}")?;
            }
            Format::Csv | Format::Table => {
                self.waiting.push(item);
                if self.waiting.len() >= FIRST_ITEMS {
                    self.write_rows()?;
                }
            }
        }
        Ok(self.written < self.limit)
    }

    /// The number of items that were written.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Whether the limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.written >= self.limit
    }

    /// Writes what is left. A list without items is an empty one.
    pub(crate) fn finish(&mut self) -> Result {
        self.write_rows()?;
        if self.in_array {
            self.in_array = false;
            self.out.write_all(b"\n]\n")?;
        }
        self.out.flush()?;
        if self.terminal && self.written == 0 && self.format == Format::Table {
            eprintln!("no items");
        }
        self.rows.report();
        for warning in self.absent.warnings() {
            eprintln!("{warning}");
        }
        Ok(())
    }

    /// Ends a list, which is `[]` in JSON if it has no items.
    pub(crate) fn finish_list(&mut self) -> Result {
        if self.format == Format::Json && self.written == 0 && self.filter.is_none() {
            self.out.write_all(b"[]\n")?;
        }
        self.finish()
    }

    /// Makes everything visible that was written.
    pub(crate) fn flush(&mut self) -> Result {
        Ok(self.out.flush()?)
    }

    fn write_rows(&mut self) -> Result {
        let items = std::mem::take(&mut self.waiting);
        if !items.is_empty() {
            self.rows.write(&mut self.out, &items, &self.fields)?;
        }
        Ok(())
    }

    fn filtered(&mut self, value: Value) -> Result {
        let Some(filter) = &self.filter else {
            return Ok(());
        };
        for result in filter.run(&value)? {
            match result {
                // Unquoted, for shells.
                Value::String(text) if self.terminal => {
                    writeln!(self.out, "{}", text::plain(&text))?;
                }
                Value::String(text) => writeln!(self.out, "{text}")?,
                value => match self.format {
                    Format::Csv | Format::Table if value.is_object() => self.waiting.push(value),
                    _ => self.line(&value, self.format == Format::Json)?,
                },
            }
        }
        if self.waiting.len() >= FIRST_ITEMS {
            self.write_rows()?;
        }
        Ok(())
    }

    fn line(&mut self, value: &Value, pretty: bool) -> Result {
        let text = if pretty {
            serde_json::to_string_pretty(value)
        } else {
            serde_json::to_string(value)
        };
        writeln!(self.out, "{}", text::json(&text.unwrap_or_default()))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(options: Options, reply: Value) -> String {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, &options, false, false, None).unwrap();
        printer.reply(reply, None).unwrap();
        drop(printer);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn list_without_items_is_json() {
        for (fields, limit) in [(vec!["id".to_owned()], None), (Vec::new(), Some(0))] {
            let options = Options {
                fields,
                limit,
                ..options(Format::Json)
            };
            let reply = json!({ "contacts": [], "total": 0 });
            assert_eq!(printed(options, reply), "[]\n");
        }
        let reply = json!({ "contacts": [], "total": 0 });
        assert_eq!(printed(options(Format::Ndjson), reply), "");
    }

    fn options(format: Format) -> Options {
        Options {
            output: Some(format),
            ..Options::default()
        }
    }

    fn contacts() -> Value {
        json!({ "contacts": [
            { "id": "1", "name": "=HYPERLINK(\"x\")", "tags": ["a", "b"], "age": -3 },
            { "id": "2", "name": "\u{1b}[2Jx", "more": { "deep": true } },
        ], "count": 2 })
    }

    #[test]
    fn whole_reply_is_json() {
        let text = printed(options(Format::Json), contacts());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), contacts());
    }

    #[test]
    fn items_are_lines() {
        let text = printed(options(Format::Ndjson), contacts());
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(Value::Array(lines), contacts()["contacts"]);
    }

    #[test]
    fn formulas_in_csv_are_text() {
        let text = printed(options(Format::Csv), contacts());
        assert_eq!(
            text,
            "id,age,more,name,tags\n1,-3,,\"'=HYPERLINK(\"\"x\"\")\",\"[\"\"a\"\",\"\"b\"\"]\"\n2,,\"{\"\"deep\"\":true}\",\u{1b}[2Jx,\n"
        );
        let raw = printed(
            Options {
                csv_raw: true,
                ..options(Format::Csv)
            },
            contacts(),
        );
        assert!(raw.contains("\"=HYPERLINK"), "{raw}");
    }

    #[test]
    fn table_has_no_control_characters() {
        let text = printed(options(Format::Table), contacts());
        assert!(text.contains("\\u{1b}[2Jx"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }

    #[test]
    fn object_is_a_table_of_its_fields() {
        let reply = json!({ "contact": { "id": "1", "tags": ["a"] }, "traceId": "t" });
        let text = printed(options(Format::Table), reply.clone());
        assert_eq!(text, "field  value\nid     1\ntags   [\"a\"]\n");
        let text = printed(options(Format::Csv), reply.clone());
        assert_eq!(text, "id,tags\n1,\"[\"\"a\"\"]\"\n");
        let selected = Options {
            fields: vec!["contact.id".to_owned()],
            ..options(Format::Table)
        };
        assert_eq!(
            printed(selected, reply),
            "field       value\ncontact.id  1\n"
        );
    }

    #[test]
    fn table_begins_with_the_fields_that_name_an_item() {
        let reply = json!([{ "assignedTo": "u", "email": "e", "id": "1", "nameLowerCase": "n", "name": "N" }]);
        let text = printed(options(Format::Table), reply.clone());
        assert!(
            text.starts_with("id  name  email  assignedTo  nameLowerCase\n"),
            "{text}"
        );
        let text = printed(options(Format::Csv), reply);
        assert!(
            text.starts_with("id,assignedTo,email,name,nameLowerCase\n"),
            "{text}"
        );
    }

    #[test]
    fn fields_and_limit_select() {
        let selected = Options {
            fields: vec!["id".to_owned(), "more.deep".to_owned()],
            limit: Some(1),
            ..options(Format::Json)
        };
        let text = printed(selected, contacts());
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value, json!([{ "id": "1", "more.deep": null }]));
    }

    #[test]
    fn jq_prints_strings_without_quotes() {
        let filtered = Options {
            jq: Some(".contacts[].id, .count".to_owned()),
            ..Options::default()
        };
        assert_eq!(printed(filtered, contacts()), "1\n2\n2\n");
    }

    #[test]
    fn invalid_filter_is_a_usage_error() {
        for filter in [".[", "nothing_of_the_kind", ".a | . as $x | $y"] {
            let options = Options {
                jq: Some(filter.to_owned()),
                ..Options::default()
            };
            let error = Printer::new(Vec::new(), &options, false, false, None)
                .err()
                .unwrap();
            assert_eq!(error.exit(), crate::exit::Exit::Usage, "{filter}");
        }
    }
}
