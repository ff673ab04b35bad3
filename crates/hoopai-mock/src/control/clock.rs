//! The clock of a session.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use crate::time;

pub(super) fn get(call: &Call<'_>) -> Answer {
    Ok(shown(call))
}

pub(super) fn advance(call: &Call<'_>) -> Answer {
    let by = call.seconds("seconds").unwrap_or_default();
    call.server.clock.advance(by);
    Ok(shown(call))
}

fn shown(call: &Call<'_>) -> Value {
    let clock = &call.server.clock;
    let unix = time::millis(clock.unix());
    json!({
        "seconds": clock.now().as_secs_f64(),
        "unixMilliseconds": unix,
        "time": time::iso(unix),
        "frozen": clock.is_frozen(),
    })
}
