//! The account of a token.

use std::fmt;

/// The account that a token acts on.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AccountId {
    /// A location (sub-account), by its id.
    Location(String),
    /// A company (agency), by its id.
    Company(String),
}

impl AccountId {
    /// Creates the id of a location.
    pub fn location(id: impl Into<String>) -> Self {
        AccountId::Location(id.into())
    }

    /// Creates the id of a company.
    pub fn company(id: impl Into<String>) -> Self {
        AccountId::Company(id.into())
    }

    /// The id.
    pub fn id(&self) -> &str {
        match self {
            AccountId::Location(id) | AccountId::Company(id) => id,
        }
    }

    /// The platform's `user_type` for the account.
    pub fn user_type(&self) -> UserType {
        match self {
            AccountId::Location(_) => UserType::Location,
            AccountId::Company(_) => UserType::Company,
        }
    }
}

/// Shows the kind and hides the id.
impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}([hidden])", self.user_type().as_str())
    }
}

/// The platform's `user_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UserType {
    /// Users of one location.
    Location,
    /// Users of an agency.
    Company,
}

impl UserType {
    /// The platform's name.
    pub fn as_str(self) -> &'static str {
        match self {
            UserType::Location => "Location",
            UserType::Company => "Company",
        }
    }

    /// Parses the platform's name, case-insensitively. `None`: the name is unknown.
    pub fn parse(text: &str) -> Option<Self> {
        [UserType::Location, UserType::Company]
            .into_iter()
            .find(|user_type| user_type.as_str().eq_ignore_ascii_case(text))
    }
}
