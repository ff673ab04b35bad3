//! Seeds.

use serde_json::json;

use super::call::{Answer, Call};
use crate::problem::Problem;
use crate::seed_content;

pub(super) fn post(call: &Call<'_>) -> Answer {
    let ids = seed_content::seed(call.server, &call.body).map_err(Problem::invalid)?;
    Ok(json!({ "ids": ids }))
}
