//! OAuth: codes, refresh tokens, tokens of locations, and installations.

use std::net::SocketAddr;
use std::time::Duration;

use hoopai_mock::{
    AGENCY_TOKEN, AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, Clock, Installation, LOCATION,
    Mock, MockBuilder, REDIRECT_URI, RateLimitSettings, TokenSpec, USER,
};
use hoopai_test_support::interface::{declares, requires_scheme};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::support::{Reply, call, client, form, get, token, token_as};

const TAGS: &str = "/locations/mockLocation00000001/tags";

/// A server without a rate limit of the token endpoint.
fn unlimited() -> MockBuilder {
    Mock::builder().limits(RateLimitSettings {
        token_endpoint: u32::MAX,
        ..RateLimitSettings::default()
    })
}

fn here() -> AccountId {
    AccountId::Location(LOCATION.to_owned())
}

async fn exchange(client: &Client, mock: &Mock, code: &str) -> Reply {
    let form = [("grant_type", "authorization_code"), ("code", code)];
    token(client, mock, &form).await
}

async fn refresh(client: &Client, mock: &Mock, refresh_token: &str) -> Reply {
    let form_type = ("grant_type", "refresh_token");
    let form = [form_type, ("refresh_token", refresh_token)];
    token(client, mock, &form).await
}

/// Installs the app in the default location. Returns the access token and the refresh token.
async fn install(client: &Client, mock: &Mock) -> (String, String) {
    let reply = exchange(client, mock, &mock.authorize(CLIENT_ID, here())).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    (reply.field("access_token"), reply.field("refresh_token"))
}

#[track_caller]
fn assert_oauth_error(reply: &Reply, error: &str, description: &str) {
    assert_eq!(reply.status, 400, "{}", reply.text);
    assert_eq!(reply.field("error"), error);
    assert_eq!(reply.field("error_description"), description);
}

#[track_caller]
fn assert_used(reply: &Reply) {
    let description = "Invalid grant: refresh token is invalid";
    assert_oauth_error(reply, "invalid_grant", description);
}

/// Starts the server of an app, which returns the query of each request.
async fn app_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = String::new();
            let mut reader = BufReader::new(&mut stream);
            while !head.ends_with("\r\n\r\n")
                && reader.read_line(&mut head).await.is_ok_and(|n| n > 0)
            {}
            let target = head.split(' ').nth(1).unwrap_or_default();
            let query = target.split_once('?').map_or("", |(_, query)| query);
            let reply = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{query}");
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    address
}

/// A whole installation: the authorization page redirects to the app, which redeems the code.
#[tokio::test]
async fn code_of_redirect_is_exchanged_for_tokens() {
    let address = app_server().await;
    let redirect_uri = format!("http://{address}/callback");
    let scopes = ["contacts.readonly", "locations/tags.readonly"];
    let mock = unlimited()
        .app(CLIENT_ID, CLIENT_SECRET, &redirect_uri, &scopes)
        .start();
    let mock = mock.await.expect("a server");
    let browser = Client::builder().user_agent("browser").build();
    let browser = browser.expect("a client");
    for path in ["/oauth/chooselocation", "/v2/oauth/chooselocation"] {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", CLIENT_ID)
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("scope", "locations/tags.readonly")
            .append_pair("state", "a state & more")
            .append_pair("loginWindowOpenMode", "self");
        let url = format!("{}{path}?{}", mock.url(), query.finish());
        let redirected = Reply::of(browser.get(url)).await;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(redirected.text.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(pairs[0].0, "code");
        assert_eq!(pairs[1], ("state".into(), "a state & more".into()));
        let reply = token(
            &browser,
            &mock,
            &[
                ("grant_type", "authorization_code"),
                ("code", &pairs[0].1),
                ("user_type", "Location"),
                ("redirect_uri", &redirect_uri),
            ],
        )
        .await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(reply.field("scope"), "locations/tags.readonly");
        let access = reply.field("access_token");
        let reply = get(&browser, &mock, TAGS, &access).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let campaigns = format!("/campaigns/?locationId={LOCATION}");
        get(&browser, &mock, &campaigns, &access)
            .await
            .refused(403, "The token is not authorized for this scope.");
    }
}

#[tokio::test]
async fn authorization_page_rejects_unknown_app() {
    let mock = Mock::builder().start().await.expect("a server");
    let client = client();
    let good = [
        ("response_type", "code"),
        ("client_id", CLIENT_ID),
        ("redirect_uri", REDIRECT_URI),
    ];
    let ask = async |pairs: &[(&str, &str)]| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs);
        let query = query.finish();
        let url = format!("{}/oauth/chooselocation?{query}", mock.url());
        Reply::of(client.get(url)).await
    };
    let reply = ask(&good).await;
    assert_eq!(reply.status, 302);
    let target = reply.header("location").unwrap_or_default();
    assert!(target.starts_with(&format!("{REDIRECT_URI}?code=")));
    assert!(!target.contains("state"));
    for (index, value) in [
        (0, "token"),
        (1, "unknown"),
        (2, "https://elsewhere.example"),
    ] {
        let mut bad = good;
        bad[index].1 = value;
        assert_eq!(ask(&bad).await.status, 400, "{value}");
        let missing: Vec<_> = good
            .into_iter()
            .filter(|pair| *pair != good[index])
            .collect();
        assert_eq!(ask(&missing).await.status, 400);
    }
}

#[tokio::test]
async fn choice_sets_account_of_code() {
    let mock = unlimited().choice(AccountId::Company("agency".into()));
    let (mock, client) = (mock.start().await.expect("a server"), client());
    let choose = async |more: &str| {
        let url = format!(
            "{}/oauth/chooselocation?response_type=code&client_id={CLIENT_ID}&redirect_uri={REDIRECT_URI}{more}",
            mock.url()
        );
        let reply = Reply::of(client.get(url)).await;
        let target = reply.header("location").unwrap_or_default().to_owned();
        let (_, code) = target.split_once("code=").expect("a code");
        let reply = exchange(&client, &mock, code).await;
        let (company, location) = (reply.field("companyId"), reply.field("locationId"));
        (reply.field("userType"), company, location)
    };
    let text = str::to_owned;
    assert_eq!(
        choose("").await,
        (text("Company"), text("agency"), text(""))
    );
    mock.set_choice(AccountId::Location("two".into()));
    let chosen = (text("Location"), text(COMPANY), text("two"));
    assert_eq!(choose("").await, chosen);
    let chosen = (text("Location"), text(COMPANY), text("three"));
    assert_eq!(choose("&locationId=three").await, chosen);
}

#[tokio::test]
async fn token_reply_has_fields_of_platform() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    mock.install(CLIENT_ID, "one");
    let reply = exchange(&client, &mock, &mock.authorize(CLIENT_ID, here())).await;
    let body = reply.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(body["expires_in"], 86_399);
    assert_eq!(body["userType"], "Location");
    assert_eq!(body["companyId"], COMPANY);
    assert_eq!(body["locationId"], LOCATION);
    assert_eq!(body["userId"], USER);
    assert!(reply.field("scope").contains("contacts.readonly"));
    let company = AccountId::Company(COMPANY.to_owned());
    let reply = exchange(&client, &mock, &mock.authorize(CLIENT_ID, company)).await;
    let body = reply.json();
    assert_eq!(body["userType"], "Company");
    assert_eq!(body["approvedLocations"], json!([LOCATION, "one"]));
    assert!(body.get("locationId").is_none());
    assert!(!reply.field("refresh_token").is_empty());
}

#[tokio::test]
async fn code_is_valid_once_for_its_app_and_ten_minutes() {
    let clock = Clock::frozen();
    let builder = unlimited()
        .clock(clock.clone())
        .app(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, &[])
        .app("another", "secret", REDIRECT_URI, &[]);
    let (mock, client) = (builder.start().await.expect("a server"), client());
    let invalid = "Invalid grant: authorization code is invalid";
    let code = mock.authorize(CLIENT_ID, here());
    let another = [
        ("client_id", "another"),
        ("client_secret", "secret"),
        ("grant_type", "authorization_code"),
        ("code", &code),
    ];
    let reply = token_as(&client, &mock, &another).await;
    assert_oauth_error(&reply, "invalid_grant", invalid);
    assert_eq!(exchange(&client, &mock, &code).await.status, 200);
    let reply = exchange(&client, &mock, &code).await;
    assert_oauth_error(&reply, "invalid_grant", invalid);
    let reply = exchange(&client, &mock, "unknown").await;
    assert_oauth_error(&reply, "invalid_grant", invalid);
    let late = mock.authorize(CLIENT_ID, here());
    clock.advance(Duration::from_secs(600));
    let reply = exchange(&client, &mock, &late).await;
    assert_oauth_error(&reply, "invalid_grant", invalid);
    let code = mock.authorize(CLIENT_ID, here());
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("user_type", "Company"),
    ];
    let reply = token(&client, &mock, &pairs).await;
    assert_eq!(reply.field("error"), "invalid_grant");
    assert_eq!(exchange(&client, &mock, &code).await.status, 200, "unspent");
}

#[tokio::test]
async fn wrong_client_secret_is_rejected() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    let code = mock.authorize(CLIENT_ID, here());
    for (id, secret) in [(CLIENT_ID, "wrong"), ("unknown", CLIENT_SECRET)] {
        let pairs = [
            ("client_id", id),
            ("client_secret", secret),
            ("grant_type", "authorization_code"),
            ("code", &code),
        ];
        let reply = token_as(&client, &mock, &pairs).await;
        let description = "Invalid client: client is invalid";
        assert_oauth_error(&reply, "invalid_client", description);
    }
    let reply = token(&client, &mock, &[("grant_type", "refresh_token")]).await;
    assert_oauth_error(
        &reply,
        "invalid_request",
        "Missing parameter: `refresh_token`",
    );
    assert_eq!(exchange(&client, &mock, &code).await.status, 200);
}

#[tokio::test]
async fn refresh_token_rotates_and_is_valid_once() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    let (access, first) = install(&client, &mock).await;
    let reply = refresh(&client, &mock, &first).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let second = reply.field("refresh_token");
    assert_ne!(first, second);
    assert_ne!(access, reply.field("access_token"));
    assert_used(&refresh(&client, &mock, &first).await);
    assert_used(&refresh(&client, &mock, "rt").await);
    // The family stays valid.
    assert_eq!(get(&client, &mock, TAGS, &access).await.status, 200);
    assert_eq!(refresh(&client, &mock, &second).await.status, 200);
    let counts = mock.refreshes();
    assert_eq!((counts.total, counts.succeeded), (4, 2));
    assert_eq!((counts.in_flight, counts.most_at_once), (0, 1));
}

#[tokio::test]
async fn reused_refresh_token_revokes_family_if_configured() {
    let mock = unlimited().revoke_family_on_reuse(true).start();
    let (mock, client) = (mock.await.expect("a server"), client());
    let (access, first) = install(&client, &mock).await;
    let (other_access, other) = install(&client, &mock).await;
    let reply = refresh(&client, &mock, &first).await;
    let (newer_access, second) = (reply.field("access_token"), reply.field("refresh_token"));
    assert_used(&refresh(&client, &mock, &first).await);
    assert_used(&refresh(&client, &mock, &second).await);
    for token in [access, newer_access] {
        let reply = get(&client, &mock, TAGS, &token).await;
        reply.refused(401, "Invalid JWT");
    }
    assert_eq!(get(&client, &mock, TAGS, &other_access).await.status, 200);
    assert_eq!(refresh(&client, &mock, &other).await.status, 200);
}

#[tokio::test]
async fn reused_refresh_token_returns_same_tokens_within_grace() {
    let clock = Clock::frozen();
    let grace = Duration::from_secs(30);
    let builder = unlimited().clock(clock.clone()).refresh_grace(grace);
    let (mock, client) = (builder.start().await.expect("a server"), client());
    let (_, first) = install(&client, &mock).await;
    let tokens = async || {
        let reply = refresh(&client, &mock, &first).await;
        (reply.field("access_token"), reply.field("refresh_token"))
    };
    let issued = tokens().await;
    clock.advance(Duration::from_secs(29));
    assert_eq!(tokens().await, issued);
    clock.advance(Duration::from_secs(1));
    let late = refresh(&client, &mock, &first).await;
    assert_used(&late);
    assert_eq!(refresh(&client, &mock, &issued.1).await.status, 200);
}

#[tokio::test]
async fn lifetimes_follow_server_clock() {
    let clock = Clock::frozen();
    let builder = unlimited()
        .clock(clock.clone())
        .access_token_lifetime(Duration::from_secs(60));
    let (mock, client) = (builder.start().await.expect("a server"), client());
    let (access, first) = install(&client, &mock).await;
    clock.advance(Duration::from_secs(60));
    let reply = get(&client, &mock, TAGS, &access).await;
    reply.refused(401, "Invalid JWT");
    clock.advance(Duration::from_secs(365 * 86_400 - 61));
    let reply = refresh(&client, &mock, &first).await;
    assert_eq!(reply.json()["expires_in"], 60);
    let second = reply.field("refresh_token");
    clock.advance(Duration::from_secs(365 * 86_400));
    assert_used(&refresh(&client, &mock, &second).await);
    let (_, third) = install(&client, &mock).await;
    assert!(mock.expire(&third));
    assert_used(&refresh(&client, &mock, &third).await);
}

#[tokio::test]
async fn inactive_location_keeps_code_and_refresh_token_unused() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    let (_, first) = install(&client, &mock).await;
    let code = mock.authorize(CLIENT_ID, here());
    mock.set_location_active(LOCATION, false);
    let words = "Location is not active";
    refresh(&client, &mock, &first).await.refused(400, words);
    exchange(&client, &mock, &code).await.refused(400, words);
    mock.set_location_active(LOCATION, true);
    assert_eq!(refresh(&client, &mock, &first).await.status, 200);
    assert_eq!(exchange(&client, &mock, &code).await.status, 200);
}

#[tokio::test]
async fn one_of_fifty_concurrent_refreshes_succeeds() {
    let builder = unlimited().token_endpoint_delay(Duration::from_millis(300));
    let (mock, client) = (builder.start().await.expect("a server"), client());
    let (_, first) = install(&client, &mock).await;
    let calls = (0..50).map(|_| refresh(&client, &mock, &first));
    let replies = futures_util::future::join_all(calls).await;
    let successes = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(successes, 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_used(reply);
    }
    let counts = mock.refreshes();
    assert_eq!((counts.total, counts.succeeded), (50, 1));
    assert!(counts.most_at_once_for_one > 1);
    assert_eq!(counts.most_at_once, counts.most_at_once_for_one);
    assert_eq!(counts.in_flight, 0);
}

#[tokio::test]
async fn client_credentials_return_access_token_only() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    for (user_type, expected) in [(None, "Company"), (Some("Location"), "Location")] {
        let mut pairs = vec![("grant_type", "client_credentials")];
        pairs.extend(user_type.map(|user_type| ("user_type", user_type)));
        let reply = token(&client, &mock, &pairs).await;
        assert_eq!(reply.field("userType"), expected);
        assert!(reply.json().get("refresh_token").is_none());
        let access = reply.field("access_token");
        let path = format!("/locations/{LOCATION}");
        assert_eq!(get(&client, &mock, &path, &access).await.status, 200);
    }
}

#[tokio::test]
async fn agency_token_is_exchanged_for_location_token() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    let agency = mock.issue_token(TokenSpec::company(COMPANY));
    let ask = async |token: &str, company: &str, location: &str| {
        let request = call(&client, &mock, Method::POST, "/oauth/locationToken", token);
        let pairs = [("companyId", company), ("locationId", location)];
        Reply::of(form(request, &pairs)).await
    };
    let reply = ask(&agency, COMPANY, LOCATION).await;
    assert!(reply.status < 300, "{}", reply.text);
    let body = reply.json();
    assert_eq!(body["locationId"], LOCATION);
    assert_eq!(body["userType"], "Location");
    assert_eq!(body["appId"], "6650c0de6650c0de6650c0de");
    let access = reply.field("access_token");
    assert_eq!(get(&client, &mock, TAGS, &access).await.status, 200);
    let reply = refresh(&client, &mock, &reply.field("refresh_token")).await;
    assert_eq!(reply.json()["locationId"], LOCATION);

    if requires_scheme("POST /oauth/locationToken", "Agency-Access-Only") {
        let words = "This authClass type is not allowed";
        ask(&access, COMPANY, LOCATION).await.refused(401, words);
    }
    let words = "The token does not have access to this company.";
    ask(&agency, "another", LOCATION).await.refused(403, words);
    mock.set_location_active(LOCATION, false);
    let words = "Location is not active";
    ask(&agency, COMPANY, LOCATION).await.refused(400, words);
    mock.install(CLIENT_ID, "removed");
    assert!(mock.uninstall(CLIENT_ID, "removed"));
    let words = "The app is not installed in this location";
    ask(&agency, COMPANY, "removed").await.refused(400, words);
}

#[tokio::test]
async fn agency_installation_covers_all_locations() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    let fields = serde_json::json!({ "name": "North", "address": "7 High Street" });
    let north = mock.seed().item("locations", LOCATION, &fields);
    let code = mock.authorize(CLIENT_ID, AccountId::Company(COMPANY.to_owned()));
    let pairs = [("grant_type", "authorization_code"), ("code", &code)];
    let agency = token(&client, &mock, &pairs).await;
    assert_eq!(agency.field("userType"), "Company");
    let mut approved = agency.json()["approvedLocations"].clone();
    let approved = approved.as_array_mut().expect("a list");
    assert_eq!(approved.len(), 2, "{approved:?}");
    assert!(approved.contains(&LOCATION.into()) && approved.contains(&north.as_str().into()));
    let access = agency.field("access_token");
    // A later location is not included.
    mock.seed().item(
        "locations",
        LOCATION,
        &serde_json::json!({ "name": "South" }),
    );
    let app = CLIENT_ID.split('-').next().unwrap_or_default();
    let path = format!("/oauth/installedLocations?companyId={COMPANY}&appId={app}");
    let listed = get(&client, &mock, &path, &access).await.json();
    assert_eq!(listed["count"], 2, "{listed}");
    let all = listed["locations"].as_array().into_iter().flatten();
    let found = all.clone().find(|one| one["_id"] == north.as_str());
    assert_eq!(found.expect("it is listed")["address"], "7 High Street");
    for location in all {
        let id = location["_id"].as_str().expect("an id");
        let request = call(
            &client,
            &mock,
            Method::POST,
            "/oauth/locationToken",
            &access,
        );
        let reply = Reply::of(form(request, &[("companyId", COMPANY), ("locationId", id)])).await;
        assert_eq!(reply.field("locationId"), id, "{}", reply.text);
        let own = format!("/locations/{id}/tags");
        let access = reply.field("access_token");
        assert_eq!(get(&client, &mock, &own, &access).await.status, 200);
    }
}

#[tokio::test]
async fn installed_locations_are_paged() {
    let mock = unlimited().start().await.expect("a server");
    let client = client();
    let agency = mock.issue_token(TokenSpec::company(COMPANY));
    for number in 0..25 {
        mock.install(CLIENT_ID, format!("loc-{number:02}"));
    }
    mock.authorize(CLIENT_ID, here());
    let elsewhere = Installation {
        company: "another".into(),
        ..Installation::from("elsewhere")
    };
    mock.install(CLIENT_ID, elsewhere);
    let shop = Installation {
        name: "Corner Shop".into(),
        on_trial: true,
        version_id: Some("v2".into()),
        ..Installation::from("shop")
    };
    mock.install(CLIENT_ID, shop);
    mock.uninstall(CLIENT_ID, "loc-00");
    let list = async |token: &str, more: &str| {
        let path = format!(
            "/oauth/installedLocations?appId=6650c0de6650c0de6650c0de&companyId={COMPANY}{more}"
        );
        let reply = get(&client, &mock, &path, token).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let body = reply.json();
        let items = body["locations"].as_array().cloned().unwrap_or_default();
        (body["count"].as_u64().unwrap_or_default(), items)
    };
    let ids = |items: &[Value]| -> Vec<String> {
        let ids = items.iter().filter_map(|item| item["_id"].as_str());
        ids.map(str::to_owned).collect()
    };
    for token in [agency.as_str(), AGENCY_TOKEN] {
        let (count, first) = list(token, "").await;
        assert_eq!((count, first.len()), (27, 20));
        let (_, second) = list(token, "&skip=20&limit=20").await;
        assert_eq!(ids(&second).last().map(String::as_str), Some("shop"));
        let all: std::collections::BTreeSet<_> =
            ids(&first).into_iter().chain(ids(&second)).collect();
        assert_eq!(all.len(), 27);
    }
    for (filter, expected) in [
        ("&query=corner", "shop"),
        ("&onTrial=true", "shop"),
        ("&versionId=v2", "shop"),
        ("&isInstalled=false", "loc-00"),
        ("&locationId=loc-07", "loc-07"),
        ("&query=mocklocation", LOCATION),
    ] {
        let target = format!("/oauth/installedLocations?appId&companyId{filter}");
        if !declares("GET", &target, &Value::Null) {
            continue;
        }
        let (count, items) = list(&agency, filter).await;
        assert_eq!(
            (count, ids(&items)),
            (1, vec![expected.to_owned()]),
            "{filter}"
        );
    }
}
