//! The replay guard.

use std::time::{Duration, Instant};

use hoopai_redis::RedisReplayGuard;
use hoopai_redis::redis::{self, Script};
use hoopai_test_support::RedisServer;
use hoopai_webhooks::conformance::ReplayGuardChecks;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeliveryKey, Receiver, Rejection, ReplayError, ReplayGuard, ReservationId, ReserveOutcome,
};
use tokio::net::TcpListener;

/// The longest time for which tests wait.
const PATIENCE: Duration = Duration::from_secs(20);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Shortens the lifetimes of all entries, instead of waiting.
const LET_PASS: &str = r"
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key) - tonumber(ARGV[1])
  redis.call('PEXPIRE', key, left)
end
";

fn delivery(number: u32) -> DeliveryKey {
    DeliveryKey::of_webhook("app", &number.to_string())
}

fn connect(server: &RedisServer) -> RedisReplayGuard {
    RedisReplayGuard::connect(&server.url()).unwrap()
}

async fn commands(server: &RedisServer) -> redis::aio::MultiplexedConnection {
    let client = redis::Client::open(server.url()).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// The names of all entries.
async fn names(connection: &mut redis::aio::MultiplexedConnection) -> Vec<String> {
    let mut keys = redis::cmd("KEYS");
    keys.arg("*").query_async(connection).await.unwrap()
}

async fn reserve_new(guard: &RedisReplayGuard, key: &DeliveryKey) -> ReservationId {
    match guard.reserve(key).await.unwrap() {
        ReserveOutcome::New(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Reserves a delivery as soon as its entry has expired.
async fn reserve_when_possible(guard: &RedisReplayGuard, key: &DeliveryKey) -> ReservationId {
    let started = Instant::now();
    loop {
        if let ReserveOutcome::New(id) = guard.reserve(key).await.unwrap() {
            return id;
        }
        assert!(started.elapsed() < PATIENCE, "the entry does not expire");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn conforms() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let mut connection = commands(&server).await;
    let check = async |guards: [RedisReplayGuard; 2], reservation_time, window| {
        let [first, second] = guards;
        let connection = commands(&server).await;
        let checks = ReplayGuardChecks::new(first, second, reservation_time, window);
        let checks = checks.wait_by(move |time: Duration| {
            let mut connection = connection.clone();
            async move {
                let script = Script::new(LET_PASS);
                let mut script = script.prepare_invoke();
                script.arg(u64::try_from(time.as_millis()).unwrap());
                let () = script.invoke_async(&mut connection).await.unwrap();
            }
        });
        checks.run().await.unwrap();
    };
    let open = || connect(&server);
    check([open(), open()], 15 * MINUTE, 72 * HOUR).await;
    let open = || {
        let guard = connect(&server).prefix("own");
        guard.reservation_time(MINUTE).window(HOUR)
    };
    check([open(), open()], MINUTE, HOUR).await;
    open().check_durability().await.unwrap();
    // The checks leave nothing behind.
    assert_eq!(names(&mut connection).await, [""; 0]);
}

#[tokio::test]
async fn entries_expire_by_the_clock_of_the_server() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let short = Duration::from_millis(20);
    let guard = connect(&server).reservation_time(short).window(short);
    reserve_new(&guard, &delivery(1)).await;
    let id = reserve_when_possible(&guard, &delivery(1)).await;
    guard.commit(&delivery(1), id).await.unwrap();
    reserve_when_possible(&guard, &delivery(1)).await;
    // The shortest times.
    let guard = guard
        .reservation_time(Duration::ZERO)
        .window(Duration::ZERO);
    let id = reserve_when_possible(&guard, &delivery(1)).await;
    guard.commit(&delivery(1), id).await.unwrap();
    // The longest times.
    let guard = guard.reservation_time(Duration::MAX).window(Duration::MAX);
    let id = reserve_new(&guard, &delivery(2)).await;
    guard.commit(&delivery(2), id).await.unwrap();
    let outcome = guard.reserve(&delivery(2)).await.unwrap();
    assert_eq!(outcome, ReserveOutcome::Duplicate);
}

#[tokio::test]
async fn entries_show_no_ids_and_have_a_lifetime() {
    let Some(server) = RedisServer::start() else {
        return;
    };
    let guard = connect(&server);
    reserve_new(&guard, &delivery(1)).await;
    let id = reserve_new(&guard, &delivery(2)).await;
    guard.commit(&delivery(2), id).await.unwrap();
    let mut connection = commands(&server).await;
    let mut names = names(&mut connection).await;
    let mut expected = [1, 2].map(|number| format!("hoopai:deliveries:{}", delivery(number)));
    names.sort();
    expected.sort();
    assert_eq!(names, expected);
    for name in names {
        let mut left = redis::cmd("TTL");
        let left: i64 = left.arg(name).query_async(&mut connection).await.unwrap();
        assert!((1..=72 * 3600).contains(&left), "{left}");
    }
}

#[tokio::test]
async fn crash_of_the_server_loses_neither_reservations_nor_commits() {
    let Some(mut server) = RedisServer::start() else {
        return;
    };
    let (guard, other) = (connect(&server), connect(&server));
    // The first operation after a restart can meet the old connection.
    let reserve_again = async |guard: &RedisReplayGuard| {
        let started = Instant::now();
        loop {
            match guard.reserve(&delivery(1)).await {
                Ok(outcome) => return outcome,
                Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
            }
        }
    };
    let id = reserve_new(&guard, &delivery(1)).await;
    server.kill();
    guard.commit(&delivery(1), id).await.unwrap_err();
    other.reserve(&delivery(1)).await.unwrap_err();
    server.restart();
    for guard in [&guard, &other] {
        assert_eq!(reserve_again(guard).await, ReserveOutcome::Pending);
    }
    guard.commit(&delivery(1), id).await.unwrap();
    server.restart();
    for guard in [&guard, &other] {
        assert_eq!(reserve_again(guard).await, ReserveOutcome::Duplicate);
    }
}

/// Sends a delivery to a receiver with this guard, and returns why it is rejected.
async fn rejection(guard: RedisReplayGuard) -> Rejection {
    let body = r#"{"type":"UnknownThing","appId":"app1","webhookId":"w1"}"#;
    let mut request = http::Request::post("/").body(body.to_owned()).unwrap();
    *request.headers_mut() = Signer::new().sign(body.as_bytes());
    let receiver = Receiver::new(Signer::new().verifier().build()).replay_guard(guard);
    let (parts, body) = request.into_parts();
    let received = tokio::time::timeout(PATIENCE, receiver.receive(&parts, body)).await;
    received.expect("it ends").unwrap_err()
}

#[tokio::test]
async fn deliveries_are_answered_503_without_the_server() {
    // A server that accepts connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let silent = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            open.push(connection);
        }
    });
    for (port, limit, problem) in [
        (port, Duration::from_millis(200), "did not answer"),
        (1, PATIENCE / 2, "connection to Redis failed"),
    ] {
        let url = format!("redis://:s3cret@127.0.0.1:{port}");
        let guard = RedisReplayGuard::connect(&url).unwrap();
        assert!(!format!("{guard:?}").contains("s3cret"));
        let rejection = rejection(guard.timeout(limit)).await;
        assert_eq!(rejection.status(), 503);
        let Rejection::ReplayGuard(error @ ReplayError::Store(_)) = rejection else {
            panic!("{rejection:?}");
        };
        let text = error.to_string();
        assert!(text.contains(problem), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    silent.abort();
}
