//! Sessions, and the session of a request.

use serde_json::json;

use super::call::{Answer, Call};
use crate::problem::Problem;
use crate::sessions::MAX_SESSIONS;

pub(super) fn status(call: &Call<'_>) -> Answer {
    Ok(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "requests": call.server.journal.count(),
        "pendingDeliveries": call.server.webhooks.pending(),
        "sessions": call.sessions.list().len(),
    }))
}

pub(super) fn reset(call: &Call<'_>) -> Answer {
    let reset = call.sessions.reset(call.server);
    reset.map_err(Problem::invalid)?;
    Ok(json!({}))
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let sessions = call.sessions.list().into_iter();
    let sessions = sessions.map(|(name, requests)| json!({ "name": name, "requests": requests }));
    Ok(json!({ "sessions": sessions.collect::<Vec<_>>(), "limit": MAX_SESSIONS }))
}

pub(super) fn clear(call: &Call<'_>) -> Answer {
    Ok(json!({ "removed": call.sessions.clear() }))
}

pub(super) fn remove(call: &Call<'_>) -> Answer {
    let name = call.path("name");
    if call.sessions.remove(name) {
        return Ok(json!({}));
    }
    Err(Problem::not_found(
        "there is no session of this name; GET /__hoopai/sessions lists all",
    ))
}
