//! Under which tokens are stored.

use std::fmt;

use hoopai_runtime::auth::AccountId;

/// Under which tokens are stored: the app that they were given to, and the account that they are for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKey {
    /// The client id of the app.
    pub app: String,
    /// The account.
    pub resource: AccountId,
}

impl TokenKey {
    /// The key of an app's tokens for an account.
    pub fn new(app: impl Into<String>, resource: AccountId) -> Self {
        TokenKey {
            app: app.into(),
            resource,
        }
    }
}

/// Hides the ids.
impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("app", &format_args!("[hidden]"))
            .field("resource", &self.resource)
            .finish()
    }
}
