//! `POST /oauth/locationToken` and `GET /oauth/installedLocations`.

use http::StatusCode;
use serde_json::{Value, json};

use super::token::{refuse_grant, reply};
use crate::check::Accepted;
use crate::exchange::Outgoing;
use crate::interface::Operation;
use crate::refusal::Refusal;
use crate::tokens::{AccountId, Grant, Installation, Reach};
use crate::world::World;

/// A token of a location for an agency's. The app need not have been installed there by hand, but must not have been removed.
pub(super) fn token(
    world: &World,
    operation: &Operation,
    accepted: &Accepted,
    grant: &Grant,
) -> Result<Outgoing, Refusal> {
    let need = |name: &str| {
        let missing = || (name.to_owned(), format!("{name} should not be empty"));
        accepted
            .any(name)
            .and_then(Value::as_str)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| Refusal::invalid(&[missing()]))
    };
    let (company, location) = (need("companyId")?, need("locationId")?);
    let apps = &world.tokens.settings().apps;
    // A private token belongs to no app that could refresh what is issued here; the first app takes its place.
    let app = world.tokens.app(&grant.app).or_else(|| apps.first());
    let client_id = app.map_or(grant.app.as_str(), |app| app.client_id.as_str());
    let installations = world.tokens.installations(client_id);
    let found = installations
        .iter()
        .find(|installation| installation.location == location);
    if found.is_some_and(|found| !found.is_installed) {
        return Err(Refusal::bad_request(
            "The app is not installed in this location",
        ));
    }
    let issued = world
        .tokens
        .issue_pair(
            Grant::own(
                AccountId::Location(location.to_owned()),
                grant.scopes.clone(),
                client_id,
            ),
            Some(company.to_owned()),
            world.clock.now(),
        )
        .map_err(|denied| refuse_grant(denied, "the agency token is invalid"))?;
    let mut body = reply(world, &issued);
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
    Ok(Outgoing::json(status(operation), &body))
}

/// Where an app is installed, page by page.
pub(super) fn installed(
    world: &World,
    operation: &Operation,
    accepted: &Accepted,
    grant: &Grant,
) -> Outgoing {
    let text = |name: &str| accepted.query.get(name).and_then(Value::as_str);
    let (app_id, company) = (text("appId"), text("companyId"));
    let skip = number(accepted, "skip", 0);
    let limit = number(accepted, "limit", 20);
    let apps = world.tokens.settings().apps.iter();
    let app = apps
        .filter(|app| grant.reach != Reach::Own || app.client_id == grant.app)
        .find(|app| app_id.is_some_and(|id| id == app.client_id || id == app.id()));
    let search = text("query").map(str::to_lowercase);
    let is = |own: &Option<String>, name: &str| {
        text(name).is_none_or(|wanted| own.as_deref() == Some(wanted))
    };
    let fits = |found: &Installation| {
        company == Some(found.company.as_str())
            && text("locationId").is_none_or(|id| id == found.location)
            && flag(accepted, "isInstalled").is_none_or(|is| is == found.is_installed)
            && flag(accepted, "onTrial").is_none_or(|is| is == found.on_trial)
            && is(&found.plan_id, "planId")
            && is(&found.version_id, "versionId")
            && search.as_ref().is_none_or(|search| {
                let within = |text: &str| text.to_lowercase().contains(search);
                within(&found.name) || within(&found.location)
            })
    };
    let mut found = app.map_or_else(Vec::new, |app| world.tokens.installations(&app.client_id));
    found.retain(fits);
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
    Outgoing::json(status(operation), &body)
}

fn status(operation: &Operation) -> StatusCode {
    StatusCode::from_u16(operation.reply.status).unwrap_or(StatusCode::OK)
}

/// Reads a whole number that the interface declares as text. The check of the request refuses all other texts.
fn number(accepted: &Accepted, name: &str, default: usize) -> usize {
    let value = match accepted.query.get(name) {
        Some(Value::String(text)) => text.trim().parse::<f64>().ok().map(|value| value as usize),
        Some(value) => value.as_u64().and_then(|value| usize::try_from(value).ok()),
        None => None,
    };
    value.unwrap_or(default)
}

fn flag(accepted: &Accepted, name: &str) -> Option<bool> {
    match accepted.query.get(name)? {
        Value::Bool(value) => Some(*value),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
