//! Bodies of the tests of every replay guard on a server.

use std::time::{Duration, Instant};

use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeliveryKey, Receiver, Rejection, ReplayError, ReplayGuard, ReservationId, ReserveOutcome,
};

use crate::DatabaseServer;
use crate::shared_stores::PATIENCE;

/// The key of a delivery with this number.
pub fn delivery(number: u32) -> DeliveryKey {
    DeliveryKey::of_webhook("app", &number.to_string())
}

/// Reserves a delivery that must be new.
pub async fn reserve_new(guard: &impl ReplayGuard, key: &DeliveryKey) -> ReservationId {
    match guard.reserve(key).await.unwrap() {
        ReserveOutcome::New(id) => id,
        other => panic!("{other:?}"),
    }
}

/// Reserves a delivery as soon as its entry has expired.
async fn reserve_when_possible(guard: &impl ReplayGuard, key: &DeliveryKey) -> ReservationId {
    let started = Instant::now();
    loop {
        if let ReserveOutcome::New(id) = guard.reserve(key).await.unwrap() {
            return id;
        }
        assert!(started.elapsed() < PATIENCE, "the entry does not expire");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Entries expire by the clock of the server, for all lifetimes. `open` opens a guard with a
/// lifetime of reservations and of handled deliveries.
pub async fn entries_expire<G: ReplayGuard>(open: impl Fn(Duration) -> G) {
    let key = delivery(1);
    for time in [Duration::from_millis(20), Duration::ZERO] {
        let guard = open(time);
        reserve_when_possible(&guard, &key).await;
        let id = reserve_when_possible(&guard, &key).await;
        guard.commit(&key, id).await.unwrap();
    }
    let guard = open(Duration::MAX);
    let id = reserve_new(&guard, &delivery(2)).await;
    guard.commit(&delivery(2), id).await.unwrap();
    let outcome = guard.reserve(&delivery(2)).await.unwrap();
    assert_eq!(outcome, ReserveOutcome::Duplicate);
}

/// Reserves again while there are errors: the first operation after a restart can meet the old
/// connection.
async fn reserve_again(guard: &impl ReplayGuard) -> ReserveOutcome {
    let started = Instant::now();
    loop {
        match guard.reserve(&delivery(1)).await {
            Ok(outcome) => return outcome,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
    }
}

/// A crash of the server loses neither reservations nor commits.
pub async fn crashes_lose_nothing<G: ReplayGuard>(
    guards: [G; 2],
    server: &mut impl DatabaseServer,
) {
    let [guard, other] = &guards;
    let id = reserve_new(guard, &delivery(1)).await;
    server.kill();
    guard.commit(&delivery(1), id).await.unwrap_err();
    other.reserve(&delivery(1)).await.unwrap_err();
    server.restart();
    for guard in &guards {
        assert_eq!(reserve_again(guard).await, ReserveOutcome::Pending);
    }
    guard.commit(&delivery(1), id).await.unwrap();
    server.restart();
    for guard in &guards {
        assert_eq!(reserve_again(guard).await, ReserveOutcome::Duplicate);
    }
}

/// Without the server of this guard, deliveries are answered with 503. The error contains `problem`
/// and not `secret`.
pub async fn deliveries_are_answered_503(guard: impl ReplayGuard, problem: &str, secret: &str) {
    let body = r#"{"type":"UnknownThing","appId":"app1","webhookId":"w1"}"#;
    let mut request = http::Request::post("/").body(body.to_owned()).unwrap();
    *request.headers_mut() = Signer::new().sign(body.as_bytes());
    let receiver = Receiver::new(Signer::new().verifier().build()).replay_guard(guard);
    let (parts, body) = request.into_parts();
    let received = tokio::time::timeout(PATIENCE, receiver.receive(&parts, body)).await;
    let rejection = received.expect("it ends").unwrap_err();
    assert_eq!(rejection.status(), 503);
    let Rejection::ReplayGuard(error @ ReplayError::Store(_)) = rejection else {
        panic!("{rejection:?}");
    };
    let text = error.to_string();
    assert!(text.contains(problem), "{text}");
    assert!(!text.contains(secret), "{text}");
}
