//! Accounts of the platform, and the ids and credentials that a server has by default.

/// The private token of [`LOCATION`] that a server without configured tokens has. It has all scopes.
/// As on the platform, operations that require the token of an agency refuse it.
/// [`MockBuilder::token_with`](crate::MockBuilder::token_with) sets tokens of other locations.
pub const TOKEN: &str = "pit-00000000-0000-4000-8000-000000000001";

/// The private token of [`COMPANY`] that a server without configured tokens has. It has all scopes.
/// As on the platform, operations that require the token of a location refuse it.
pub const AGENCY_TOKEN: &str = "pit-00000000-0000-4000-8000-000000000003";

/// The default location.
pub const LOCATION: &str = "mockLocation00000001";

/// The company (agency) that [`LOCATION`] belongs to.
pub const COMPANY: &str = "mockCompany000000001";

/// The user for whom tokens are issued.
pub const USER: &str = "mockUser000000000001";

/// The client id of the app that a server without configured apps has.
pub const CLIENT_ID: &str = "6650c0de6650c0de6650c0de-mock0001";

/// The client secret of [`CLIENT_ID`].
pub const CLIENT_SECRET: &str = "00000000-0000-4000-8000-000000000002";

/// The redirect URI of [`CLIENT_ID`].
pub const REDIRECT_URI: &str = "http://localhost:3000/oauth/callback";

/// The account that a token is issued for: one location, or a company with all of its locations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AccountId {
    /// A location (sub-account).
    Location(String),
    /// A company (agency).
    Company(String),
}

impl AccountId {
    /// The kind as the platform writes it in `userType`.
    pub(crate) fn user_type(&self) -> &'static str {
        match self {
            Self::Location(_) => "Location",
            Self::Company(_) => "Company",
        }
    }
}
