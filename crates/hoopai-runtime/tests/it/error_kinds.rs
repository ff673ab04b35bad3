//! Error replies of each kind, end to end: predicates, text, number of requests, and token renewal.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hoopai_runtime::auth::{SourceError, TokenSource};
use hoopai_runtime::error::ApiErrorKind as Kind;
use hoopai_runtime::rate_limit::RateLimitSettings;
use hoopai_runtime::retry::{Backoff, UnlimitedRetryBudget};
use hoopai_runtime::serde_json::json;
use hoopai_runtime::time::BoxFuture;
use hoopai_runtime::{CallOptions, Error, Handle, SecretString};
use hoopai_test_support::{Reply, Server};
use std::time::Duration;

use crate::clients::LOCATION;
use crate::sample_api::Client;
use crate::sample_api::types::Contact;

/// An error kind, status and message of a reply of this kind, and the remedy in the text.
const CLASSES: &[&str] = &[
    "not_found | 401 | The user does not exist. | Check the ids",
    "unknown_path | 404 | Cannot GET /contact/x | moved the operation",
    "route_not_supported | 401 | This route is not yet supported by the IAM Service. Please update your IAM config. | does not offer the operation",
    "endpoint_removed | 400 | API endpoint has been removed | `api_version` that has it, such as 2021-07-28",
    "invalid_version | 401 | version header was not found. | Check `api_version`",
    "expired_token | 401 | Invalid JWT | Get a new token",
    "invalid_token | 401 | Invalid Private Integration token | copy a private integration token again",
    "invalid_grant | 400 | This refresh token is invalid | authorize the app again",
    "wrong_token_kind | 401 | This authClass type is not allowed to access this scope. | needs a location token",
    "missing_scope | 403 | The token is not authorized for this scope. | with the scope contacts.readonly",
    "wrong_location | 401 | This location is not accessible from this token. | Check the location id of the request",
    "location_inactive | 400 | Location is not active | Activate the location",
    "forbidden | 403 | Forbidden resource | Check the token",
    "blocked | 403 | <html>Error 1010</html> | Check the network",
    "validation | 422 | a must be a string | a must be a string",
    "page_size_too_large | 403 | limit must not be greater than 100 | Scopes and token are not the cause",
    "duplicate | 400 | The contact already exists | Update the existing object",
    "conflict | 409 | It was changed. | Read the object again",
    "request_too_large | 413 | Too large | Send less",
    "rate_limited | 429 | Too Many Requests | Try again later",
    "internal | 500 | Internal server error | ",
    "unavailable | 503 | Service Unavailable | ",
    "server_error | 501 | Not Implemented | error of the platform (501)",
    "redirect | 302 |  | Check the base URL",
    "other | 418 | I am a teapot | rejected the request (418)",
];

struct Class {
    kind: Kind,
    status: u16,
    message: &'static str,
    advice: &'static str,
}

fn classes() -> impl Iterator<Item = Class> {
    CLASSES.iter().map(|row| {
        let mut columns = row.split(" | ");
        let mut next = || columns.next().unwrap();
        let (name, status, message, advice) = (next(), next(), next(), next());
        let kind = Kind::ALL.iter().find(|kind| kind.as_str() == name);
        Class {
            kind: *kind.unwrap(),
            status: status.parse().unwrap(),
            message,
            advice,
        }
    })
}

/// A token source that counts renewals.
#[derive(Default)]
struct Renewing(AtomicUsize);

#[derive(Clone, Default)]
struct CountingTokenSource(Arc<Renewing>);

impl TokenSource for CountingTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        Box::pin(async { Ok(SecretString::from("t-0")) })
    }

    fn token_rejected<'a>(
        &'a self,
        _: &'a SecretString,
    ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
        let renewals = self.0.0.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { Ok(Some(SecretString::from(format!("t-{renewals}")))) })
    }
}

struct NoWait;

impl Backoff for NoWait {
    fn delay(&self, _: u32, _: f64) -> Duration {
        Duration::ZERO
    }
}

/// The result of a call.
struct Outcome {
    error: Error,
    requests: usize,
    renewals: usize,
}

/// Sends a call with the default retry policy to a server with one reply.
async fn call(reply: Reply, write: bool, idempotent: Option<bool>) -> Outcome {
    let server = Server::with_reply(reply);
    let source = CountingTokenSource::default();
    let handle = Handle::builder()
        .token_source(source.clone())
        .base_url(&*server.url)
        .location(LOCATION)
        .backoff(NoWait)
        .limits(RateLimitSettings::unlimited())
        .retry_budget(UnlimitedRetryBudget)
        .build()
        .unwrap();
    let client = Client::new(handle);
    let options = match idempotent {
        Some(idempotent) => CallOptions::new().idempotent(idempotent),
        None => CallOptions::new(),
    };
    let error = if write {
        let create = client
            .create_contact()
            .body(Contact::new().first_name("Ada"));
        create.options(options).send().await.unwrap_err()
    } else {
        let read = client.get_contact().contact_id("c1").options(options);
        read.send().await.unwrap_err()
    };
    Outcome {
        error,
        requests: server.count(),
        renewals: source.0.0.load(Ordering::SeqCst),
    }
}

fn reply(status: u16, message: &str) -> Reply {
    if message.starts_with('<') {
        return Reply::with_headers(status, &[("content-type", "text/html")], message);
    }
    let body = json!({ "statusCode": status, "message": message, "traceId": "t-1" });
    Reply::json(status, body.to_string())
}

#[test]
fn table_covers_every_error_kind() {
    for kind in Kind::ALL {
        assert!(classes().any(|class| class.kind == *kind), "{kind}");
    }
}

#[tokio::test]
async fn error_kind_determines_predicates_text_and_requests() {
    for class in classes() {
        let Class {
            kind,
            status,
            message,
            advice,
        } = class;
        for (write, idempotent) in [
            (false, None),
            (true, None),
            (false, Some(false)),
            (true, Some(true)),
        ] {
            let Outcome {
                error,
                requests,
                renewals,
            } = call(reply(status, message), write, idempotent).await;
            let text = error.to_string();
            let case = format!("{kind}, write {write}, idempotent {idempotent:?}: {text}");
            assert_eq!(error.api_error_kind(), Some(kind), "{case}");

            let predicates = [
                (error.is_not_found(), kind.is_not_found()),
                (error.is_auth(), kind.is_auth()),
                (error.is_forbidden(), kind.is_forbidden()),
                (error.is_validation(), kind.is_validation()),
                (error.is_conflict(), kind.is_conflict()),
                (error.is_unsupported(), kind.is_unsupported()),
                (error.is_rate_limited(), kind.is_rate_limited()),
                (error.is_server_error(), kind.is_server_error()),
                (
                    error.is_timeout() || error.is_connect() || error.is_decode(),
                    false,
                ),
            ];
            for (at, (has, expected)) in predicates.iter().enumerate() {
                assert_eq!(has, expected, "predicate {at} of {case}");
            }

            // Only an expired token is renewed, and the call is sent once more.
            let expired = kind == Kind::ExpiredToken;
            assert_eq!(renewals, usize::from(expired), "{case}");
            let safe = idempotent.unwrap_or(!write);
            let retried = match kind {
                Kind::RateLimited => true,
                Kind::Internal | Kind::Unavailable => safe,
                _ => false,
            };
            let expected = match (expired, retried) {
                (true, _) => 2,
                (_, true) => 5,
                _ => 1,
            };
            assert_eq!(requests, expected, "{case}");
            assert_eq!(error.attempts() as usize, requests, "{case}");

            // Policy, predicate and text are consistent.
            assert_eq!(error.is_retryable(), retried, "{case}");
            let later = text.to_lowercase().contains("try again");
            assert_eq!(later, retried, "{case}");
            let unsure = matches!(kind, Kind::Internal | Kind::Unavailable) && !safe;
            assert_eq!(
                text.contains("check the result before you send it again"),
                unsure,
                "{case}"
            );

            if !write {
                assert!(text.contains(advice), "{case}");
            }
            assert!(text.contains(&format!("({status})")), "{case}");
            assert!(!text.contains(".."), "{case}");
            assert_eq!(
                text.matches("t-1").count(),
                usize::from(!message.starts_with('<')),
                "{case}"
            );
            if !kind.is_auth()
                && !kind.is_forbidden()
                && !kind.is_unsupported()
                && kind != Kind::PageSizeTooLarge
                && kind != Kind::Redirect
            {
                assert!(!text.contains("token"), "{case}");
            }
        }
    }
}
