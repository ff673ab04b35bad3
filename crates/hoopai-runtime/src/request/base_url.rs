//! The base URL of all calls.

use std::borrow::Cow;

use url::{Host, Url};

use crate::Error;

/// A checked base URL: https, or a loopback address.
#[derive(Clone)]
pub(crate) struct BaseUrl(Url);

impl BaseUrl {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let url = match Url::parse(text) {
            Ok(url) => url,
            Err(fault) => {
                return Err(Error::config(format!(
                    "the base URL is none ({fault}): give one such as {}",
                    crate::DEFAULT_BASE_URL
                )));
            }
        };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(Error::config(
                    "the base URL must be https: over http the token could be read on the way; http is for loopback addresses only",
                ));
            }
            _ => return Err(Error::config("the base URL must be https")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::config(
                "the base URL must not hold a user name or password: the token goes to `private_token`",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Error::config(
                "the base URL must end with its path: a query or fragment cannot be part of it",
            ));
        }
        Ok(BaseUrl(url))
    }

    /// Whether the address is on this machine, for which no proxy is used.
    pub(crate) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Returns the host, without port.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// Returns the port, also if it is the default of the scheme.
    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or_default()
    }

    /// Joins the base URL and an encoded path. `None`: the path leaves the base URL or contains
    /// what no path may.
    ///
    /// Only the path is parsed. Parsing the whole URL takes four times as long.
    pub(crate) fn join(&self, path: &str, query: &str) -> Option<Url> {
        let whole = match self.0.path().trim_end_matches('/') {
            "" => Cow::Borrowed(path),
            prefix => Cow::Owned(format!("{prefix}{path}")),
        };
        let mut url = self.0.clone();
        url.set_path(&whole);
        if !path.starts_with('/') || url.path() != whole {
            return None;
        }
        if !query.is_empty() {
            url.set_query(Some(query));
        }
        Some(url)
    }
}

/// Shows the host and not the path, which can be private.
impl std::fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.origin().ascii_serialization())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::BaseUrl;

    #[test]
    fn what_is_joined_arrives_as_it_is_or_not_at_all() {
        let base = BaseUrl::parse("https://example.com/v1/").unwrap();
        let joined = |path, query| base.join(path, query).map(String::from);
        assert_eq!(
            joined("/a/%2F", "b=c").as_deref(),
            Some("https://example.com/v1/a/%2F?b=c")
        );
        assert_eq!(
            joined("/a/", "").as_deref(),
            Some("https://example.com/v1/a/")
        );
        for path in [
            "/../a",
            "/%2e%2E/a",
            "/a/./b",
            "/a?b",
            "/a#b",
            "/a\\b",
            "/a\tb",
            "/a b",
            ".example.org/",
        ] {
            assert_eq!(joined(path, ""), None, "{path}");
        }
        let bare = BaseUrl::parse("https://example.com").unwrap();
        for path in [".example.org/", "@example.org/", ":1/", "//../a"] {
            assert!(bare.join(path, "").is_none(), "{path}");
        }
    }
}
