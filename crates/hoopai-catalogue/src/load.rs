//! Decompresses and reads the description of a module. Codegen writes it
//! (`codegen/src/emit/catalogue.rs`).

use miniz_oxide::inflate::decompress_to_vec;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::module::Module;
use crate::operation::{
    Body, BodyKind, Cursor, Location, Operation, PageParameter, PageSize, PageStrategy, Paging,
    Parameter, Part, Place, Reply,
};
use crate::schema::Schema;

#[derive(Deserialize)]
struct RawModule {
    operations: Vec<RawOperation>,
    schemas: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawOperation {
    summary: Option<String>,
    description: Option<String>,
    version: Option<String>,
    location_token: bool,
    agency_token: bool,
    scopes: Vec<String>,
    idempotent: bool,
    not_idempotent: Option<String>,
    effect_reason: Option<String>,
    deprecated: bool,
    documented_only: bool,
    parameters: Vec<RawParameter>,
    body: Option<RawBody>,
    reply: RawReply,
    location: Option<RawLocation>,
    paging: Option<RawPaging>,
    unpaged: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawPlace {
    Path,
    Query,
    Header,
    Body,
}

/// A parameter, or a field of a multipart body.
#[derive(Deserialize)]
struct RawParameter {
    #[serde(rename = "in")]
    place: Option<RawPlace>,
    name: String,
    rust_name: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    declared_required: bool,
    #[serde(default)]
    comma: bool,
    #[serde(default)]
    file: bool,
    description: Option<String>,
    #[serde(default)]
    schema: Value,
}

#[derive(Deserialize)]
struct RawBody {
    kind: BodyKind,
    media_type: String,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    omittable: bool,
    #[serde(default)]
    required_fields: Vec<String>,
    #[serde(default)]
    parts: Vec<RawParameter>,
    #[serde(default)]
    schema: Value,
}

#[derive(Default, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum RawReply {
    Json {
        schema: Value,
    },
    #[default]
    Empty,
    Bytes,
}

#[derive(Deserialize)]
struct RawLocation {
    #[serde(rename = "in")]
    place: RawPlace,
    name: String,
    alt_type: bool,
    required: bool,
}

#[derive(Deserialize)]
struct RawPaging {
    items: String,
    total: Option<String>,
    more: Option<String>,
    size: Option<RawPageSize>,
    strategy: RawStrategy,
}

#[derive(Deserialize)]
struct RawPageSize {
    parameter: RawPageParameter,
    max: u32,
    #[serde(default)]
    declared: bool,
}

#[derive(Deserialize)]
struct RawPageParameter {
    #[serde(rename = "in")]
    place: RawPlace,
    name: String,
    #[serde(default)]
    text: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawStrategy {
    Offset(RawPageParameter),
    Page {
        parameter: RawPageParameter,
        first: u32,
    },
    Cursor(Vec<RawCursor>),
}

#[derive(Deserialize)]
struct RawCursor {
    #[serde(default)]
    of_last_item: bool,
    path: String,
    parameter: RawPageParameter,
}

/// Reads the operations of a module. The description stays in memory until the process ends.
///
/// # Panics
/// If the data is not what codegen writes, which a test of all modules excludes.
pub(crate) fn load(module: &'static Module, data: &[u8]) -> Vec<Operation> {
    let text = decompress_to_vec(data).expect("codegen compresses the description");
    let raw: RawModule = serde_json::from_slice(&text).expect("codegen writes the description");
    let raw: &'static RawModule = Box::leak(Box::new(raw));
    let entries = module.entries().iter();
    entries
        .zip(&raw.operations)
        .map(|(entry, operation)| {
            let schema = |value: &'static Value| Schema::new(value, &raw.schemas);
            read(module, entry, operation, &schema)
        })
        .collect()
}

fn read(
    module: &'static Module,
    entry: &'static crate::Entry,
    raw: &'static RawOperation,
    schema: &dyn Fn(&'static Value) -> Schema,
) -> Operation {
    Operation {
        module,
        entry,
        summary: raw.summary.as_deref(),
        description: raw.description.as_deref(),
        version: raw.version.as_deref(),
        location_token: raw.location_token,
        agency_token: raw.agency_token,
        scopes: raw.scopes.iter().map(String::as_str).collect(),
        idempotent: raw.idempotent,
        not_idempotent: raw.not_idempotent.as_deref(),
        effect_reason: raw.effect_reason.as_deref(),
        deprecated: raw.deprecated,
        documented_only: raw.documented_only,
        parameters: raw
            .parameters
            .iter()
            .map(|one| parameter(one, schema))
            .collect(),
        body: raw.body.as_ref().map(|one| body(one, schema)),
        reply: match &raw.reply {
            RawReply::Json { schema: value } => Reply::Json(schema(value)),
            RawReply::Empty => Reply::Empty,
            RawReply::Bytes => Reply::Bytes,
        },
        location: raw.location.as_ref().map(|location| Location {
            place: place(location.place),
            name: &location.name,
            alt_type: location.alt_type,
            required: location.required,
        }),
        paging: raw.paging.as_ref().map(paging),
        unpaged: raw.unpaged.as_deref(),
        #[cfg(feature = "runtime")]
        client: std::sync::OnceLock::new(),
    }
}

fn place(raw: RawPlace) -> Place {
    match raw {
        RawPlace::Path => Place::Path,
        RawPlace::Query => Place::Query,
        RawPlace::Header => Place::Header,
        RawPlace::Body => Place::Body,
    }
}

fn parameter(raw: &'static RawParameter, schema: &dyn Fn(&'static Value) -> Schema) -> Parameter {
    Parameter {
        place: raw.place.map_or(Place::Body, place),
        name: &raw.name,
        rust_name: &raw.rust_name,
        required: raw.required,
        declared_required: raw.declared_required,
        comma: raw.comma,
        description: raw.description.as_deref(),
        schema: schema(&raw.schema),
    }
}

fn body(raw: &'static RawBody, schema: &dyn Fn(&'static Value) -> Schema) -> Body {
    let part = |raw: &'static RawParameter| Part {
        name: &raw.name,
        rust_name: &raw.rust_name,
        is_file: raw.file,
        description: raw.description.as_deref(),
        schema: schema(&raw.schema),
    };
    Body {
        kind: raw.kind,
        media_type: &raw.media_type,
        required: raw.required,
        omittable: raw.omittable,
        required_fields: raw.required_fields.iter().map(String::as_str).collect(),
        parts: raw.parts.iter().map(part).collect(),
        schema: schema(&raw.schema),
    }
}

fn paging(raw: &'static RawPaging) -> Paging {
    let parameter = |raw: &'static RawPageParameter| PageParameter {
        place: place(raw.place),
        name: &raw.name,
        text: raw.text,
    };
    Paging {
        items: &raw.items,
        total: raw.total.as_deref(),
        more: raw.more.as_deref(),
        size: raw.size.as_ref().map(|size| PageSize {
            parameter: parameter(&size.parameter),
            max: size.max,
            declared: size.declared,
        }),
        strategy: match &raw.strategy {
            RawStrategy::Offset(to) => PageStrategy::Offset(parameter(to)),
            RawStrategy::Page {
                parameter: to,
                first,
            } => PageStrategy::Page {
                parameter: parameter(to),
                first: *first,
            },
            RawStrategy::Cursor(cursors) => PageStrategy::Cursor(
                cursors
                    .iter()
                    .map(|cursor| Cursor {
                        of_last_item: cursor.of_last_item,
                        path: &cursor.path,
                        parameter: parameter(&cursor.parameter),
                    })
                    .collect(),
            ),
        },
    }
}
