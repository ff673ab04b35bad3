//! Gives moments and days a format, by name. The files declare strings or numbers. Most strings
//! have an example that shows the format, which `source` reads; this pass handles the others.
//! Overlays set the formats of names that differ between modules.
//!
//! Numbers of requests get no format, because they differ in the unit, seconds or milliseconds.
//! Replies are read in any unit.

use serde_json::Value;

use super::walk;
use crate::error::{FileError, SourcePointer};
use crate::formats::{DATE, DATE_TIME, UNIX_MILLISECONDS, UNIX_SECONDS};
use crate::json;
use crate::openapi::request_schemas;

/// Besides the names that end in `At`.
const MOMENTS: [&str; 14] = [
    "affiliatePolicyAcceptedDate",
    "createdOn",
    "createdTime",
    "dateAdded",
    "dateUpdated",
    "eventTime",
    "lastMessageDate",
    "privacyPolicyAcceptedDate",
    "scheduleDate",
    "stopTime",
    "termsOfServiceAcceptedDate",
    "timestamp",
    "trialEndDate",
    "trialStartDate",
];

const DAYS: [&str; 9] = [
    "dateEnd",
    "dateOfBirth",
    "dateStart",
    "dateStop",
    "dueDate",
    "expiryDate",
    "issueDate",
    "scheduleEndDate",
    "scheduleStartDate",
];

/// Parameters that limit a list to a period of days.
const DAY_PARAMETERS: [&str; 6] = [
    "endAt",
    "endDate",
    "fromDate",
    "startAt",
    "startDate",
    "toDate",
];

const MILLISECONDS: [&str; 6] = [
    "created",
    "dateAdded",
    "dateUpdated",
    "expiresAt",
    "lastModified",
    "lastUpdated",
];

const SECONDS: [&str; 3] = ["timeCreated", "timeUpdated", "timestamp"];

pub(super) fn run(document: &mut Value, _: &SourcePointer<'_>) -> Result<usize, FileError> {
    let sent = request_schemas(document);
    let is_moment = |name: &str| MOMENTS.contains(&name) || name.ends_with("At");
    let is_day = |name: &str| DAYS.contains(&name);
    let mut changed = walk::schemas(document, |schema| {
        walk::set_format(schema, is_day, &["string"], DATE)
            + walk::set_format(schema, is_moment, &["string"], DATE_TIME)
    });
    changed += walk::parameters(document, |parameter| {
        let name = json::text(parameter, "name").unwrap_or_default();
        let format = match name {
            name if DAY_PARAMETERS.contains(&name) => DATE,
            name if is_moment(name) => DATE_TIME,
            _ => return 0,
        };
        let schema = parameter.get_mut("schema").and_then(Value::as_object_mut);
        schema.map_or(0, |schema| {
            walk::set_own_format(schema, &["string"], format)
        })
    });
    let mut numbers = 0;
    let mut count = |schema: &mut Value| {
        numbers += walk::schema(schema, &mut |schema| {
            let kinds = ["integer", "number"];
            let in_seconds = |name: &str| SECONDS.contains(&name);
            let in_milliseconds = |name: &str| MILLISECONDS.contains(&name);
            walk::set_format(schema, in_seconds, &kinds, UNIX_SECONDS)
                + walk::set_format(schema, in_milliseconds, &kinds, UNIX_MILLISECONDS)
        });
    };
    for (name, schema) in document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        if !sent.contains(name) {
            count(schema);
        }
    }
    walk::operations(document, |_, _, operation| {
        let contents = json::entries_mut(operation, "responses")
            .filter_map(|(_, response)| response.get_mut("content")?.as_object_mut())
            .flatten();
        contents
            .filter_map(|(_, media)| media.get_mut("schema"))
            .for_each(&mut count);
        0
    });
    Ok(changed + numbers)
}
