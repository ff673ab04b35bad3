//! Derives fields of an item from its other fields, when it is written or when it is read.
//! The functions are the `on_write` and `on_read` of the tables.

use serde_json::{Map, Value, json};

use super::collection::Fields;
use crate::time;

fn text<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn set_missing(fields: &mut Fields, name: &str, value: impl Into<Value>) {
    if !fields.contains_key(name) {
        fields.insert(name.to_owned(), value.into());
    }
}

/// Joins first and last name.
pub(super) fn full_name(fields: &Fields) -> String {
    let names = [text(fields, "firstName"), text(fields, "lastName")];
    names.join(" ").trim().to_owned()
}

/// Makes a key of a name: `A new field` becomes `a_new_field`.
fn key(name: &str) -> String {
    let letter = |c: char| {
        if c.is_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    name.chars().map(letter).collect()
}

/// Splits a full name, renames the values of custom fields to `value`, and normalizes tags.
pub(super) fn contact_on_write(fields: &mut Fields) {
    if let Some(Value::String(name)) = fields.remove("name") {
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        fields.insert("firstName".into(), first.into());
        fields.insert("lastName".into(), last.into());
    }
    custom_fields(fields, "value");
    if let Some(tags) = fields.get_mut("tags").and_then(Value::as_array_mut) {
        *tags = normalize_tags(std::mem::take(tags));
    }
}

/// Tags in lower case, each once.
pub(super) fn normalize_tags(tags: Vec<Value>) -> Vec<Value> {
    let mut normalized = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = match tag {
            Value::String(name) => name.to_lowercase().into(),
            tag => tag,
        };
        if !normalized.contains(&tag) {
            normalized.push(tag);
        }
    }
    normalized
}

pub(super) fn contact_on_read(fields: &mut Fields) {
    let name = full_name(fields);
    for (field, lower) in [
        ("firstName", "firstNameLowerCase"),
        ("lastName", "lastNameLowerCase"),
        ("email", "emailLowerCase"),
    ] {
        if let Some(value) = fields.get(field).and_then(Value::as_str) {
            let value = value.to_lowercase();
            fields.insert(lower.into(), value.into());
        }
    }
    if !name.is_empty() {
        fields.insert("fullNameLowerCase".into(), name.to_lowercase().into());
        fields.insert("contactName".into(), name.as_str().into());
        fields.insert("name".into(), name.into());
    }
}

fn custom_fields(fields: &mut Fields, read_as: &str) {
    let list = fields.get_mut("customFields").and_then(Value::as_array_mut);
    for field in list.into_iter().flatten().filter_map(Value::as_object_mut) {
        let is_value = |name: &&String| {
            ["field_value", "value"].contains(&name.as_str()) || name.starts_with("fieldValue")
        };
        let written = field.keys().find(is_value).cloned();
        if let Some(value) = written.and_then(|name| field.remove(&name)) {
            field.insert(read_as.to_owned(), value);
        }
    }
}

pub(super) fn opportunity_on_write(fields: &mut Fields) {
    custom_fields(fields, "fieldValue");
    for action in ["followersActionType", "isRemoveAllFollowers"] {
        fields.remove(action);
    }
}

/// Collects type, role and locations in `roles`.
pub(super) fn user_on_write(fields: &mut Fields) {
    let mut roles = match fields.remove("roles") {
        Some(Value::Object(roles)) => roles,
        _ => Map::new(),
    };
    for name in ["type", "role", "locationIds"] {
        if let Some(value) = fields.remove(name) {
            roles.insert(name.to_owned(), value);
        }
    }
    fields.insert("roles".into(), roles.into());
    let name = full_name(fields);
    fields.insert("name".into(), name.into());
}

pub(super) fn custom_field_on_write(fields: &mut Fields) {
    let model = match text(fields, "model") {
        "" => "contact",
        model => model,
    };
    let field_key = format!("{model}.{}", key(text(fields, "name")));
    set_missing(fields, "fieldKey", field_key);
    let options = fields.remove("textBoxListOptions");
    let labels = options
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let labels: Vec<Value> = labels
        .filter_map(|option| option.get("label").or(Some(option)).cloned())
        .collect();
    if !labels.is_empty() {
        fields.insert("picklistOptions".into(), labels.into());
    }
}

/// Derives the key from the object and the name.
pub(super) fn object_field_on_write(fields: &mut Fields) {
    let field_key = format!(
        "{}.{}",
        text(fields, "objectKey"),
        key(text(fields, "name"))
    );
    set_missing(fields, "fieldKey", field_key);
}

/// Tags are stored in lower case.
pub(super) fn tag_on_write(fields: &mut Fields) {
    let name = text(fields, "name").to_lowercase();
    fields.insert("name".into(), name.into());
}

pub(super) fn custom_value_on_write(fields: &mut Fields) {
    let field_key = format!("{{{{ custom_values.{} }}}}", key(text(fields, "name")));
    set_missing(fields, "fieldKey", field_key);
}

pub(super) fn link_on_write(fields: &mut Fields) {
    let field_key = format!("{{{{trigger_link.{}}}}}", text(fields, "id"));
    set_missing(fields, "fieldKey", field_key);
}

/// Removes the stores that have the product, which replies do not show.
pub(super) fn product_on_read(fields: &mut Fields) {
    fields.remove("stores");
}

/// Collects the keys of a payment provider in `paymentProvider`.
pub(super) fn provider_on_read(fields: &mut Fields) {
    let mut both = Map::new();
    for (mode, live) in [("live", true), ("test", false)] {
        if let Some(Value::Object(mut keys)) = fields.remove(mode) {
            keys.insert("liveMode".into(), live.into());
            both.insert(mode.into(), keys.into());
        }
    }
    fields.insert("paymentProvider".into(), both.into());
}

/// Derives the amount from the price of a unit.
pub(super) fn charge_on_write(fields: &mut Fields) {
    if let Some(price) = fields.remove("price").and_then(|price| price.as_f64()) {
        let units = fields.get("units").and_then(Value::as_f64).unwrap_or(1.0);
        fields.insert("pricePerUnit".into(), number(price));
        fields.insert("amountCharged".into(), number(price * units));
    }
}

/// Derives the amounts of an invoice from its items, and the status from the action.
pub(super) fn invoice_on_write(fields: &mut Fields) {
    if fields
        .remove("action")
        .is_some_and(|action| action == "send")
    {
        fields.insert("status".into(), "sent".into());
    }
    if let Some(items) = fields.remove("items") {
        fields.insert("invoiceItems".into(), items);
    }
    let items = fields.get("invoiceItems").and_then(Value::as_array);
    let costs = items
        .filter(|items| !items.is_empty())
        .map(|items| Costs::of(items, fields.get("discount")));
    // The total of an invoice without items is used as it is.
    let costs = costs.unwrap_or_else(|| Costs {
        items: fields.get("total").and_then(Value::as_f64).unwrap_or(0.0),
        off: 0.0,
    });
    let total = costs.total();
    let paid = fields
        .get("amountPaid")
        .and_then(Value::as_f64)
        .unwrap_or(0.0);
    for (name, amount) in [
        ("total", total),
        ("amountPaid", paid),
        ("amountDue", round_amount(total - paid)),
    ] {
        fields.insert(name.to_owned(), number(amount));
    }
    let (items, off) = (number(costs.items), number(costs.off));
    let summary = json!({ "subTotal": items, "discount": off, "tax": 0 });
    fields.insert("totalSummary".into(), summary);
}

/// Derives the total of templates, schedules and estimates.
pub(super) fn total_on_write(fields: &mut Fields) {
    if let Some(items) = fields.get("items").and_then(Value::as_array) {
        let total = Costs::of(items, fields.get("discount")).total();
        fields.insert("total".into(), number(total));
    }
}

/// The cost of items, and the discount on it.
struct Costs {
    items: f64,
    off: f64,
}

impl Costs {
    /// A discount can be restricted to some products, and is at most their cost.
    fn of(items: &[Value], discount: Option<&Value>) -> Self {
        let of = |item: &Value, name: &str| item.get(name).and_then(Value::as_f64);
        let cost =
            |item: &Value| of(item, "amount").unwrap_or(0.0) * of(item, "qty").unwrap_or(1.0);
        let only = discount
            .and_then(|discount| discount.get("validOnProductIds")?.as_array())
            .filter(|ids| !ids.is_empty());
        let reduced = |item: &&Value| {
            only.is_none_or(|ids| item.get("productId").is_some_and(|id| ids.contains(id)))
        };
        let base: f64 = items.iter().filter(reduced).map(cost).sum();
        let value = discount.and_then(|discount| of(discount, "value"));
        let is_fixed = discount.is_some_and(|discount| discount["type"] == "fixed");
        let off = match value.unwrap_or(0.0) {
            amount if is_fixed => amount,
            // Amounts have two decimal places.
            share => (base * share).round() / 100.0,
        };
        Costs {
            items: round_amount(items.iter().map(cost).sum()),
            off: round_amount(off.clamp(0.0, base.max(0.0))),
        }
    }

    fn total(&self) -> f64 {
        round_amount(self.items - self.off)
    }
}

/// Rounds an amount to four decimal places, which removes the errors of floating-point sums.
pub(super) fn round_amount(amount: f64) -> f64 {
    (amount * 1e4).round() / 1e4
}

/// An integer if the number is whole. Infinite sums are replaced by the largest finite number.
pub(super) fn number(number: f64) -> Value {
    let number = number.clamp(f64::MIN, f64::MAX);
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// Stores the key of the primary display property, which begins with the key of the object.
pub(super) fn object_on_write(fields: &mut Fields) {
    if let Some(details) = fields.remove("primaryDisplayPropertyDetails") {
        let property = details.get("key").cloned().unwrap_or_default();
        fields.insert("primaryDisplayProperty".into(), property);
    }
    let prefix = format!("{}.", text(fields, "key"));
    let property = text(fields, "primaryDisplayProperty");
    if !property.is_empty() && !property.starts_with(&prefix) {
        let property = format!("{prefix}{property}");
        fields.insert("primaryDisplayProperty".into(), property.into());
    }
}

/// Adds the names that lists have for the times of a record.
pub(super) fn record_on_read(fields: &mut Fields) {
    for (from, to) in [("dateAdded", "createdAt"), ("dateUpdated", "updatedAt")] {
        if let Some(value) = fields.get(from).cloned() {
            fields.insert(to.to_owned(), value);
        }
    }
}

/// Adds the path in lower case.
pub(super) fn redirect_on_write(fields: &mut Fields) {
    let path = text(fields, "path").to_lowercase();
    fields.insert("pathLowercase".into(), path.into());
}

pub(super) fn faq_on_write(fields: &mut Fields) {
    let question = text(fields, "question").to_lowercase();
    fields.insert("questionLowerCase".into(), question.into());
}

pub(super) fn knowledge_base_on_write(fields: &mut Fields) {
    let name = text(fields, "name").to_lowercase();
    fields.insert("nameLowerCase".into(), name.into());
}

/// An event without an end takes half an hour.
pub(super) fn event_on_write(fields: &mut Fields) {
    let start = time::parse(text(fields, "startTime"));
    if let (Some(start), false) = (start, fields.contains_key("endTime")) {
        fields.insert("endTime".into(), time::iso(start + 1_800_000).into());
    }
}
