//! Seed files: items, tokens, faults, limits and subscriptions.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::account::LOCATION;
use crate::closest;
use crate::faults::FaultRule;
use crate::limits::RateLimitSettings;
use crate::server_state::ServerState;
use crate::tokens::TokenSpec;

/// The names of the limits.
const LIMITS: [&str; 6] = [
    "burst",
    "windowSeconds",
    "daily",
    "tokenEndpoint",
    "retryAfter",
    "reset",
];

/// The largest number of items of one entry.
const MOST: u64 = 1_000_000;

/// Adds the content of a seed file to a server. Returns the ids of each entry of `items`.
///
/// # Errors
/// Fails with a message that names the wrong part. The parts before it stay.
pub(crate) fn seed(server: &ServerState, content: &Value) -> Result<Vec<Vec<String>>, String> {
    let parts = ["items", "tokens", "faults", "limits", "subscriptions"];
    let content = object(content, "the seed", &parts)?;
    let mut ids = Vec::new();
    for (index, entry) in list(content, "items")?.iter().enumerate() {
        let path = format!("items[{index}]");
        ids.push(items(server, entry, &path).map_err(|error| format!("{path}: {error}"))?);
    }
    for (index, entry) in list(content, "tokens")?.iter().enumerate() {
        let path = format!("tokens[{index}]");
        token(server, entry, &path)?;
    }
    for (index, entry) in list(content, "faults")?.iter().enumerate() {
        let rule = FaultRule::from_json(entry);
        let rule = rule.map_err(|error| format!("faults[{index}]: {error}"))?;
        server.faults.add(rule);
    }
    if let Some(changed) = content.get("limits") {
        let changed = object(changed, "limits", &LIMITS)?;
        let value = |name: &str| changed.get(name);
        let settings = changed_limits(server.limiter.settings(), value)?;
        server.limiter.set(settings);
    }
    for (index, entry) in list(content, "subscriptions")?.iter().enumerate() {
        let path = format!("subscriptions[{index}]");
        let fields = object(entry, &path, &["url", "events"])?;
        let url = text(fields, "url", &path)?.ok_or_else(|| format!("{path}: `url` is missing"))?;
        let events = texts(fields, "events", &path)?.unwrap_or_default();
        let subscribed = server.webhooks.try_subscribe(url, &events);
        subscribed.map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(ids)
}

fn items(server: &ServerState, entry: &Value, path: &str) -> Result<Vec<String>, String> {
    let names = ["collection", "location", "parent", "count", "fields"];
    let entry = object(entry, path, &names)?;
    let collection = text(entry, "collection", path)?;
    let collection = collection.ok_or("`collection` is missing; it is a name such as contacts")?;
    let location = text(entry, "location", path)?.unwrap_or(LOCATION);
    let count = match entry.get("count") {
        None => 1,
        Some(count) => count
            .as_u64()
            .filter(|count| *count <= MOST)
            .ok_or_else(|| format!("`count` is no number from 0 to {MOST}"))?,
    };
    let count = usize::try_from(count).map_err(|error| error.to_string())?;
    let seeder = server.state.seeder(&server.clock);
    let no_fields = Map::new();
    let fields = match entry.get("fields") {
        None => &no_fields,
        Some(fields) => fields.as_object().ok_or("`fields` is no object")?,
    };
    match text(entry, "parent", path)? {
        None => seeder.try_items(collection, location, count, fields),
        Some(_) if !fields.is_empty() => {
            Err("`parent` and `fields` exclude each other; name the parent in `fields`".into())
        }
        Some(parent) => seeder.try_items_of(collection, location, parent, count),
    }
}

fn token(server: &ServerState, entry: &Value, path: &str) -> Result<(), String> {
    let names = ["token", "location", "company", "everything", "scopes"];
    let entry = object(entry, path, &names)?;
    let value = text(entry, "token", path)?;
    let value = value.ok_or_else(|| format!("{path}: `token` is missing; it is its value"))?;
    let value = valid_token(value).map_err(|error| format!("{path}: {error}"))?;
    let everything = entry.get("everything") == Some(&Value::Bool(true));
    let account = (
        text(entry, "location", path)?,
        text(entry, "company", path)?,
        everything,
    );
    let scopes = texts(entry, "scopes", path)?;
    let spec = spec(account, scopes).map_err(|error| format!("{path}: {error}"))?;
    server.tokens.add_private(Some(value), spec);
    Ok(())
}

/// Returns the properties of a token: for a location, a company, or everything.
pub(crate) fn spec(
    account: (Option<&str>, Option<&str>, bool),
    scopes: Option<Vec<&str>>,
) -> Result<TokenSpec, String> {
    let spec = match account {
        (Some(location), None, false) => TokenSpec::location(location),
        (None, Some(company), false) => TokenSpec::company(company),
        (None, None, true) => TokenSpec::everything(),
        _ => {
            return Err(
                "name one of `location` (an id), `company` (an id) and `everything` (true)".into(),
            );
        }
    };
    Ok(match scopes {
        None => spec,
        Some(scopes) => spec.scopes(scopes),
    })
}

/// Returns a token that is valid in a header.
pub(crate) fn valid_token(token: &str) -> Result<&str, String> {
    if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(token)
    } else {
        Err(
            "`token` is not valid in a header; use letters, digits and punctuation without spaces"
                .into(),
        )
    }
}

/// Returns the limits after changes; limits without a value stay.
pub(crate) fn changed_limits<'a>(
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

fn object<'a>(
    value: &'a Value,
    path: &str,
    names: &[&str],
) -> Result<&'a Map<String, Value>, String> {
    let object = value.as_object();
    let known = names.join(", ");
    let object = object.ok_or_else(|| format!("{path} is no object; it can have {known}"))?;
    let unknown = object.keys().find(|name| !names.contains(&name.as_str()));
    let Some(unknown) = unknown else {
        return Ok(object);
    };
    let closest = closest::suggestion(unknown, names.iter().map(|name| (*name, *name)));
    Err(format!(
        "{path} has an unknown part `{unknown}`{closest}; it can have {known}"
    ))
}

fn list<'a>(object: &'a Map<String, Value>, name: &str) -> Result<&'a [Value], String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(list)) => Ok(list),
        Some(_) => Err(format!("`{name}` is no list")),
    }
}

fn text<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<Option<&'a str>, String> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("{path}: `{name}` is no text; put it in quotes")),
    }
}

fn texts<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    path: &str,
) -> Result<Option<Vec<&'a str>>, String> {
    let Some(value) = object.get(name) else {
        return Ok(None);
    };
    let list = value.as_array();
    let texts = list.and_then(|list| list.iter().map(Value::as_str).collect());
    let error = || format!("{path}: `{name}` is no list of texts");
    Some(texts)
        .map(|texts: Option<Vec<&str>>| texts.ok_or_else(error))
        .transpose()
}
