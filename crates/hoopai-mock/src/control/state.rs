//! The stored items of a session.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use crate::account::LOCATION;
use crate::problem::Problem;
use crate::state::Seeder;

/// The largest number of items of a reply, and the default.
const MOST: u64 = 1000;
const USUAL: u64 = 100;

pub(super) fn collections(_: &Call<'_>) -> Answer {
    Ok(json!({ "collections": Seeder::collections() }))
}

pub(super) fn counts(call: &Call<'_>) -> Answer {
    let counts = call.server.state.counts().into_iter();
    let counts = counts.map(|(collection, scope, count)| {
        json!({ "collection": collection, "scope": scope, "count": count })
    });
    Ok(json!({ "collections": counts.collect::<Vec<Value>>() }))
}

pub(super) fn items(call: &Call<'_>) -> Answer {
    let scope = call.text("scope").unwrap_or(LOCATION);
    let count = call.number("limit").unwrap_or(USUAL).min(MOST);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let items = call
        .server
        .state
        .newest(call.path("collection"), scope, count);
    Ok(json!({ "items": items.map_err(Problem::not_found)? }))
}
