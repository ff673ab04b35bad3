//! Calls of the client (feature `runtime`). The client's operation is made from that of the
//! catalogue; both are generated from the same data.

use hoopai_runtime::{Call, Handle, operation as client};
use serde_json::Value;

use crate::entry::Method;
use crate::operation::{BodyKind, Operation, PageParameter, PageStrategy, Paging, Place, Reply};

const DELETE: &client::Method = &client::Method::DELETE;
const GET: &client::Method = &client::Method::GET;
const PATCH: &client::Method = &client::Method::PATCH;
const POST: &client::Method = &client::Method::POST;
const PUT: &client::Method = &client::Method::PUT;

impl Operation {
    /// The operation of the client, with its paging rule.
    pub fn client_operation(&'static self) -> &'static client::Operation {
        self.client.get_or_init(|| of(self))
    }

    /// A call with these parameters in path, query and headers, by name in the request or name of
    /// the setter. Parameters that the operation does not declare are left out.
    pub fn call(&'static self, handle: &Handle, parameters: &[(String, Value)]) -> Call {
        let mut call = Call::new(handle, self.client_operation());
        for (name, value) in parameters {
            let Some(parameter) = self.parameter(name) else {
                continue;
            };
            match parameter.place {
                Place::Path => call.path(parameter.name, value.clone()),
                Place::Header => call.header(parameter.name, value.clone()),
                _ => call.query(parameter.name, value.clone()),
            }
        }
        call
    }
}

/// The operation of the client. Its lists live as long as the catalogue.
fn of(operation: &'static Operation) -> client::Operation {
    let query = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place == Place::Query);
    let query: Vec<client::QueryParam> = query
        .map(|parameter| client::QueryParam {
            name: parameter.name,
            required: parameter.required,
            style: match parameter.comma {
                true => client::ListStyle::Comma,
                false => client::ListStyle::Repeat,
            },
        })
        .collect();
    client::Operation {
        module: operation.module.name(),
        name: operation.entry.name,
        id: operation.entry.id,
        method: match operation.entry.method {
            Method::Delete => DELETE,
            Method::Get => GET,
            Method::Patch => PATCH,
            Method::Post => POST,
            Method::Put => PUT,
        },
        path: operation.entry.path,
        version: operation.version,
        tokens: client::Tokens {
            location: operation.location_token,
            agency: operation.agency_token,
        },
        scopes: &operation.scopes,
        idempotent: operation.idempotent,
        location: operation.location.and_then(|location| {
            Some(client::Location {
                part: match location.place {
                    Place::Path => client::ParamLocation::Path,
                    Place::Query => client::ParamLocation::Query,
                    Place::Body => client::ParamLocation::Body,
                    Place::Header => return None,
                },
                name: location.name,
                alt_type: location.alt_type,
                required: location.required,
            })
        }),
        query: query.leak(),
        body: operation.body.as_ref().map(|body| client::Body {
            kind: match body.kind {
                BodyKind::Form => client::BodyKind::Form,
                BodyKind::Multipart => client::BodyKind::Multipart,
                BodyKind::Json => client::BodyKind::Json,
            },
            required: body.required,
            fields: &body.required_fields,
            omittable: body.omittable,
        }),
        reply: match operation.reply {
            Reply::Empty => client::Reply::Empty,
            Reply::Bytes => client::Reply::Bytes,
            Reply::Json(_) => client::Reply::Json,
        },
        paging: operation.paging.as_ref().map(paging),
        deprecated: operation.deprecated,
    }
}

fn paging(rule: &'static Paging) -> client::Paging {
    client::Paging {
        items: rule.items,
        total: rule.total,
        more: rule.more,
        size: rule.size.map(|size| client::PageSize {
            to: parameter(size.parameter),
            max: size.max,
            declared: size.declared,
        }),
        strategy: match &rule.strategy {
            PageStrategy::Offset(to) => client::PageStrategy::Offset(parameter(*to)),
            PageStrategy::Page {
                parameter: to,
                first,
            } => client::PageStrategy::Page {
                to: parameter(*to),
                first: *first,
            },
            PageStrategy::Cursor(cursors) => {
                let fields: Vec<client::CursorField> = cursors
                    .iter()
                    .map(|cursor| client::CursorField {
                        from: match cursor.of_last_item {
                            true => client::CursorSource::LastItem(cursor.path),
                            false => client::CursorSource::Reply(cursor.path),
                        },
                        to: parameter(cursor.parameter),
                    })
                    .collect();
                client::PageStrategy::Cursor(fields.leak())
            }
        },
    }
}

fn parameter(parameter: PageParameter) -> client::PageParam {
    match parameter.place {
        Place::Body => client::PageParam::Body {
            name: parameter.name,
            text: parameter.text,
        },
        _ => client::PageParam::Query(parameter.name),
    }
}
