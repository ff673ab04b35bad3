//! The locations and the user that exist without being created by a request.

use serde_json::json;

use super::collection::Fields;
use super::store::Store;
use super::{tables, write};
use crate::account::{COMPANY, LOCATION, USER};

/// Default items are a second older than everything else.
const AGE: u64 = 1000;

/// Creates the default location and the default user.
pub(super) fn create(store: &mut Store, now: u64) {
    ensure_location(store, LOCATION, now);
    let user = json!({
        "firstName": "Mock", "lastName": "User", "email": "user@example.com",
        "type": "account", "role": "admin", "locationIds": [LOCATION],
    });
    ensure(store, "users", USER, now, user.as_object().cloned());
}

/// Creates a location, unless it exists or existed before.
pub(super) fn ensure_location(store: &mut Store, id: &str, now: u64) {
    ensure(store, "locations", id, now, Some(location_fields(id)));
}

/// The fields of a location that was not created by a request.
pub(super) fn location_fields(id: &str) -> Fields {
    let fields = json!({
        "name": format!("Location {id}"), "companyId": COMPANY,
        "email": "location@example.com", "country": "US", "timezone": "America/New_York",
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn ensure(store: &mut Store, collection: &str, id: &str, now: u64, fields: Option<Fields>) {
    let collection = tables::named(collection);
    if store.mark_seen(id) && store.find(collection, id).is_none() {
        let created = (now.saturating_sub(AGE), id.to_owned());
        let fields = fields.unwrap_or_default();
        write::create_with_id(store, collection, COMPANY, created, fields);
    }
}
