//! Lists of any operation and length, read in any manner, broken off anywhere, while anything goes wrong. Seeds are printed;
//! `HOOPAI_SEED` sets one.

use hoopai_mock::{Denial, Fault, FaultRule};

use super::faults::passing;
use super::lists::{Manner, kept};
use super::{client, rows, seeded};
use crate::world::chance;

const RUNS: u64 = 60;

#[tokio::test]
async fn any_list_is_read_whole_whatever_happens() {
    let given = std::env::var("HOOPAI_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let first = given.unwrap_or_else(|| match std::env::var_os("CI") {
        Some(_) => 1,
        None => u64::from(std::process::id()) * 1000,
    });
    let rows = rows::all();
    for seed in first..first + RUNS {
        println!("HOOPAI_SEED={seed}");
        run(seed, &rows).await;
    }
}

async fn run(seed: u64, rows: &[rows::Row]) {
    let chance = chance(seed);
    let below = |limit: usize| (chance() * limit as f64) as usize;
    let row = &rows[below(rows.len())];
    let (world, seeded) = seeded(row, below(6 * row.page)).await;
    let (client, expected) = (client(&world), row.expected(&seeded));
    let heat = chance() * 0.2;
    let lasting = [Fault::Denied(Denial::Scope), Fault::status(400)];
    for fault in passing().into_iter().chain(lasting) {
        if chance() < 0.4 {
            let rule = FaultRule::new(fault).on(&row.key()).chance(heat / 4.0);
            world.mock.faults().add(rule);
        }
    }
    let mut came = Vec::new();
    let (mut resume, mut ended) = (None, false);
    for _ in 0..1_000 {
        let manner = Manner {
            without_prefetch: chance() < 0.3,
            concurrent: below(5),
            resume,
        };
        let read = match chance() < 0.3 {
            true => row.reads.pages,
            false => row.reads.items,
        };
        let mut list = read(row, &client, &seeded.of, true, manner);
        let most = 1 + below(2 * row.page);
        for _ in 0..most {
            match world.run(list.next()).await {
                Some(Ok(ids)) => came.extend(ids),
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
        resume = Some(kept(&list.position()));
    }
    let name = row.name();
    assert!(ended, "seed {seed}: {name} has no end");
    assert_eq!(came, expected, "seed {seed}: {name}");
}
