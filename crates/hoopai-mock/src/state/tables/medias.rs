//! Module `medias`: files and folders.

use super::prelude::*;

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
        ("type", Sample::Text("file")),
        ("url", Sample::Text("https://example.com/media")),
    ],
    endpoints: &[
        // The interface file declares files as texts.
        Endpoint::list("fetch-media-content", "files", &paging::OFFSET).filters(&[
            Filter::equals("type", "type"),
            Filter::equals("parentId", "parentId"),
            Filter::text("query"),
        ]),
        Endpoint::custom("upload-media-content", CustomAction::Upload),
        Endpoint::new("bulk-update-media-objects", Action::UpdateEach("id")).by("filesToBeUpdated"),
        Endpoint::create("create-media-folder", "").sets(&[("type", FieldValue::Text("folder"))]),
        Endpoint::update("update-media-object", "id", ""),
        Endpoint::delete("delete-media-content", "id"),
        Endpoint::new("bulk-delete-media-objects", Action::DeleteMany)
            .by("filesToBeDeleted")
            .without_item()
            .with(SUCCESS),
    ],
    ..Collection::DEFAULT
}];
