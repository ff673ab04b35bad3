//! The journal of requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::mask::Mask;
use crate::account::AccountId;
use crate::interface::OperationPattern;
use crate::journal::{Entry, Outcome};
use crate::problem::Problem;
use crate::time;

/// The largest number of entries of a reply.
const MOST: usize = 1000;
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(60);

const OUTCOMES: [(&str, Outcome); 8] = [
    ("inFlight", Outcome::InFlight),
    ("processed", Outcome::Processed),
    ("refused", Outcome::Refused),
    ("limited", Outcome::Limited),
    ("notFound", Outcome::NotFound),
    ("failed", Outcome::Failed),
    ("dropped", Outcome::Dropped),
    ("lost", Outcome::Lost),
];

pub(super) fn list(call: &Call<'_>) -> Answer {
    let pattern = call.text("operations").map(OperationPattern::new);
    let pattern = pattern.transpose().map_err(Problem::invalid)?;
    let outcome = call.text("outcome").map(|name| {
        let found = OUTCOMES.iter().find(|(other, _)| *other == name);
        let names: Vec<&str> = OUTCOMES.iter().map(|(name, _)| *name).collect();
        let error = || Problem::invalid(format!("`outcome` is none of {}", names.join(", ")));
        found.map(|(_, outcome)| *outcome).ok_or_else(error)
    });
    let outcome = outcome.transpose()?;
    let (method, path) = (call.text("method"), call.text("path"));
    let status = call.number("status");
    let from = call.number("from").unwrap_or_default();
    let matches = |entry: &Entry| {
        let operation = entry.operation.as_deref();
        let matched =
            |pattern: &OperationPattern| pattern.matches(&entry.method, &entry.path, operation);
        entry.number >= from
            && pattern.as_ref().is_none_or(matched)
            && outcome.is_none_or(|outcome| entry.outcome == outcome)
            && method.is_none_or(|method| entry.method.eq_ignore_ascii_case(method))
            && path.is_none_or(|path| entry.path == path)
            && status.is_none_or(|status| entry.status.map(u64::from) == Some(status))
    };
    let mut entries = call.server.journal.entries();
    entries.retain(|entry| matches(entry));
    let mask = mask(call);
    let started = call.server.clock.started();
    let shown = entries.iter().skip(last(call, entries.len()));
    let shown: Vec<Value> = shown
        .map(|entry| shown_entry(entry, &mask, started))
        .collect();
    Ok(json!({ "count": call.server.journal.count(), "entries": shown }))
}

pub(super) fn clear(call: &Call<'_>) -> Answer {
    call.server.journal.clear();
    Ok(json!({}))
}

pub(super) fn duplicates(call: &Call<'_>) -> Answer {
    let mask = mask(call);
    let duplicates = call.server.journal.duplicates_of_writes().into_iter();
    let duplicates = duplicates.map(|duplicate| {
        json!({
            "operation": duplicate.operation,
            "method": duplicate.method,
            "path": mask.path(&duplicate.path),
            "numbers": duplicate.numbers,
        })
    });
    Ok(json!({ "duplicates": duplicates.collect::<Vec<Value>>() }))
}

pub(super) fn most_in_window(call: &Call<'_>) -> Answer {
    let window = call.seconds("seconds").unwrap_or_default();
    Ok(json!({ "requests": call.server.journal.most_in_window(window) }))
}

/// Waits for requests to end.
pub(super) async fn wait(call: &Call<'_>) -> Answer {
    let (count, timeout) = waiting(call);
    let reached = call.server.journal.wait_for(count, timeout).await;
    Ok(json!({ "reached": reached, "count": call.server.journal.count() }))
}

/// The number to wait for, and the longest wait.
pub(super) fn waiting(call: &Call<'_>) -> (usize, Duration) {
    let count = call.number("count").unwrap_or_default();
    let timeout = call.seconds("timeoutSeconds");
    let timeout = timeout.unwrap_or(Duration::from_secs(10)).min(LONGEST);
    (usize::try_from(count).unwrap_or(usize::MAX), timeout)
}

/// The number of entries to skip, so that the newest are returned.
pub(super) fn last(call: &Call<'_>, count: usize) -> usize {
    let last = call
        .number("last")
        .map_or(MOST, |last| usize::try_from(last).unwrap_or(MOST).min(MOST));
    count.saturating_sub(last)
}

/// Masks the secrets of a server.
pub(super) fn mask(call: &Call<'_>) -> Mask {
    Mask::new(call.server.tokens.secrets())
}

fn shown_entry(entry: &Entry, mask: &Mask, started: Duration) -> Value {
    let outcome = OUTCOMES
        .iter()
        .find(|(_, outcome)| *outcome == entry.outcome);
    let account = entry.account.as_ref().map(|account| match account {
        AccountId::Location(id) => json!({ "location": id }),
        AccountId::Company(id) => json!({ "company": id }),
    });
    let shown_time = |at: Duration| time::iso(time::millis(started + at));
    json!({
        "number": entry.number,
        "time": shown_time(entry.arrived),
        "milliseconds": entry.ended.map(|ended| {
            ended.saturating_sub(entry.arrived).as_micros() as f64 / 1000.0
        }),
        "method": entry.method,
        "path": mask.path(&entry.path),
        "operation": entry.operation,
        "query": mask.pairs(&entry.query),
        "headers": mask.pairs(&entry.headers),
        "body": shown_body(entry, mask),
        "bodyLength": entry.body_len,
        "account": account,
        "faults": entry.faults.iter().map(|id| id.0).collect::<Vec<u64>>(),
        "status": entry.status,
        "outcome": outcome.map(|(name, _)| *name),
    })
}

/// The body of a request. Secrets are recognised by the names of fields, so that only whole bodies
/// of known formats are shown.
fn shown_body(entry: &Entry, mask: &Mask) -> Value {
    let kept = entry.body.len() as u64;
    let kind = entry.header("content-type").unwrap_or_default();
    if kept < entry.body_len {
        return format!("[{} bytes, which are not kept whole]", entry.body_len).into();
    }
    if kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("multipart/")
    {
        return format!("[{kept} bytes in several parts]").into();
    }
    mask.body(&entry.body)
}
