//! `POST /oauth/token`.

use std::borrow::Cow;

use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::scope_text;
use crate::check;
use crate::exchange::{Incoming, Outgoing};
use crate::interface::Operation;
use crate::journal::Note;
use crate::refusal::Refusal;
use crate::tokens::{AccountId, App, COMPANY, Denied, Grant, Issued, LOCATION, USER};
use crate::world::World;

/// A urlencoded body; the first value of each name counts.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(incoming: &Incoming) -> Self {
        Self(
            form_urlencoded::parse(&incoming.body)
                .into_owned()
                .collect(),
        )
    }

    /// A value by name; an empty one is none.
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name)
            .ok_or_else(|| refuse("invalid_request", format!("Missing parameter: `{name}`")))
    }
}

/// `POST /oauth/token`, which needs no token. Its own limit comes first, then the interface, then the app, then the grant.
pub(crate) async fn token_endpoint(
    world: &World,
    operation: &Operation,
    incoming: &Incoming,
    note: &Note<'_>,
) -> Option<Result<Outgoing, (Refusal, HeaderMap)>> {
    if operation.path != "/oauth/token" {
        return None;
    }
    let form = Form::read(incoming);
    let in_flight = (form.get("grant_type") == Some("refresh_token")).then(|| {
        let token = form.get("refresh_token");
        let account = token.and_then(|token| world.tokens.refreshed(token));
        world.tokens.refreshes.begin(account)
    });
    let outcome = respond(world, operation, incoming, &form).await;
    if let (Some(in_flight), Ok(_)) = (&in_flight, &outcome) {
        in_flight.succeeded();
    }
    if outcome.is_ok() {
        // A client that leaves during the delay has spent its token all the same.
        note.processed();
    }
    let delay = world.tokens.settings().token_endpoint_delay;
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    drop(in_flight);
    Some(outcome)
}

async fn respond(
    world: &World,
    operation: &Operation,
    incoming: &Incoming,
    form: &Form,
) -> Result<Outgoing, (Refusal, HeaderMap)> {
    let plain = |refusal: Refusal| (refusal, HeaderMap::new());
    let app = form
        .get("client_id")
        .and_then(|client_id| world.tokens.app(client_id));
    // Callers that no app is known for share one limit, so that made-up ids take no memory.
    let client_id = app.map_or("", |app| app.client_id.as_str());
    world
        .limits
        .take_token(client_id, world.clock.now())
        .map_err(|refused| *refused)?;
    let undeclared = world.undeclared.or_as_asked(incoming).map_err(plain)?;
    check::request(operation, incoming, &[], undeclared)
        .await
        .map_err(plain)?;
    let secret = form.get("client_secret");
    let app = app
        .filter(|app| secret == Some(app.client_secret.as_str()))
        .ok_or_else(|| {
            plain(refuse(
                "invalid_client",
                "Invalid client: client is invalid",
            ))
        })?;
    let issued = issue(world, form, app).map_err(plain)?;
    let status = StatusCode::from_u16(operation.reply.status).unwrap_or(StatusCode::OK);
    Ok(Outgoing::json(status, &reply(world, &issued)))
}

fn issue(world: &World, form: &Form, app: &App) -> Result<Issued, Refusal> {
    let now = world.clock.now();
    let user_type = form.get("user_type");
    match form.need("grant_type")? {
        "authorization_code" => {
            let code = form.need("code")?;
            let redirect_uri = form.get("redirect_uri");
            let outcome = world
                .tokens
                .spend_code(app, code, user_type, redirect_uri, now);
            outcome.map_err(|denied| refuse_grant(denied, "authorization code is invalid"))
        }
        "refresh_token" => {
            let outcome = world
                .tokens
                .spend_refresh(app, form.need("refresh_token")?, now);
            outcome.map_err(|denied| refuse_grant(denied, "refresh token is invalid"))
        }
        "client_credentials" => {
            let resource = match user_type {
                Some("Location") => AccountId::Location(LOCATION.to_owned()),
                _ => AccountId::Company(COMPANY.to_owned()),
            };
            let grant = Grant::own(resource, app.scopes.clone(), &app.client_id);
            Ok(world.tokens.issue_access(grant, now))
        }
        _ => Err(refuse(
            "unsupported_grant_type",
            "Unsupported grant type: `grant_type` is invalid",
        )),
    }
}

/// The reply with a token pair.
pub(super) fn reply(world: &World, issued: &Issued) -> Value {
    let mut body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": world.tokens.settings().access_lifetime.as_secs(),
        "scope": scope_text(world, &issued.grant),
        "userType": issued.grant.resource.kind(),
        "companyId": issued.company,
        "userId": USER,
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = refresh.as_str().into();
    }
    match &issued.grant.resource {
        AccountId::Location(id) => body["locationId"] = id.as_str().into(),
        AccountId::Company(company) => {
            let installations = world.tokens.installations(&issued.grant.app);
            let approved = installations
                .into_iter()
                .filter(|found| found.is_installed && found.company == *company);
            body["approvedLocations"] = approved.map(|found| found.location).collect();
            body["isBulkInstallation"] = true.into();
        }
    }
    body
}

/// Why a code or a refresh token is worth nothing.
pub(super) fn refuse_grant(denied: Denied, invalid: &str) -> Refusal {
    let description = match denied {
        Denied::Invalid => invalid,
        Denied::OtherKind => "the code was given for another user type",
        Denied::OtherRedirect => "`redirect_uri` does not match",
        Denied::Inactive => return Refusal::bad_request("Location is not active"),
    };
    refuse("invalid_grant", format!("Invalid grant: {description}"))
}

fn refuse(error: &str, description: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal {
        status: StatusCode::BAD_REQUEST,
        body: json!({ "error": error, "error_description": description.into() }),
    }
}
