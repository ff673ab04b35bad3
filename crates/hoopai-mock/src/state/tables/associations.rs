//! Module `associations`: associations between objects, and relations between records.

use super::prelude::*;

/// An operation id, as the interface has it.
const GET_BY_KEY: &str = "get-association-key-by-key-name";

/// The key of the built-in object of contacts.
const CONTACT: &str = "contact";

const ASSOCIATION_REFERENCE: (&str, &str) = ("associationId", "associations");

const RELATIONS_PAGING: Paging = Paging::skip(&[("total", PageField::Total)]).oldest_first();

/// The id of a record of the object whose key is in a field.
macro_rules! record {
    ($key:literal) => {
        Sample::Or(
            &Sample::When($key, CONTACT, &Sample::Reference("contacts")),
            &Sample::Or(
                &Sample::When($key, "opportunity", &Sample::Reference("opportunities")),
                &Sample::Or(
                    &Sample::When($key, "business", &Sample::Reference("businesses")),
                    &Sample::MatchingReference("records", "objectKey", $key),
                ),
            ),
        )
    };
}

pub(super) static COLLECTIONS: &[Collection] = &[
    Collection {
        name: "associations",
        noun: "Association",
        ids: IdFormat::Uuid,
        search_fields: &["key"],
        sample: &[
            ("key", Sample::Key("association")),
            ("firstObjectKey", Sample::Reference("objects")),
            ("firstObjectLabel", Sample::Text("first")),
            ("secondObjectKey", Sample::Text(CONTACT)),
            ("secondObjectLabel", Sample::Text("second")),
        ],
        endpoints: &[
            Endpoint::list("find-associations", "associations", &RELATIONS_PAGING),
            Endpoint::create("create-association", ""),
            Endpoint::get("get-association-by-ID", "associationId", ""),
            Endpoint::new(GET_BY_KEY, Action::GetByField(&["key"])).by("key_name"),
            Endpoint::update("update-association", "associationId", ""),
            Endpoint::delete("delete-association", "associationId").with(&[
                ("deleted", ReplyField::True),
                ("id", ReplyField::Id),
                ("message", ReplyField::Text("Association deleted")),
            ]),
        ],
        ..Collection::DEFAULT
    },
    Collection {
        name: "relations",
        noun: "Relation",
        ids: IdFormat::Hex,
        parent: Some(Parent::new("associations", "associationId")),
        search_fields: &[],
        unique: Unique::Combination(
            &["associationId", "firstRecordId", "secondRecordId"],
            "Could not create relation: duplicate relation of object Ids for given association",
        ),
        embeds: Some(Embed {
            collection: "associations",
            id_field: "associationId",
            field: "",
            fields: &[
                ("firstObjectKey", "firstObjectKey"),
                ("secondObjectKey", "secondObjectKey"),
            ],
        }),
        sample: &[
            ("associationId", Sample::Reference("associations")),
            (
                "firstObjectKey",
                Sample::ReferencedField(ASSOCIATION_REFERENCE, "firstObjectKey"),
            ),
            (
                "secondObjectKey",
                Sample::ReferencedField(ASSOCIATION_REFERENCE, "secondObjectKey"),
            ),
            ("firstRecordId", record!("firstObjectKey")),
            ("secondRecordId", record!("secondObjectKey")),
        ],
        endpoints: &[
            Endpoint::list("get-relations-by-record-id", "relations", &RELATIONS_PAGING).filters(
                &[
                    Filter::any_equals("recordId", &["firstRecordId", "secondRecordId"]),
                    Filter::equals("associationIds", "associationId"),
                ],
            ),
            Endpoint::create("create-relation", ""),
            Endpoint::delete("delete-relation", "relationId").with(&[
                ("deleted", ReplyField::True),
                ("id", ReplyField::Id),
                ("message", ReplyField::Text("Relation deleted")),
            ]),
        ],
        ..Collection::DEFAULT
    },
];
