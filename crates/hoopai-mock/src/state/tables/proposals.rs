//! Module `proposals`: documents and templates.

use super::prelude::*;

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "documents",
        noun: "Document",
        defaults: &[
            ("deleted", FieldValue::False),
            ("isExpired", FieldValue::False),
        ],
        sample: &[
            ("name", Sample::Numbered("Document")),
            (
                "status",
                Sample::FromNumber(|_| serde_json::json!(["draft"])),
            ),
            (
                "paymentStatus",
                Sample::FromNumber(|_| serde_json::json!(["waiting_for_payment"])),
            ),
        ],
        endpoints: &[
            Endpoint::list("list-documents-contracts", "documents", &paging::SKIP_TOTAL).filters(
                &[
                    Filter::equals("status", "status"),
                    Filter::equals("paymentStatus", "paymentStatus"),
                    Filter::since("dateFrom", "createdAt"),
                    Filter::until("dateTo", "createdAt"),
                    Filter::text("query"),
                ],
            ),
        ],
        ..Collection::HEX_ID
    },
    Collection {
        name: "document-templates",
        noun: "Template",
        defaults: &[
            ("deleted", FieldValue::False),
            ("id", FieldValue::NewId),
            ("isPublicDocument", FieldValue::False),
        ],
        sample: &[
            ("name", Sample::Numbered("Template")),
            ("type", Sample::Text("proposal")),
        ],
        endpoints: &[Endpoint::list(
            "list-documents-contracts-templates",
            "data",
            &paging::SKIP_TOTAL,
        )
        .filters(&[
            Filter::equals("type", "type"),
            Filter::equals("isPublicDocument", "isPublicDocument"),
            Filter::since("dateFrom", "createdAt"),
            Filter::until("dateTo", "createdAt"),
            Filter::text("name"),
        ])],
        ..Collection::HEX_ID
    },
];
