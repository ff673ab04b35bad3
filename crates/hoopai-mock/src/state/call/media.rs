//! Uploaded files.

use serde_json::{Map, Value, json};

use super::context::{Answer, Call};
use crate::api_error::ApiError;
use crate::state::collection::IdFormat;
use crate::state::write;

impl Call<'_> {
    /// Stores a file of a multipart body, or the URL of a hosted one.
    pub(super) fn upload(&mut self) -> Answer {
        let file = self.request.files.first();
        let hosted = self.text("fileUrl").map(str::to_owned);
        if file.is_none() && hosted.is_none() {
            return Err(ApiError::bad_request("No file provided"));
        }
        let name = self
            .text("name")
            .or_else(|| file?.name.as_deref())
            .or_else(|| hosted.as_deref()?.rsplit('/').next());
        let mut fields = self.undeclared();
        fields.insert("name".into(), name.unwrap_or("file").into());
        fields.insert("type".into(), "file".into());
        if let Some(file) = file {
            fields.insert("size".into(), file.bytes.len().into());
            fields.insert("contentType".into(), file.content_type.clone().into());
        }
        if let Some(parent) = self.text("parentId") {
            fields.insert("parentId".into(), parent.into());
        }
        let scope = self.scope()?;
        let item = write::create(self.store, self.collection, &scope, self.now, fields);
        let url =
            hosted.unwrap_or_else(|| format!("https://example.com/{scope}/media/{}", item.id));
        let fields = Map::from_iter([("url".to_owned(), url.as_str().into())]);
        let item = self.change(item, fields);
        self.reply_with_fields(Map::from_iter([
            ("fileId".to_owned(), item.id.into()),
            ("url".to_owned(), url.into()),
        ]))
    }

    /// Stores files in custom fields of a contact. The name of each part is the id of the field, an
    /// underscore, and the id of the file.
    pub(super) fn upload_to_custom_fields(&mut self) -> Answer {
        let contact = self.find_item()?;
        let list = contact.fields.get("customFields").and_then(Value::as_array);
        let mut list = list.cloned().unwrap_or_default();
        for file in &self.request.files {
            let (field, id) = file
                .field
                .split_once('_')
                .unwrap_or((&file.field, &file.field));
            let document = self.store.next_id(IdFormat::Alphanumeric);
            let value = json!({
                "meta": {
                    "fieldname": field, "originalname": file.name, "mimetype": file.content_type,
                    "size": file.bytes.len(), "uuid": id,
                },
                "url": format!("https://example.com/documents/download/{document}"),
                "documentId": document,
            });
            let index = list.iter().position(|one| one["id"] == field);
            let index = index.unwrap_or_else(|| {
                list.push(json!({ "id": field, "value": {} }));
                list.len() - 1
            });
            if !list[index]["value"].is_object() {
                list[index]["value"] = json!({});
            }
            list[index]["value"][id] = value;
        }
        let fields = Map::from_iter([("customFields".to_owned(), Value::Array(list))]);
        let contact = self.change(contact, fields);
        self.reply_with(&contact, false)
    }
}
