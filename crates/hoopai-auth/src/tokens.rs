//! Tokens as the token endpoint gives them.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;

use crate::{AccountId, UserType};

/// How long an access token lives where the platform does not say: what it has always said so far.
pub(crate) const DEFAULT_LIFE: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// The longest life that is believed, so that nonsense cannot overflow the calendar.
pub(crate) const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// An access token, the refresh token that renews it, and what the platform said about them.
#[derive(Clone)]
pub struct TokenSet {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) obtained_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    pub(crate) scopes: Vec<String>,
    pub(crate) user_type: Option<UserType>,
    pub(crate) company_id: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) approved_locations: Vec<String>,
}

impl TokenSet {
    /// Tokens that were got by other means, to be taken over.
    pub fn new(
        access_token: impl Into<SecretString>,
        refresh_token: Option<SecretString>,
        expires_at: SystemTime,
    ) -> Self {
        TokenSet {
            access_token: access_token.into(),
            refresh_token,
            obtained_at: expires_at.checked_sub(DEFAULT_LIFE).unwrap_or(expires_at),
            expires_at,
            scopes: Vec::new(),
            user_type: None,
            company_id: None,
            location_id: None,
            user_id: None,
            approved_locations: Vec::new(),
        }
    }

    /// The token that calls carry.
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The token that gets new ones, once.
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// When the access token was asked for.
    pub fn obtained_at(&self) -> SystemTime {
        self.obtained_at
    }

    /// When the access token expires.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// What the tokens allow.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// For whom they are.
    pub fn user_type(&self) -> Option<UserType> {
        self.user_type
    }

    /// The agency that they are for, or that their location belongs to.
    pub fn company_id(&self) -> Option<&str> {
        self.company_id.as_deref()
    }

    /// The location that they are for.
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

    /// The account that they are for, if the platform named it.
    pub fn resource(&self) -> Option<AccountId> {
        let location = self.location_id.as_deref().map(AccountId::location);
        let company = self.company_id.as_deref().map(AccountId::company);
        match self.user_type {
            Some(UserType::Company) => company,
            Some(UserType::Location) => location,
            _ => location.or(company),
        }
    }

    /// What the platform left out of a reply, taken from the tokens that this one replaces. A refresh token that is not
    /// replaced stays good.
    pub(crate) fn or_as_before(mut self, before: &TokenSet) -> Self {
        fn fill<T: Clone>(own: &mut Option<T>, before: &Option<T>) {
            if own.is_none() {
                own.clone_from(before);
            }
        }
        fill(&mut self.refresh_token, &before.refresh_token);
        fill(&mut self.user_type, &before.user_type);
        fill(&mut self.company_id, &before.company_id);
        fill(&mut self.location_id, &before.location_id);
        fill(&mut self.user_id, &before.user_id);
        if self.scopes.is_empty() {
            self.scopes.clone_from(&before.scopes);
        }
        if self.approved_locations.is_empty() {
            self.approved_locations
                .clone_from(&before.approved_locations);
        }
        self
    }
}

/// Shows when they expire, what they allow and what there is, no token and no id.
impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |there: bool| there.then_some(format_args!("[hidden]"));
        f.debug_struct("TokenSet")
            .field("access_token", &format_args!("[hidden]"))
            .field("refresh_token", &hidden(self.refresh_token.is_some()))
            .field("obtained_at", &self.obtained_at)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("user_type", &self.user_type)
            .field("company_id", &hidden(self.company_id.is_some()))
            .field("location_id", &hidden(self.location_id.is_some()))
            .field("user_id", &hidden(self.user_id.is_some()))
            .field("approved_locations", &self.approved_locations.len())
            .finish()
    }
}
