//! Entries of the journal, and its queries.

use std::time::Duration;

use hoopai_mock::{AccountId, Clock, Fault, FaultRule, LOCATION, Mock, Outcome, TOKEN, TokenSpec};
use serde_json::json;

use crate::raw_http::{create, get, signed, status};

async fn start() -> (Mock, Clock) {
    let clock = Clock::frozen();
    let builder = Mock::builder().clock(clock.clone());
    (builder.start().await.expect("a server"), clock)
}

#[tokio::test]
async fn entry_records_whole_request() {
    let (mock, clock) = start().await;
    clock.advance(Duration::from_secs(7));
    let url = format!(
        "{}/contacts/?locationId={LOCATION}&query=a+b%26c",
        mock.url()
    );
    assert_eq!(status(signed(reqwest::Client::new().get(url))).await, 200);
    assert!(
        create(&mock)
            .send()
            .await
            .expect("a reply")
            .status()
            .is_success()
    );
    let entries = mock.journal().entries();
    let [read, write] = &entries[..] else {
        panic!("{entries:?}");
    };
    assert_eq!((read.number, write.number), (0, 1));
    assert_eq!(read.arrived, Duration::from_secs(7));
    assert_eq!(read.ended, Some(Duration::from_secs(7)));
    assert_eq!(
        (read.method.as_str(), read.path.as_str()),
        ("GET", "/contacts/")
    );
    assert_eq!(read.operation.as_deref(), Some("contacts.get-contacts"));
    assert_eq!(read.query("query"), Some("a b&c"));
    assert_eq!(read.header("Version"), Some("2021-07-28"));
    assert_eq!(
        read.header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert_eq!((read.status, read.outcome), (Some(200), Outcome::Processed));
    assert!(read.account.is_some() && read.app.is_some());
    assert_eq!(write.operation.as_deref(), Some("contacts.create-contact"));
    assert_eq!(write.json().expect("JSON")["firstName"], "Ada");
    assert_eq!(write.body_len, write.body.len() as u64);
    assert_eq!(mock.journal().of("contacts.create-contact").len(), 1);
    assert_eq!(mock.journal().of("contacts").len(), 2);
    assert_eq!(mock.journal().of("GET /contacts/").len(), 1);
    mock.journal().clear();
    assert_eq!(mock.journal().count(), 0);
    assert_eq!(status(get(&mock)).await, 200);
    assert_eq!(mock.journal().entries()[0].number, 2);
    assert_eq!(mock.journal().count(), 1);
}

#[tokio::test]
async fn debug_hides_secrets() {
    let (mock, _) = start().await;
    let url = format!(
        "{}/contacts/?locationId={LOCATION}&query=hidden-query",
        mock.url()
    );
    let body = json!({ "firstName": "hidden-name" });
    let request = signed(reqwest::Client::new().post(url)).json(&body);
    let _ = status(request).await;
    let shown = format!("{:?} {:?}", mock.journal(), mock.journal().entries());
    assert!(
        shown.contains("authorization") && shown.contains("/contacts/"),
        "{shown}"
    );
    assert!(
        !shown.contains(TOKEN) && !shown.contains("hidden"),
        "{shown}"
    );
}

#[tokio::test]
async fn outcomes_are_distinguished() {
    let (mock, _) = start().await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("{}{path}", mock.url());
    assert_eq!(status(signed(client.get(url("/nowhere")))).await, 404);
    let unauthorized = client
        .get(url("/contacts/"))
        .header("user-agent", "tests/1");
    assert_eq!(status(unauthorized).await, 401);
    mock.faults()
        .add(FaultRule::new(Fault::status(500)).times(1));
    assert_eq!(status(get(&mock)).await, 500);
    for _ in 0..100 {
        assert_eq!(status(get(&mock)).await, 200);
    }
    assert_eq!(status(get(&mock)).await, 429);
    let entries = mock.journal().entries();
    let outcomes: Vec<_> = [0, 1, 2, 3, 103]
        .map(|at: usize| entries[at].outcome)
        .into();
    let expected = [
        Outcome::NotFound,
        Outcome::Refused,
        Outcome::Failed,
        Outcome::Processed,
        Outcome::Limited,
    ];
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn duplicate_writes_are_found() {
    let (mock, _) = start().await;
    // Rejected before it was processed: no duplicate.
    mock.faults()
        .add(FaultRule::new(Fault::CloseBefore).times(1));
    assert!(create(&mock).send().await.is_err());
    assert_eq!(status(get(&mock)).await, 200);
    assert_eq!(status(get(&mock)).await, 200);
    let search = json!({ "locationId": LOCATION, "pageLimit": 1 });
    for _ in 0..2 {
        let url = format!("{}/contacts/search", mock.url());
        let _ = status(signed(reqwest::Client::new().post(url)).json(&search)).await;
    }
    // Processed without a reply, and sent again: a duplicate, whatever the second status.
    mock.faults()
        .add(FaultRule::new(Fault::CloseAfter).times(1));
    assert!(create(&mock).send().await.is_err());
    assert_eq!(mock.journal().duplicates_of_writes(), []);
    let tag = |name: &str| {
        let url = format!("{}/locations/{LOCATION}/tags", mock.url());
        signed(reqwest::Client::new().post(url)).json(&json!({ "name": name }))
    };
    mock.faults()
        .add(FaultRule::new(Fault::CloseAfter).times(2));
    for name in ["one", "one", "two"] {
        let _ = tag(name).send().await;
    }
    let duplicates = mock.journal().duplicates_of_writes();
    // The server can reject a second tag of the same name; then nothing is processed twice.
    for duplicate in &duplicates {
        assert_eq!(duplicate.path, format!("/locations/{LOCATION}/tags"));
        assert_eq!(duplicate.numbers, [6, 7]);
    }
    let put = || {
        let url = format!("{}/locations/{LOCATION}/customValues/none", mock.url());
        signed(reqwest::Client::new().put(url)).json(&json!({ "name": "n", "value": "v" }))
    };
    let _ = (put().send().await, put().send().await);
}

#[tokio::test]
async fn most_in_window_counts_each_account() {
    let clock = Clock::frozen();
    let mock = Mock::builder()
        .clock(clock.clone())
        .token(TOKEN)
        .token_with("pit-other", TokenSpec::location(LOCATION))
        .start()
        .await
        .expect("a server");
    let other = || {
        let url = format!("{}/contacts/?locationId={LOCATION}", mock.url());
        let client = reqwest::Client::new();
        client
            .get(url)
            .bearer_auth("pit-other")
            .header("user-agent", "tests/1")
            .header("version", "2021-07-28")
    };
    let window = Duration::from_secs(10);
    assert_eq!(mock.journal().most_in_window(window), 0);
    for _ in 0..3 {
        assert_eq!(status(get(&mock)).await, 200);
        assert_eq!(status(other()).await, 200);
    }
    assert_eq!(mock.journal().most_in_window(window), 3);
    clock.advance(Duration::from_secs(9));
    // The fault precedes the check of the token, but the account is the same.
    mock.faults()
        .add(FaultRule::new(Fault::status(503)).times(1));
    assert_eq!(status(get(&mock)).await, 503);
    assert_eq!(mock.journal().most_in_window(window), 4);
    clock.advance(Duration::from_secs(1));
    assert_eq!(status(get(&mock)).await, 200);
    assert_eq!(
        mock.journal().most_in_window(window),
        4,
        "the end is not in the window"
    );
    assert_eq!(mock.journal().most_in_window(Duration::MAX), 5);
    let entries = mock.journal().entries();
    assert_eq!(
        entries[1].account,
        Some(AccountId::Location(LOCATION.into()))
    );
}

#[tokio::test]
async fn wait_for_returns_after_requests() {
    let (mock, _) = start().await;
    let journal = mock.journal();
    assert!(!journal.wait_for(1, Duration::from_millis(20)).await);
    let (reached, _) = tokio::join!(journal.wait_for(2, Duration::from_secs(10)), async {
        for _ in 0..2 {
            let _ = status(get(&mock)).await;
        }
    });
    assert!(reached);
}

#[tokio::test]
async fn requests_in_flight_overlap() {
    let mock = Mock::builder().start().await.expect("a server");
    mock.faults()
        .add(Fault::Delay(Duration::from_millis(300)).into());
    let (one, two, seen) = tokio::join!(status(get(&mock)), status(get(&mock)), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        mock.journal().entries()[0].outcome
    });
    assert_eq!((one, two, seen), (200, 200, Outcome::InFlight));
    let entries = mock.journal().entries();
    assert!(entries[0].overlaps(&entries[1]));
    mock.faults().clear();
    let _ = status(get(&mock)).await;
    let entries = mock.journal().entries();
    assert!(!entries[2].overlaps(&entries[0]));
}

#[tokio::test]
async fn large_body_is_truncated() {
    let (mock, _) = start().await;
    let body = format!("{{\"firstName\":\"{}\"}}", "x".repeat(200_000));
    let request = create(&mock).body(body.clone());
    let _ = status(request).await;
    let entry = &mock.journal().entries()[0];
    assert_eq!(entry.body_len, body.len() as u64);
    assert_eq!(entry.body.len(), 64 << 10);
}

#[tokio::test]
async fn observer_is_called_once_for_each_request() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let builder = Mock::builder().on_request(move |entry| {
        let _ = sender.send((entry.number, entry.status));
    });
    let mock = builder.start().await.expect("a server");
    let _ = (status(get(&mock)).await, status(get(&mock)).await);
    assert_eq!(receiver.recv().await, Some((0, Some(200))));
    assert_eq!(receiver.recv().await, Some((1, Some(200))));
    assert!(receiver.try_recv().is_err());
}
