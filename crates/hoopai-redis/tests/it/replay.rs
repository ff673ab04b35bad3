//! The replay guard.

use std::time::Duration;

use hoopai_redis::RedisReplayGuard;
use hoopai_redis::redis::{self, Script};
use hoopai_test_support::replay_guards::{
    crashes_lose_nothing, deliveries_are_answered_503, delivery, entries_expire, reserve_new,
};
use hoopai_test_support::shared_stores::PATIENCE;
use hoopai_test_support::{RedisServer, silent_server};
use hoopai_webhooks::ReplayGuard;
use hoopai_webhooks::conformance::ReplayGuardChecks;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Shortens the lifetimes of all entries, instead of waiting.
const LET_PASS: &str = r"
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key) - tonumber(ARGV[1])
  redis.call('PEXPIRE', key, left)
end
";

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
    entries_expire(|time| connect(&server).reservation_time(time).window(time)).await;
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
    let guards = [connect(&server), connect(&server)];
    crashes_lose_nothing(guards, &mut server).await;
}

#[tokio::test]
async fn deliveries_are_answered_503_without_the_server() {
    for (port, limit, problem) in [
        (
            silent_server().await,
            Duration::from_millis(200),
            "did not answer",
        ),
        (1, PATIENCE / 2, "connection to Redis failed"),
    ] {
        let url = format!("redis://:s3cret@127.0.0.1:{port}");
        let guard = RedisReplayGuard::connect(&url).unwrap();
        assert!(!format!("{guard:?}").contains("s3cret"));
        deliveries_are_answered_503(guard.timeout(limit), problem, "s3cret").await;
    }
}
