//! Operations on several items at once, and on lists within items.

use serde_json::{Map, Value};

use super::answer::missing;
use super::collection::Join;
use super::engine::{Answer, Call};
use super::store::{Fields, Found};
use super::{make, tables, tags};

impl Call<'_> {
    pub(super) fn create_all(&mut self) -> Answer {
        let body = self
            .accepted
            .body
            .as_ref()
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut made = Vec::new();
        for fields in body {
            let fields = fields.as_object().cloned().unwrap_or_default();
            let found = self.create(fields)?;
            made.push(self.show(&found));
        }
        self.reply(Value::Array(made), None, true, 0, Map::new())
    }

    /// Does something with each item of a list of ids; those that are not there are passed over.
    pub(super) fn on_all(&mut self, mut act: impl FnMut(&mut Self, Found)) -> Answer {
        let ids = self
            .accepted
            .any(self.row.by)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let mut changed = Vec::new();
        for id in &ids {
            let id = ["_id", "id", "reviewId"]
                .iter()
                .find_map(|name| id.get(*name))
                .unwrap_or(id);
            if let Some(found) = id.as_str().and_then(|id| self.find(id).ok()) {
                changed.push(Value::from(found.id.as_str()));
                act(self, found);
            }
        }
        let count = changed.len();
        let items = Value::Array(changed);
        self.reply(items, None, false, count, Map::new())
    }

    pub(super) fn update_all(&mut self, names: &'static [(&'static str, &'static str)]) -> Answer {
        let given = |(from, to): &(&str, &str)| {
            let value = self.accepted.any(from)?;
            Some(((*to).to_owned(), value.clone()))
        };
        let fields: Fields = names.iter().filter_map(given).collect();
        self.on_all(|call, found| {
            call.change(found, fields.clone());
        })
    }

    /// Changes what a list describes; what is not there is passed over.
    pub(super) fn update_each(&mut self, key: &'static str) -> Answer {
        let list = self.accepted.any(self.row.by).and_then(Value::as_array);
        let mut changed = 0;
        for fields in list.into_iter().flatten().filter_map(Value::as_object) {
            let mut fields = fields.clone();
            let id = fields.remove(key);
            let found = id.as_ref().and_then(Value::as_str).map(|id| self.find(id));
            let Some(Ok(found)) = found else { continue };
            self.update_children(&found, &mut fields);
            self.change(found, fields);
            changed += 1;
        }
        self.reply(Value::Null, None, false, changed, Map::new())
    }

    /// Changes what belongs to an item and is described among its fields.
    fn update_children(&mut self, parent: &Found, fields: &mut Fields) {
        for (number, child) in tables::children(self.collection.name) {
            let Some(Value::Array(items)) = fields.remove(child.name) else {
                continue;
            };
            for own in items {
                let Value::Object(mut own) = own else {
                    continue;
                };
                let id = own.remove(child.id);
                let found = id.and_then(|id| self.store.find(number, id.as_str()?));
                let by = child.parent.map_or("", |parent| parent.field);
                if let Some(found) = found
                    && found.fields.get(by).and_then(Value::as_str) == Some(parent.id.as_str())
                {
                    make::change(self.store, number, child, found, own, self.now);
                }
            }
        }
    }

    pub(super) fn join(&mut self, join: Join) -> Answer {
        let member = self.text(join.member).unwrap_or_default().to_owned();
        if !join.of.is_empty() {
            let (number, collection) = tables::named(join.of);
            let found = self.store.find(number, &member);
            self.may_see(&found.ok_or_else(|| missing(collection, &member))?)?;
        }
        let with = |found: &Found| {
            let list = found.fields.get(join.field).and_then(Value::as_array);
            let mut list = list.cloned().unwrap_or_default();
            list.retain(|one| *one != *member);
            if join.add {
                list.push(member.as_str().into());
            }
            Map::from_iter([(join.field.to_owned(), Value::Array(list))])
        };
        if self.accepted.any(self.row.by).is_some_and(Value::is_array) {
            return self.on_all(|call, found| {
                let fields = with(&found);
                call.change(found, fields);
            });
        }
        let found = self.wanted()?;
        let fields = with(&found);
        let found = self.change(found, fields);
        self.about(&found, false)
    }

    pub(super) fn members(&mut self, field: &'static str, told: &'static str, add: bool) -> Answer {
        let mut found = self.wanted()?;
        let list =
            |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
        let mut given = list(self.accepted.any(field));
        if field == "tags" {
            given = tags::normal(given);
        }
        let mut members = list(found.fields.get(field));
        if self.accepted.any("isRemoveAllFollowers") == Some(&Value::Bool(true)) {
            given.clone_from(&members);
        }
        let changed: Vec<Value> = if add {
            let new: Vec<Value> = given
                .into_iter()
                .filter(|one| !members.contains(one))
                .collect();
            members.extend(new.iter().cloned());
            new
        } else {
            let (gone, left) = members.into_iter().partition(|one| given.contains(one));
            members = left;
            gone
        };
        let fields = Map::from_iter([(field.to_owned(), Value::Array(members.clone()))]);
        found = self.change(found, fields);
        let mut reply = Map::new();
        reply.insert(field.to_owned(), members.into());
        reply.insert(told.to_owned(), changed.into());
        self.reply(Value::Null, Some(&found), false, 1, reply)
    }
}
