//! What the examples share: an account to work in, and errors that read well.
//!
//! Without an account they work in a mock of the platform, in this process, with made-up people. With `HOOPAI_TOKEN` (a private
//! integration token) and `HOOPAI_LOCATION_ID` they work in yours. `HOOPAI_BASE_URL` sets another address, such as that of a
//! `hoopai-mock` that runs as a program.

#![allow(dead_code, reason = "no example uses all of it")]

use std::env;
use std::fmt;

use hoopai::{Client, ClientBuilder};
use hoopai_mock::{LOCATION, Mock, TOKEN};

pub(crate) type Result<T = ()> = std::result::Result<T, Failure>;

/// Any error. What `main` returns is shown by its `Debug`, so that here is the sentence for people.
pub(crate) struct Failure(Box<dyn std::error::Error + Send + Sync>);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure(error.into())
    }
}

/// An account, and the client that acts on it.
pub(crate) struct Account {
    pub(crate) client: Client,
    pub(crate) location: String,
    /// The server lives as long as this does.
    mock: Option<Mock>,
}

impl Account {
    /// The account that the environment names, or a mock.
    pub(crate) async fn open() -> Result<Self> {
        if let Some((client, location)) = from_environment()? {
            return Ok(Account {
                client,
                location,
                mock: None,
            });
        }
        eprintln!(
            "Working in a mock; set HOOPAI_TOKEN and HOOPAI_LOCATION_ID to work in your account."
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

    /// The arguments of the command line. A mock can do without: then they are what `made_up` gives.
    pub(crate) fn arguments<const N: usize>(
        &self,
        names: [&str; N],
        made_up: impl FnOnce(&Mock) -> [String; N],
    ) -> Result<[String; N]> {
        let given: Vec<String> = env::args().skip(1).collect();
        match &self.mock {
            Some(mock) if given.is_empty() => Ok(made_up(mock)),
            _ => given.try_into().map_err(|_| {
                let names = names.join(" ");
                format!("what to work on is missing; add after `--`: {names}").into()
            }),
        }
    }
}

/// The account that the environment names, and its location; `None` if it names none.
pub(crate) fn from_environment() -> Result<Option<(Client, String)>> {
    let Some(token) = credential("HOOPAI_TOKEN")? else {
        return Ok(None);
    };
    let location = needed("HOOPAI_LOCATION_ID")?;
    let client = elsewhere(Client::builder())
        .private_token(token)
        .location(&location)
        .build()?;
    Ok(Some((client, location)))
}

/// A builder for another address, if the environment has one.
pub(crate) fn elsewhere(builder: ClientBuilder) -> ClientBuilder {
    match variable("HOOPAI_BASE_URL") {
        Some(url) => builder.base_url(url),
        None => builder,
    }
}

/// The credential that chooses between an account and a mock in this process. An address without a credential is an error,
/// since the mock would not be reached there.
pub(crate) fn credential(name: &str) -> Result<Option<String>> {
    match variable(name) {
        None if variable("HOOPAI_BASE_URL").is_some() => {
            Err(format!("HOOPAI_BASE_URL is set and {name} is not: set both or none").into())
        }
        credential => Ok(credential),
    }
}

/// A variable of the environment that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// A variable without which there is no way on.
pub(crate) fn needed(name: &str) -> Result<String> {
    variable(name).ok_or_else(|| format!("{name} is not set").into())
}

/// A text that may be missing, to be shown.
pub(crate) fn shown(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}
