//! Tokens: who may call what.
//!
//! A request is let in after these checks, in this order; the first that fails answers, before any limit is touched and hence
//! without limit headers:
//!
//! 1. `Version`: 401 where it is missing on an operation that declares one, 401 where it is none that the platform knows, 400 where
//!    it is `v3` and the operation was removed in that. It stands first because it needs nothing looked up.
//! 2. `Authorization`: 401 where it is missing, unknown, expired or revoked.
//! 3. The class of the token: 401 where the operation is for locations and the token an agency's, or the other way round.
//! 4. Scopes: 403, or 401 where [`MockBuilder::scope_status`](crate::MockBuilder::scope_status) asks for it.
//!
//! Whether the token reaches the location that the request is about is known only when the request was read, and is checked
//! after limits and interface, both for the locations that the request names and for the items that it names by id. The answer is
//! 403, on custom objects 401, as the platform was observed to answer.

mod ledger;
mod settings;
mod version;

use http::StatusCode;
use serde_json::Value;

use crate::check::Accepted;
use crate::exchange::{Incoming, Outgoing};
use crate::interface::Operation;
use crate::refusal::Refusal;
use crate::state;
use crate::world::World;

pub(crate) use ledger::{App, Denied, Issued, Tokens};
pub use settings::Installation;
pub(crate) use settings::Settings;

/// The private token of a server that was given none. It is valid for every operation and has all scopes, and is restricted to the
/// data of [`LOCATION`] and [`COMPANY`]. [`MockBuilder::token_with`](crate::MockBuilder::token_with) sets tokens of other locations.
pub const TOKEN: &str = "pit-00000000-0000-4000-8000-000000000001";

/// The location that stands in wherever none was named.
pub const LOCATION: &str = "mockLocation00000001";

/// The company (agency) that [`LOCATION`] belongs to.
pub const COMPANY: &str = "mockCompany000000001";

/// The user in whose name tokens are issued.
pub const USER: &str = "mockUser000000000001";

/// The client id of the app that a server has if it was given none.
pub const CLIENT_ID: &str = "6650c0de6650c0de6650c0de-mock0001";

/// The client secret of [`CLIENT_ID`].
pub const CLIENT_SECRET: &str = "00000000-0000-4000-8000-000000000002";

/// Where [`CLIENT_ID`] wants its codes sent.
pub const REDIRECT_URI: &str = "http://localhost:3000/oauth/callback";

/// What a token is good for: one location, or an agency with all of its locations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AccountId {
    /// A location (sub-account).
    Location(String),
    /// An agency (company).
    Company(String),
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    /// What it is good for.
    pub resource: AccountId,
    /// The scopes that it has; `None` for all.
    pub scopes: Option<Vec<String>>,
    reach: Reach,
}

/// How far a token reaches beyond its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Operations of its resource's class, and its resource's data.
    Own,
    /// Operations of either class: the data of its location, and of [`COMPANY`] where only an agency's token may call.
    EitherClass,
    /// Every operation, location and company.
    Everything,
}

impl TokenSpec {
    /// A token of a location, with all scopes.
    pub fn location(id: impl Into<String>) -> Self {
        Self::new(AccountId::Location(id.into()), Reach::Own)
    }

    /// A token of a company, with all scopes.
    pub fn company(id: impl Into<String>) -> Self {
        Self::new(AccountId::Company(id.into()), Reach::Own)
    }

    /// A token that is valid for every operation, location and company, with all scopes. The platform has no such token. A test that
    /// uses it does not notice requests for the wrong location.
    pub fn everything() -> Self {
        Self::new(AccountId::Company(COMPANY.to_owned()), Reach::Everything)
    }

    /// A private token as [`TOKEN`] is.
    pub(crate) fn private() -> Self {
        Self::new(AccountId::Location(LOCATION.to_owned()), Reach::EitherClass)
    }

    fn new(resource: AccountId, reach: Reach) -> Self {
        Self {
            resource,
            scopes: None,
            reach,
        }
    }

    /// The same with these scopes only.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }
}

/// What a request's token grants.
#[derive(Clone, Debug)]
pub struct Grant {
    /// What the token is good for.
    pub resource: AccountId,
    /// The scopes that it has; `None` for all.
    pub scopes: Option<Vec<String>>,
    /// The app that it was given to.
    pub app: String,
    pub(crate) reach: Reach,
}

impl Grant {
    /// The grant of an app's token with these properties.
    pub(crate) fn of(spec: TokenSpec, app: String) -> Self {
        Self {
            resource: spec.resource,
            scopes: spec.scopes,
            app,
            reach: spec.reach,
        }
    }

    /// The grant of a token that an app has for a resource.
    pub(crate) fn own(resource: AccountId, scopes: Option<Vec<String>>, app: &str) -> Self {
        Self {
            resource,
            scopes,
            app: app.to_owned(),
            reach: Reach::Own,
        }
    }

    /// The location to which the token is restricted in an operation; `None` if it is valid for a company's locations, or for all.
    pub(crate) fn location(&self, operation: &Operation) -> Option<&str> {
        match (&self.resource, self.reach) {
            (AccountId::Location(id), Reach::Own) => Some(id),
            (AccountId::Location(id), Reach::EitherClass) => {
                let of_location = state::is_of_location(operation);
                (of_location || !operation.is_for_agencies()).then_some(id.as_str())
            }
            _ => None,
        }
    }

    /// Whether it is valid for every operation, location and company.
    pub(crate) fn is_for_everything(&self) -> bool {
        self.reach == Reach::Everything
    }

    /// The company to which the token is restricted; `None` if the location restricts it already, or if it is valid for all.
    pub(crate) fn company(&self) -> Option<&str> {
        match (&self.resource, self.reach) {
            (_, Reach::Everything) | (AccountId::Location(_), Reach::Own) => None,
            (AccountId::Location(_), Reach::EitherClass) => Some(COMPANY),
            (AccountId::Company(id), _) => Some(id),
        }
    }

    /// Refuses a request that names another location than the token's, or another company.
    pub(crate) fn may_reach(
        &self,
        operation: &Operation,
        accepted: &Accepted,
    ) -> Result<(), Refusal> {
        let alt_type = accepted.any("altType").and_then(Value::as_str);
        let has_place = operation.has_place_in_alt_id();
        if let Some(own) = self.location(operation) {
            let alternative = has_place && alt_type.is_none_or(|kind| kind == "location");
            let names = ["locationId", "location_id", "locationIds"].into_iter();
            let mut names = names.chain(alternative.then_some("altId"));
            if names.any(|name| names_another(accepted, name, own)) {
                return Err(Refusal::other_location(operation));
            }
        }
        if let Some(own) = self.company() {
            let alternative = has_place && alt_type == Some("company");
            let mut names = ["companyId"]
                .into_iter()
                .chain(alternative.then_some("altId"));
            if names.any(|name| names_another(accepted, name, own)) {
                return Err(Refusal::forbidden(
                    "The token does not have access to this company.",
                ));
            }
        }
        Ok(())
    }

    /// Whether the token is of the class that a security scheme is for.
    fn is_of(&self, scheme: &str) -> bool {
        match scheme {
            _ if self.reach != Reach::Own => true,
            "Location-Access" | "Location-Access-Only" => {
                matches!(self.resource, AccountId::Location(_))
            }
            "Agency-Access" | "Agency-Access-Only" => {
                matches!(self.resource, AccountId::Company(_))
            }
            _ => true,
        }
    }

    fn has_all(&self, scopes: &[String]) -> bool {
        let own = self.scopes.as_ref();
        own.is_none_or(|own| scopes.iter().all(|scope| own.contains(scope)))
    }
}

/// Whether the path, query or body of a request has another value under a name.
fn names_another(accepted: &Accepted, name: &str, own: &str) -> bool {
    let body = accepted.body.as_ref().and_then(|body| body.get(name));
    let places = [accepted.path.get(name), accepted.query.get(name), body];
    let other = |value: &Value| value.as_str().is_some_and(|id| id != own);
    places.into_iter().flatten().any(|value| match value {
        Value::Array(items) => items.iter().any(other),
        value => other(value),
    })
}

impl Tokens {
    /// Checks version, token, class of the token, and scopes.
    pub(crate) fn authorize(
        &self,
        world: &World,
        operation: &Operation,
        incoming: &Incoming,
    ) -> Result<Grant, Refusal> {
        version::check(world, operation, incoming)?;
        let token = bearer(incoming)?;
        let Some(grant) = self.grant(token, world.clock.now()) else {
            return Err(Refusal::unauthorized(if token.starts_with("pit-") {
                "Invalid Private Integration token"
            } else {
                INVALID_JWT
            }));
        };
        self.check_access(&grant, operation)?;
        Ok(grant)
    }

    fn check_access(&self, grant: &Grant, operation: &Operation) -> Result<(), Refusal> {
        let mut of_class = operation
            .security
            .iter()
            .filter(|(scheme, _)| grant.is_of(scheme))
            .peekable();
        if operation.security.is_empty() {
            return Ok(());
        }
        if of_class.peek().is_none() {
            return Err(Refusal::unauthorized(
                "This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case.",
            ));
        }
        if of_class.any(|(_, scopes)| grant.has_all(scopes)) {
            return Ok(());
        }
        Err(Refusal::new(
            self.settings().scope_status,
            "The token is not authorized for this scope.",
        ))
    }
}

const INVALID_JWT: &str = "Invalid JWT";

/// The token of a request; one that is missing is as good as one that is none.
fn bearer(incoming: &Incoming) -> Result<&str, Refusal> {
    incoming
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or_else(|| Refusal::unauthorized(INVALID_JWT))
}

/// The reply of the platform's edge to a request without a User-Agent, which never gets any further.
pub(crate) fn edge(incoming: &Incoming) -> Option<Outgoing> {
    let agent = incoming.headers.get(http::header::USER_AGENT);
    if agent.is_some_and(|agent| !agent.as_bytes().trim_ascii().is_empty()) {
        return None;
    }
    let page = "<!DOCTYPE html>\n<html><head><title>Access denied</title></head>\n<body><h1>Error 1010</h1>\
                <p>Access denied: the request carries no User-Agent header.</p></body></html>\n";
    Some(Outgoing::bytes(
        StatusCode::FORBIDDEN,
        "text/html; charset=UTF-8",
        page,
    ))
}
