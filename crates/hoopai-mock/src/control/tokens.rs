//! Tokens, and installations of apps.

use serde_json::json;

use super::call::{Answer, Call};
use crate::account::AccountId;
use crate::problem::Problem;
use crate::seed_content;
use crate::tokens::Installation;

pub(super) fn issue(call: &Call<'_>) -> Answer {
    let everything = call.boolean("everything").unwrap_or_default();
    let account = (call.text("location"), call.text("company"), everything);
    let scopes = call.value("scopes").map(|_| call.texts("scopes"));
    let spec = seed_content::spec(account, scopes).map_err(Problem::invalid)?;
    let kind = call.text("kind").unwrap_or("access");
    let value = call
        .text("token")
        .map(seed_content::valid_token)
        .transpose();
    let value = value.map_err(Problem::invalid)?;
    if value.is_some() && kind != "private" {
        return Err(Problem::invalid(
            "`token` sets the value of private tokens only; add \"kind\": \"private\"",
        ));
    }
    let server = call.server;
    match kind {
        "access" => Ok(json!({ "token": server.issue_token(spec) })),
        "private" => Ok(json!({ "token": server.tokens.add_private(value, spec) })),
        "pair" | "code" if everything => Err(Problem::invalid(
            "pairs and codes are for a location or an agency; name one instead of `everything`",
        )),
        "pair" => {
            let client_id = client_id(call)?;
            let claims = crate::tokens::Claims::new(spec, client_id);
            let issued = server.tokens.issue_pair(claims, None, server.clock.now());
            let issued = issued.map_err(|_| {
                Problem::invalid(
                    "the location is not active; activate it with PATCH \
                     /__hoopai/locations/{location}",
                )
            })?;
            Ok(json!({ "token": issued.access, "refreshToken": issued.refresh }))
        }
        "code" => {
            let client_id = client_id(call)?;
            Ok(json!({ "code": server.authorize(&client_id, spec.account) }))
        }
        _ => Err(Problem::invalid(
            "`kind` is none of access, private, pair and code",
        )),
    }
}

pub(super) fn revoke(call: &Call<'_>) -> Answer {
    let token = call.text("token").unwrap_or_default();
    found(call.server.tokens.revoke(token))
}

pub(super) fn expire(call: &Call<'_>) -> Answer {
    let token = call.text("token").unwrap_or_default();
    let now = call.server.clock.now();
    found(call.server.tokens.expire(token, now))
}

fn found(is_found: bool) -> Answer {
    match is_found {
        true => Ok(json!({})),
        false => Err(Problem::not_found(
            "the session has no such token; send the whole value, and the header X-Hoopai-Session \
             if the token is of a named session",
        )),
    }
}

pub(super) fn refreshes(call: &Call<'_>) -> Answer {
    let counts = call.server.tokens.refreshes.counts();
    Ok(json!({
        "total": counts.total,
        "succeeded": counts.succeeded,
        "inFlight": counts.in_flight,
        "mostAtOnce": counts.most_at_once,
        "mostAtOnceForOne": counts.most_at_once_for_one,
    }))
}

pub(super) fn install(call: &Call<'_>) -> Answer {
    let mut installation = Installation::from(call.text("location").unwrap_or_default());
    for (name, field) in [
        ("company", &mut installation.company),
        ("name", &mut installation.name),
        ("address", &mut installation.address),
    ] {
        if let Some(value) = call.text(name) {
            value.clone_into(field);
        }
    }
    installation.on_trial = call.boolean("onTrial").unwrap_or_default();
    installation.plan_id = call.text("planId").map(str::to_owned);
    installation.version_id = call.text("versionId").map(str::to_owned);
    call.server.install(&client_id(call)?, installation);
    Ok(json!({}))
}

pub(super) fn uninstall(call: &Call<'_>) -> Answer {
    let location = call.path("location");
    match call.server.uninstall(&client_id(call)?, location) {
        true => Ok(json!({})),
        false => Err(Problem::not_found(
            "the app is not installed in this location; install it with POST \
             /__hoopai/installations",
        )),
    }
}

pub(super) fn change_location(call: &Call<'_>) -> Answer {
    let active = call.boolean("active").unwrap_or_default();
    let location = call.path("location");
    call.server.tokens.set_location_active(location, active);
    Ok(json!({}))
}

pub(super) fn set_choice(call: &Call<'_>) -> Answer {
    let choice = match (call.text("location"), call.text("company")) {
        (Some(location), None) => AccountId::Location(location.to_owned()),
        (None, Some(company)) => AccountId::Company(company.to_owned()),
        _ => {
            return Err(Problem::invalid(
                "name one of `location` and `company`, each an id",
            ));
        }
    };
    call.server.tokens.set_choice(choice);
    Ok(json!({}))
}

/// The app that a request names, or the first.
fn client_id(call: &Call<'_>) -> Result<String, Problem> {
    let tokens = &call.server.tokens;
    let app = match call.text("clientId") {
        None => tokens.settings().apps.first(),
        Some(id) => tokens.app(id),
    };
    app.map(|app| app.client_id.clone()).ok_or_else(|| {
        Problem::not_found("the server has no app of this client id; omit `clientId`")
    })
}
