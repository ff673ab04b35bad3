//! The client's operation, made from that of the catalogue. Both are generated from the same data.

use hoopai_catalogue::{BodyKind, Operation, PageParameter, PageStrategy, Paging, Place, Reply};
use hoopai_runtime::operation as client;

/// The operation of the client. It lives as long as the program, which calls one operation.
pub(super) fn of(operation: &'static Operation) -> &'static client::Operation {
    let method = client::Method::from_bytes(operation.entry.method.as_str().as_bytes());
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
    Box::leak(Box::new(client::Operation {
        module: operation.module.name(),
        name: operation.entry.name,
        id: operation.entry.id,
        method: Box::leak(Box::new(method.unwrap_or_default())),
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
                    _ => return None,
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
                _ => client::BodyKind::Json,
            },
            required: body.required,
            fields: &body.required_fields,
            omittable: body.omittable,
        }),
        reply: match operation.reply {
            Reply::Empty => client::Reply::Empty,
            Reply::Bytes => client::Reply::Bytes,
            _ => client::Reply::Json,
        },
        paging: operation.paging.as_ref().map(paging),
        deprecated: operation.deprecated,
    }))
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
            _ => client::Paging::DEFAULT.strategy,
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
