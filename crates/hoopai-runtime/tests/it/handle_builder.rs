//! Settings of a handle: accepted and rejected values.

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::{Error, Handle};
use hoopai_test_support::Server;

use crate::clients::{Clients, TOKEN};
use crate::sample_api::Client;

fn base(url: &str) -> Result<Handle, Error> {
    Handle::builder().private_token(TOKEN).base_url(url).build()
}

#[test]
fn base_url_must_be_https_or_loopback() {
    for url in [
        "https://services.leadconnectorhq.com",
        "https://example.com:8443/prefix/",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://localhost/x",
        "http://api.localhost",
        "http://[::1]:1",
    ] {
        base(url).unwrap();
    }
    for (url, expected) in [
        ("http://example.com", "https"),
        ("http://localhost.example.com", "https"),
        ("http://10.0.0.1", "https"),
        ("http://[::2]", "https"),
        ("ftp://127.0.0.1", "https"),
        ("file:///etc/passwd", "https"),
        ("services.leadconnectorhq.com", "base URL"),
        ("", "base URL"),
        ("https://jane:secret@example.com", "user name"),
        ("https://example.com/?a=b", "query"),
        ("https://example.com/#a", "fragment"),
    ] {
        let error = base(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
        assert!(error.to_string().contains(expected), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn missing_token_is_an_error() {
    for builder in [
        Handle::builder(),
        Handle::builder().private_token(""),
        Handle::builder().private_token(" Bearer \n"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().contains("Settings > Integrations"),
            "{error}"
        );
    }
    let error = Handle::builder()
        .private_token("pit-1\r\nX-Evil: 1")
        .build()
        .unwrap_err();
    assert!(
        error.to_string().contains("cannot be sent") && !format!("{error:?}").contains("pit-1"),
        "{error}"
    );
}

#[test]
fn invalid_settings_are_errors() {
    let builder = || Handle::builder().private_token(TOKEN);
    for builder in [
        builder().location(""),
        builder().location(".."),
        builder().api_version("a\nb"),
        builder().user_agent("a\nb"),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn pasted_token_is_trimmed() {
    let server = Server::with_body("{}");
    for pasted in [format!(" {TOKEN}\n"), format!("Bearer {TOKEN}")] {
        let client = Client::new(server.builder().private_token(pasted).build().unwrap());
        client.get("c").await.unwrap();
        assert_eq!(
            server.last().header("authorization"),
            Some(&*format!("Bearer {TOKEN}"))
        );
    }
}

#[tokio::test]
async fn custom_http_client_is_used() {
    let server = Server::with_body("{}");
    let mut headers = hoopai_runtime::reqwest::header::HeaderMap::new();
    headers.insert("x-own", "1".parse().unwrap());
    let own = hoopai_runtime::reqwest::Client::builder()
        .no_proxy()
        .default_headers(headers)
        .build()
        .unwrap();
    let client = Client::new(server.builder().http_client(own).build().unwrap());
    client.get("c").await.unwrap();
    assert_eq!(server.single().header("x-own"), Some("1"));
}

#[test]
fn debug_output_shows_only_the_host() {
    let handle = Handle::builder()
        .private_token(TOKEN)
        .location("Lq3Tz8Wn5Rk1Yb6Hd0Vx")
        .build()
        .unwrap();
    assert_eq!(
        format!("{handle:?}"),
        r#"Handle { host: https://services.leadconnectorhq.com, location: Some([hidden]), api_version: None, .. }"#
    );
}
