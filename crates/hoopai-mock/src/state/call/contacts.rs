//! Tags of several contacts.

use serde_json::{Map, Value};

use super::context::{Answer, Call};
use crate::state::derive;

impl Call<'_> {
    /// Adds tags to contacts, or removes them.
    pub(super) fn tag_contacts(&mut self) -> Answer {
        let add = self.text("type") == Some("add");
        let tags = derive::normalize_tags(self.list_parameter("tags"));
        let remove_all = self.request.any("removeAllTags") == Some(&Value::Bool(true));
        let mut changed = Vec::new();
        let mut failed = 0;
        for id in self.list_parameter("contacts") {
            let Ok(contact) = self.find(id.as_str().unwrap_or_default()) else {
                failed += 1;
                continue;
            };
            let own = contact.fields.get("tags").and_then(Value::as_array);
            let mut own = own.cloned().unwrap_or_default();
            own.retain(|tag| !remove_all && (add || !tags.contains(tag)));
            if add {
                let new = tags.iter().filter(|tag| !own.contains(tag)).cloned();
                let new: Vec<Value> = new.collect();
                own.extend(new);
            }
            changed.push(id);
            let fields = Map::from_iter([("tags".to_owned(), Value::Array(own))]);
            self.change(contact, fields);
        }
        self.reply_with_fields(Map::from_iter([
            ("succeded".to_owned(), (failed == 0).into()),
            ("errorCount".to_owned(), failed.into()),
            ("responses".to_owned(), changed.into()),
        ]))
    }
}
