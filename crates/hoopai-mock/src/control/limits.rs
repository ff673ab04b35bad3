//! Rate limits.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use crate::limits::RateLimitSettings;
use crate::problem::Problem;
use crate::seed_content::changed_limits;

pub(super) fn get(call: &Call<'_>) -> Answer {
    Ok(shown(&call.server.limiter.settings()))
}

pub(super) fn change(call: &Call<'_>) -> Answer {
    let settings = changed_limits(call.server.limiter.settings(), |name| call.value(name));
    let settings = settings.map_err(Problem::invalid)?;
    call.server.limiter.set(settings.clone());
    Ok(shown(&settings))
}

fn shown(limits: &RateLimitSettings) -> Value {
    json!({
        "burst": limits.burst,
        "windowSeconds": limits.window.as_secs_f64(),
        "daily": limits.daily,
        "tokenEndpoint": limits.token_endpoint,
        "retryAfter": limits.retry_after,
        "reset": limits.reset,
    })
}
