//! The key under which tokens are stored.

use std::fmt;

use hoopai_runtime::auth::{AccountId, UserType};

/// Identifies the tokens of an app for one account.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKey {
    /// The client id of the app.
    pub app: String,
    /// The account.
    pub account: AccountId,
}

impl TokenKey {
    /// The key of an app's tokens for an account.
    pub fn new(app: impl Into<String>, account: AccountId) -> Self {
        TokenKey {
            app: app.into(),
            account,
        }
    }

    /// The key of the parts that a store keeps: the app, the platform's name of the account's kind
    /// ([`UserType::as_str`]) and the account's id. `None`: the kind is unknown.
    pub fn of_parts(app: impl Into<String>, kind: &str, id: impl Into<String>) -> Option<Self> {
        let account = match UserType::parse(kind)? {
            UserType::Location => AccountId::location(id),
            UserType::Company => AccountId::company(id),
            _ => return None,
        };
        Some(TokenKey::new(app, account))
    }
}

/// Hides the ids.
impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("app", &format_args!("[hidden]"))
            .field("account", &self.account)
            .finish()
    }
}
