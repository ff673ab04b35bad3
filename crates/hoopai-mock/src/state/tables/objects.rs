//! Module `objects`: custom objects and records.

use super::prelude::*;

static RECORDS_FIELDS: SearchFields = SearchFields {
    fields: &[
        ("id", "id"),
        ("owner", "owner"),
        ("followers", "followers"),
        ("createdAt", "createdAt"),
        ("updatedAt", "updatedAt"),
    ],
    custom_prefixes: &["customFields"],
    properties: true,
};

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "objects",
        noun: "Object",
        id: "key",
        ids: IdFormat::FromRequest {
            prefix: "custom_objects.",
        },
        builtin: &[
            ("contact", "Contact", "Contacts"),
            ("opportunity", "Opportunity", "Opportunities"),
            ("business", "Company", "Companies"),
        ],
        search_fields: &["key"],
        discarded: &["searchableProperties"],
        defaults: &[
            ("id", FieldValue::NewId),
            ("standard", FieldValue::False),
            ("primaryDisplayProperty", FieldValue::Text("name")),
        ],
        on_write: derive::object_on_write,
        sample: &[
            ("key", Sample::Key("custom_objects.sample")),
            (
                "labels",
                Sample::FromNumber(
                    |number| serde_json::json!({ "singular": format!("Sample {number}"), "plural": format!("Samples {number}") }),
                ),
            ),
        ],
        endpoints: &[
            Endpoint::list("get-object-by-location-id", "objects", &Paging::ALL),
            Endpoint::create("create-custom-object-schema", "object"),
            Endpoint::get("get-object-schema-by-key", "key", "object"),
            Endpoint::update("update-custom-object", "key", "object"),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "records",
        noun: "Record",
        ids: IdFormat::Hex,
        search_fields: &["properties"],
        parent: Some(Parent::new("objects", "objectKey").by("schemaKey")),
        defaults: &[
            ("followers", FieldValue::List),
            ("owner", FieldValue::List),
            ("properties", FieldValue::Object),
        ],
        on_read: derive::record_on_read,
        sample: &[
            ("objectKey", Sample::Reference("objects")),
            (
                "properties",
                Sample::FromNumber(
                    |number| serde_json::json!({ "name": format!("Record {number}") }),
                ),
            ),
        ],
        endpoints: &[
            // The interface file declares properties as a text.
            Endpoint::list("search-object-records", "records", &paging::SEARCH)
                .filters(&[
                    Filter::text("query"),
                    Filter::conditions("filters", &RECORDS_FIELDS),
                    Filter::sort_orders("sort", &RECORDS_FIELDS),
                ])
                .undeclared(&["filters", "sort"]),
            Endpoint::create("create-object-record", "record").location_required(),
            Endpoint::get("get-record-by-id", "id", "record"),
            Endpoint::update("update-object-record", "id", "record"),
            Endpoint::delete("delete-object-record", "id")
                .with(&[("id", ReplyField::Id), ("success", ReplyField::True)]),
        ],
        ..Collection::DEFAULT
    },
];
