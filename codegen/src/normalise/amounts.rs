//! Gives amounts of money the format `decimal`, by name, so that they keep their digits. The files declare `number` for
//! everything. Counts, percentages, sizes and rates stay numbers.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::json::{self, Object};

const FORMAT: &str = "decimal";

const NAMES: [&str; 43] = [
    "actualAmount",
    "amount",
    "amountCharged",
    "amountDue",
    "amountPaid",
    "amountRefunded",
    "authorizeAmount",
    "averageCpc",
    "averageCpm",
    "baseAmount",
    "charge",
    "collectedMiscellaneousCharges",
    "commission",
    "commissionAmount",
    "compareAtPrice",
    "costInLocalCurrency",
    "costInUsd",
    "costPerConversion",
    "cpc",
    "cpl",
    "cpm",
    "discount",
    "discountValue",
    "fixedPricePerUnit",
    "maxCondition",
    "maximumCpc",
    "minCondition",
    "monetaryValue",
    "owned",
    "paid",
    "price",
    "pricePerUnit",
    "productCommission",
    "resellingAmount",
    "revenue",
    "setupFee",
    "subTotal",
    "subtotal",
    "tax",
    "totalOrderAmount",
    "totalamountInUSD",
    "twilioFreeCredits",
    "unitDiscount",
];

/// Usually counts; amounts if the object also has a currency.
const BESIDE_CURRENCY: [&str; 1] = ["total"];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    Ok(walk::schemas(document, |schema| {
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
            return 0;
        };
        let currency = properties.contains_key("currency");
        properties
            .iter_mut()
            .filter(|(name, _)| {
                NAMES.contains(&name.as_str())
                    || currency && BESIDE_CURRENCY.contains(&name.as_str())
            })
            .filter_map(|(_, property)| property.as_object_mut())
            .map(exact)
            .sum()
    }))
}

fn exact(schema: &mut Object) -> usize {
    let plain = ["format", "enum"]
        .iter()
        .all(|key| !schema.contains_key(*key));
    if json::text(schema, "type") != Some("number") || !plain {
        return 0;
    }
    schema.insert("format".into(), FORMAT.into());
    1
}
