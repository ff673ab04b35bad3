//! Tokens and bodies reach no server but the one that was chosen, whichever HTTP client sends them.

use hoopai::auth::{AccountId, OAuthApp, TokenSet};
use hoopai::contacts::types::CreateContactRequest;
use hoopai::reqwest::{self, tls};
use hoopai::{Client, ClientBuilder};
use hoopai_conformance::{Reply, Server};

use crate::tls::{Demands, HOST, Issued, TlsServer};

/// A server that redirects everything to another one, and that other one, which answers as if it were right.
async fn redirecting(status: u16) -> (Server, Server) {
    let thief = Server::start(|_| {
        Reply::json(
            200,
            r#"{"access_token":"a","refresh_token":"r","expires_in":86399,"contact":{"id":"c1"}}"#,
        )
    })
    .await;
    let to = thief.url.clone();
    let server = Server::start(move |request| {
        let location = format!("{to}{}", request.target);
        Reply::with(status, &[("location", &location)], "{}")
    })
    .await;
    (server, thief)
}

/// The ways to give an HTTP client: none, a builder, a client that is made.
const CLIENTS: [&str; 3] = ["own", "builder", "client"];

fn with_client(builder: ClientBuilder, which: &str) -> ClientBuilder {
    let given = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::limited(5));
    match which {
        "own" => builder,
        "builder" => builder.http_client_builder(given),
        _ => builder.http_client(given.build().unwrap()),
    }
}

#[tokio::test]
async fn a_redirected_call_is_an_error_and_is_not_sent_again() {
    for status in [301, 302, 303, 307, 308] {
        for which in CLIENTS {
            let (server, thief) = redirecting(status).await;
            let builder = Client::builder()
                .private_token("pit-5ecret")
                .location("loc1")
                .base_url(&server.url);
            let client = with_client(builder, which).build().unwrap();
            let contacts = client.contacts();
            let body = CreateContactRequest::new().first_name("Ada");
            let read = contacts.get_contact().contact_id("c1").send().await.err();
            let created = contacts.create_contact().body(body).send().await.err();
            for error in [read, created] {
                let error = error.unwrap_or_else(|| panic!("{which} {status}: it succeeded"));
                assert!(!error.is_retryable(), "{which} {status}: {error}");
                assert_eq!(error.attempts(), 1, "{which} {status}: {error}");
            }
            assert_eq!(server.count(), 2, "{which} {status}");
            // What a client that was made elsewhere sends on cannot be prevented, but it takes the token out.
            assert!(which == "client" || thief.count() == 0, "{which} {status}");
            for request in thief.requests() {
                assert_eq!(request.header("authorization"), None, "{which} {status}");
            }
        }
    }
}

#[tokio::test]
async fn requests_for_tokens_are_not_redirected_whichever_client_is_given() {
    for status in [301, 302, 303, 307, 308] {
        for which in CLIENTS {
            let (server, thief) = redirecting(status).await;
            let app = OAuthApp::new("client-id", "client-5ecret", "https://app.example.com/done");
            let builder = Client::builder()
                .oauth_app(app)
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
            let call = client.contacts().get_contact().contact_id("c1");
            assert!(call.send().await.is_err(), "{which} {status}");
            assert_eq!(thief.count(), 0, "{which} {status}: {:?}", thief.requests());
        }
    }
}

#[test]
fn settings_that_a_made_client_cannot_take_are_errors_that_name_them() {
    let build = |builder: ClientBuilder| {
        let made = builder
            .private_token("pit-1")
            .http_client(reqwest::Client::new());
        made.build().unwrap_err().to_string()
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
async fn settings_of_tls_take_effect() {
    let (issued, of_client) = (Issued::of(HOST), Issued::of("client.test"));
    let demands = || Demands::of_client(&of_client);
    let read = async |builder: ClientBuilder| {
        let client = builder.build().unwrap();
        let call = client.contacts().get_contact().contact_id("c1");
        call.send().await.map(|_| ())
    };

    let server = TlsServer::http1(&issued, demands()).await;
    let error = read(server.client(&issued)).await.unwrap_err();
    assert!(error.to_string().contains("`identity`"), "{error}");
    assert_eq!(server.connections(), 1, "{error}");
    let identified = server.client(&issued).identity(of_client.identity());
    read(identified).await.unwrap();

    let old = Demands {
        only_tls12: true,
        ..Demands::default()
    };
    let server = TlsServer::http1(&issued, old).await;
    read(server.client(&issued)).await.unwrap();
    let newer = server
        .client(&issued)
        .min_tls_version(tls::Version::TLS_1_3);
    let error = read(newer).await.unwrap_err();
    assert!(error.to_string().contains("`min_tls_version`"), "{error}");
    assert_eq!(server.connections(), 2, "{error}");

    let only = server.client(&issued).only_added_root_certificates(true);
    read(only).await.unwrap();
}
