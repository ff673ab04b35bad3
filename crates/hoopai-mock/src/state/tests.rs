//! Every operation of the tables, on a seeded server: what it answers fits its schema.

use serde_json::{Value, json};

use super::collection::Act;
use super::tables;
use crate::check::Accepted;
use crate::interface::Interface;
use crate::reply::{Extent, Maker, fits};
use crate::tokens::{COMPANY, Grant, LOCATION, Resource};
use crate::{Mock, Seeder};

fn grant() -> Grant {
    Grant {
        resource: Resource::Location(LOCATION.into()),
        scopes: None,
        app: "tests".into(),
        everywhere: true,
    }
}

#[tokio::test]
async fn every_reply_fits_its_schema() {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for operation in &Interface::shared().operations {
        let Some((number, row)) = tables::row(&operation.key()) else {
            continue;
        };
        let mock = Mock::builder().start().await.expect("a server");
        let seeder: Seeder<'_> = mock.seed();
        for name in Seeder::collections() {
            seeder.items(name, LOCATION, 3);
        }
        let collection = tables::collection(number);
        let only = row
            .only
            .map(|(field, value)| (field.to_owned(), value.into()));
        let own = Value::Object(only.into_iter().collect());
        let id = seeder
            .item(collection.name, LOCATION, &own)
            .expect("an item");
        let world = mock.world();
        let mut accepted = Accepted::default();
        if let Some(body) = &operation.body {
            let mut maker = Maker::of(operation, 3).request(Extent::Required);
            accepted.body = Some(maker.make(&body.schema));
        }
        for parameter in operation
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
        {
            let value = Maker::required(operation, &parameter.name, &parameter.schema, 5);
            let place = if parameter.in_path {
                &mut accepted.path
            } else {
                &mut accepted.query
            };
            place.insert(parameter.name.clone(), value);
        }
        let store = world.state.lock().take().expect("a store");
        let held = store.find(number, &id).expect("the item").fields;
        let parent = collection.parent.and_then(|parent| {
            let found = store.find(number, &id)?;
            let (number, _) = tables::named(parent.collection);
            let own = found
                .fields
                .get(parent.field)
                .and_then(Value::as_str)
                .map(str::to_owned);
            let first = store
                .shelf(number, LOCATION)?
                .values()
                .next()?
                .id()
                .to_owned();
            Some((parent.parameter, own.unwrap_or(first)))
        });
        *world.state.lock() = Some(store);
        let mut set = |name: &str, value: Value| {
            let body = accepted.body.as_mut();
            if let Some(place) = accepted.path.get_mut(name).or(accepted.query.get_mut(name)) {
                *place = value;
            } else if let Some(place) = body.and_then(|body| body.get_mut(name)) {
                *place = value;
            }
        };
        for name in ["locationId", "location_id", "altId"] {
            set(name, LOCATION.into());
        }
        for name in ["page", "skip", "offset"] {
            set(name, 1.into());
        }
        for name in ["limit", "pageLimit"] {
            set(name, 2.into());
        }
        for name in ["searchAfter", "filters"] {
            set(name, json!([]));
        }
        for name in ["query", "lastMessageId", "emails", "groupId"] {
            set(name, Value::Null);
        }
        set("companyId", COMPANY.into());
        if operation.id == "get-slots" {
            set("startDate", 1_773_487_000_000_u64.into());
            set("endDate", 1_773_487_252_000_u64.into());
        }
        if let Some((name, parent)) = parent {
            set(name, parent.into());
        }
        match row.act {
            Act::DeleteAll | Act::UpdateAll(_) | Act::By("type" | "action", _) => {
                set(row.by, json!([id]));
            }
            Act::UpdateEach(key) => set(row.by, json!([{ key: id }])),
            Act::GetBy(fields) => set(row.by, held[fields[0]].clone()),
            _ => set(row.by, id.into()),
        }
        for (name, parameter) in [
            ("conversations", "conversationId"),
            ("contacts", "contactId"),
            ("calendars", "calendarId"),
        ] {
            if collection
                .parent
                .is_none_or(|parent| parent.parameter != parameter)
                && row.by != parameter
            {
                let of = seeder.items(name, LOCATION, 1).pop().expect("an item");
                set(parameter, of.into());
            }
        }
        let answer = world
            .state
            .answer(world, operation, &accepted, &grant())
            .expect("an answer");
        let reply = match answer {
            Ok(reply) => reply,
            Err(refusal) if operation.id == "upload-media-content" => {
                assert_eq!(refusal.status, 400);
                continue;
            }
            Err(refusal) => {
                wrong.push(format!(
                    "{}: {} for {accepted:?}",
                    operation.key(),
                    refusal.body
                ));
                continue;
            }
        };
        assert_eq!(
            reply.status.as_u16(),
            operation.reply.status,
            "{}",
            operation.key()
        );
        let Some((_, schema)) = operation
            .reply
            .content
            .as_ref()
            .filter(|(kind, _)| kind == "application/json" && reply.status != 204)
        else {
            continue;
        };
        let value: Value = serde_json::from_slice(&reply.body).expect("JSON");
        if matches!(row.act, Act::List) && !row.at.is_empty() && row.at != "-" {
            let pointer = format!("/{}", row.at.replace('.', "/"));
            let items = value.pointer(&pointer);
            let items = items.map_or(0, |items| items.as_array().map_or(1, Vec::len));
            if items == 0 && row.filters.is_empty() {
                wrong.push(format!("{}: no items in {value}", operation.key()));
            }
        }
        if let Err(faults) = fits(operation, schema, &value) {
            wrong.push(format!("{}: {faults:?} in {value}", operation.key()));
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 180, "{checked}");
}
