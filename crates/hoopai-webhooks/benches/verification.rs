//! Verifications per second on one core, and a dispatcher beside a bare handler of axum.
//!
//! Both applications are called as services, without connections, so that only the work per
//! delivery is measured. `cargo bench -p hoopai-webhooks` prints the results.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use hoopai_webhooks::testing::Signer;
use hoopai_webhooks::{
    DeliveryKey, Dispatcher, Event, EventKind, EventRouter, HandlerError, Receiver,
    parse_unverified,
};
use http::{HeaderMap, Request, StatusCode};
use tower_service::Service;

const DELIVERIES: usize = 20_000;
const ROUNDS: usize = 5;
/// The goal: verifications per second and core.
const GOAL: f64 = 15_000.0;

/// A delivery as large as a captured one.
fn body(id: usize) -> Bytes {
    let body = format!(
        r#"{{"type":"ContactCreate","locationId":"ve9EPM428h8vShlRW1KT","versionId":"67f1c2d3e4b5a69788990011","appId":"67f1c2d3e4b5a69788990011","id":"nmFmQEsNgz6AVpgLVUJ0","firstName":"Ada","lastName":"Example","email":"ada@example.com","phone":"+15550100123","address1":"1 Example Street","city":"London","state":"London","country":"GB","postalCode":"N1 1AA","companyName":"Example Ltd","website":"https://example.com","source":"xyz form","dateAdded":"2026-04-22T01:50:01.512Z","assignedTo":"nmFmQEsNgz6AVpgLVUJ0","tags":["id magna sed Lorem","Duis dolor commodo aliqua"],"customFields":[{{"id":"BcdmQEsNgz6AVpgLVUJ0","value":"XYZ Corp"}}],"timestamp":"2026-04-22T01:50:02.780Z","webhookId":"9b6fdb37-ad4e-4585-b931-{id:012}"}}"#
    );
    body.into()
}

/// Prints how often something was done per second: the best round.
fn rate(what: &str, mut round: impl FnMut() -> Duration) -> f64 {
    let best = (0..ROUNDS).map(|_| round()).min().unwrap_or_default();
    let rate = DELIVERIES as f64 / best.as_secs_f64();
    println!("{what:<52}{rate:>10.0} per second");
    rate
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn requests(deliveries: &[(HeaderMap, Bytes)]) -> Vec<Request<Body>> {
    let request = |(headers, body): &(HeaderMap, Bytes)| {
        let mut request = Request::post("/webhooks").body(Body::from(body.clone()));
        if let Ok(request) = &mut request {
            *request.headers_mut() = headers.clone();
        }
        request.expect("a request")
    };
    deliveries.iter().map(request).collect()
}

async fn post_all(app: &mut Router, requests: Vec<Request<Body>>) {
    for request in requests {
        let Ok(response) = app.call(request).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
}

fn main() {
    let signer = Signer::new();
    let deliveries: Vec<(HeaderMap, Bytes)> = (0..DELIVERIES)
        .map(|id| (signer.sign(&body(id)), body(id)))
        .collect();
    println!("bodies of {} bytes, one core", deliveries[0].1.len());

    let verifier = signer.verifier().build();
    let verifications = rate("verify", || {
        timed(|| {
            for (headers, body) in &deliveries {
                let verified = verifier.verify_bytes(headers, body.clone());
                black_box(verified.expect("a valid signature"));
            }
        })
    });
    rate("decode", || {
        timed(|| {
            for (_, body) in &deliveries {
                black_box(parse_unverified(body).expect("an event"));
            }
        })
    });
    rate("key", || {
        timed(|| {
            for (_, body) in &deliveries {
                black_box(DeliveryKey::of_body(body));
            }
        })
    });

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    rate("bare handler of axum that reads the body", || {
        let handler = async |body: Bytes| {
            black_box(body);
        };
        let mut app: Router = Router::new().route("/webhooks", post(handler));
        let requests = requests(&deliveries);
        timed(|| runtime.block_on(post_all(&mut app, requests)))
    });
    rate("bare handler of axum that decodes the JSON", || {
        let handler = async |body: Bytes| {
            black_box(serde_json::from_slice::<serde_json::Value>(&body).expect("JSON"));
        };
        let mut app: Router = Router::new().route("/webhooks", post(handler));
        let requests = requests(&deliveries);
        timed(|| runtime.block_on(post_all(&mut app, requests)))
    });
    rate("dispatcher: verify, decode, reserve, handle", || {
        let handler = async |event: Arc<Event>, (): ()| {
            black_box(event);
            Ok::<(), HandlerError>(())
        };
        let router = EventRouter::new().on(EventKind::ContactCreate, handler);
        let receiver = Receiver::new(signer.verifier().build());
        let queue = u32::try_from(DELIVERIES).expect("a number of 32 bits");
        let dispatcher = Dispatcher::builder(receiver, router, ())
            .queue(queue)
            .build();
        let mut app: Router = Router::new().route_service("/webhooks", dispatcher.clone());
        let requests = requests(&deliveries);
        timed(|| {
            runtime.block_on(async {
                post_all(&mut app, requests).await;
                dispatcher.shutdown().await;
            });
        })
    });

    let verdict = if verifications >= GOAL {
        "reached"
    } else {
        "MISSED"
    };
    println!("goal of {GOAL} verifications per second: {verdict}");
}
