//! The claims of a token: account, scopes and app, and the requests that they allow.

use serde_json::Value;

use crate::account::{AccountId, COMPANY};
use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::interface::Operation;
use crate::interface::schema_view::alt_id_is_account;

/// The properties of a token to be issued.
#[derive(Clone, Debug)]
pub struct TokenSpec {
    /// The account that the token is issued for.
    pub account: AccountId,
    /// The scopes; `None` for all.
    pub scopes: Option<Vec<String>>,
    reach: Reach,
}

/// The extent to which a token is valid outside its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Operations of the account's class, data of the account.
    Own,
    /// All operations, locations and companies.
    Everything,
}

impl TokenSpec {
    /// A token of a location with all scopes.
    pub fn location(id: impl Into<String>) -> Self {
        Self::new(AccountId::Location(id.into()), Reach::Own)
    }

    /// A token of a company with all scopes.
    pub fn company(id: impl Into<String>) -> Self {
        Self::new(AccountId::Company(id.into()), Reach::Own)
    }

    /// A token of all operations, locations and companies with all scopes.
    ///
    /// The platform has no such token. Tests that use it do not detect requests for the wrong
    /// location.
    pub fn everything() -> Self {
        Self::new(AccountId::Company(COMPANY.to_owned()), Reach::Everything)
    }

    fn new(account: AccountId, reach: Reach) -> Self {
        Self {
            account,
            scopes: None,
            reach,
        }
    }

    /// Restricts the token to these scopes.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }
}

/// The claims of a token.
#[derive(Clone, Debug)]
pub(crate) struct Claims {
    pub(crate) account: AccountId,
    /// The scopes; `None` for all.
    pub(crate) scopes: Option<Vec<String>>,
    /// The client id of the app that the token was issued to.
    pub(crate) app: String,
    pub(crate) reach: Reach,
}

impl Claims {
    /// Creates the claims of a token with these properties.
    pub(crate) fn new(spec: TokenSpec, app: String) -> Self {
        Self {
            account: spec.account,
            scopes: spec.scopes,
            app,
            reach: spec.reach,
        }
    }

    /// Creates the claims of an app's token for an account.
    pub(crate) fn own(account: AccountId, scopes: Option<Vec<String>>, app: &str) -> Self {
        Self {
            account,
            scopes,
            app: app.to_owned(),
            reach: Reach::Own,
        }
    }

    /// Returns the location that restricts the token; `None` if the token is valid for a company's
    /// locations, or for all.
    pub(crate) fn location(&self) -> Option<&str> {
        match (&self.account, self.reach) {
            (AccountId::Location(id), Reach::Own) => Some(id),
            _ => None,
        }
    }

    /// Whether the token is valid for all operations, locations and companies.
    pub(crate) fn is_for_everything(&self) -> bool {
        self.reach == Reach::Everything
    }

    /// Returns the company that restricts the token; `None` if a location restricts it already, or
    /// if the token is valid for all.
    pub(crate) fn company(&self) -> Option<&str> {
        match (&self.account, self.reach) {
            (AccountId::Company(id), Reach::Own) => Some(id),
            _ => None,
        }
    }

    /// Rejects a request that names another location or company than the token's.
    pub(crate) fn check_accounts(
        &self,
        operation: &Operation,
        request: &ParsedRequest,
    ) -> Result<(), ApiError> {
        let alt_type = request.any("altType").and_then(Value::as_str);
        let has_alt_id = alt_id_is_account(operation);
        if let Some(own) = self.location() {
            let names = ["locationId", "location_id", "locationIds"];
            let is_alternative = has_alt_id && alt_type.is_none_or(|kind| kind == "location");
            if names_another(request, &names, is_alternative, own) {
                return Err(ApiError::other_location(operation));
            }
        }
        if let Some(own) = self.company() {
            let is_alternative = has_alt_id && alt_type == Some("company");
            if names_another(request, &["companyId"], is_alternative, own) {
                return Err(ApiError::forbidden(
                    "The token does not have access to this company.",
                ));
            }
        }
        Ok(())
    }

    /// Whether the token belongs to the class of a security scheme.
    pub(super) fn has_class(&self, scheme: &str) -> bool {
        match scheme {
            _ if self.reach != Reach::Own => true,
            "Location-Access" | "Location-Access-Only" => {
                matches!(self.account, AccountId::Location(_))
            }
            "Agency-Access" | "Agency-Access-Only" => {
                matches!(self.account, AccountId::Company(_))
            }
            _ => true,
        }
    }

    /// Whether the token has all of these scopes.
    pub(super) fn has_scopes(&self, scopes: &[String]) -> bool {
        let own = self.scopes.as_ref();
        own.is_none_or(|own| scopes.iter().all(|scope| own.contains(scope)))
    }
}

/// Whether path, query or body of a request have another value under one of the names.
/// `with_alt_id` adds the name `altId`.
fn names_another(request: &ParsedRequest, names: &[&str], with_alt_id: bool, own: &str) -> bool {
    let is_other = |value: &Value| value.as_str().is_some_and(|id| id != own);
    let mut names = names.iter().chain(with_alt_id.then_some(&"altId"));
    names.any(|name| {
        let body = request.body.as_ref().and_then(|body| body.get(name));
        let values = [request.path.get(*name), request.query.get(*name), body];
        values.into_iter().flatten().any(|value| match value {
            Value::Array(items) => items.iter().any(is_other),
            value => is_other(value),
        })
    })
}
