//! Selected fields that no item has.

use std::collections::BTreeSet;

use hoopai_catalogue::closest;
use serde_json::Value;

use super::items;
use crate::text;

/// The number of names that are compared with a field that no item has.
const NAMES: usize = 500;

/// Selected fields that no item has had so far, and the names that items have.
pub(super) struct Absent {
    fields: Vec<String>,
    names: BTreeSet<String>,
    items: u64,
}

impl Absent {
    pub(super) fn new(fields: &[String]) -> Self {
        Absent {
            fields: fields.to_vec(),
            names: BTreeSet::new(),
            items: 0,
        }
    }

    /// Reads the names of an item. An item can lack a field that others have.
    pub(super) fn read(&mut self, item: &Value) {
        self.items += 1;
        self.fields.retain(|path| items::get(item, path).is_none());
        if let (false, Some(fields)) = (self.fields.is_empty(), item.as_object()) {
            let room = NAMES.saturating_sub(self.names.len());
            self.names.extend(fields.keys().take(room).cloned());
        }
    }

    /// A warning for each field that no item had.
    pub(super) fn warnings(&mut self) -> Vec<String> {
        if self.items == 0 {
            return Vec::new();
        }
        let fields = std::mem::take(&mut self.fields);
        let warnings = fields.iter().map(|path| {
            let names = self.names.iter().map(String::as_str);
            let closest = match closest(path, names) {
                Some(name) => format!("; a similar one is `{}`", text::plain(name)),
                None => String::new(),
            };
            format!("no item has the field `{}`{closest}", text::plain(path))
        });
        warnings.collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_fields_that_no_item_has_are_reported() {
        let fields = ["id", "emial", "phone", "more.deep", "nothingLikeIt"];
        let mut absent = Absent::new(&fields.map(str::to_owned));
        absent.read(&json!({ "id": "1", "email": "a", "more": {} }));
        absent.read(&json!({ "id": "2", "phone": null, "more": { "deep": 1 } }));
        assert_eq!(
            absent.warnings(),
            [
                "no item has the field `emial`; a similar one is `email`",
                "no item has the field `nothingLikeIt`",
            ]
        );
        assert!(absent.warnings().is_empty());
    }

    #[test]
    fn empty_list_has_no_warning() {
        assert!(Absent::new(&["id".to_owned()]).warnings().is_empty());
    }
}
