//! A damaged 2xx reply of the token endpoint is decoded or kept in the store, since it used up the
//! refresh token.

use std::fs;
use std::time::{Duration, SystemTime};

use hoopai::auth::{AccountId, FileStore, TokenKey, TokenSet};
use hoopai::{AuthErrorKind, Client, Error};
use hoopai_test_support::{Reply, Request, Server};

use crate::client::{app, read};

const PATHS: [&str; 2] = ["/oauth/token", "/oauth/locationToken"];

fn location() -> AccountId {
    AccountId::location("loc-1")
}

fn client(server: &Server, store: FileStore) -> Client {
    let builder = Client::builder().oauth_app(app()).token_store(store);
    builder.base_url(&server.url).build().unwrap()
}

/// Starts a server that makes its replies to token requests with a script.
fn platform(reply: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request| {
        if PATHS.contains(&&*request.target) {
            return reply(request);
        }
        Reply::json(200, r#"{"contact":{"id":"c1"}}"#)
    })
}

async fn call(client: &Client) -> Result<(), Error> {
    read(&client.as_location("loc-1")).await.map(drop)
}

/// Stores expired tokens of an account.
async fn install_expired(client: &Client, resource: AccountId) {
    let past = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let tokens = TokenSet::new("old-access", Some("old-refresh".into()), past);
    let installed = client.tokens().unwrap().install(resource, tokens).await;
    installed.unwrap();
}

const WHOLE: &str = r#"{"access_token":"new-access","token_type":"Bearer","expires_in":86399,"refresh_token":"new-refresh","scope":"contacts.readonly","userType":"Location","companyId":"com-1","locationId":"loc-1","userId":"u-1"}"#;

/// Returns damaged bodies that contain both tokens and the account.
fn readable() -> Vec<(&'static str, Vec<u8>)> {
    let camel = WHOLE
        .replace("access_token", "accessToken")
        .replace("refresh_token", "refreshToken")
        .replace("expires_in", "expiresIn");
    let latin = WHOLE.replace("u-1", "M?ller").into_bytes();
    let latin = latin
        .into_iter()
        .map(|byte| if byte == b'?' { 0xfc } else { byte })
        .collect();
    let twice = WHOLE.replacen(
        '{',
        r#"{"access_token":"stale","refresh_token":"stale","locationId":"other","#,
        1,
    );
    let in_string = serde_json::json!({ "body": WHOLE, "statusCode": 200 }).to_string();
    let form = "access_token=new-access&token_type=Bearer&expires_in=86399&refresh_token=new-refresh&userType=Location&companyId=com-1&locationId=loc-1&scope=a";
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(WHOLE.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    vec![
        ("as documented", WHOLE.into()),
        ("camelCase", camel.clone().into()),
        ("data wrapper", format!(r#"{{"data":{WHOLE}}}"#).into()),
        (
            "two wrappers",
            format!(r#"{{"success":true,"result":{{"tokens":{camel}}}}}"#).into(),
        ),
        ("list of one", format!("[{WHOLE}]").into()),
        ("JSON in a string", in_string.into()),
        (
            "BOM",
            [b"\xef\xbb\xbf".as_slice(), WHOLE.as_bytes()].concat(),
        ),
        ("UTF-16", utf16),
        ("Latin-1", latin),
        ("duplicate keys", twice.into()),
        ("trailing garbage", format!("{WHOLE}<!-- cached -->").into()),
        ("leading garbage", format!(")]}}',\n{WHOLE}").into()),
        ("within HTML", format!("<pre>{WHOLE}</pre>").into()),
        ("truncated end", WHOLE[..WHOLE.len() - 8].into()),
        (
            "numbers as strings",
            WHOLE.replace("86399", "\"86399\"").into(),
        ),
        (
            "no lifetime",
            WHOLE.replace("\"expires_in\":86399,", "").into(),
        ),
        ("form", form.into()),
    ]
}

/// Returns framings of a body that arrives complete.
fn framings(body: &[u8]) -> Vec<(&'static str, Reply)> {
    let head = |length: String| {
        Reply::raw(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{length}\r\n"
        ))
    };
    let length = |length: usize| head(format!("content-length: {length}\r\n"));
    let chunk = |body: &[u8]| {
        let mut chunk = format!("{:x}\r\n", body.len()).into_bytes();
        chunk.extend(body);
        chunk
    };
    vec![
        ("right length", length(body.len()).write(body)),
        (
            "length too long",
            length(body.len() + 9).write(body).close(),
        ),
        ("no length", head(String::new()).write(body).close()),
        (
            "no last chunk",
            head("transfer-encoding: chunked\r\n".to_owned())
                .write(chunk(body))
                .close(),
        ),
        ("status 201", {
            let text = format!(
                "HTTP/1.1 201 Created\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            Reply::raw(text).write(body)
        }),
    ]
}

fn stored(store: &FileStore, resource: AccountId) -> serde_json::Value {
    let path = store.path_of(&TokenKey::new("app-1", resource));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_refresh_reply_is_decoded() {
    for (name, body) in readable() {
        let is_framed = matches!(name, "as documented" | "Latin-1" | "truncated end" | "form");
        let framings = framings(&body).into_iter();
        for (framing, reply) in framings.take(if is_framed { usize::MAX } else { 1 }) {
            let directory = tempfile::tempdir().unwrap();
            let store = FileStore::open(directory.path()).unwrap();
            let server = platform(move |_| reply.clone());
            let client = client(&server, store.clone());
            install_expired(&client, location()).await;
            let called = call(&client).await;
            assert!(called.is_ok(), "{name}, {framing}: {called:?}");
            let last = server.requests().pop().unwrap();
            assert_eq!(
                last.header("authorization"),
                Some("Bearer new-access"),
                "{name}, {framing}"
            );
            let record = stored(&store, location());
            assert_eq!(record["refresh_token"], "new-refresh", "{name}, {framing}");
            assert!(record.get("pending").is_none(), "{name}, {framing}");
            assert_eq!(server.count(), 2, "{name}, {framing}");
        }
    }
}

#[tokio::test]
async fn complete_body_with_too_long_length_is_used() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let server = platform(|_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n";
        Reply::raw(head).write(WHOLE).hang()
    });
    let client = client(&server, store.clone());
    install_expired(&client, location()).await;
    call(&client).await.unwrap();
    assert_eq!(stored(&store, location())["refresh_token"], "new-refresh");
}

#[tokio::test]
async fn truncated_body_is_used_after_the_timeout() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let server = platform(|_| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n";
        let cut = &WHOLE[..WHOLE.len() - 3];
        Reply::raw(head).write(cut).hang()
    });
    let builder = Client::builder()
        .oauth_app(app())
        .token_store(store.clone());
    let client = builder
        .base_url(&server.url)
        .attempt_timeout(Duration::from_millis(300))
        .build()
        .unwrap();
    install_expired(&client, location()).await;
    call(&client).await.unwrap();
    assert_eq!(stored(&store, location())["refresh_token"], "new-refresh");
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_code_and_location_token_replies_are_decoded() {
    for (name, body) in readable() {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let reply = framings(&body).remove(0).1;
        let server = platform(move |_| reply.clone());
        let client = client(&server, store.clone());
        let installation = client.tokens().unwrap().exchange_code("code-1").await;
        let installation = installation.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(installation.account, location(), "{name}");
        assert_eq!(
            stored(&store, location())["access_token"],
            "new-access",
            "{name}"
        );

        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let client = self::client(&server, store.clone());
        let tokens = TokenSet::new(
            "agency-access",
            None,
            SystemTime::now() + Duration::from_secs(9_000),
        );
        let tokens = client
            .tokens()
            .unwrap()
            .install(AccountId::company("com-1"), tokens)
            .await;
        tokens.unwrap();
        let agency = client.as_company("com-1");
        call(&agency)
            .await
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            stored(&store, location())["refresh_token"],
            "new-refresh",
            "{name}"
        );
    }
}

/// Bodies without a complete access token.
const UNREADABLE: [&str; 8] = [
    "<html>One moment, you-are-being-checked</html>",
    r#"{"token_type":"Bearer","access_token":"new-acc"#,
    r#"{"access_token":5,"refresh_token":"new-refresh"}"#,
    r#"{"refresh_token":"new-refresh","access_token":"#,
    r#"{"message":"access_token: missing"}"#,
    "null",
    "access_token",
    "\u{0}\u{1}binary",
];

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_refresh_reply_is_kept_and_returned() {
    for (index, body) in UNREADABLE.into_iter().enumerate() {
        let framings = framings(body.as_bytes()).into_iter();
        for (framing, reply) in framings.take(if index < 2 { usize::MAX } else { 1 }) {
            let directory = tempfile::tempdir().unwrap();
            let store = FileStore::open(directory.path()).unwrap();
            let server = platform(move |_| reply.clone());
            let client = client(&server, store.clone());
            install_expired(&client, location()).await;
            let error = call(&client).await.unwrap_err();
            assert_eq!(
                error.auth_error_kind(),
                Some(AuthErrorKind::Unavailable),
                "{body}"
            );
            let path = store.path_of(&TokenKey::new("app-1", location()));
            let text = format!("{error} {error:?}");
            assert!(text.contains("undecoded_replies"), "{framing}: {text}");
            assert!(text.contains(&*path.to_string_lossy()), "{text}");
            for secret in ["new-", "old-", "app-secret", "being-checked"] {
                assert!(!text.contains(secret), "{framing}: {text}");
            }
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                let mode = fs::metadata(&path).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
            // Another process reads them.
            let other = self::client(&server, store.clone());
            let replies = other.tokens().unwrap().undecoded_replies(location()).await;
            let replies = replies.unwrap();
            assert_eq!(replies.len(), 1, "{body}, {framing}");
            assert!(!format!("{replies:?}").contains("new-"));
            let record = stored(&store, location());
            let kept = &record["unread_replies"][0];
            assert_eq!(kept["text"], body, "{framing}");
            assert_eq!(kept["refresh_token"], "old-refresh");
            assert_eq!(record["pending"]["answered"], 1);
            // Tokens that a user extracts from it are installed and replace it.
            let later = SystemTime::now() + Duration::from_secs(9_000);
            let tokens = TokenSet::new("saved-access", Some("saved-refresh".into()), later);
            other
                .tokens()
                .unwrap()
                .install(location(), tokens)
                .await
                .unwrap();
            call(&other).await.unwrap();
            assert!(stored(&store, location()).get("unread_replies").is_none());
        }
    }
}

#[tokio::test]
async fn unreadable_code_reply_is_kept() {
    let unknown = WHOLE.replace("companyId", "x").replace("locationId", "y");
    for body in UNREADABLE.into_iter().chain([&*unknown]) {
        let directory = tempfile::tempdir().unwrap();
        let store = FileStore::open(directory.path()).unwrap();
        let reply = Reply::json(200, body);
        let server = platform(move |_| reply.clone());
        let client = client(&server, store.clone());
        let tokens = client.tokens().unwrap();
        let error = tokens.exchange_code("code-1").await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("undecoded_code_replies"), "{text}");
        for secret in ["new-", "code-1", "app-secret"] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_eq!(tokens.undecoded_code_replies().await.unwrap().len(), 1);
        let directory = fs::read_dir(directory.path()).unwrap();
        let kept = directory
            .filter_map(|file| fs::read_to_string(file.unwrap().path()).ok())
            .filter_map(|text| serde_json::from_str::<serde_json::Value>(&text).ok())
            .find_map(|record| {
                record["unread_replies"][0]["text"]
                    .as_str()
                    .map(str::to_owned)
            });
        assert_eq!(kept.as_deref(), Some(body));
    }
}

#[tokio::test]
async fn empty_success_is_recorded_as_a_used_token() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let server = platform(|_| Reply::json(200, ""));
    let client = client(&server, store.clone());
    install_expired(&client, location()).await;
    let error = call(&client).await.unwrap_err();
    assert!(error.to_string().contains("empty reply"), "{error}");
    let record = stored(&store, location());
    assert_eq!(record["pending"]["answered"], 1);
    assert_eq!(record["refresh_token"], "old-refresh");
}

#[tokio::test]
async fn reply_without_refresh_token_is_used_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = FileStore::open(directory.path()).unwrap();
    let at = WHOLE.find("new-refresh").unwrap();
    let cut = &WHOLE[..at + 5];
    let server = platform(move |_| Reply::json(200, cut));
    let client = client(&server, store.clone());
    install_expired(&client, location()).await;
    call(&client).await.unwrap();
    let record = stored(&store, location());
    assert_eq!(record["access_token"], "new-access");
    assert_eq!(record["unread_replies"][0]["text"], cut);
}

/// The first reply is lost or unreadable. The platform repeats the tokens to the next process, or
/// refuses.
#[tokio::test]
async fn next_process_sends_the_same_refresh_token_once() {
    let lost: [fn() -> Reply; 3] = [
        || Reply::default().close(),
        || Reply::json(200, ""),
        || Reply::json(200, "<html>"),
    ];
    for lost in lost {
        for has_grace in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            let store = FileStore::open(directory.path()).unwrap();
            let server = platform(move |request| {
                assert_eq!(
                    request.form("refresh_token").as_deref(),
                    Some("old-refresh")
                );
                match (request.index, has_grace) {
                    (0, _) => lost(),
                    (_, true) => Reply::json(200, WHOLE),
                    (_, false) => Reply::json(400, r#"{"error":"invalid_grant"}"#),
                }
            });
            let first = client(&server, store.clone());
            install_expired(&first, location()).await;
            call(&first).await.unwrap_err();
            let next = client(&server, store.clone());
            let outcome = call(&next).await;
            if has_grace {
                outcome.unwrap();
                assert_eq!(stored(&store, location())["refresh_token"], "new-refresh");
            } else {
                assert!(outcome.unwrap_err().needs_reinstall());
                let third = client(&server, store.clone());
                assert!(call(&third).await.unwrap_err().needs_reinstall());
            }
            let sent = server.requests();
            let sent = sent
                .iter()
                .filter(|request| request.target == "/oauth/token");
            assert_eq!(sent.count(), 2);
        }
    }
}

/// A header that a request has twice is joined by servers, or makes them refuse it.
#[tokio::test]
async fn requests_have_each_header_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = platform(|_| Reply::json(200, WHOLE));
    let client = client(&server, FileStore::open(directory.path()).unwrap());
    install_expired(&client, location()).await;
    call(&client).await.unwrap();
    let requests = server.requests();
    assert_eq!(requests.len(), 2);
    for request in requests {
        let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "{}: {:?}", request.target, names);
        assert_eq!(request.header("accept"), Some("application/json"));
    }
}
