//! Module `medias`: files and folders.

use super::paging;
use crate::state::collection::{
    Action, Collection, CustomAction, Endpoint, FieldValue, Filter, IdFormat, SUCCESS, Sample,
};

pub(super) static COLLECTIONS: &[Collection] = &[Collection {
    name: "medias",
    noun: "File",
    id: "_id",
    ids: IdFormat::Hex,
    scope_field: "altId",
    created_fields: &["createdAt"],
    updated_fields: &["updatedAt"],
    defaults: &[
        ("altType", FieldValue::Text("location")),
        ("deleted", FieldValue::False),
    ],
    sample: &[
        ("name", Sample::Numbered("File")),
        ("type", Sample::Fixed(FieldValue::Text("file"))),
        (
            "url",
            Sample::Fixed(FieldValue::Text("https://example.com/media")),
        ),
    ],
    endpoints: &[
        // The file says that files are texts.
        Endpoint::list("medias.fetch-media-content", "files", &paging::OFFSET).filters(&[
            Filter::equals("type", "type"),
            Filter::equals("parentId", "parentId"),
            Filter::text("query"),
        ]),
        Endpoint::custom("medias.upload-media-content", CustomAction::Upload),
        Endpoint::new("medias.bulk-update-media-objects", Action::UpdateEach("id"))
            .id_parameter("filesToBeUpdated"),
        Endpoint::create("medias.create-media-folder", "")
            .sets(&[("type", FieldValue::Text("folder"))]),
        Endpoint::update("medias.update-media-object", "id", ""),
        Endpoint::delete("medias.delete-media-content", "id"),
        Endpoint::new("medias.bulk-delete-media-objects", Action::DeleteMany)
            .id_parameter("filesToBeDeleted")
            .without_item()
            .reply_fields(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
