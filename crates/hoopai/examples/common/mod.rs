//! Code that the examples share: the account and readable errors.
//!
//! `HOOPAI_TOKEN` (a private integration token) and `HOOPAI_LOCATION_ID` set the account.
//! `HOOPAI_BASE_URL` sets another base URL, such as that of a `hoopai-mock` process. Without them
//! the examples use a mock server in their own process, with made-up data.

#![allow(dead_code, reason = "no example uses all items")]

use std::env;
use std::fmt;

use hoopai::{Client, ClientBuilder};
use hoopai_mock::{LOCATION, Mock, TOKEN};

pub(crate) type Result<T = ()> = std::result::Result<T, ExampleError>;

/// Any error. Its `Debug`, which the result of `main` is printed with, is the message of the error.
pub(crate) struct ExampleError(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Debug for ExampleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for ExampleError {
    fn from(error: E) -> Self {
        ExampleError(error.into())
    }
}

/// An account and its client.
pub(crate) struct Account {
    pub(crate) client: Client,
    pub(crate) location: String,
    /// The server runs until this is dropped.
    mock: Option<Mock>,
}

impl Account {
    /// Returns the account of the environment, or one of a mock server.
    pub(crate) async fn open() -> Result<Self> {
        if let Some((client, location)) = from_environment()? {
            return Ok(Account {
                client,
                location,
                mock: None,
            });
        }
        eprintln!(
            "Using a mock server; set HOOPAI_TOKEN and HOOPAI_LOCATION_ID to use your account."
        );
        let mock = Mock::builder().start().await?;
        let client = Client::builder()
            .private_token(TOKEN)
            .location(LOCATION)
            .base_url(mock.url())
            .build()?;
        Ok(Account {
            client,
            location: LOCATION.to_owned(),
            mock: Some(mock),
        })
    }

    /// Returns the arguments of the command line. With a mock server and without arguments it
    /// returns those of `seed`.
    pub(crate) fn arguments<const N: usize>(
        &self,
        names: [&str; N],
        seed: impl FnOnce(&Mock) -> [String; N],
    ) -> Result<[String; N]> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        match &self.mock {
            Some(mock) if arguments.is_empty() => Ok(seed(mock)),
            _ => arguments.try_into().map_err(|_| {
                let names = names.join(" ");
                format!("expected these arguments after `--`: {names}").into()
            }),
        }
    }
}

/// Returns the client and the location of the environment, if it has a token.
pub(crate) fn from_environment() -> Result<Option<(Client, String)>> {
    if credential("HOOPAI_TOKEN")?.is_none() {
        return Ok(None);
    }
    let location = required_variable("HOOPAI_LOCATION_ID")?;
    Ok(Some((Client::from_env()?, location)))
}

/// Sets the base URL of the environment, if there is one.
pub(crate) fn with_base_url(builder: ClientBuilder) -> ClientBuilder {
    match variable("HOOPAI_BASE_URL") {
        Some(url) => builder.base_url(url),
        None => builder,
    }
}

/// Returns the credential that selects the account instead of the mock server.
///
/// A base URL without a credential is an error, because the mock server ignores the base URL.
pub(crate) fn credential(name: &str) -> Result<Option<String>> {
    match variable(name) {
        None if variable("HOOPAI_BASE_URL").is_some() => {
            Err(format!("HOOPAI_BASE_URL is set and {name} is not: set both or none").into())
        }
        credential => Ok(credential),
    }
}

/// Returns an environment variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns an environment variable, or an error that names it.
pub(crate) fn required_variable(name: &str) -> Result<String> {
    variable(name).ok_or_else(|| format!("set {name}").into())
}

/// Returns a text to print; `-` if it is absent.
pub(crate) fn or_dash(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}
