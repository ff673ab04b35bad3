//! Random lists, read in random ways and interrupted at random, while the server fails at random.
//! Seeds are printed; `HOOPAI_SEED` sets one.

use hoopai_mock::{Denial, Fault, FaultRule};

use super::faults::transient_faults;
use super::id_lists::{ReadOptions, round_tripped};
use super::list_table::{self, Row};
use super::{client, seeded};
use hoopai_test_support::{seeded_random, seeds};

const RUNS: u64 = 60;

#[tokio::test]
async fn list_is_complete_under_random_faults() {
    let rows = list_table::all();
    for seed in seeds(RUNS) {
        run(seed, &rows).await;
    }
}

async fn run(seed: u64, rows: &[Row]) {
    let random = seeded_random(seed);
    let below = |limit: usize| (random() * limit as f64) as usize;
    let row = &rows[below(rows.len())];
    let (harness, seeded) = seeded(row, below(6 * row.page_size)).await;
    let (client, expected) = (client(&harness), row.expected(&seeded));
    let fault_rate = random() * 0.2;
    let lasting = [Fault::Denied(Denial::Scope), Fault::status(400)];
    for fault in transient_faults().into_iter().chain(lasting) {
        if random() < 0.4 {
            let rule = FaultRule::new(fault).on(&row.key());
            harness.mock.faults().add(rule.chance(fault_rate / 4.0));
        }
    }
    let mut ids = Vec::new();
    let (mut resume, mut ended) = (None, false);
    for _ in 0..1_000 {
        let options = ReadOptions {
            without_prefetch: random() < 0.3,
            concurrent: below(5),
            resume,
            full_pages: false,
        };
        let read = if random() < 0.3 {
            Row::pages
        } else {
            Row::items
        };
        let mut list = read(row, &client, &seeded.parent, options);
        let most = 1 + below(2 * row.page_size);
        for _ in 0..most {
            match harness.run(list.next()).await {
                Some(Ok(own)) => ids.extend(own),
                Some(Err(_)) => break,
                None => {
                    ended = true;
                    break;
                }
            }
        }
        if ended {
            break;
        }
        resume = Some(round_tripped(&list.position()));
    }
    let name = row.name();
    assert!(ended, "seed {seed}: {name} has no end");
    assert_eq!(ids, expected, "seed {seed}: {name}");
}
