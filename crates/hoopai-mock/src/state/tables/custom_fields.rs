//! Module `custom-fields`: fields of objects, and their folders.

use super::prelude::*;

const OBJECT_FILTER: &[Filter] = &[Filter::any_equals("objectKey", &["objectKey"])];

const DELETED: &[(&str, ReplyField)] = &[
    ("succeded", SUCCEDED[0].1),
    ("id", ReplyField::Id),
    ("key", ReplyField::Field("fieldKey")),
];

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "object-fields",
        noun: "Custom field",
        defaults: &[
            ("dataType", FieldValue::Text("TEXT")),
            ("showInForms", FieldValue::True),
        ],
        on_write: derive::object_field_on_write,
        sample: &[
            ("name", Sample::Numbered("Field")),
            ("objectKey", Sample::Reference("objects")),
            (
                "parentId",
                Sample::MatchingReference("field-folders", "objectKey", "objectKey"),
            ),
        ],
        endpoints: &[
            Endpoint::list("get-custom-fields-by-object-key", "fields", &Paging::ALL)
                .filters(OBJECT_FILTER)
                .with(&[(
                    "folders",
                    ReplyField::ItemsOf("field-folders", "objectKey", "objectKey"),
                )]),
            Endpoint::create("create-custom-field", "field"),
            Endpoint::get("get-custom-field-by-id", "id", "field"),
            Endpoint::update("update-custom-field", "id", "field"),
            Endpoint::delete("delete-custom-field", "id").with(DELETED),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "field-folders",
        noun: "Folder",
        sample: &[
            ("name", Sample::Numbered("Folder")),
            ("objectKey", Sample::Reference("objects")),
        ],
        endpoints: &[
            Endpoint::create("create-custom-field-folder", ""),
            Endpoint::update("update-custom-field-folder", "id", ""),
            Endpoint::delete("delete-custom-field-folder", "id").with(DELETED),
        ],
        ..Collection::DEFAULT
    },
];
