//! Operations on several items at once, and on lists in items.

use serde_json::{Map, Value};

use super::context::{Answer, Call};
use crate::state::collection::{Fields, Membership};
use crate::state::store::Item;
use crate::state::{derive, tables, write};

impl Call<'_> {
    pub(super) fn create_many(&mut self) -> Answer {
        let body = self.request.body.as_ref().and_then(Value::as_array);
        let mut created = Vec::new();
        for fields in body.into_iter().flatten() {
            let item = self.create(fields.as_object().cloned().unwrap_or_default())?;
            created.push(self.show(&item));
        }
        self.reply(Value::Array(created), None, true, 0, Map::new())
    }

    /// Calls a function with each item of a list of ids. Ids of items that do not exist are
    /// skipped.
    pub(super) fn for_each_id(&mut self, mut action: impl FnMut(&mut Self, Item)) -> Answer {
        let mut changed = Vec::new();
        for id in self.list_parameter(self.endpoint.id_parameter) {
            let names = ["_id", "id", "reviewId"];
            let id = names.iter().find_map(|name| id.get(*name)).unwrap_or(&id);
            if let Some(item) = id.as_str().and_then(|id| self.find(id).ok()) {
                changed.push(Value::from(item.id.as_str()));
                action(self, item);
            }
        }
        let count = changed.len();
        self.reply(Value::Array(changed), None, false, count, Map::new())
    }

    pub(super) fn update_many(&mut self, names: &[(&str, &str)]) -> Answer {
        let fields = names.iter().filter_map(|(parameter, field)| {
            let value = self.request.any(parameter)?;
            Some(((*field).to_owned(), value.clone()))
        });
        let fields: Fields = fields.collect();
        self.for_each_id(|call, item| {
            call.change(item, fields.clone());
        })
    }

    /// Updates the items that a list describes. Descriptions of items that do not exist are
    /// skipped.
    pub(super) fn update_each(&mut self, id_field: &str) -> Answer {
        let mut changed = 0;
        for fields in self.list_parameter(self.endpoint.id_parameter) {
            let Value::Object(mut fields) = fields else {
                continue;
            };
            let id = fields.remove(id_field);
            let item = id.as_ref().and_then(Value::as_str).map(|id| self.find(id));
            let Some(Ok(item)) = item else { continue };
            self.update_children(&item, &mut fields);
            self.change(item, fields);
            changed += 1;
        }
        self.reply(Value::Null, None, false, changed, Map::new())
    }

    /// Updates the children of an item that are described in its fields.
    fn update_children(&mut self, parent: &Item, fields: &mut Fields) {
        for child in tables::children(parent.collection.name) {
            let Some(Value::Array(items)) = fields.remove(child.name) else {
                continue;
            };
            for own in items {
                let Value::Object(mut own) = own else {
                    continue;
                };
                let id = own.remove(child.id);
                let item = id.and_then(|id| self.store.find(child, id.as_str()?));
                let parent_field = child.parent.map_or("", |parent| parent.field);
                if let Some(item) = item
                    && item.fields.get(parent_field).and_then(Value::as_str) == Some(&parent.id)
                {
                    write::update(self.store, item, own, self.now);
                }
            }
        }
    }

    pub(super) fn set_membership(&mut self, membership: Membership) -> Answer {
        let member = self
            .text(membership.parameter)
            .unwrap_or_default()
            .to_owned();
        if !membership.collection.is_empty() {
            self.find_other(membership.collection, &member)?;
        }
        let changed = |item: &Item| {
            let mut list = list(item.fields.get(membership.field));
            list.retain(|element| *element != *member);
            if membership.add {
                list.push(member.as_str().into());
            }
            Map::from_iter([(membership.field.to_owned(), Value::Array(list))])
        };
        let ids = self.request.any(self.endpoint.id_parameter);
        if ids.is_some_and(Value::is_array) {
            return self.for_each_id(|call, item| {
                let fields = changed(&item);
                call.change(item, fields);
            });
        }
        let item = self.find_item()?;
        let fields = changed(&item);
        let item = self.change(item, fields);
        self.reply_with(&item, false)
    }

    pub(super) fn add_members(&mut self, field: &str, reply_field: &str) -> Answer {
        let item = self.find_item()?;
        let mut members = list(item.fields.get(field));
        let mut added = self.members_parameter(field, &members);
        added.retain(|member| !members.contains(member));
        members.extend(added.iter().cloned());
        self.reply_with_members(item, (field, members), (reply_field, added))
    }

    pub(super) fn remove_members(&mut self, field: &str, reply_field: &str) -> Answer {
        let item = self.find_item()?;
        let members = list(item.fields.get(field));
        let listed = self.members_parameter(field, &members);
        let (removed, members) = members
            .into_iter()
            .partition(|member| listed.contains(member));
        self.reply_with_members(item, (field, members), (reply_field, removed))
    }

    /// The members that the request lists.
    fn members_parameter(&self, field: &str, members: &[Value]) -> Vec<Value> {
        if self.request.any("isRemoveAllFollowers") == Some(&Value::Bool(true)) {
            return members.to_vec();
        }
        match field {
            "tags" => derive::normalize_tags(self.list_parameter(field)),
            _ => self.list_parameter(field),
        }
    }

    fn reply_with_members(
        &mut self,
        item: Item,
        (field, members): (&str, Vec<Value>),
        (reply_field, changed): (&str, Vec<Value>),
    ) -> Answer {
        let members = Map::from_iter([(field.to_owned(), Value::Array(members))]);
        let item = self.change(item, members.clone());
        let mut reply = members;
        reply.insert(reply_field.to_owned(), changed.into());
        self.reply(Value::Null, Some(&item), false, 1, reply)
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    value.and_then(Value::as_array).cloned().unwrap_or_default()
}
