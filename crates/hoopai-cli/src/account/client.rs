//! The client of a command: from options, environment, profile and mock server.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hoopai_auth::{OAuth, OAuthApp};
use hoopai_mock::{Mock, MockBuilder, TokenSpec};
use hoopai_runtime::auth::TokenSource;
use hoopai_runtime::observe::{CallInfo, CallOutcome, Observer, WaitReason};
use hoopai_runtime::{Handle, HandleBuilder, SecretString};
use serde_json::json;

use super::{Credentials, Environment, Profile, Profiles, Secret, Storage};
use crate::directory::Directory;
use crate::failure::{Failure, Result};
use crate::limit::{LimitSettings, LimitedProvider, LimitedSource, SharedLimit};
use crate::options::Options;

/// The number of sample contacts of the mock server.
const SAMPLE_CONTACTS: usize = 25;

/// A client, and the mock server it uses.
pub(crate) struct Client {
    pub(crate) handle: Handle,
    limit: Option<Arc<SharedLimit>>,
    /// The server stops when it is dropped.
    _mock: Option<Mock>,
}

impl Client {
    /// Creates the client of the options. Nothing is sent to the platform.
    pub(crate) async fn open(options: &Options) -> Result<Self> {
        if options.mock {
            return Self::with_mock(options).await;
        }
        let environment = Environment::read(options)?;
        let directory = Directory::find()?;
        let profile = match &environment.token {
            Some(token) => Profile {
                credentials: Credentials::PrivateToken {
                    token: Secret::Text(token.clone()),
                },
                location: None,
                company: None,
                base_url: None,
            },
            None => Profiles::load(&directory)?
                .get(options.profile.as_deref())?
                .1
                .clone(),
        };
        let (handle, limit) = handle(options, &environment, &profile, &directory)?;
        Ok(Client {
            handle,
            limit,
            _mock: None,
        })
    }

    /// Waits until tokens that are being refreshed are stored, and used slots of the limit.
    pub(crate) async fn close(&self) {
        self.handle.wait_idle(Duration::from_secs(10)).await;
        if let Some(limit) = &self.limit {
            limit.finish().await;
        }
    }

    /// A client of a mock server that has no limits and no records but these custom fields: names
    /// and models.
    pub(crate) async fn for_trial(
        options: &Options,
        custom_fields: &[(String, &str)],
    ) -> Result<Self> {
        let mock = start(Mock::builder().limits(hoopai_mock::RateLimitSettings {
            burst: u32::MAX,
            daily: u32::MAX,
            ..Default::default()
        }))
        .await?;
        for (name, model) in custom_fields {
            let field = json!({ "name": name, "model": model, "dataType": "TEXT" });
            mock.seed()
                .item("custom-fields", hoopai_mock::LOCATION, &field);
        }
        let handle = builder(options)
            .private_token(hoopai_mock::TOKEN)
            .base_url(mock.url())
            .location(hoopai_mock::LOCATION)
            .build()?;
        Ok(Client {
            handle,
            limit: None,
            _mock: Some(mock),
        })
    }

    async fn with_mock(options: &Options) -> Result<Self> {
        let mock = start(Mock::builder()).await?;
        mock.seed().pipelines(hoopai_mock::LOCATION, 1);
        mock.seed().contacts(hoopai_mock::LOCATION, SAMPLE_CONTACTS);
        let location = options.location.as_deref().unwrap_or(hoopai_mock::LOCATION);
        let handle = builder(options)
            .private_token(hoopai_mock::TOKEN)
            .base_url(mock.url())
            .location(location)
            .observer(Attempts::new(options, None).0)
            .build()?;
        Ok(Client {
            handle,
            limit: None,
            _mock: Some(mock),
        })
    }
}

/// Starts a mock server whose token allows everything.
async fn start(mock: MockBuilder) -> Result<Mock> {
    let mock = mock.token_with(hoopai_mock::TOKEN, TokenSpec::everything());
    mock.start().await.map_err(|error| {
        Failure::internal(format_args!("the mock server cannot be started: {error}"))
    })
}

/// A handle for requests that are only shown: with the account of the options, if there is one, and
/// without its credentials.
pub(crate) fn placeholder(options: &Options) -> Result<Handle> {
    let (location, base_url) = account_and_url(options)?;
    let mut builder = builder(options).private_token("not-sent");
    if let Some(location) = location {
        builder = builder.location(location);
    }
    if let Some(url) = base_url {
        builder = builder.base_url(url);
    }
    Ok(builder.build()?)
}

/// The default location of the options, if there is one.
pub(crate) fn account_of(options: &Options) -> Result<Option<String>> {
    Ok(account_and_url(options)?.0)
}

/// The default location and the base URL. Credentials are not required.
fn account_and_url(options: &Options) -> Result<(Option<String>, Option<String>)> {
    if options.mock {
        let location = options.location.clone();
        return Ok((
            location.or_else(|| Some(hoopai_mock::LOCATION.to_owned())),
            None,
        ));
    }
    let environment = Environment::read(options)?;
    let stored = match (&environment.token, &options.profile) {
        (Some(_), _) => None,
        (None, Some(name)) => Some(
            Profiles::load(&Directory::find()?)?
                .get(Some(name))?
                .1
                .clone(),
        ),
        // Without a directory there is no profile. A file that cannot be read is an error: else the
        // location that it selects would be reported as missing.
        (None, None) => match Directory::find() {
            Ok(directory) => {
                let profiles = Profiles::load(&directory)?;
                profiles.get(None).ok().map(|(_, profile)| profile.clone())
            }
            Err(_) => None,
        },
    };
    let stored = stored.as_ref();
    let as_company = options.company.is_some() || environment.company.is_some();
    let location = options
        .location
        .clone()
        .or(environment.location)
        .or_else(|| {
            stored
                .and_then(|profile| profile.location.clone())
                .filter(|_| !as_company)
        });
    let base_url = environment
        .base_url
        .or_else(|| stored.and_then(|profile| profile.base_url.clone()));
    Ok((location, base_url))
}

/// The settings that do not depend on the account.
fn builder(options: &Options) -> HandleBuilder {
    let mut builder =
        Handle::builder().user_agent(concat!("hoopai-cli/", env!("CARGO_PKG_VERSION")));
    if let Some(seconds) = options.timeout {
        let timeout = Duration::from_secs(seconds);
        builder = builder
            .timeout(timeout)
            .attempt_timeout(timeout.min(Duration::from_secs(30)));
    }
    if let Some(version) = &options.api_version {
        builder = builder.api_version(version);
    }
    builder
}

/// The OAuth app of a profile with its token store, on a handle that no account is selected on.
pub(crate) fn oauth_handle(
    app: OAuthApp,
    base_url: Option<&str>,
    directory: &Directory,
    storage: &Storage,
) -> Result<Handle> {
    let oauth = OAuth::new(app).token_store(storage.token_store(directory)?);
    let mut builder = builder(&Options::default()).token_provider(oauth);
    if let Some(url) = base_url {
        builder = builder.base_url(url);
    }
    Ok(builder.build()?)
}

fn handle(
    options: &Options,
    environment: &Environment,
    profile: &Profile,
    directory: &Directory,
) -> Result<(Handle, Option<Arc<SharedLimit>>)> {
    let location = options
        .location
        .clone()
        .or_else(|| environment.location.clone());
    // A company that is named replaces the location of the profile.
    let company = options
        .company
        .clone()
        .or_else(|| environment.company.clone());
    let as_company = company.is_some() && location.is_none();
    let location = location.or_else(|| profile.location.clone().filter(|_| !as_company));
    let company = company.or_else(|| profile.company.clone());
    let base_url = environment
        .base_url
        .clone()
        .or_else(|| profile.base_url.clone());

    let app = match &profile.credentials {
        Credentials::PrivateToken { .. } => "private",
        Credentials::OAuthApp { client_id, .. } => client_id,
    };
    let account = match (&location, &company) {
        (Some(id), _) => format!("location {id}"),
        (None, Some(id)) => format!("company {id}"),
        (None, None) => String::new(),
    };
    let host = base_url.as_deref().unwrap_or_default();
    let limit = SharedLimit::new(
        &directory.limits(),
        LimitSettings::read()?,
        &[host, app, &account],
    );
    let shared = limit.clone();
    let (attempts, handle) = Attempts::new(options, limit.clone());

    let mut builder = builder(options).observer(attempts);
    if let Some(url) = &base_url {
        builder = builder.base_url(url);
    }
    let built = match &profile.credentials {
        Credentials::PrivateToken { token } => {
            let token = token.reveal()?;
            // The check of the token, with its text, is that of `private_token`.
            Handle::builder().private_token(token.as_str()).build()?;
            builder = match (&location, &company) {
                (Some(id), _) => builder.location(id),
                (None, Some(id)) => builder.company(id),
                (None, None) => builder,
            };
            let token = SecretString::from(token.trim().trim_start_matches("Bearer ").trim());
            match limit {
                Some(limit) => builder.token_source(LimitedSource { token, limit }),
                None => builder.token_source(FixedToken(token)),
            }
            .build()?
        }
        Credentials::OAuthApp {
            client_id,
            client_secret,
            redirect_uri,
        } => {
            let app = OAuthApp::new(client_id, client_secret.reveal()?, redirect_uri);
            let storage = Storage::open(client_secret.is_in_keychain())?;
            let oauth = OAuth::new(app).token_store(storage.token_store(directory)?);
            builder = match limit {
                Some(limit) => builder.token_provider(LimitedProvider::new(oauth, limit)),
                None => builder.token_provider(oauth),
            };
            match (&company, &location) {
                (Some(company), Some(location)) => {
                    builder.company(company).build()?.as_location(location)
                }
                (Some(company), None) => builder.company(company).build()?,
                (None, Some(location)) => builder.location(location).build()?,
                (None, None) => builder.build()?,
            }
        }
    };
    let _ = handle.set(built.clone());
    Ok((built, shared))
}

/// A token that no limit is shared for.
struct FixedToken(SecretString);

impl TokenSource for FixedToken {
    fn token(
        &self,
    ) -> hoopai_runtime::time::BoxFuture<
        '_,
        std::result::Result<SecretString, hoopai_runtime::auth::SourceError>,
    > {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// Frees the slots of the shared limit, and reports attempts for `--verbose`.
struct Attempts {
    verbose: bool,
    limit: Option<Arc<SharedLimit>>,
    handle: Arc<OnceLock<Handle>>,
}

impl Attempts {
    /// Creates the observer, and the place for the handle whose limits it shares.
    fn new(options: &Options, limit: Option<Arc<SharedLimit>>) -> (Self, Arc<OnceLock<Handle>>) {
        let handle = Arc::new(OnceLock::new());
        let attempts = Attempts {
            verbose: options.verbose,
            limit,
            handle: handle.clone(),
        };
        (attempts, handle)
    }
}

impl Observer for Attempts {
    fn on_attempt(&self, call: &CallInfo<'_>, end: &CallOutcome) {
        if let Some(limit) = &self.limit {
            // Other replies do not declare the limit.
            let declares = end
                .status
                .is_some_and(|status| matches!(status, 200..300 | 429));
            let handle = self.handle.get().filter(|_| declares);
            let declared = handle.map(Handle::rate_limit_snapshot);
            limit.completed(declared.map(|limits| (limits.max, limits.interval)));
        }
        if self.verbose {
            let result = match (end.status, end.error) {
                (Some(status), _) => status.to_string(),
                (None, Some(kind)) => kind.to_string(),
                (None, None) => "no reply".to_owned(),
            };
            eprintln!(
                "{} {}: {result} after {} ms, attempt {}",
                call.method,
                crate::text::plain(&call.path_template),
                end.duration.as_millis(),
                end.attempts
            );
        }
    }

    fn on_wait(&self, _: &CallInfo<'_>, reason: WaitReason, wait: Duration) {
        if self.verbose {
            let reason = match reason {
                WaitReason::RateLimit => "waited for the rate limit",
                _ => "waits before a retry",
            };
            eprintln!("{reason}: {} ms", wait.as_millis());
        }
    }
}
