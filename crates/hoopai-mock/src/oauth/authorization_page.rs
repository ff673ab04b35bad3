//! The page on which users choose the location or agency for an app.

use http::{Method, StatusCode};

use crate::account::AccountId;
use crate::api_error::ApiError;
use crate::clock::Clock;
use crate::exchange::{Reply, Request};
use crate::interface::AUTHORIZATION_PAGES;
use crate::state::State;
use crate::tokens::{Claims, TokenStore};

/// Handles `GET /oauth/chooselocation`, which the interface does not declare. Redirects to the app
/// with `code` and, if it was sent, `state`, as after a user's choice.
///
/// The choice is that of the settings, or the query parameter `locationId` or `companyId`, which
/// the platform's page does not have.
pub(crate) fn authorization_page(
    tokens: &TokenStore,
    state: &State,
    clock: &Clock,
    request: &Request,
) -> Option<Result<Reply, ApiError>> {
    if request.method != Method::GET || !AUTHORIZATION_PAGES.contains(&request.path.as_str()) {
        return None;
    }
    Some(redirect(tokens, state, clock, request))
}

fn redirect(
    tokens: &TokenStore,
    state: &State,
    clock: &Clock,
    request: &Request,
) -> Result<Reply, ApiError> {
    let required = |name: &str| {
        let missing = || ApiError::bad_request(format!("{name} is missing"));
        request.query(name).ok_or_else(missing)
    };
    if required("response_type")? != "code" {
        return Err(ApiError::bad_request("response_type must be code"));
    }
    let app = tokens
        .app(required("client_id")?)
        .ok_or_else(|| ApiError::bad_request("client_id is unknown"))?;
    let redirect_uri = required("redirect_uri")?;
    if redirect_uri != app.redirect_uri {
        return Err(ApiError::bad_request(
            "redirect_uri is not the one of the app",
        ));
    }
    let asked = request.query("scope").map(|scope| {
        let scopes = scope.split_whitespace().map(str::to_owned);
        scopes.collect::<Vec<_>>()
    });
    let scopes = match (asked.filter(|asked| !asked.is_empty()), &app.scopes) {
        (Some(asked), Some(own)) => {
            if let Some(scope) = asked.iter().find(|scope| !own.contains(scope)) {
                let message = format!("The app does not have the scope {scope}");
                return Err(ApiError::bad_request(message));
            }
            Some(asked)
        }
        (asked, own) => asked.or_else(|| own.clone()),
    };
    let account = match (request.query("locationId"), request.query("companyId")) {
        (Some(id), _) => AccountId::Location(id.to_owned()),
        (None, Some(id)) => AccountId::Company(id.to_owned()),
        (None, None) => tokens.choice(),
    };
    let claims = Claims::own(account, scopes, &app.client_id);
    let locations = state.locations(&claims.account);
    let redirect_uri = redirect_uri.to_owned();
    let code = tokens.issue_code(claims, Some(redirect_uri.clone()), locations, clock.now());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", &code);
    if let Some(state) = request.query("state") {
        query.append_pair("state", state);
    }
    let separator = if redirect_uri.contains('?') { '&' } else { '?' };
    let target = format!("{redirect_uri}{separator}{}", query.finish());
    Ok(Reply::empty(StatusCode::FOUND).with_header("location", target))
}
