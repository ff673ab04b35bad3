//! Executes an operation as its endpoint in the tables describes; `execute` selects the action.
//! Each file uses earlier ones only: `context`, `reply`, `find`, `crud`, `list`, `bulk`, the rest.
//! May depend on everything in `state` but `seed`.

mod bulk;
mod contacts;
mod context;
mod crud;
mod find;
mod free_slots;
mod list;
mod media;
mod messages;
mod payments;
mod products;
mod reply;

use serde_json::{Map, Value};

use super::collection::{Action, CustomAction};
use super::query::text_of;
use super::write;
use crate::api_error::ApiError;
use crate::reply::from_schema;

pub(super) use context::{Answer, Call};

/// Executes a request.
pub(super) fn execute(mut call: Call<'_>) -> Answer {
    let action = call.endpoint.action;
    execute_action(&mut call, action)
}

fn execute_action(call: &mut Call<'_>, action: Action) -> Answer {
    match action {
        Action::List => call.list(),
        Action::Get => call.reply_with(&call.find_item()?, false),
        Action::GetByField(fields) => call.reply_with(&call.find_by_value(fields)?, false),
        Action::CheckExists => {
            call.find_item()?;
            Ok(from_schema(call.operation, call.request, call.store.seed()))
        }
        Action::Create => {
            let item = call.create(call.body())?;
            call.reply_with(&item, true)
        }
        Action::CreateMany => call.create_many(),
        Action::Update => {
            let item = call.find_item()?;
            let item = call.update(item)?;
            call.reply_with(&item, false)
        }
        Action::Touch => call.change_fields(Map::new()),
        Action::ClearField(field) => {
            call.change_fields(Map::from_iter([(field.to_owned(), Value::Null)]))
        }
        Action::Upsert => match call.find_same()? {
            Some(item) => {
                let item = call.update(item)?;
                call.reply_with(&item, false)
            }
            None => execute_action(call, Action::Create),
        },
        Action::Delete => {
            let item = call.find_item()?;
            call.delete(&item);
            call.reply_with(&item, false)
        }
        Action::DeleteMany => call.for_each_id(|call, item| call.delete(&item)),
        Action::UpdateMany(names) => call.update_many(names),
        Action::UpdateEach(id_field) => call.update_each(id_field),
        Action::AddMembers(field, reply_field) => call.add_members(field, reply_field),
        Action::RemoveMembers(field, reply_field) => call.remove_members(field, reply_field),
        Action::SetMembership(membership) => call.set_membership(membership),
        Action::NextNumber => {
            let number = write::next_number(call.store, call.collection, &call.scope()?);
            call.reply(number.into(), None, false, 0, Map::new())
        }
        Action::Switch(parameter, actions) => {
            let value = call.request.any(parameter).map(text_of);
            let value = value.unwrap_or_default();
            let selected = actions.iter().find(|(name, _)| *name == value);
            let (_, action) = selected
                .ok_or_else(|| ApiError::bad_request(format!("Invalid {parameter} {value}")))?;
            execute_action(call, *action)
        }
        Action::FindBy(pairs) => match call.find_by_unique(pairs)? {
            Some(item) => call.reply_with(&item, false),
            None => {
                let path = call.endpoint.reply_path.unwrap_or_default();
                let fields = Map::from_iter([(path.to_owned(), Value::Null)]);
                call.reply(Value::Null, None, false, 0, fields)
            }
        },
        Action::Custom(action) => match action {
            CustomAction::TagContacts => call.tag_contacts(),
            CustomAction::SendMessage => call.send_message(),
            CustomAction::AddMessage => call.add_message(),
            CustomAction::FreeSlots => call.free_slots(),
            CustomAction::Upload => call.upload(),
            CustomAction::UploadToCustomFields => call.upload_to_custom_fields(),
            CustomAction::InvoiceEstimate => call.invoice_estimate(),
            CustomAction::Reprice => call.reprice(),
            CustomAction::StoreStats => call.store_stats(),
            CustomAction::RecordPayment => call.record_payment(),
            CustomAction::RecordOrderPayment => call.record_order_payment(),
        },
    }
}
