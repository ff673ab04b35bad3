//! The replay guard in memory, against a model that keeps everything.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::time::{BoxFuture, Clock, ManualClock};
use hoopai_test_support::seeds;
use hoopai_webhooks::{
    DeliveryKey, MemoryReplayGuard, ReplayError, ReplayGuard, Reservation, ReservationId,
    ReserveOutcome, Reserved,
};

fn key(number: usize) -> DeliveryKey {
    DeliveryKey::of_webhook("app", &number.to_string())
}

fn guard_with_clock() -> (MemoryReplayGuard, ManualClock) {
    let clock = ManualClock::new();
    let guard = MemoryReplayGuard::new().clock(Arc::new(clock.clone()));
    (guard, clock)
}

async fn reserve(guard: &MemoryReplayGuard, key: DeliveryKey) -> Reserved {
    let guard: Arc<dyn ReplayGuard> = Arc::new(guard.clone());
    Reservation::reserve(guard, key).await.unwrap()
}

async fn reserve_new(guard: &MemoryReplayGuard, key: DeliveryKey) -> Reservation {
    match reserve(guard, key).await {
        Reserved::New(reservation) => reservation,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn handled_delivery_is_a_duplicate_for_72_hours() {
    let (guard, clock) = guard_with_clock();
    reserve_new(&guard, key(1)).await.commit().await.unwrap();
    clock.advance(Duration::from_secs(72 * 3600 - 1));
    assert!(matches!(reserve(&guard, key(1)).await, Reserved::Duplicate));
    clock.advance(Duration::from_secs(1));
    assert!(matches!(reserve(&guard, key(1)).await, Reserved::New(_)));
}

#[tokio::test]
async fn dropped_reservation_is_released() {
    let (guard, _) = guard_with_clock();
    let reservation = reserve_new(&guard, key(1)).await;
    assert!(matches!(reserve(&guard, key(1)).await, Reserved::Pending));
    drop(reservation);
    // A panic of a handler.
    let reservation = reserve_new(&guard, key(1)).await;
    let task = tokio::spawn(async move {
        let _reservation = reservation;
        panic!("a handler fails");
    });
    assert!(task.await.unwrap_err().is_panic());
    // A cancelled handler.
    let reservation = reserve_new(&guard, key(1)).await;
    let task = tokio::spawn(async move {
        let _reservation = reservation;
        std::future::pending::<()>().await;
    });
    task.abort();
    task.await.unwrap_err();
    reserve_new(&guard, key(1)).await.release().await.unwrap();
    assert!(guard.is_empty());
}

#[tokio::test]
async fn reservation_of_an_ended_process_expires() {
    let (guard, clock) = guard_with_clock();
    let first = reserve_new(&guard, key(1)).await;
    clock.advance(Duration::from_secs(15 * 60));
    let second = reserve_new(&guard, key(1)).await;
    // The first one does not end the second one.
    first.release().await.unwrap();
    assert!(matches!(reserve(&guard, key(1)).await, Reserved::Pending));
    drop(second);
    assert!(guard.is_empty());
}

#[tokio::test]
async fn late_commit_counts() {
    let (guard, clock) = guard_with_clock();
    let mut first = reserve_new(&guard, key(1)).await;
    clock.advance(Duration::from_secs(15 * 60));
    let second = reserve_new(&guard, key(1)).await;
    first.commit().await.unwrap();
    // A failure of the second handler does not undo it.
    drop(second);
    assert!(matches!(reserve(&guard, key(1)).await, Reserved::Duplicate));
}

#[tokio::test]
async fn full_guard_rejects_new_deliveries_and_forgets_none() {
    let (guard, clock) = guard_with_clock();
    let guard = guard.capacity(3);
    for number in 0..3 {
        reserve_new(&guard, key(number))
            .await
            .commit()
            .await
            .unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let error = guard.reserve(&key(3)).await.unwrap_err();
    assert!(matches!(error, ReplayError::Full));
    for number in 0..3 {
        assert!(matches!(
            reserve(&guard, key(number)).await,
            Reserved::Duplicate
        ));
    }
    clock.advance(Duration::from_secs(72 * 3600 - 3));
    reserve_new(&guard, key(3)).await.commit().await.unwrap();
    assert_eq!((guard.len(), guard.evicted()), (3, 0));

    let guard = guard.evict_when_full();
    for number in 0..5 {
        reserve_new(&guard, key(number))
            .await
            .commit()
            .await
            .unwrap();
    }
    assert_eq!((guard.len(), guard.evicted()), (3, 2));
    assert!(matches!(reserve(&guard, key(2)).await, Reserved::Duplicate));
    assert!(matches!(reserve(&guard, key(1)).await, Reserved::New(_)));
    // Reservations are never evicted.
    let guard = guard.capacity(2);
    let _reservations = [
        reserve_new(&guard, key(0)).await,
        reserve_new(&guard, key(1)).await,
    ];
    assert!(guard.reserve(&key(2)).await.is_err());
}

#[tokio::test]
async fn handled_delivery_is_remembered_by_a_full_guard() {
    let (guard, clock) = guard_with_clock();
    let guard = guard.capacity(1);
    let mut late = reserve_new(&guard, key(0)).await;
    clock.advance(Duration::from_secs(15 * 60));
    reserve_new(&guard, key(1)).await.commit().await.unwrap();
    late.commit().await.unwrap();
    for number in 0..2 {
        assert!(matches!(
            reserve(&guard, key(number)).await,
            Reserved::Duplicate
        ));
    }
    assert!(matches!(
        guard.reserve(&key(2)).await,
        Err(ReplayError::Full)
    ));
}

/// What the model keeps of a delivery: its end, and the id of its reservation or `None` if it is
/// handled.
type ModelEntry = (Duration, Option<ReservationId>);

#[tokio::test]
async fn guard_agrees_with_a_model() {
    const CAPACITY: usize = 6;
    for seed in seeds(50) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (guard, clock) = guard_with_clock();
        let window = Duration::from_secs(100);
        let time = Duration::from_secs(10);
        let guard = guard
            .capacity(CAPACITY)
            .window(window)
            .reservation_time(time);
        let mut model: HashMap<usize, ModelEntry> = HashMap::new();
        let mut issued: Vec<(usize, ReservationId)> = Vec::new();
        for _ in 0..400 {
            clock.advance(Duration::from_secs(random.u64(0..8)));
            let now = clock.elapsed();
            model.retain(|_, (end, _)| *end > now);
            let number = random.usize(0..10);
            match random.u8(0..4) {
                0 | 1 => {
                    let outcome = guard.reserve(&key(number)).await;
                    match model.get(&number) {
                        Some((_, None)) => assert_eq!(outcome.unwrap(), ReserveOutcome::Duplicate),
                        Some((_, Some(_))) => assert_eq!(outcome.unwrap(), ReserveOutcome::Pending),
                        None if model.len() == CAPACITY => {
                            assert!(matches!(outcome, Err(ReplayError::Full)));
                        }
                        None => {
                            let Ok(ReserveOutcome::New(id)) = outcome else {
                                panic!("{outcome:?}");
                            };
                            model.insert(number, (now + time, Some(id)));
                            issued.push((number, id));
                        }
                    }
                }
                choice => {
                    let Some((number, id)) = random.choice(&issued).copied() else {
                        continue;
                    };
                    if choice == 3 {
                        guard.release(&key(number), id).await.unwrap();
                        if model
                            .get(&number)
                            .is_some_and(|(_, reserved)| *reserved == Some(id))
                        {
                            model.remove(&number);
                        }
                    } else if let Some(entry) = model.get_mut(&number) {
                        guard.commit(&key(number), id).await.unwrap();
                        *entry = (now + window, None);
                    }
                }
            }
            assert!(guard.len() <= CAPACITY);
        }
    }
}

/// A guard that answers in a later poll, as one of a database does.
struct SlowGuard(MemoryReplayGuard, ManualClock);

impl ReplayGuard for SlowGuard {
    fn reserve<'a>(
        &'a self,
        key: &'a DeliveryKey,
    ) -> BoxFuture<'a, Result<ReserveOutcome, ReplayError>> {
        self.0.reserve(key)
    }

    fn commit<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        self.0.commit(key, id)
    }

    fn release<'a>(
        &'a self,
        key: &'a DeliveryKey,
        id: ReservationId,
    ) -> BoxFuture<'a, Result<(), ReplayError>> {
        Box::pin(async move {
            self.1.sleep(Duration::from_secs(1)).await;
            self.0.release(key, id).await
        })
    }
}

#[tokio::test]
async fn dropped_reservation_of_a_slow_guard_is_released_in_a_task() {
    let (memory, clock) = guard_with_clock();
    let guard: Arc<dyn ReplayGuard> = Arc::new(SlowGuard(memory.clone(), clock.clone()));
    let reserved = Reservation::reserve(guard, key(1)).await.unwrap();
    drop(reserved);
    tokio::task::yield_now().await;
    assert_eq!(memory.len(), 1);
    clock.advance_to_next();
    tokio::task::yield_now().await;
    assert!(memory.is_empty());
}
