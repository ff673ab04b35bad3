//! Connections: hostile clients, limits, and the end of the server.

use std::time::{Duration, Instant};

use hoopai_mock::{Mock, Outcome, RateLimitSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::raw_http::{End, connect, create, exchange, get, get_bytes, read_to_end, status};

fn no_limits() -> RateLimitSettings {
    RateLimitSettings {
        burst: u32::MAX,
        daily: u32::MAX,
        ..RateLimitSettings::default()
    }
}

#[tokio::test]
async fn connection_serves_many_requests() {
    let mock = Mock::builder().start().await.expect("a server");
    let mut stream = connect(&mock).await;
    let both = get_bytes() + &get_bytes().replace("host:", "connection: close\r\nhost:");
    stream
        .write_all(both.as_bytes())
        .await
        .expect("both go out");
    let (replies, end) = read_to_end(&mut stream).await;
    assert_eq!(replies.matches("HTTP/1.1 200 OK").count(), 2, "{replies}");
    assert_eq!(end, End::Closed);
}

#[tokio::test]
async fn two_hundred_concurrent_connections_are_served() {
    let builder = Mock::builder().limits(no_limits());
    let mock = builder.start().await.expect("a server");
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(connect(&mock).await);
    }
    let mut answered = JoinSet::new();
    for mut stream in streams {
        answered.spawn(async move {
            let request = get_bytes().replace("host:", "connection: close\r\nhost:");
            stream
                .write_all(request.as_bytes())
                .await
                .expect("it goes out");
            read_to_end(&mut stream).await.0
        });
    }
    while let Some(reply) = answered.join_next().await {
        assert!(reply.expect("no panic").starts_with("HTTP/1.1 200 OK"));
    }
    assert_eq!(mock.journal().count(), 200);
}

#[tokio::test]
async fn malformed_http_is_rejected() {
    let mock = Mock::builder().start().await.expect("a server");
    let many_headers = "x: y\r\n".repeat(10_000);
    let malformed = [
        "\r\n\r\nnonsense\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nno colon here\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: x\r\n\r\n".to_owned(),
        "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".to_owned(),
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{0}\u{5}hello".to_owned(),
        format!("GET / HTTP/1.1\r\n{many_headers}\r\n"),
        format!("GET /{} HTTP/1.1\r\nhost: a\r\n\r\n", "a".repeat(200_000)),
    ];
    for request in malformed {
        let mut stream = connect(&mock).await;
        // The server can close the connection while the request is still being sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let (reply, _) = read_to_end(&mut stream).await;
        let start: String = request.chars().take(60).collect();
        assert!(
            reply.is_empty() || reply.starts_with("HTTP/1.1 4"),
            "{start:?}: {reply}"
        );
        assert_eq!(status(get(&mock)).await, 200, "{start:?}");
    }
    let chunked = "POST /contacts/ HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n";
    let (reply, _) = exchange(&mock, chunked).await;
    assert!(
        reply.is_empty() || reply.starts_with("HTTP/1.1 4"),
        "{reply}"
    );
    assert_eq!(status(get(&mock)).await, 200);
}

#[tokio::test]
async fn unusual_valid_request_gets_reply() {
    let mock = Mock::builder().start().await.expect("a server");
    let targets = [
        "OPTIONS *",
        "CONNECT mock:80",
        "GET /%",
        "GET /%ff%00",
        "GET //",
        "BREW /contacts/",
        "HEAD /contacts/",
        "GET http://elsewhere/contacts/",
        "GET /contacts/?%=&&=%zz",
    ];
    for target in targets {
        let request = format!("{target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let (reply, _) = exchange(&mock, &request).await;
        assert!(reply.starts_with("HTTP/1.1 4"), "{target}: {reply}");
    }
}

#[tokio::test]
async fn huge_body_is_rejected_unread() {
    let mock = Mock::builder()
        .body_limit(100_000)
        .start()
        .await
        .expect("a server");
    let call = create(&mock).body("x".repeat(100_001));
    let reply = call.send().await.expect("a reply");
    assert_eq!(reply.status(), 413);
    assert_eq!(reply.headers()["connection"], "close");
    let body: serde_json::Value = reply.json().await.expect("JSON");
    assert_eq!(body["statusCode"], 413);

    // The declared length is enough.
    let head = "POST /contacts/ HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000000\r\n\r\n";
    let (reply, _) = exchange(&mock, head).await;
    assert!(reply.starts_with("HTTP/1.1 413"), "{reply}");

    // Without a declared length, the limit applies while reading.
    let mut stream = connect(&mock).await;
    let head = "POST /contacts/ HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    stream
        .write_all(head.as_bytes())
        .await
        .expect("it goes out");
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..2 {
        stream
            .write_all(chunk.as_bytes())
            .await
            .expect("it goes out");
    }
    let mut reply = [0; 12];
    stream.read_exact(&mut reply).await.expect("a reply");
    assert_eq!(&reply, b"HTTP/1.1 413");

    let entries = mock.journal().entries();
    assert_eq!(entries.len(), 3);
    assert!(
        entries
            .iter()
            .all(|entry| entry.outcome == Outcome::Refused)
    );
    assert_eq!(entries[0].body_len, 100_001);
    assert!(!entries.iter().any(|entry| entry.body.len() > 100_000));
}

#[tokio::test]
async fn text_body_has_own_limit() {
    let mock = Mock::builder().start().await.expect("a server");
    assert_eq!(
        status(create(&mock).body("x".repeat((1 << 20) + 1))).await,
        413
    );
    assert_ne!(status(create(&mock).body("x".repeat(1 << 20))).await, 413);
}

#[tokio::test]
async fn slow_client_is_disconnected() {
    let idle_timeout = Duration::from_millis(300);
    let mock = Mock::builder()
        .idle_timeout(idle_timeout)
        .start()
        .await
        .expect("a server");
    let begun = Instant::now();
    // A head that never ends, one byte at a time.
    let mut stream = connect(&mock).await;
    let trickle = async {
        for byte in "GET /contacts/ HTTP/1.1\r\nx-header: and so on for a long time".bytes() {
            if stream.write_all(&[byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    trickle.await;
    assert!(begun.elapsed() < Duration::from_secs(5));
    // A body that does not arrive.
    let head = "POST /contacts/ HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc";
    let (reply, _) = exchange(&mock, head).await;
    assert!(reply.starts_with("HTTP/1.1 408"), "{reply}");
    // A connection without data.
    let mut idle = connect(&mock).await;
    assert_eq!(read_to_end(&mut idle).await.1, End::Closed);
    assert!(begun.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn client_disconnect_is_recorded_as_dropped() {
    let mock = Mock::builder().start().await.expect("a server");
    let mut stream = connect(&mock).await;
    let head = "POST /contacts/ HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc";
    stream
        .write_all(head.as_bytes())
        .await
        .expect("it goes out");
    drop(stream);
    assert!(mock.journal().wait_for(1, Duration::from_secs(5)).await);
    assert_eq!(mock.journal().entries()[0].outcome, Outcome::Dropped);
}

#[tokio::test]
async fn drop_stops_server_with_open_connections() {
    let mock = Mock::builder().start().await.expect("a server");
    let address = mock.url().replace("http://", "");
    let mut open = connect(&mock).await;
    let mut busy = connect(&mock).await;
    mock.faults()
        .add(hoopai_mock::Fault::Delay(Duration::from_secs(60)).into());
    busy.write_all(get_bytes().as_bytes())
        .await
        .expect("it goes out");
    tokio::time::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    drop(mock);
    let mut byte = [0];
    assert!(matches!(open.read(&mut byte).await, Ok(0) | Err(_)));
    assert!(matches!(busy.read(&mut byte).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(&address).await.is_err());
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn port_is_free_after_stop() {
    let mock = Mock::builder().start().await.expect("a server");
    let port = mock
        .url()
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok())
        .expect("a port");
    assert!(Mock::builder().port(port).start().await.is_err());
    mock.stop().await;
    let mock = Mock::builder()
        .port(port)
        .start()
        .await
        .expect("the same port");
    assert_eq!(status(get(&mock)).await, 200);
}

#[tokio::test]
async fn client_that_never_reads_is_disconnected() {
    let builder = Mock::builder().limits(no_limits());
    let builder = builder.idle_timeout(Duration::from_millis(300));
    let mock = builder.start().await.expect("a server");
    let mut stream = connect(&mock).await;
    let requests = get_bytes().repeat(50);
    let flood = async { while stream.write_all(requests.as_bytes()).await.is_ok() {} };
    let ended = tokio::time::timeout(Duration::from_secs(30), flood).await;
    assert!(ended.is_ok(), "the server ends the connection");
    assert_eq!(status(get(&mock)).await, 200);
}

#[tokio::test]
async fn random_bytes_do_not_stop_server() {
    let builder = Mock::builder().limits(no_limits());
    let builder = builder.idle_timeout(Duration::from_millis(200));
    let mock = builder.start().await.expect("a server");
    let mut random = fastrand::Rng::with_seed(3);
    let mut connections = JoinSet::new();
    for _ in 0..300 {
        let mut bytes = get_bytes().into_bytes();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes.truncate(at + 1),
                2 => bytes.insert(at, random.u8(..)),
                _ => drop(bytes.remove(at)),
            }
        }
        let mut stream = connect(&mock).await;
        connections.spawn(async move {
            let _ = stream.write_all(&bytes).await;
            read_to_end(&mut stream).await.0
        });
    }
    while let Some(reply) = connections.join_next().await {
        let reply = reply.expect("it ends");
        let fine = ["HTTP/1.1 2", "HTTP/1.1 4"];
        let fine = fine.iter().any(|start| reply.starts_with(start));
        assert!(reply.is_empty() || fine, "{reply}");
    }
    assert_eq!(status(get(&mock)).await, 200);
}
