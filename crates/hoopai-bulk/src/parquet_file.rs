//! Conversion of exported records to Parquet.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hoopai_catalogue::{FieldPath, Kind, Operation, Reply, Schema};
use hoopai_runtime::Timestamp;
use parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as PhysicalType};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::csv_file::read_records;
use crate::error::{BulkError, BulkErrorKind};
use crate::replaced_file::replace;

/// The column of what the other columns do not hold.
const OTHER: &str = "_other";

/// A row group is written when it has this many rows, or text of this size.
const GROUP_ROWS: usize = 20_000;
const GROUP_BYTES: usize = 8 * 1024 * 1024;

const WHAT: &str = "the Parquet file cannot be written";

/// A column of a Parquet file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Column {
    /// The field of the records.
    pub name: String,
    /// The type of its values.
    pub kind: ColumnKind,
}

/// The type of a [`Column`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A whole number of 64 bits.
    Integer,
    /// A number as text, with the digits that the platform sent.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A moment, in milliseconds in UTC.
    Timestamp,
    /// Any JSON, as text.
    Json,
}

impl Column {
    /// A column of a field.
    pub fn new(name: impl Into<String>, kind: ColumnKind) -> Self {
        Column {
            name: name.into(),
            kind,
        }
    }
}

/// Writes the records of a file of an [`Export`](crate::Export) to a Parquet file, which is replaced
/// only when it is complete. Returns the number of rows. Memory is constant.
///
/// All columns are optional. The last column, `_other`, is a JSON object of what they do not hold:
/// fields without a column, values of another type, and texts of moments that the moment alone does
/// not give back, such as those with an offset.
/// [`PlatformList::columns`](crate::PlatformList::columns) returns the columns of the platform's
/// lists.
///
/// # Errors
/// A file cannot be read or written, a line is not a JSON object, or two columns have one name.
pub fn to_parquet(
    records: impl AsRef<Path>,
    parquet: impl AsRef<Path>,
    columns: &[Column],
) -> Result<u64, BulkError> {
    let (records, parquet) = (records.as_ref(), parquet.as_ref());
    let mut places = HashMap::new();
    for (place, column) in columns.iter().enumerate() {
        if column.name == OTHER || places.insert(column.name.as_str(), place).is_some() {
            return Err(BulkError::new(
                BulkErrorKind::Invalid,
                format!("the column `{}` exists twice", column.name),
                "give each column a name of its own",
            ));
        }
    }
    let failed = |error: ParquetError| failed(parquet, error);
    replace(parquet, WHAT, |file| {
        let schema = schema(columns).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .build();
        let mut writer =
            SerializedFileWriter::new(file, schema, Arc::new(properties)).map_err(failed)?;
        let mut group = Group::new(columns);
        let mut rows = 0;
        read_records(records, |fields| {
            let mut filled = vec![false; columns.len()];
            let mut other = String::new();
            for (name, json) in &fields.0 {
                let place = places.get(name.as_str()).copied();
                let place = place.filter(|place| !filled[*place]);
                let is_whole = place.is_some_and(|place| {
                    filled[place] = true;
                    group.buffers[place].push(columns[place].kind, json.get())
                });
                if !is_whole {
                    other.push(if other.is_empty() { '{' } else { ',' });
                    other.push_str(&serde_json::Value::from(name.as_str()).to_string());
                    other.push(':');
                    other.push_str(json.get());
                }
            }
            for (buffer, filled) in group.buffers.iter_mut().zip(filled) {
                if !filled {
                    buffer.push_null();
                }
            }
            if other.is_empty() {
                group.other.push_null();
            } else {
                other.push('}');
                group.other.push(ColumnKind::Json, &other);
            }
            rows += 1;
            if group.is_full() {
                group.write(&mut writer).map_err(failed)?;
            }
            Ok(())
        })?;
        group.write(&mut writer).map_err(failed)?;
        let file = writer.into_inner().map_err(failed)?;
        Ok((file, rows))
    })
}

fn schema(columns: &[Column]) -> Result<Arc<Type>, ParquetError> {
    let other = Column::new(OTHER, ColumnKind::Json);
    let mut fields = Vec::new();
    for column in columns.iter().chain([&other]) {
        let (physical, logical) = match column.kind {
            ColumnKind::Text | ColumnKind::Decimal => {
                (PhysicalType::BYTE_ARRAY, Some(LogicalType::String))
            }
            ColumnKind::Json => (PhysicalType::BYTE_ARRAY, Some(LogicalType::Json)),
            ColumnKind::Integer => (PhysicalType::INT64, None),
            ColumnKind::Boolean => (PhysicalType::BOOLEAN, None),
            ColumnKind::Timestamp => (
                PhysicalType::INT64,
                Some(LogicalType::timestamp(true, TimeUnit::MILLIS)),
            ),
        };
        let field = Type::primitive_type_builder(&column.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        fields.push(Arc::new(field));
    }
    let schema = Type::group_type_builder("records")
        .with_fields(fields)
        .build()?;
    Ok(Arc::new(schema))
}

/// The rows of a row group, by column.
struct Group {
    buffers: Vec<Buffer>,
    other: Buffer,
}

/// The values of a column in a row group.
struct Buffer {
    values: Values,
    /// 1 for each row with a value, 0 for the others.
    levels: Vec<i16>,
    bytes: usize,
}

enum Values {
    Bytes(Vec<ByteArray>),
    Integers(Vec<i64>),
    Booleans(Vec<bool>),
}

impl Group {
    fn new(columns: &[Column]) -> Self {
        Group {
            buffers: columns
                .iter()
                .map(|column| Buffer::new(column.kind))
                .collect(),
            other: Buffer::new(ColumnKind::Json),
        }
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.buffers.iter().map(|buffer| buffer.bytes).sum();
        self.other.levels.len() >= GROUP_ROWS || bytes + self.other.bytes >= GROUP_BYTES
    }

    /// Writes the rows, and removes them.
    fn write(&mut self, writer: &mut SerializedFileWriter<File>) -> Result<(), ParquetError> {
        if self.other.levels.is_empty() {
            return Ok(());
        }
        let mut group = writer.next_row_group()?;
        for buffer in self.buffers.iter_mut().chain([&mut self.other]) {
            match &buffer.values {
                Values::Bytes(values) => {
                    write_column::<ByteArrayType>(&mut group, values, &buffer.levels)?;
                }
                Values::Integers(values) => {
                    write_column::<Int64Type>(&mut group, values, &buffer.levels)?;
                }
                Values::Booleans(values) => {
                    write_column::<BoolType>(&mut group, values, &buffer.levels)?;
                }
            }
            buffer.clear();
        }
        group.close()?;
        Ok(())
    }
}

fn write_column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, File>,
    values: &[T::T],
    levels: &[i16],
) -> Result<(), ParquetError> {
    if let Some(mut column) = group.next_column()? {
        column
            .typed::<T>()
            .write_batch(values, Some(levels), None)?;
        column.close()?;
    }
    Ok(())
}

impl Buffer {
    fn new(kind: ColumnKind) -> Self {
        Buffer {
            values: match kind {
                ColumnKind::Text | ColumnKind::Decimal | ColumnKind::Json => {
                    Values::Bytes(Vec::new())
                }
                ColumnKind::Integer | ColumnKind::Timestamp => Values::Integers(Vec::new()),
                ColumnKind::Boolean => Values::Booleans(Vec::new()),
            },
            levels: Vec::new(),
            bytes: 0,
        }
    }

    fn push_null(&mut self) {
        self.levels.push(0);
    }

    /// Adds a value. `false`: the column does not give it back as it was received.
    fn push(&mut self, kind: ColumnKind, json: &str) -> bool {
        if json == "null" {
            self.push_null();
            return true;
        }
        let text = || serde_json::from_str::<String>(json).ok();
        let (filled, is_whole) = match &mut self.values {
            Values::Bytes(values) => {
                let (text, is_whole) = match kind {
                    ColumnKind::Text => (text(), true),
                    ColumnKind::Json => (Some(json.to_owned()), true),
                    _ if is_number(json) => (Some(json.to_owned()), true),
                    _ => (text().filter(|text| is_number(text)), false),
                };
                self.bytes += text.as_ref().map_or(0, String::len);
                let value = text.map(|text| values.push(text.into_bytes().into()));
                (value.is_some(), is_whole)
            }
            Values::Integers(values) => {
                let (number, is_whole) = match kind {
                    ColumnKind::Integer => {
                        let number = json.parse::<i64>().ok();
                        (number, number.is_some_and(|n| n.to_string() == json))
                    }
                    _ => moment(json, text().as_deref()),
                };
                (number.map(|number| values.push(number)).is_some(), is_whole)
            }
            Values::Booleans(values) => {
                let value = json.parse::<bool>().ok();
                (value.map(|value| values.push(value)).is_some(), true)
            }
        };
        self.levels.push(i16::from(filled));
        filled && is_whole
    }

    fn clear(&mut self) {
        match &mut self.values {
            Values::Bytes(values) => values.clear(),
            Values::Integers(values) => values.clear(),
            Values::Booleans(values) => values.clear(),
        }
        self.levels.clear();
        self.bytes = 0;
    }
}

fn is_number(json: &str) -> bool {
    let first = json.as_bytes().first();
    first.is_some_and(|first| first.is_ascii_digit() || *first == b'-')
        && serde_json::from_str::<serde_json::Number>(json).is_ok()
}

/// The milliseconds of a moment, and whether its text follows from them.
fn moment(json: &str, text: Option<&str>) -> (Option<i64>, bool) {
    let Ok(time) = serde_json::from_str::<Timestamp>(json) else {
        return (None, false);
    };
    let millis = time.unix_millis();
    // `2026-01-31T09:30:00.120Z`, as the platform writes moments.
    let plain = Timestamp::from_unix_millis(millis).to_string();
    let plain = plain.trim_end_matches('Z');
    let (seconds, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let usual = format!("{seconds}.{fraction:0<3}Z");
    (Some(millis), text == Some(usual.as_str()))
}

/// The columns of the items of an operation's list, by its schema.
pub(crate) fn columns_of(operation: &'static Operation, items: &str) -> Vec<Column> {
    let Reply::Json(reply) = operation.reply else {
        return Vec::new();
    };
    let list = match items {
        "" => Some(reply),
        path => path
            .parse::<FieldPath>()
            .ok()
            .and_then(|path| Some(reply.at(&path).ok()?.1)),
    };
    let Some(item) = list.and_then(Schema::items) else {
        return Vec::new();
    };
    let fields = item.resolved().fields();
    let columns = fields.iter().filter(|field| field.name != OTHER);
    columns
        .map(|field| Column::new(field.name, kind_of(field.schema)))
        .collect()
}

fn kind_of(schema: Schema) -> ColumnKind {
    match schema.kind() {
        Kind::String if schema.format() == Some("date-time") => ColumnKind::Timestamp,
        Kind::String => ColumnKind::Text,
        Kind::Integer => ColumnKind::Integer,
        Kind::Number => ColumnKind::Decimal,
        Kind::Boolean => ColumnKind::Boolean,
        _ => ColumnKind::Json,
    }
}

fn failed(path: &Path, error: ParquetError) -> BulkError {
    let cause = match error {
        ParquetError::External(cause) => match cause.downcast::<io::Error>() {
            Ok(cause) => *cause,
            Err(cause) => io::Error::other(cause),
        },
        error => io::Error::other(error),
    };
    BulkError::io(WHAT, path, cause)
}
