//! Limiter backends of environment variables.

use hoopai::rate_limit::ConfiguredLimiter;
use hoopai::{Error, ErrorKind};

/// Names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

fn open(variables: &[(&str, &str)]) -> Result<Option<ConfiguredLimiter>, Error> {
    ConfiguredLimiter::from_variables(|name| {
        let mut variables = variables.iter();
        let value = variables.find(|variable| variable.0 == name)?.1;
        Some(value.into())
    })
}

/// Asserts the error for these variables, which shows none of their secrets.
fn assert_error(variables: &[(&str, &str)], problem: &str, remedy: &str) {
    let error = open(variables).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = format!("{error} {error:?}");
    assert!(!text.contains("s3cret"), "{text}");
    let text = error.to_string();
    assert!(text.contains(problem) && text.contains(remedy), "{text}");
}

#[test]
fn without_the_variable_there_is_no_backend() {
    assert!(open(&[]).unwrap().is_none());
    assert!(open(&[("HOOPAI_LIMITS", " ")]).unwrap().is_none());
}

#[test]
fn wrong_variables_are_errors_that_say_what_to_do() {
    let cases: [(Variables, &str, &str); 5] = [
        (
            &[("HOOPAI_LIMITS", "postgres://user:s3cret@host/db")],
            "HOOPAI_LIMITS has an unknown form",
            "rediss://",
        ),
        (
            &[("HOOPAI_LIMITS", "s3cret")],
            "HOOPAI_LIMITS has an unknown form",
            "redis://user:password@host:6379/0",
        ),
        (
            &[("HOOPAI_LIMITS_PREFIX", "app")],
            "HOOPAI_LIMITS is not set",
            "remove HOOPAI_LIMITS_CA and HOOPAI_LIMITS_PREFIX",
        ),
        (
            &[("HOOPAI_LIMITS_CA", "ca.pem")],
            "HOOPAI_LIMITS is not set",
            "redis://",
        ),
        (
            &[
                ("HOOPAI_LIMITS", "rediss://user:s3cret@host"),
                ("HOOPAI_LIMITS_CA", "/no/such/file.pem"),
            ],
            "/no/such/file.pem",
            "HOOPAI_LIMITS_CA",
        ),
    ];
    for (variables, problem, remedy) in cases {
        assert_error(variables, problem, remedy);
    }
}

#[cfg(not(feature = "redis"))]
#[test]
fn without_the_feature_the_error_names_it() {
    let variables = [("HOOPAI_LIMITS", "redis://:s3cret@host")];
    assert_error(&variables, "the feature `redis`", "enable it");
}

#[cfg(feature = "redis")]
#[test]
fn wrong_urls_of_redis_are_errors() {
    let certificate = tempfile::NamedTempFile::new().unwrap();
    let path = certificate.path().to_str().unwrap();
    let cases: [(Variables, &str, &str); 4] = [
        (
            &[("HOOPAI_LIMITS", "redis://user:s3cret@host:port/")],
            "HOOPAI_LIMITS is invalid",
            "redis://user:password@host:port/0",
        ),
        (
            &[("HOOPAI_LIMITS", "rediss://:s3cret@host/#insecure")],
            "accepts any certificate",
            "HOOPAI_LIMITS_CA",
        ),
        (
            &[
                ("HOOPAI_LIMITS", "rediss://:s3cret@host"),
                ("HOOPAI_LIMITS_CA", path),
            ],
            "no certificate",
            "HOOPAI_LIMITS is invalid",
        ),
        (
            &[
                ("HOOPAI_LIMITS", "redis://:s3cret@host"),
                ("HOOPAI_LIMITS_CA", path),
            ],
            "HOOPAI_LIMITS is invalid",
            "certificate",
        ),
    ];
    for (variables, problem, remedy) in cases {
        assert_error(variables, problem, remedy);
    }
    let limiter = open(&[("HOOPAI_LIMITS", "redis://:s3cret@host")]).unwrap();
    let debug = format!("{:?}", limiter.unwrap());
    assert!(
        !debug.contains("s3cret") && !debug.contains("host"),
        "{debug}"
    );
}
