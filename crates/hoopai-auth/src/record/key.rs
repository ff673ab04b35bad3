//! The key under which tokens are stored.

use std::fmt;

use hoopai_runtime::auth::AccountId;

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
