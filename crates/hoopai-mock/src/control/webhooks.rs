//! Webhooks.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::journal;
use crate::problem::Problem;
use crate::time;
use crate::webhooks::{DeliveryAttempt, DeliveryOutcome, SignatureMode};

const MODES: [(&str, SignatureMode); 6] = [
    ("valid", SignatureMode::Valid),
    ("other-body", SignatureMode::OtherBody),
    ("other-key", SignatureMode::OtherKey),
    ("truncated", SignatureMode::Truncated),
    ("not-available", SignatureMode::NotAvailable),
    ("missing", SignatureMode::Missing),
];

pub(super) fn get(call: &Call<'_>) -> Answer {
    let webhooks = &call.server.webhooks;
    let (mode, duplicates, reordering) = webhooks.settings();
    let mode = MODES.iter().find(|(_, other)| *other == mode);
    let subscriptions = webhooks.subscriptions().into_iter();
    let subscriptions =
        subscriptions.map(|(id, url, events)| json!({ "id": id, "url": url, "events": events }));
    Ok(json!({
        "publicKey": webhooks.public_key(),
        "signature": mode.map(|(name, _)| *name),
        "duplicates": duplicates,
        "reordering": reordering,
        "pending": webhooks.pending(),
        "subscriptions": subscriptions.collect::<Vec<Value>>(),
    }))
}

pub(super) fn change(call: &Call<'_>) -> Answer {
    let webhooks = &call.server.webhooks;
    if let Some(name) = call.text("signature") {
        let mode = MODES.iter().find(|(other, _)| *other == name);
        let names: Vec<&str> = MODES.iter().map(|(name, _)| *name).collect();
        let error = || Problem::invalid(format!("`signature` is none of {}", names.join(", ")));
        webhooks.set_signature(mode.ok_or_else(error)?.1);
    }
    if let Some(duplicates) = call.number("duplicates") {
        let duplicates = u32::try_from(duplicates)
            .ok()
            .filter(|count| *count <= 1000);
        let error = || Problem::invalid("`duplicates` is no number from 0 to 1000");
        webhooks.set_duplicates(duplicates.ok_or_else(error)?);
    }
    if let Some(reordering) = call.boolean("reordering") {
        webhooks.set_reordering(reordering);
    }
    get(call)
}

pub(super) fn subscribe(call: &Call<'_>) -> Answer {
    let url = call.text("url").unwrap_or_default();
    let subscribed = call
        .server
        .webhooks
        .try_subscribe(url, &call.texts("events"));
    Ok(json!({ "id": subscribed.map_err(Problem::invalid)? }))
}

pub(super) fn unsubscribe(call: &Call<'_>) -> Answer {
    let id = call
        .path_number("id")
        .and_then(|id| usize::try_from(id).ok());
    match id.is_some_and(|id| call.server.webhooks.unsubscribe(id)) {
        true => Ok(json!({})),
        false => Err(Problem::not_found(
            "there is no subscription of this id; GET /__hoopai/webhooks lists all",
        )),
    }
}

pub(super) fn trigger(call: &Call<'_>) -> Answer {
    let webhooks = &call.server.webhooks;
    let id = match (call.text("event"), call.value("body")) {
        (Some(event), None) => {
            let none = json!({});
            let fields = call.value("fields").unwrap_or(&none);
            webhooks
                .try_trigger(event, fields)
                .map_err(Problem::invalid)?
        }
        (None, Some(Value::String(body))) => webhooks.trigger_raw(body.as_bytes()),
        (None, Some(body)) => webhooks.trigger_raw(body.to_string()),
        _ => {
            return Err(Problem::invalid(
                "name one of `event` (with `fields`) and `body` (which is sent as it is)",
            ));
        }
    };
    Ok(json!({ "webhookId": id }))
}

pub(super) fn resend(call: &Call<'_>) -> Answer {
    match call.server.webhooks.resend(call.path("webhookId")) {
        true => Ok(json!({})),
        false => Err(Problem::not_found(
            "there is no event of this `webhookId`; POST /__hoopai/webhooks/events returns it",
        )),
    }
}

pub(super) fn attempts(call: &Call<'_>) -> Answer {
    let attempts = call.server.webhooks.attempts();
    let last = journal::last(call, attempts.len());
    let mask = journal::mask(call);
    let started = call.server.clock.started();
    let shown = |attempt: &DeliveryAttempt| {
        let (status, error) = match &attempt.outcome {
            DeliveryOutcome::Answered(status) => (Some(*status), None),
            DeliveryOutcome::TimedOut => (None, Some("timed out".to_owned())),
            DeliveryOutcome::Failed(reason) => (None, Some(reason.clone())),
        };
        json!({
            "url": attempt.url,
            "eventType": attempt.event_type,
            "webhookId": attempt.webhook_id,
            "retries": attempt.retries,
            "time": time::iso(time::millis(started + attempt.at)),
            "body": mask.body(&attempt.body),
            "signature": attempt.signature,
            "status": status,
            "error": error,
        })
    };
    let shown: Vec<Value> = attempts.iter().skip(last).map(shown).collect();
    Ok(json!({ "attempts": shown }))
}

/// Waits for attempts to end.
pub(super) async fn wait(call: &Call<'_>) -> Answer {
    let (count, timeout) = journal::waiting(call);
    let reached = call.server.webhooks.wait_for(count, timeout).await;
    let ended = call.server.webhooks.attempts().len();
    Ok(json!({ "reached": reached, "count": ended }))
}
