//! A request for a collection, and what its token may access.

use serde_json::Value;

use crate::account::{AccountId, COMPANY, LOCATION};
use crate::api_error::ApiError;
use crate::check::ParsedRequest;
use crate::exchange::Reply;
use crate::interface::Operation;
use crate::interface::schema_view::{alt_id_is_account, keys};
use crate::state::collection::{Collection, Endpoint, Fields, Scope};
use crate::state::query::is_shared_with;
use crate::state::store::{Item, Store};
use crate::state::tables;
use crate::tokens::Claims;

/// A request for a collection.
pub(crate) struct Call<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) request: &'a ParsedRequest,
    pub(crate) claims: &'a Claims,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) collection: &'static Collection,
    /// Milliseconds since 1970.
    pub(crate) now: u64,
    pub(crate) store: &'a mut Store,
}

pub(crate) type Answer = Result<Reply, ApiError>;

impl Call<'_> {
    /// The fields of the body.
    pub(super) fn body(&self) -> Fields {
        let body = self.request.body.as_ref().and_then(Value::as_object);
        body.cloned().unwrap_or_default()
    }

    /// Fields of the body that the interface does not declare. There are some only where the server
    /// accepts them.
    pub(super) fn undeclared(&self) -> Fields {
        let body = self.operation.body.as_ref();
        let Some(declared) = body.and_then(|body| keys(self.operation, &body.schema)) else {
            return Fields::new();
        };
        let mut fields = self.body();
        fields.retain(|name, _| !declared.contains(&name.as_str()));
        fields
    }

    /// A parameter or a field of the body, as text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.request.any(name).and_then(Value::as_str)
    }

    /// A parameter or a field of the body, as a list; empty if there is none.
    pub(super) fn list_parameter(&self, name: &str) -> Vec<Value> {
        let list = self.request.any(name).and_then(Value::as_array);
        list.cloned().unwrap_or_default()
    }

    /// The location or company that the request names.
    pub(super) fn named_scope(&self) -> Option<&str> {
        let names: &[&str] = match self.collection.scope {
            Scope::Location => &["locationId", "location_id", "altId"],
            Scope::Company => &["companyId"],
        };
        let is_scope = |name: &str| name != "altId" || alt_id_is_account(self.operation);
        let mut names = names.iter().filter(|name| is_scope(name));
        let named = names.find_map(|name| self.request.any(name)?.as_str());
        named.filter(|id| !id.is_empty())
    }

    /// The location or company of the request: the one that it names, or the token's. An agency's
    /// token has no location.
    pub(super) fn scope(&self) -> Result<String, ApiError> {
        let own = match (&self.claims.account, self.collection.scope) {
            (AccountId::Location(id), Scope::Location)
            | (AccountId::Company(id), Scope::Company) => Some(id.as_str()),
            (AccountId::Location(_), Scope::Company) => Some(COMPANY),
            (_, Scope::Location) => self.claims.is_for_everything().then_some(LOCATION),
        };
        let own = own.filter(|_| !self.endpoint.location_required);
        let scope = self.named_scope().or(own);
        let scope = scope.ok_or_else(ApiError::no_location)?;
        self.check_scope(scope)?;
        Ok(scope.to_owned())
    }

    /// Rejects an item for which the token is not valid.
    pub(super) fn check_access(&self, item: &Item) -> Result<(), ApiError> {
        self.check_scope(&item.scope)?;
        match self.shared_location() {
            Some(own) if !is_shared_with(&item.fields, self.collection.shared_with, own) => {
                Err(ApiError::other_location(self.operation))
            }
            _ => Ok(()),
        }
    }

    /// The location whose part of the company's items the token may access; `None` if it is not
    /// restricted to one.
    pub(super) fn shared_location(&self) -> Option<&str> {
        let own = self.claims.location();
        own.filter(|_| !self.collection.shared_with.is_empty())
    }

    /// Rejects a location or company for which the token is not valid.
    fn check_scope(&self, scope: &str) -> Result<(), ApiError> {
        let is_own = match (self.collection.scope, self.claims.location()) {
            (Scope::Location, Some(own)) => own == scope,
            (Scope::Location, None) => self
                .claims
                .company()
                .is_none_or(|own| own == self.company_of(scope)),
            (Scope::Company, _) => self.claims.company().is_none_or(|own| own == scope),
        };
        if is_own {
            Ok(())
        } else {
            Err(ApiError::other_location(self.operation))
        }
    }

    fn company_of(&self, location: &str) -> String {
        let location = self.store.find(tables::named("locations"), location);
        location.map_or_else(|| COMPANY.to_owned(), |location| location.scope.to_string())
    }
}
