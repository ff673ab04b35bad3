//! Rate limits.

use std::time::Duration;

use serde_json::{Value, json};

use super::call::Call;
use super::{Answer, Problem};
use crate::limits::RateLimitSettings;

/// The names of the limits.
pub(super) const NAMES: [&str; 6] = [
    "burst",
    "windowSeconds",
    "daily",
    "tokenEndpoint",
    "retryAfter",
    "reset",
];

pub(super) fn get(call: &Call<'_>) -> Answer {
    Ok(shown(&call.server.limiter.settings()))
}

pub(super) fn change(call: &Call<'_>) -> Answer {
    let settings = changed(call.server.limiter.settings(), |name| call.value(name));
    let settings = settings.map_err(Problem::invalid)?;
    call.server.limiter.set(settings.clone());
    Ok(shown(&settings))
}

/// Returns the limits after changes; limits without a value stay.
pub(super) fn changed<'a>(
    mut limits: RateLimitSettings,
    value: impl Fn(&str) -> Option<&'a Value>,
) -> Result<RateLimitSettings, String> {
    let count = |name: &str, limit: &mut u32| {
        if let Some(value) = value(name) {
            let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
            let error = || {
                format!(
                    "the limit `{name}` is no whole number from 0 to {}",
                    u32::MAX
                )
            };
            *limit = count.ok_or_else(error)?;
        }
        Ok::<(), String>(())
    };
    let flag = |name: &str, flag: &mut bool| {
        if let Some(value) = value(name) {
            let error = || format!("the limit `{name}` is neither true nor false");
            *flag = value.as_bool().ok_or_else(error)?;
        }
        Ok::<(), String>(())
    };
    count("burst", &mut limits.burst)?;
    count("daily", &mut limits.daily)?;
    count("tokenEndpoint", &mut limits.token_endpoint)?;
    flag("retryAfter", &mut limits.retry_after)?;
    flag("reset", &mut limits.reset)?;
    if let Some(value) = value("windowSeconds") {
        let window = value.as_f64().map(Duration::try_from_secs_f64);
        let window = window
            .and_then(Result::ok)
            .filter(|window| !window.is_zero());
        limits.window =
            window.ok_or("the limit `windowSeconds` is no number of seconds above 0")?;
    }
    Ok(limits)
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
