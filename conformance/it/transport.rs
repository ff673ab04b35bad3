//! Tokens and bodies reach only the configured server, with any HTTP client. TLS settings take
//! effect.

use hoopai::auth::{AccountId, TokenSet};
use hoopai::reqwest::{self, tls};
use hoopai::{Client, ClientBuilder};
use hoopai_test_support::{Reply, Server};

use crate::client::{app, create, private, read};
use crate::tls::{HOST, TestCertificate, TlsOptions, TlsServer};

/// Starts a server that redirects all requests to another one, which replies with success.
fn redirecting(status: u16) -> (Server, Server) {
    let target = Server::with_body(
        r#"{"access_token":"a","refresh_token":"r","expires_in":86399,"contact":{"id":"c1"}}"#,
    );
    let to = target.url.clone();
    let server = Server::start(move |request| {
        let location = format!("{to}{}", request.target);
        Reply::with_headers(status, &[("location", &location)], "{}")
    });
    (server, target)
}

/// Sources of the HTTP client: none, a builder, a built client.
const CLIENTS: [&str; 3] = ["own", "builder", "client"];

fn with_client(builder: ClientBuilder, which: &str) -> ClientBuilder {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::limited(5));
    match which {
        "own" => builder,
        "builder" => builder.http_client_builder(client),
        _ => builder.http_client(client.build().unwrap()),
    }
}

#[tokio::test]
async fn redirected_call_is_an_error_and_is_not_retried() {
    for status in [301, 302, 303, 307, 308] {
        for which in CLIENTS {
            let (server, target) = redirecting(status);
            let client = with_client(private(&server.url), which).build().unwrap();
            let (read, created) = (read(&client).await, create(&client).await);
            for error in [read.err(), created.err()] {
                let error = error.unwrap_or_else(|| panic!("{which} {status}: it succeeded"));
                assert!(!error.is_retryable(), "{which} {status}: {error}");
                assert_eq!(error.attempts(), 1, "{which} {status}: {error}");
            }
            assert_eq!(server.count(), 2, "{which} {status}");
            // A built client follows redirects on its own, and drops the token.
            assert!(which == "client" || target.count() == 0, "{which} {status}");
            for request in target.requests() {
                assert_eq!(request.header("authorization"), None, "{which} {status}");
            }
        }
    }
}

#[tokio::test]
async fn token_request_follows_no_redirect_with_any_client() {
    for status in [301, 302, 303, 307, 308] {
        for which in CLIENTS {
            let (server, target) = redirecting(status);
            let builder = Client::builder()
                .oauth_app(app())
                .base_url(&server.url)
                .company("comp1");
            let client = with_client(builder, which).build().unwrap();
            let tokens = client.tokens().unwrap();

            let exchanged = tokens.exchange_code("code-5ecret").await;
            assert!(exchanged.is_err(), "{which} {status}");
            let expired = TokenSet::new(
                "old-access",
                Some("refresh-5ecret".into()),
                std::time::UNIX_EPOCH,
            );
            let company = AccountId::company("comp1");
            tokens.install(company, expired).await.unwrap();
            assert!(read(&client).await.is_err(), "{which} {status}");
            assert_eq!(
                target.count(),
                0,
                "{which} {status}: {:?}",
                target.requests()
            );
        }
    }
}

#[test]
fn settings_that_a_built_client_ignores_are_named_errors() {
    let build = |builder: ClientBuilder| {
        let builder = builder.private_token("pit-1");
        let builder = builder.http_client(reqwest::Client::new());
        builder.build().unwrap_err().to_string()
    };
    let address = "127.0.0.1:443".parse().unwrap();
    let text = build(
        Client::builder()
            .min_tls_version(tls::Version::TLS_1_3)
            .resolve("a.test", address)
            .pool_max_idle(1),
    );
    for name in ["`min_tls_version`", "`resolve`", "`pool_max_idle`"] {
        assert!(text.contains(name), "{text}");
    }
    assert!(text.contains("http_client_builder"), "{text}");
    let text = Client::builder()
        .private_token("pit-1")
        .only_added_root_certificates(true)
        .build()
        .unwrap_err()
        .to_string();
    assert!(text.contains("add_root_certificate"), "{text}");
}

#[tokio::test]
async fn tls_settings_take_effect() {
    let (certificate, of_client) = (
        TestCertificate::for_host(HOST),
        TestCertificate::for_host("client.test"),
    );
    let options = || TlsOptions::with_client_certificate(&of_client);
    let read = async |builder: ClientBuilder| read(&builder.build().unwrap()).await;

    let server = TlsServer::http1(&certificate, options()).await;
    let error = read(server.client(&certificate)).await.unwrap_err();
    assert!(error.to_string().contains("`identity`"), "{error}");
    assert_eq!(server.connections(), 1, "{error}");
    let identified = server.client(&certificate).identity(of_client.identity());
    read(identified).await.unwrap();

    let old = TlsOptions {
        only_tls12: true,
        ..TlsOptions::default()
    };
    let server = TlsServer::http1(&certificate, old).await;
    read(server.client(&certificate)).await.unwrap();
    let newer = server
        .client(&certificate)
        .min_tls_version(tls::Version::TLS_1_3);
    let error = read(newer).await.unwrap_err();
    assert!(error.to_string().contains("`min_tls_version`"), "{error}");
    assert_eq!(server.connections(), 2, "{error}");

    let only = server
        .client(&certificate)
        .only_added_root_certificates(true);
    read(only).await.unwrap();
}
