//! Gives amounts of money the format `decimal`, by name, so that they keep their digits. The files
//! declare `number` for everything. Counts, percentages, sizes and rates are no amounts.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};
use crate::names;

/// Words that mark an amount at the end of a name.
const LAST_WORDS: &[&str] = &[
    "amount",
    "amounts",
    "balance",
    "budget",
    "charge",
    "charges",
    "commission",
    "cost",
    "costs",
    "cpc",
    "cpl",
    "cpm",
    "credits",
    "discount",
    "fee",
    "fees",
    "paid",
    "price",
    "prices",
    "revenue",
    "spend",
    "subtotal",
    "tax",
];

/// Names without such a word.
const NAMES: &[&str] = &[
    "amountCharged",
    "amountDue",
    "amountRefunded",
    "costInLocalCurrency",
    "costInUsd",
    "costPerConversion",
    "discountValue",
    "fixedPricePerUnit",
    "maxCondition",
    "minCondition",
    "monetaryValue",
    "owned",
    "pricePerUnit",
    "subTotal",
    "totalamountInUSD",
];

/// Usually counts; amounts if the object also has a currency.
const BESIDE_CURRENCY: &[&str] = &["total"];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let of_parameters = walk::parameters(document, |parameter| {
        let is_amount = json::text(parameter, "name").is_some_and(is_amount);
        let schema = parameter.get_mut("schema").and_then(Value::as_object_mut);
        match schema.and_then(walk::number) {
            Some(schema) if is_amount => mark(schema),
            _ => 0,
        }
    });
    let of_properties = walk::schemas(document, |schema| {
        let properties = schema.get("properties");
        let currency = properties.is_some_and(|all| all.get("currency").is_some());
        let amounts = walk::properties(schema).filter(|(name, _)| {
            is_amount(name) || currency && BESIDE_CURRENCY.contains(&name.as_str())
        });
        let numbers = amounts.filter_map(|(_, property)| walk::number(property));
        numbers.map(mark).sum()
    });
    Ok(of_parameters + of_properties)
}

fn is_amount(name: &str) -> bool {
    NAMES.contains(&name)
        || names::words(name)
            .last()
            .is_some_and(|word| LAST_WORDS.contains(&word.as_str()))
}

fn mark(number: &mut Object) -> usize {
    if walk::is_decided(number) || number.contains_key("enum") {
        return 0;
    }
    number.insert("format".into(), "decimal".into());
    1
}
