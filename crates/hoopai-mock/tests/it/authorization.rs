//! Tokens, versions, classes, scopes and locations: accepted requests, and errors of the others.

use std::time::Duration;

use hoopai_mock::{AGENCY_TOKEN, COMPANY, Clock, LOCATION, Mock, TOKEN, TokenSpec};
use reqwest::Method;

use crate::support::{Reply, call, client, get};

const TAGS: &str = "/locations/mockLocation00000001/tags";
const SNAPSHOTS: &str = "/snapshots/?companyId=mockCompany000000001";
const USERS: &str = "/users/?locationId=mockLocation00000001";
const FORMS: &str = "/forms/forms-list?locationId=mockLocation00000001";
const CARRIERS: &str = "/store/shipping-carrier?altId=mockLocation00000001&altType=location";

async fn start() -> Mock {
    Mock::builder().start().await.expect("a server")
}

#[tokio::test]
async fn default_tokens_are_valid_for_operations_of_their_class() {
    let (mock, client) = (start().await, client());
    for (path, of_location, of_agency) in [
        (TAGS, true, false),
        (USERS, true, false),
        (CARRIERS, true, false),
        (SNAPSHOTS, false, true),
    ] {
        for (token, is_valid) in [(TOKEN, of_location), (AGENCY_TOKEN, of_agency)] {
            let reply = get(&client, &mock, path, token).await;
            if is_valid {
                assert_eq!(reply.status, 200, "{path}: {}", reply.text);
            } else {
                reply.refused(
                    401,
                    "This authClass type is not allowed to access this scope.",
                );
            }
        }
    }
}

#[tokio::test]
async fn configured_tokens_replace_default_token() {
    let mock = Mock::builder().token("pit-test").start().await;
    let (mock, client) = (mock.expect("a server"), client());
    assert_eq!(get(&client, &mock, TAGS, "pit-test").await.status, 200);
    get(&client, &mock, TAGS, TOKEN)
        .await
        .refused(401, "Invalid Private Integration token");
}

#[tokio::test]
async fn missing_user_agent_is_rejected_by_edge() {
    let mock = start().await;
    let reply = get(&reqwest::Client::new(), &mock, TAGS, TOKEN).await;
    assert_eq!(reply.status, 403);
    assert!(reply.text.contains("Error 1010"));
    let kind = reply.header("content-type").unwrap_or_default();
    assert!(kind.starts_with("text/html"));
}

#[tokio::test]
async fn missing_or_unknown_token_is_rejected() {
    let (mock, client) = (start().await, client());
    let url = format!("{}{TAGS}", mock.url());
    let bare = client.get(&url).header("Version", "2021-07-28");
    Reply::of(bare).await.refused(401, "Invalid JWT");
    for value in ["", "Bearer", "Bearer ", "Basic abc", TOKEN] {
        let request = client.get(&url).header("Version", "2021-07-28");
        let reply = Reply::of(request.header("Authorization", value)).await;
        reply.refused(401, "Invalid JWT");
        assert!(reply.header("x-ratelimit-remaining").is_none(), "{value}");
    }
    let reply = get(&client, &mock, TAGS, "unknown").await;
    reply.refused(401, "Invalid JWT");
    assert_eq!(reply.json()["statusCode"], 401);
    get(&client, &mock, TAGS, "pit-unknown")
        .await
        .refused(401, "Invalid Private Integration token");
}

#[tokio::test]
async fn missing_or_unknown_version_is_rejected_first() {
    let (mock, client) = (start().await, client());
    let url = format!("{}{TAGS}", mock.url());
    let reply = Reply::of(client.get(&url).bearer_auth(TOKEN)).await;
    reply.refused(401, "version header was not found.");
    assert!(reply.header("x-ratelimit-remaining").is_none());
    let reply = Reply::of(client.get(&url)).await;
    reply.refused(401, "version header was not found.");
    for unknown in ["2020-01-01", "", "latest"] {
        let request = client.get(&url).bearer_auth(TOKEN);
        let reply = Reply::of(request.header("Version", unknown)).await;
        reply.refused(401, "version header is invalid");
    }
    // All known versions are accepted, whatever the operation declares. Official clients send the
    // last two.
    for known in ["2021-07-28", "2021-04-15", "2023-02-21", "v3"] {
        let request = client.get(&url).bearer_auth(TOKEN);
        let reply = Reply::of(request.header("Version", known)).await;
        assert_eq!(reply.status, 200, "{known}");
    }
    // Operations without a declared version require none, and check one that is sent.
    let carriers = format!("{}{CARRIERS}", mock.url());
    let reply = Reply::of(client.get(&carriers).bearer_auth(TOKEN)).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let request = client.get(&carriers).bearer_auth(TOKEN);
    let reply = Reply::of(request.header("Version", "1999-01-01")).await;
    reply.refused(401, "version header is invalid");
}

#[tokio::test]
async fn removed_endpoint_returns_recorded_error() {
    let (mock, client) = (start().await, client());
    let path = format!("/oauth/installedLocations?companyId={COMPANY}&appId=x&limit=100");
    let get = |version: &str| {
        let request = client
            .get(format!("{}{path}", mock.url()))
            .bearer_auth(AGENCY_TOKEN);
        Reply::of(request.header("Version", version))
    };
    let words = format!("Endpoint {path} not available in API version v3.");
    get("v3").await.refused(400, &words);
    assert_eq!(get("2023-02-21").await.status, 200);
    let removed = call(&client, &mock, Method::POST, "/oauth/reconnect", TOKEN);
    Reply::of(removed)
        .await
        .refused(400, "API endpoint has been removed");
}

#[tokio::test]
async fn issued_token_expires_by_server_clock_or_on_request() {
    let clock = Clock::frozen();
    let mock = Mock::builder().clock(clock.clone()).start().await;
    let (mock, client) = (mock.expect("a server"), client());
    let token = mock.issue_token(TokenSpec::location(LOCATION));
    clock.advance(Duration::from_millis(86_398_999));
    assert_eq!(get(&client, &mock, TAGS, &token).await.status, 200);
    clock.advance(Duration::from_millis(1));
    get(&client, &mock, TAGS, &token)
        .await
        .refused(401, "Invalid JWT");
    let (revoked, expired) = (
        mock.issue_token(TokenSpec::location(LOCATION)),
        mock.issue_token(TokenSpec::location(LOCATION)),
    );
    assert!(mock.revoke(&revoked) && mock.expire(&expired) && mock.revoke(TOKEN));
    assert!(!mock.revoke("nothing") && !mock.expire("nothing"));
    for token in [revoked, expired] {
        let reply = get(&client, &mock, TAGS, &token).await;
        reply.refused(401, "Invalid JWT");
    }
    let reply = get(&client, &mock, TAGS, TOKEN).await;
    reply.refused(401, "Invalid Private Integration token");
}

#[tokio::test]
async fn token_of_other_class_is_rejected() {
    let (mock, client) = (start().await, client());
    let location = mock.issue_token(TokenSpec::location(LOCATION));
    let company = mock.issue_token(TokenSpec::company(COMPANY));
    let words = "This authClass type is not allowed to access this scope. Please verify your IAM configuration if this is not the case.";
    // The documents declare `Location-Access` for users, `bearer` for tags, and nothing for forms.
    for (path, token) in [(SNAPSHOTS, &location), (USERS, &company), (TAGS, &company)] {
        get(&client, &mock, path, token).await.refused(401, words);
    }
    for (path, token) in [
        (SNAPSHOTS, &company),
        (USERS, &location),
        (TAGS, &location),
        (FORMS, &location),
        (FORMS, &company),
    ] {
        let reply = get(&client, &mock, path, token).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
    }
}

#[tokio::test]
async fn location_token_reads_and_updates_own_location() {
    let (mock, client) = (start().await, client());
    let token = mock.issue_token(TokenSpec::location(LOCATION));
    let update = |id: &str| {
        let path = format!("/locations/{id}");
        let body = serde_json::json!({ "companyId": COMPANY, "name": "Renamed" });
        Reply::of(call(&client, &mock, Method::PUT, &path, &token).json(&body))
    };
    let path = format!("/locations/{LOCATION}");
    let read = get(&client, &mock, &path, &token).await;
    assert_eq!(read.status, 200, "{}", read.text);
    let updated = update(LOCATION).await;
    assert_eq!(updated.status, 200, "{}", updated.text);
    let read = get(&client, &mock, &path, &token).await;
    assert_eq!(read.json()["location"]["name"], "Renamed");
    let words = "The token does not have access to this location.";
    update("elsewhere").await.refused(403, words);
    get(&client, &mock, "/locations/elsewhere", &token)
        .await
        .refused(403, words);
    let path = format!("{path}?deleteTwilioAccount=true");
    let delete = call(&client, &mock, Method::DELETE, &path, &token);
    let words = "This authClass type is not allowed to access this scope";
    Reply::of(delete).await.refused(401, words);
}

#[tokio::test]
async fn missing_scope_is_rejected() {
    let words = "The token is not authorized for this scope.";
    for (setting, status) in [(None, 403), (Some(401), 401)] {
        let spec = TokenSpec::location(LOCATION);
        let builder = Mock::builder()
            .token_with("pit-all", spec.clone())
            .token_with("pit-tags", spec.clone().scopes(["locations/tags.readonly"]))
            .token_with("pit-none", spec.scopes([] as [&str; 0]));
        let builder = match setting {
            Some(status) => builder.scope_status(status),
            None => builder,
        };
        let (mock, client) = (builder.start().await.expect("a server"), client());
        for (path, token, expected) in [
            (TAGS, "pit-all", 200),
            (USERS, "pit-all", 200),
            (TAGS, "pit-tags", 200),
            (USERS, "pit-tags", status),
            (TAGS, "pit-none", status),
            (CARRIERS, "pit-none", 200),
        ] {
            let reply = get(&client, &mock, path, token).await;
            assert_eq!(reply.status, expected, "{path} {token}: {}", reply.text);
            if expected != 200 {
                reply.refused(status, words);
            }
        }
    }
}

#[tokio::test]
async fn other_location_is_rejected() {
    let (mock, client) = (start().await, client());
    let token = mock.issue_token(TokenSpec::location(LOCATION));
    let words = "The token does not have access to this location.";
    for path in [
        "/locations/elsewhere/tags",
        "/campaigns/?locationId=elsewhere",
        "/opportunities/search?location_id=elsewhere",
        "/store/shipping-carrier?altId=elsewhere&altType=location",
    ] {
        let reply = get(&client, &mock, path, &token).await;
        reply.refused(403, words);
        assert!(reply.header("x-ratelimit-remaining").is_some(), "counted");
    }
    let create = call(&client, &mock, Method::POST, "/contacts/", &token);
    let body = serde_json::json!({ "locationId": "elsewhere", "firstName": "Ada" });
    let reply = Reply::of(create.json(&body)).await;
    reply.refused(403, words);
    let company = mock.issue_token(TokenSpec::company(COMPANY));
    let reply = get(&client, &mock, "/locations/elsewhere/tags", &company).await;
    assert_ne!(reply.status, 403, "an agency reaches its locations");
    let reply = get(&client, &mock, "/snapshots/?companyId=another", &company).await;
    reply.refused(403, "The token does not have access to this company.");
}
