//! Prices of several products, and the products of a store.

use serde_json::{Map, Value, json};

use super::context::{Answer, Call};
use crate::state::derive::number;
use crate::state::{tables, write};

impl Call<'_> {
    /// Changes the amounts or the currency of all prices of products.
    pub(super) fn reprice(&mut self) -> Answer {
        let prices = tables::named("prices");
        let body = self.body();
        self.for_each_id(|call, product| {
            let own = call.store.iter(prices, &product.scope);
            let own = own.filter(|price| price.parent() == product.id);
            let ids: Vec<String> = own.map(|price| price.id().to_owned()).collect();
            for id in ids {
                let Some(price) = call.store.find(prices, &id) else {
                    continue;
                };
                let mut fields = Map::new();
                if let Some(currency) = body.get("currency") {
                    fields.insert("currency".into(), currency.clone());
                }
                for (change, field) in [("price", "amount"), ("compareAtPrice", "compareAtPrice")] {
                    if let Some(change) = body.get(change) {
                        let before = price.fields.get(field).and_then(Value::as_f64);
                        fields.insert(field.into(), changed_price(before.unwrap_or(0.0), change));
                    }
                }
                write::update(call.store, price, fields, call.now);
            }
        })
    }

    /// Counts the products that a store has, and those of the location that it does not have.
    pub(super) fn store_stats(&self) -> Answer {
        let scope = self.scope()?;
        let query = self.query(&scope, None)?;
        let store = self.request.any("storeId");
        let view = |fields| self.view(self.collection, fields);
        let products = self.store.iter(self.collection, &scope);
        let (mut total, mut included) = (0, 0);
        for product in products.filter(|product| query.selects(product, &view)) {
            let fields = product.fields();
            let stores = fields.get("stores").and_then(Value::as_array);
            total += 1;
            included += usize::from(stores.into_iter().flatten().any(|one| Some(one) == store));
        }
        let reply = json!({
            "totalProducts": total, "includedInStore": included, "excludedFromStore": total - included,
        });
        let reply = reply.as_object().cloned().unwrap_or_default();
        self.reply(Value::Null, None, false, total, reply)
    }
}

/// The amount after a change of price.
fn changed_price(before: f64, change: &Value) -> Value {
    let value = change.get("value").and_then(Value::as_f64).unwrap_or(0.0);
    let kind = change.get("type").and_then(Value::as_str);
    let after = match kind.unwrap_or_default() {
        "INCREASE_BY_AMOUNT" => before + value,
        "REDUCE_BY_AMOUNT" => before - value,
        "INCREASE_BY_PERCENTAGE" => before + before * value / 100.0,
        "REDUCE_BY_PERCENTAGE" => before - before * value / 100.0,
        _ => value,
    };
    let round = change.get("roundToWhole") == Some(&Value::Bool(true));
    number(if round { after.round() } else { after }.max(0.0))
}
