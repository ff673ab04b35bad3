//! The lists that the platform orders by the time of the last change, and the ids of records, as data.

use hoopai_catalogue::PageStrategy;
use hoopai_runtime::Timestamp;
use serde_json::{Value, json};

use super::PlatformList;
use crate::sync::Start;

/// A search that takes `filters` and `sort` by the time of the last change.
#[derive(Clone, Copy)]
pub(super) struct UpdateOrder {
    /// The operation.
    pub(super) operation: &'static str,
    /// The field of a record with the time of its last change.
    pub(super) updated: &'static str,
    /// The name of this field in filters and orders.
    pub(super) field: &'static str,
}

/// The fields with the ids of records, of operations whose records have neither `id` nor `_id`.
const IDS: &[(&str, &str)] = &[
    ("agent-studio.list_agents", "agentId"),
    ("agent-studio.list_agents_deprecated", "agentId"),
    ("marketplace.list_charges", "chargeId"),
    ("phone-system.list_active_phone_numbers", "sid"),
    ("saas.list_saas_locations", "locationId"),
    ("saas.list_saas_locations_deprecated", "locationId"),
];

/// All of them.
pub(super) const UPDATE_ORDERS: &[UpdateOrder] = &[
    UpdateOrder {
        operation: "contacts.search_contacts",
        updated: "dateUpdated",
        field: "dateUpdated",
    },
    UpdateOrder {
        operation: "objects.search_object_records",
        updated: "updatedAt",
        field: "updatedAt",
    },
    UpdateOrder {
        operation: "opportunities.search_opportunities_advanced",
        updated: "updatedAt",
        field: "date_updated",
    },
];

impl PlatformList {
    /// The field with the ids of records, if it has another name than `id` and `_id`.
    pub(super) fn id_field(&self) -> Option<&'static str> {
        let name = self.name();
        let id = IDS.iter().find(|(operation, _)| *operation == name)?;
        Some(id.1)
    }

    /// The order by the last change, and the names of the position: its field in a record and its
    /// parameter.
    pub(super) fn update_order(&self) -> Option<(UpdateOrder, &'static str, &'static str)> {
        let name = self.name();
        let order = UPDATE_ORDERS.iter().find(|order| order.operation == name)?;
        let PageStrategy::Cursor(cursors) = &self.operation.paging.as_ref()?.strategy else {
            return None;
        };
        let cursor = cursors.iter().find(|cursor| cursor.of_last_item)?;
        Some((*order, cursor.path, cursor.parameter.name))
    }
}

impl UpdateOrder {
    /// Adds the order to the body of a search, and where it begins.
    pub(super) fn apply(&self, body: &mut Value, start: &Start) {
        let direction = if start.newest { "desc" } else { "asc" };
        body["sort"] = json!([{ "field": self.field, "direction": direction }]);
        let Some(since) = start.since else {
            return;
        };
        let since = Timestamp::from_unix_millis(since).to_string();
        let condition =
            json!({ "field": self.field, "operator": "range", "value": { "gte": since } });
        match body["filters"].as_array_mut() {
            Some(filters) => filters.push(condition),
            None => body["filters"] = json!([condition]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IDS, PlatformList};

    #[test]
    fn fields_of_ids_are_those_of_lists() {
        for (operation, _) in IDS {
            assert_eq!(PlatformList::find(operation).unwrap().name(), *operation);
        }
    }
}
