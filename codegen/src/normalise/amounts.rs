//! Gives amounts of money the format `decimal`, by name, so that they keep their digits. The files
//! declare `number` for everything. Counts, percentages, sizes and rates stay numbers.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};

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
        let properties = schema.get("properties");
        let currency = properties.is_some_and(|all| all.get("currency").is_some());
        let has_name =
            |name: &str| NAMES.contains(&name) || currency && BESIDE_CURRENCY.contains(&name);
        walk::set_format(schema, has_name, &["number"], "decimal")
    }))
}
