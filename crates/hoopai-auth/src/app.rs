//! An app of the marketplace, and the URL where users install it.

use std::fmt;

use hoopai_runtime::Error;
use hoopai_runtime::auth::UserType;
use secrecy::SecretString;
use url::Url;

use crate::util::hex::random_hex;

const CHOOSER_HOST: &str = "https://marketplace.gohighlevel.com";
const WHITE_LABEL_HOST: &str = "https://marketplace.leadconnectorhq.com";
const CHOOSER_PATH: &str = "/oauth/chooselocation";

/// The number of random bytes in a state.
const STATE_BYTES: usize = 24;

/// An app of the marketplace: its credentials, and the page where users install it.
///
/// ```
/// use hoopai_auth::{OAuthApp, states_match};
///
/// # fn run() -> Result<(), hoopai_runtime::Error> {
/// let app = OAuthApp::new("6651…-lx2k", "client secret", "https://example.com/oauth/callback");
/// let app = app.white_label();
/// let authorize = app.authorize_url(["contacts.readonly", "locations.readonly"])?;
/// // Keep `authorize.state` in the user's session and redirect the user to `authorize.url`. The
/// // redirect back has `code` and `state`: use the code only if the states match.
/// let (sent, returned) = (authorize.state.clone(), authorize.state.clone());
/// assert!(states_match(&sent, &returned));
/// # Ok(())
/// # }
/// # run().unwrap();
/// ```
#[derive(Clone)]
pub struct OAuthApp {
    client_id: String,
    client_secret: SecretString,
    redirect_uri: String,
    user_type: Option<UserType>,
    chooser_host: String,
    chooser_path: String,
    same_window: bool,
}

impl OAuthApp {
    /// An app with the id and secret of the marketplace, and the redirect URI registered there.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        OAuthApp {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            redirect_uri: redirect_uri.into(),
            user_type: None,
            chooser_host: CHOOSER_HOST.to_owned(),
            chooser_path: CHOOSER_PATH.to_owned(),
            same_window: false,
        }
    }

    /// Requests tokens of this kind when a code is exchanged. By default the platform selects the
    /// kind by the account in which the app is installed.
    #[must_use]
    pub fn user_type(mut self, user_type: UserType) -> Self {
        self.user_type = Some(user_type);
        self
    }

    /// Uses the host without the platform's brand.
    #[must_use]
    pub fn white_label(self) -> Self {
        self.chooser_host(WHITE_LABEL_HOST)
    }

    /// Sets another host of the page where users choose an account, such as
    /// `https://marketplace.leadconnectorhq.com`.
    #[must_use]
    pub fn chooser_host(mut self, host: impl Into<String>) -> Self {
        self.chooser_host = host.into();
        self
    }

    /// Sets another path of that page, such as the newer `/v2/oauth/chooselocation`.
    #[must_use]
    pub fn chooser_path(mut self, path: impl Into<String>) -> Self {
        self.chooser_path = path.into();
        self
    }

    /// Lets users log in in the same window. By default the platform opens another one.
    #[must_use]
    pub fn login_in_same_window(mut self) -> Self {
        self.same_window = true;
        self
    }

    /// The client id.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn client_secret(&self) -> &SecretString {
        &self.client_secret
    }

    pub(crate) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    pub(crate) fn requested_user_type(&self) -> Option<UserType> {
        self.user_type
    }

    /// Returns the URL where a user chooses an account and grants the scopes, with a random state.
    ///
    /// # Errors
    /// The app's settings make no valid URL, or the operating system has no random numbers; kind
    /// [`Config`](hoopai_runtime::error::ErrorKind::Config).
    pub fn authorize_url<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<AuthorizeUrl, Error> {
        let state = random_hex::<STATE_BYTES>().map_err(|error| {
            Error::config(
                "the operating system returned no random numbers for the state of the authorization: pass a state to `authorize_url_with_state`",
            )
            .caused_by(error.to_string())
        })?;
        self.authorize_url_with_state(scopes, state)
    }

    /// Returns the same URL with the state of the caller, which must be hard to guess and bound to the user's
    /// session.
    ///
    /// # Errors
    /// The app's settings make no valid URL, or the state is empty; kind
    /// [`Config`](hoopai_runtime::error::ErrorKind::Config).
    pub fn authorize_url_with_state<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
        state: impl Into<String>,
    ) -> Result<AuthorizeUrl, Error> {
        let state = state.into();
        if state.is_empty() {
            return Err(Error::config(
                "the state is empty: without one, an attacker's code would be accepted as the user's",
            ));
        }
        for (value, name) in [
            (&self.client_id, "client id"),
            (&self.redirect_uri, "redirect URI"),
        ] {
            if value.trim().is_empty() {
                return Err(Error::config(format!(
                    "the {name} of the app is empty: copy it from the app's settings in the marketplace"
                )));
            }
        }
        let host = self.chooser_host.trim_end_matches('/');
        let path = self.chooser_path.trim_start_matches('/');
        let mut url = Url::parse(&format!("{host}/{path}"))
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
            .ok_or_else(|| {
                Error::config(
                    "the chooser host is not a valid URL: include the scheme, such as https://marketplace.gohighlevel.com",
                )
            })?;
        let scopes: Vec<S> = scopes.into_iter().collect();
        let scopes: Vec<&str> = scopes.iter().map(AsRef::as_ref).collect();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &state)
            .extend_pairs(self.same_window.then_some(("loginWindowOpenMode", "self")));
        // `+` for a space is right in a form only; in a URL some servers read it as a plus.
        let query = url.query().unwrap_or_default().replace('+', "%20");
        url.set_query(Some(&query));
        Ok(AuthorizeUrl {
            url: url.into(),
            state,
        })
    }
}

/// Shows the settings and hides ids and the secret.
impl fmt::Debug for OAuthApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthApp")
            .field("client_id", &format_args!("[hidden]"))
            .field("client_secret", &format_args!("[hidden]"))
            .field("redirect_uri", &self.redirect_uri)
            .field("user_type", &self.user_type)
            .field("chooser_host", &self.chooser_host)
            .field("chooser_path", &self.chooser_path)
            .field("same_window", &self.same_window)
            .finish()
    }
}

/// The URL where a user installs the app, and its state.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuthorizeUrl {
    /// The URL.
    pub url: String,
    /// The state, which the platform returns with the code. Keep it in the user's session and
    /// compare it with [`states_match`].
    pub state: String,
}

/// Hides both: with the state an attacker could submit another code.
impl fmt::Debug for AuthorizeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizeUrl { url: [hidden], state: [hidden] }")
    }
}

/// Whether the returned state is the one that was sent. An empty state never matches. The time does
/// not depend on where they differ.
pub fn states_match(sent: &str, returned: &str) -> bool {
    let (sent, returned) = (sent.as_bytes(), returned.as_bytes());
    if sent.is_empty() || sent.len() != returned.len() {
        return false;
    }
    let differing = sent
        .iter()
        .zip(returned)
        .fold(0, |all, (a, b)| std::hint::black_box(all | (a ^ b)));
    std::hint::black_box(differing) == 0
}
