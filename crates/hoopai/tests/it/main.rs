//! Tests of the facade against the mock server.

mod configured_limiter;
#[cfg(feature = "full")]
mod configured_store;
mod examples;
#[cfg(feature = "contacts")]
mod harness;
#[cfg(feature = "contacts")]
mod paging;
#[cfg(feature = "contacts")]
mod paging_rate_limit;
#[cfg(feature = "contacts")]
mod quickstart;
#[cfg(feature = "contacts")]
mod random_faults;
#[cfg(feature = "contacts")]
mod rate_limit;
#[cfg(feature = "contacts")]
mod retry;
#[cfg(all(feature = "contacts", feature = "locations"))]
mod token_refresh;

use hoopai::{Client, ErrorKind, Handle};

#[test]
fn settings_reach_the_runtime() {
    let client = Client::builder()
        .private_token("pit-1")
        .location("loc")
        .base_url("http://127.0.0.1:1/prefix")
        .api_version("2021-04-15")
        .timeout(std::time::Duration::from_secs(1))
        .response_limit(1)
        .user_agent("acme/1")
        .build()
        .unwrap();
    assert_eq!(client.handle().location(), Some("loc"));
    assert_eq!(client.handle().api_version(), Some("2021-04-15"));
    let handle: Handle = (&client).into();
    assert_eq!(Client::from(handle).handle().location(), Some("loc"));
}

#[test]
fn settings_are_checked() {
    let error = Client::builder().build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("private_token"), "{error}");
    let error = Client::builder()
        .private_token("t")
        .base_url("http://example.com")
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("https"), "{error}");
}

#[test]
fn several_kinds_of_credentials_are_an_error() {
    use hoopai::auth::{MemoryStore, OAuth, OAuthApp};

    let app = || OAuthApp::new("id", "secret", "https://example.com/callback");
    for (builder, problem) in [
        (
            Client::builder().private_token("t").oauth_app(app()),
            "set one of `private_token`, `oauth_app`",
        ),
        (
            Client::builder()
                .oauth_app(app())
                .token_provider(OAuth::new(app())),
            "both `oauth_app` and `token_provider`",
        ),
        (
            Client::builder()
                .private_token("t")
                .token_store(MemoryStore::new()),
            "`token_store` is set without `oauth_app`",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(problem), "{error}");
    }
    let shown = format!("{:?}", Client::builder().oauth_app(app()));
    assert!(
        shown.contains("oauth_app: true") && !shown.contains("secret"),
        "{shown}"
    );

    let client = Client::builder().private_token("t").build().unwrap();
    let error = client.tokens().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`oauth_app`"), "{error}");
    let client = Client::builder().token_provider(OAuth::new(app())).build();
    assert_eq!(client.unwrap().tokens().unwrap().app().client_id(), "id");
}
