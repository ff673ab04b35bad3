//! The URL of a database, and when its connections use TLS.

use std::net::IpAddr;

use hoopai_auth::StoreError;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// The modes of libpq that verify the certificate; `require` of this crate does so, too.
const VERIFYING: [&str; 2] = ["verify-full", "verify-ca"];

/// Options of libpq that name files of certificates.
const FILES: [&str; 4] = ["sslrootcert", "sslcert", "sslkey", "sslcrl"];

/// Reads a URL. A connection to another machine without TLS needs `sslmode=disable`: the mode
/// `prefer`, the default of the database driver, would use plain text whenever the server, or an
/// attacker in its place, answers that it has no TLS.
pub(crate) fn parse(url: &str) -> Result<Config, StoreError> {
    let mut url = url.to_owned();
    if let Some(mode) = option(&url, "sslmode")
        && VERIFYING.contains(&mode)
    {
        let verifying = format!("sslmode={mode}");
        url = url.replace(&verifying, "sslmode=require");
    }
    // Errors of the driver can show the password.
    let mut config: Config = url.parse().map_err(|_| unreadable(&url))?;
    if config.get_ssl_mode() == SslMode::Prefer {
        config.ssl_mode(match stays_on_this_machine(&config) {
            true => SslMode::Disable,
            false => SslMode::Require,
        });
    }
    Ok(config)
}

fn unreadable(url: &str) -> StoreError {
    if let Some(name) = FILES.iter().find(|name| option(url, name).is_some()) {
        return StoreError::new(
            format!("the URL of the database has the option {name}, which names a file"),
            "remove it, and use `connect_with_root_certificates`, HOOPAI_STORE_CA, or for client \
             certificates `connect_with_tls`",
        );
    }
    if option(url, "sslmode").is_some_and(|mode| !["disable", "prefer", "require"].contains(&mode))
    {
        return StoreError::new(
            "the URL of the database has an unknown sslmode",
            "use sslmode=require, which verifies the certificate and the host, or sslmode=disable",
        );
    }
    StoreError::new(
        "the URL of the database cannot be read",
        "use postgres://user:password@host:port/database, percent-encoded",
    )
}

/// The value of an option of a URL.
fn option<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, options) = url.split_once('?')?;
    let mut options = options
        .split('&')
        .filter_map(|option| option.split_once('='));
    options
        .find(|option| option.0 == name)
        .map(|option| option.1)
}

/// Whether all connections end on this machine.
fn stays_on_this_machine(config: &Config) -> bool {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => {
            let address: Result<IpAddr, _> = name.parse();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let addresses = config.get_hostaddrs();
    match addresses.is_empty() {
        true => config.get_hosts().iter().all(is_local),
        false => addresses.iter().all(IpAddr::is_loopback),
    }
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::parse;

    #[test]
    fn plain_text_leaves_this_machine_only_on_demand() {
        use SslMode::{Disable, Require};
        for (rest, expected) in [
            ("db.example.com/app", Require),
            ("db.example.com/app?sslmode=prefer", Require),
            ("db.example.com/app?sslmode=require", Require),
            ("db.example.com/app?sslmode=verify-ca", Require),
            (
                "db.example.com/app?connect_timeout=3&sslmode=verify-full",
                Require,
            ),
            ("db.example.com/app?sslmode=disable", Disable),
            ("localhost,db.example.com/app", Require),
            ("localhost/app?hostaddr=10.0.0.1", Require),
            ("10.0.0.1/app", Require),
            ("localhost.example.com/app", Require),
            ("localhost/app", Disable),
            ("127.0.0.2:5433/app?sslmode=prefer", Disable),
            ("db/app?hostaddr=127.0.0.1", Disable),
            ("%2Fvar%2Frun%2Fpostgresql/app", Disable),
            ("localhost/app?sslmode=require", Require),
            ("localhost/app?sslmode=verify-full", Require),
        ] {
            let config = parse(&format!("postgres://user:s3cret@{rest}")).unwrap();
            assert_eq!(config.get_ssl_mode(), expected, "{rest}");
        }
    }

    #[test]
    fn errors_name_options_and_no_values() {
        for (rest, expected) in [
            ("db/app?sslmode=s3cret", "unknown sslmode"),
            ("db/app?sslmode=allow", "unknown sslmode"),
            (
                "db/app?sslmode=require&sslrootcert=s3cret",
                "HOOPAI_STORE_CA",
            ),
            ("db/app?sslkey=s3cret", "option sslkey"),
            ("db/app?s3cret=1", "cannot be read"),
            ("db:s3cret/app", "cannot be read"),
        ] {
            let error = parse(&format!("postgres://user:s3cret@{rest}")).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains(expected), "{rest}: {text}");
            assert!(!text.contains("s3cret"), "{rest}: {text}");
        }
    }
}
