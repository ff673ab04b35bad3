//! Fields of objects, and how objects hang together.

use super::super::collection::{
    Act, Collection, Filter, Ids, Parent, Row, SUCCEDED, Sample, Say, Shows, Unique, Value,
};
use super::super::{derive, paging::Paging};
use super::pages;

/// The key of the platform's own object for contacts.
const CONTACT: &str = "contact";

const ASSOCIATION: (&str, &str) = ("associationId", "associations");

/// A record of the object whose key is in a field.
macro_rules! record {
    ($key:literal) => {
        Sample::Else(
            &Sample::When($key, CONTACT, &Sample::Of("contacts")),
            &Sample::Else(
                &Sample::When($key, "opportunity", &Sample::Of("opportunities")),
                &Sample::Else(
                    &Sample::When($key, "business", &Sample::Of("businesses")),
                    &Sample::OfSame("records", "objectKey", $key),
                ),
            ),
        )
    };
}

pub(super) static TABLE: &[Collection] = &[
    Collection {
        name: "object-fields",
        noun: "Custom field",
        defaults: &[
            ("dataType", Value::Text("TEXT")),
            ("showInForms", Value::True),
        ],
        written: derive::object_field_written,
        sample: &[
            ("name", Sample::Numbered("Field")),
            ("objectKey", Sample::Of("objects")),
            (
                "parentId",
                Sample::OfSame("field-folders", "objectKey", "objectKey"),
            ),
        ],
        rows: &[
            Row::list(
                "custom-fields.get-custom-fields-by-object-key",
                "fields",
                &Paging::ALL,
            )
            .filters(OF_OBJECT)
            .says(&[(
                "folders",
                Say::Beside("field-folders", "objectKey", "objectKey"),
            )]),
            Row::create("custom-fields.create-custom-field", "field"),
            Row::get("custom-fields.get-custom-field-by-id", "id", "field"),
            Row::update("custom-fields.update-custom-field", "id", "field"),
            Row::delete("custom-fields.delete-custom-field", "id").says(GONE),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "field-folders",
        noun: "Folder",
        sample: &[
            ("name", Sample::Numbered("Folder")),
            ("objectKey", Sample::Of("objects")),
        ],
        rows: &[
            Row::create("custom-fields.create-custom-field-folder", ""),
            Row::update("custom-fields.update-custom-field-folder", "id", ""),
            Row::delete("custom-fields.delete-custom-field-folder", "id").says(GONE),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "associations",
        noun: "Association",
        ids: Ids::Uuid,
        text: &["key"],
        sample: &[
            ("key", Sample::Key("association")),
            ("firstObjectKey", Sample::Of("objects")),
            ("firstObjectLabel", Sample::Fixed(Value::Text("first"))),
            ("secondObjectKey", Sample::Fixed(Value::Text(CONTACT))),
            ("secondObjectLabel", Sample::Fixed(Value::Text("second"))),
        ],
        rows: &[
            Row::list(
                "associations.find-associations",
                "associations",
                &pages::RELATIONS,
            ),
            Row::create("associations.create-association", ""),
            Row::get("associations.get-association-by-ID", "associationId", ""),
            Row::new(
                "associations.get-association-key-by-key-name",
                Act::GetBy(&["key"]),
            )
            .by("key_name"),
            Row::update("associations.update-association", "associationId", ""),
            Row::delete("associations.delete-association", "associationId").says(&[
                ("deleted", Say::Is(Value::True)),
                ("id", Say::Id),
                ("message", Say::Is(Value::Text("Association deleted"))),
            ]),
        ],
        ..Collection::PLAIN
    },
    Collection {
        name: "relations",
        noun: "Relation",
        ids: Ids::Hex,
        parent: Some(Parent {
            collection: "associations",
            field: "associationId",
            parameter: "associationId",
        }),
        text: &[],
        unique: Unique::Together(
            &["associationId", "firstRecordId", "secondRecordId"],
            "Could not create relation: duplicate relation of object Ids for given association",
        ),
        shows: Some(Shows {
            collection: "associations",
            by: "associationId",
            under: "",
            fields: &[
                ("key", "key"),
                ("associationType", "associationType"),
                ("firstObjectKey", "firstObjectKey"),
                ("firstObjectLabel", "firstObjectLabel"),
                ("secondObjectKey", "secondObjectKey"),
                ("secondObjectLabel", "secondObjectLabel"),
            ],
        }),
        sample: &[
            ("associationId", Sample::Of("associations")),
            ("firstObjectKey", Sample::Via(ASSOCIATION, "firstObjectKey")),
            (
                "secondObjectKey",
                Sample::Via(ASSOCIATION, "secondObjectKey"),
            ),
            ("firstRecordId", record!("firstObjectKey")),
            ("secondRecordId", record!("secondObjectKey")),
        ],
        rows: &[
            Row::list(
                "associations.get-relations-by-record-id",
                "relations",
                &pages::RELATIONS,
            )
            .filters(&[
                Filter::one_of("recordId", &["firstRecordId", "secondRecordId"]),
                Filter::is("associationIds", "associationId"),
            ]),
            Row::create("associations.create-relation", ""),
            Row::delete("associations.delete-relation", "relationId").at(""),
        ],
        ..Collection::PLAIN
    },
];

const OF_OBJECT: &[Filter] = &[Filter::one_of("objectKey", &["objectKey"])];

const GONE: &[(&str, Say)] = &[
    ("succeded", SUCCEDED[0].1),
    ("id", Say::Id),
    ("key", Say::Field("fieldKey")),
];
