//! `POST /oauth/locationToken` and `GET /oauth/installedLocations`.

use std::time::Duration;

use serde_json::{Value, json};

use super::token_reply::{body, issue_error, status};
use crate::account::AccountId;
use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::exchange::Reply;
use crate::interface::Operation;
use crate::tokens::{Claims, Installation, TokenStore};

/// Issues a token of a location for the token of its agency. The app must not have been removed
/// from the location; it need not be installed there.
pub(super) fn token(
    tokens: &TokenStore,
    now: Duration,
    operation: &Operation,
    request: &ParsedRequest,
    claims: &Claims,
) -> Result<Reply, ApiError> {
    let required = |name: &str| {
        let missing = || (name.to_owned(), format!("{name} should not be empty"));
        request
            .any(name)
            .and_then(Value::as_str)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| ApiError::invalid(&[missing()]))
    };
    let (company, location) = (required("companyId")?, required("locationId")?);
    let apps = &tokens.settings().apps;
    // A private token has no app that could refresh the issued token, so the first app is used.
    let app = tokens.app(&claims.app).or_else(|| apps.first());
    let client_id = app.map_or(claims.app.as_str(), |app| app.client_id.as_str());
    let installations = tokens.installations(client_id);
    let found = installations
        .iter()
        .find(|installation| installation.location == location);
    if found.is_some_and(|found| !found.is_installed) {
        return Err(ApiError::bad_request(
            "The app is not installed in this location",
        ));
    }
    let account = AccountId::Location(location.to_owned());
    let location_claims = Claims::own(account, claims.scopes.clone(), client_id);
    let issued = tokens
        .issue_pair(location_claims, Some(company.to_owned()), now)
        .map_err(|error| issue_error(error, "the agency token is invalid"))?;
    let mut body = body(tokens, &issued);
    if let Some(app) = app {
        body["appId"] = app.id().into();
    }
    let version = found.and_then(|found| found.version_id.as_deref());
    let plan = found.and_then(|found| found.plan_id.as_deref());
    for (name, value) in [("versionId", version), ("planId", plan)] {
        if let Some(value) = value {
            body[name] = value.into();
        }
    }
    Ok(Reply::json(status(operation), &body))
}

/// Returns a page of the locations in which an app is installed.
pub(super) fn installed(
    tokens: &TokenStore,
    operation: &Operation,
    request: &ParsedRequest,
    claims: &Claims,
) -> Reply {
    let text = |name: &str| request.query.get(name).and_then(Value::as_str);
    let (app_id, company) = (text("appId"), text("companyId"));
    let skip = number(request, "skip", 0);
    let limit = number(request, "limit", 20);
    let apps = &tokens.settings().apps;
    // A private token belongs to no app.
    let own = apps.iter().find(|app| app.client_id == claims.app);
    let own = own.filter(|_| !claims.is_for_everything());
    let app = apps
        .iter()
        .filter(|app| own.is_none_or(|own| own.client_id == app.client_id))
        .find(|app| app_id.is_some_and(|id| id == app.client_id || id == app.id()));
    let search = text("query").map(str::to_lowercase);
    let is = |own: &Option<String>, name: &str| {
        text(name).is_none_or(|value| own.as_deref() == Some(value))
    };
    let matches = |found: &Installation| {
        company == Some(found.company.as_str())
            && text("locationId").is_none_or(|id| id == found.location)
            && flag(request, "isInstalled").is_none_or(|is| is == found.is_installed)
            && flag(request, "onTrial").is_none_or(|is| is == found.on_trial)
            && is(&found.plan_id, "planId")
            && is(&found.version_id, "versionId")
            && search.as_ref().is_none_or(|search| {
                let within = |text: &str| text.to_lowercase().contains(search);
                within(&found.name) || within(&found.location)
            })
    };
    let mut found = app.map_or_else(Vec::new, |app| tokens.installations(&app.client_id));
    found.retain(matches);
    let count = found.len();
    let locations: Vec<Value> = found
        .iter()
        .skip(skip)
        .take(limit)
        .map(|found| {
            let mut item = json!({
                "_id": found.location,
                "name": found.name,
                "address": found.address,
                "isInstalled": found.is_installed,
            });
            if let Some(version) = &found.version_id {
                item["versionId"] = version.as_str().into();
            }
            item
        })
        .collect();
    let body = json!({ "locations": locations, "count": count, "installToFutureLocations": false });
    Reply::json(status(operation), &body)
}

/// Returns an integer that the interface declares as text. The check rejects all other text.
fn number(request: &ParsedRequest, name: &str, default: usize) -> usize {
    let value = match request.query.get(name) {
        Some(Value::String(text)) => text.trim().parse::<f64>().ok().map(|value| value as usize),
        Some(value) => value.as_u64().and_then(|value| usize::try_from(value).ok()),
        None => None,
    };
    value.unwrap_or(default)
}

fn flag(request: &ParsedRequest, name: &str) -> Option<bool> {
    match request.query.get(name)? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
