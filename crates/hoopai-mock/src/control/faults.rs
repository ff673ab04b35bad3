//! Rules of faults.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use crate::faults::{FaultId, FaultRule};
use crate::problem::Problem;

pub(super) fn list(call: &Call<'_>) -> Answer {
    let rules = call.server.faults.list().into_iter();
    let rules = rules.map(|rule| {
        json!({ "id": rule.id, "rule": rule.rule, "enabled": rule.enabled, "hits": rule.hits })
    });
    Ok(json!({ "faults": rules.collect::<Vec<Value>>() }))
}

pub(super) fn add(call: &Call<'_>) -> Answer {
    let rule = FaultRule::from_json(&call.body);
    let rule = rule.map_err(|error| Problem::invalid(error.to_string()))?;
    let text = rule.to_string();
    let id = call.server.faults.add(rule);
    Ok(json!({ "id": id.0, "rule": text }))
}

pub(super) fn clear(call: &Call<'_>) -> Answer {
    call.server.faults.clear();
    Ok(json!({}))
}

pub(super) fn change(call: &Call<'_>) -> Answer {
    let enabled = call.boolean("enabled").unwrap_or_default();
    call.server.faults.enable(id(call)?, enabled);
    Ok(json!({}))
}

pub(super) fn remove(call: &Call<'_>) -> Answer {
    call.server.faults.remove(id(call)?);
    Ok(json!({}))
}

fn id(call: &Call<'_>) -> Result<FaultId, Problem> {
    let number = call.path_number("id");
    let id = number.and_then(|number| call.server.faults.id(number));
    id.ok_or_else(|| {
        Problem::not_found("there is no rule of this id; GET /__hoopai/faults lists all")
    })
}
