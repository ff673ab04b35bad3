//! The tokens of one account.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use hoopai_runtime::auth::{AccountId, UserType};

/// The lifetime of an access token if the reply has none. The platform has always sent this value.
pub(crate) const DEFAULT_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// The maximum lifetime. Longer ones are cut, so that they cannot overflow the calendar.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// An access token, its refresh token, and the metadata that the platform sent with them.
#[derive(Clone)]
pub struct TokenSet {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) obtained_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    pub(crate) scopes: Vec<String>,
    pub(crate) user_type: Option<UserType>,
    pub(crate) company_id: Option<String>,
    pub(crate) agency_id: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) approved_locations: Vec<String>,
}

impl TokenSet {
    /// Tokens that were obtained outside of this library, for
    /// [`TokenManager::install`](crate::TokenManager::install).
    pub fn new(
        access_token: impl Into<SecretString>,
        refresh_token: Option<SecretString>,
        expires_at: SystemTime,
    ) -> Self {
        TokenSet {
            access_token: access_token.into(),
            refresh_token,
            obtained_at: expires_at
                .checked_sub(DEFAULT_LIFETIME)
                .unwrap_or(expires_at),
            expires_at,
            scopes: Vec::new(),
            user_type: None,
            company_id: None,
            agency_id: None,
            location_id: None,
            user_id: None,
            approved_locations: Vec::new(),
        }
    }

    /// The token that authorizes requests.
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The token that can be exchanged for new tokens, once.
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// When the access token was requested.
    pub fn obtained_at(&self) -> SystemTime {
        self.obtained_at
    }

    /// When the access token expires.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// The scopes of the tokens.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// The kind of account that the tokens are for.
    pub fn user_type(&self) -> Option<UserType> {
        self.user_type
    }

    /// The agency of the tokens, or of their location.
    pub fn company_id(&self) -> Option<&str> {
        self.company_id.as_deref()
    }

    /// The agency with whose token these tokens of a location were requested. `None`: the account
    /// authorized the app itself.
    pub fn agency_id(&self) -> Option<&str> {
        self.agency_id.as_deref()
    }

    /// The location of the tokens.
    pub fn location_id(&self) -> Option<&str> {
        self.location_id.as_deref()
    }

    /// The user who installed the app.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The locations for which an agency installed the app, where the platform lists them.
    pub fn approved_locations(&self) -> &[String] {
        &self.approved_locations
    }

    /// The account of the tokens, if the platform named it.
    pub fn account(&self) -> Option<AccountId> {
        let location = self.location_id.as_deref().map(AccountId::location);
        let company = self.company_id.as_deref().map(AccountId::company);
        match self.user_type {
            Some(UserType::Company) => company,
            Some(UserType::Location) => location,
            _ => location.or(company),
        }
    }

    /// Fills what the reply left out from the replaced tokens. A refresh token that is not replaced
    /// stays valid.
    pub(crate) fn with_missing_from(mut self, before: &TokenSet) -> Self {
        let before = before.clone();
        self.refresh_token = self.refresh_token.or(before.refresh_token);
        self.user_type = self.user_type.or(before.user_type);
        self.company_id = self.company_id.or(before.company_id);
        self.agency_id = self.agency_id.or(before.agency_id);
        self.location_id = self.location_id.or(before.location_id);
        self.user_id = self.user_id.or(before.user_id);
        if self.scopes.is_empty() {
            self.scopes = before.scopes;
        }
        if self.approved_locations.is_empty() {
            self.approved_locations = before.approved_locations;
        }
        self
    }
}

/// Shows times, scopes and which values are present. Hides tokens and ids.
impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |is_some: bool| is_some.then_some(format_args!("[hidden]"));
        f.debug_struct("TokenSet")
            .field("access_token", &format_args!("[hidden]"))
            .field("refresh_token", &hidden(self.refresh_token.is_some()))
            .field("obtained_at", &self.obtained_at)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("user_type", &self.user_type)
            .field("company_id", &hidden(self.company_id.is_some()))
            .field("agency_id", &hidden(self.agency_id.is_some()))
            .field("location_id", &hidden(self.location_id.is_some()))
            .field("user_id", &hidden(self.user_id.is_some()))
            .field("approved_locations", &self.approved_locations.len())
            .finish()
    }
}
