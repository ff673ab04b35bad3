//! `POST /oauth/token`.

use std::time::Duration;

use http::HeaderMap;

use super::token_reply::{body, issue_error, oauth_error, status};
use crate::account::{AccountId, COMPANY, LOCATION};
use crate::api_error::ApiError;
use crate::check::{self, CheckOptions, UndeclaredPolicy};
use crate::exchange::{Reply, Request};
use crate::interface::Operation;
use crate::journal::EntryGuard;
use crate::limits::RateLimiter;
use crate::tokens::{App, Claims, IssuedTokens, TokenStore};

/// A urlencoded body; the first value of each name counts.
struct Form(Vec<(String, String)>);

impl Form {
    fn new(request: &Request) -> Self {
        let pairs = form_urlencoded::parse(&request.body).into_owned();
        Self(pairs.collect())
    }

    /// Returns a value that is not empty.
    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name)
            .ok_or_else(|| oauth_error("invalid_request", format!("Missing parameter: `{name}`")))
    }
}

/// The token endpoint, which requires no token.
pub(crate) struct TokenEndpoint<'a> {
    pub(crate) tokens: &'a TokenStore,
    pub(crate) limiter: &'a RateLimiter,
    pub(crate) now: Duration,
    pub(crate) undeclared: UndeclaredPolicy,
}

impl TokenEndpoint<'_> {
    /// Whether an operation is the token endpoint.
    pub(crate) fn handles(operation: &Operation) -> bool {
        operation.path == "/oauth/token"
    }

    /// Issues tokens, and waits for the delay of the settings.
    pub(crate) async fn answer(
        &self,
        operation: &Operation,
        request: &Request,
        entry: &EntryGuard<'_>,
    ) -> Result<Reply, (ApiError, HeaderMap)> {
        let form = Form::new(request);
        let in_flight = (form.get("grant_type") == Some("refresh_token")).then(|| {
            let token = form.get("refresh_token");
            let account = token.and_then(|token| self.tokens.refresh_account(token));
            self.tokens.refreshes.begin(account)
        });
        let outcome = self.issue_reply(operation, request, &form).await;
        if let (Some(in_flight), Ok(_)) = (&in_flight, &outcome) {
            in_flight.succeeded();
        }
        if outcome.is_ok() {
            // The refresh token is used even if the client disconnects during the delay.
            entry.set_processed();
        }
        let delay = self.tokens.settings().token_endpoint_delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        drop(in_flight);
        outcome
    }

    /// Checks the rate limit, the interface, the app and the grant, in this order.
    async fn issue_reply(
        &self,
        operation: &Operation,
        request: &Request,
        form: &Form,
    ) -> Result<Reply, (ApiError, HeaderMap)> {
        let without_headers = |error: ApiError| (error, HeaderMap::new());
        let app = form
            .get("client_id")
            .and_then(|client_id| self.tokens.app(client_id));
        // Unknown apps share one limit, so that made-up client ids use no memory.
        let client_id = app.map_or("", |app| app.client_id.as_str());
        self.limiter
            .take_token(client_id, self.now)
            .map_err(|error| *error)?;
        let undeclared = self
            .undeclared
            .for_request(request)
            .map_err(without_headers)?;
        check::request(operation, request, &[], &CheckOptions::new(undeclared))
            .await
            .map_err(without_headers)?;
        let secret = form.get("client_secret");
        let issued = app
            .filter(|app| secret == Some(app.client_secret.as_str()))
            .ok_or_else(|| oauth_error("invalid_client", "Invalid client: client is invalid"))
            .and_then(|app| self.issue(form, app))
            .map_err(without_headers)?;
        Ok(Reply::json(status(operation), &body(self.tokens, &issued)))
    }

    fn issue(&self, form: &Form, app: &App) -> Result<IssuedTokens, ApiError> {
        let (tokens, now) = (self.tokens, self.now);
        let user_type = form.get("user_type");
        match form.required("grant_type")? {
            "authorization_code" => {
                let code = form.required("code")?;
                let redirect_uri = form.get("redirect_uri");
                tokens
                    .redeem_code(app, code, user_type, redirect_uri, now)
                    .map_err(|error| issue_error(error, "authorization code is invalid"))
            }
            "refresh_token" => tokens
                .rotate(app, form.required("refresh_token")?, now)
                .map_err(|error| issue_error(error, "refresh token is invalid")),
            "client_credentials" => {
                let account = match user_type {
                    Some("Location") => AccountId::Location(LOCATION.to_owned()),
                    _ => AccountId::Company(COMPANY.to_owned()),
                };
                let claims = Claims::own(account, app.scopes.clone(), &app.client_id);
                Ok(tokens.issue_access(claims, now))
            }
            _ => Err(oauth_error(
                "unsupported_grant_type",
                "Unsupported grant type: `grant_type` is invalid",
            )),
        }
    }
}
