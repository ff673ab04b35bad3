//! Faults as a client observes them.

use std::time::{Duration, Instant};

use hoopai_mock::{
    Clock, Denial, Drift, ErrorBody, Failure, Fault, FaultRule, LOCATION, Mock, Outcome, RetryAfter,
};
use serde_json::Value;

use crate::raw_http::{End, create, exchange, get, get_bytes, json, status, versioned};

async fn start(rule: impl Into<FaultRule>) -> Mock {
    Mock::builder().fault(rule).start().await.expect("a server")
}

fn only_outcome(mock: &Mock) -> Outcome {
    mock.journal().entries()[0].outcome
}

#[tokio::test]
async fn error_has_shape_of_platform() {
    let mock = start(Fault::status(503)).await;
    let reply = get(&mock).send().await.expect("a reply");
    assert_eq!(reply.status(), 503);
    assert_eq!(reply.headers()["x-request-id"], "trace-00000000");
    let body: Value = reply.json().await.expect("JSON");
    assert_eq!(body["statusCode"], 503);
    assert_eq!(body["message"], "Service Unavailable");
    assert_eq!(body["traceId"], "trace-00000000");
    assert_eq!(only_outcome(&mock), Outcome::Failed);
}

#[tokio::test]
async fn error_body_has_each_observed_shape() {
    let mock = start(FaultRule::new(Fault::status(500)).times(0)).await;
    let shapes = [
        (
            ErrorBody::Short,
            r#"{"message":"Bad Gateway","statusCode":502}"#,
        ),
        (ErrorBody::Bare, r#"{"error":"Bad Gateway"}"#),
        (
            ErrorBody::ErrorAndStatus,
            r#"{"error":"Bad Gateway","status":502}"#,
        ),
        (
            ErrorBody::Canonical,
            r#"{"canonicalCode":"BAD_GATEWAY","message":"Bad Gateway"}"#,
        ),
        (
            ErrorBody::OtherCode(400),
            r#"{"message":"Bad Gateway","statusCode":400}"#,
        ),
        (ErrorBody::Text("nonsense".into()), "nonsense"),
        (ErrorBody::Empty, ""),
    ];
    for (shape, expected) in shapes {
        let failure = Failure::new(502).body(shape.clone());
        mock.faults()
            .add(FaultRule::new(Fault::Status(failure)).times(1));
        let reply = get(&mock).send().await.expect("a reply");
        assert_eq!(reply.status(), 502, "{shape:?}");
        assert_eq!(reply.text().await.expect("text"), expected, "{shape:?}");
    }
    for (shape, field) in [(ErrorBody::Named, "name"), (ErrorBody::Fields, "errors")] {
        let failure = Failure::new(422).body(shape);
        mock.faults()
            .add(FaultRule::new(Fault::Status(failure)).times(1));
        assert!(json(get(&mock)).await.get(field).is_some(), "{field}");
    }
    let failure = Failure::new(403).body(ErrorBody::Html);
    mock.faults()
        .add(FaultRule::new(Fault::Status(failure)).times(1));
    let reply = get(&mock).send().await.expect("a reply");
    assert_eq!(reply.headers()["content-type"], "text/html; charset=utf-8");
    assert!(
        reply
            .text()
            .await
            .expect("text")
            .starts_with("<!DOCTYPE html>")
    );
}

#[tokio::test]
async fn retry_after_has_each_form() {
    let clock = Clock::frozen();
    let builder = Mock::builder().clock(clock.clone());
    let mock = builder.start().await.expect("a server");
    clock.advance(Duration::from_secs(86_400));
    let forms = [
        (RetryAfter::Seconds(3), Some("3")),
        (RetryAfter::Milliseconds(1500), Some("1500")),
        (RetryAfter::Text("soon".into()), Some("soon")),
        (RetryAfter::Date(Duration::ZERO), None),
    ];
    for (form, expected) in forms {
        let rule = FaultRule::new(Fault::too_many_requests(form)).times(1);
        mock.faults().add(rule);
        let reply = get(&mock).send().await.expect("a reply");
        assert_eq!(reply.status(), 429);
        let value = reply.headers()["retry-after"].to_str().expect("text");
        match expected {
            Some(expected) => assert_eq!(value, expected),
            // `Date` follows the server's clock too.
            None => assert_eq!(reply.headers()["date"], value),
        }
    }
}

#[tokio::test]
async fn additional_headers_are_sent() {
    let failure = Failure::new(429)
        .header("x-ratelimit-daily-remaining", "0")
        .header("bad name", "x")
        .header("x-bad-value", "a\nb");
    let mock = start(Fault::Status(failure)).await;
    let reply = get(&mock).send().await.expect("a reply");
    assert_eq!(reply.headers()["x-ratelimit-daily-remaining"], "0");
    assert!(!reply.headers().contains_key("x-bad-value"));
}

#[tokio::test]
async fn denial_has_message_of_platform() {
    let mock = start(FaultRule::new(Fault::expired()).times(3)).await;
    for _ in 0..3 {
        let reply = get(&mock).send().await.expect("a reply");
        assert_eq!(reply.status(), 401);
        let body: Value = reply.json().await.expect("JSON");
        assert_eq!(body["message"], "Invalid JWT");
    }
    let denials = [
        (Denial::Scope, 401, "not authorized for this scope"),
        (Denial::UnsupportedRoute, 401, "IAM Service"),
        (Denial::AuthClass, 401, "authClass"),
        (
            Denial::PrivateToken,
            401,
            "Invalid Private Integration token",
        ),
        (Denial::VersionMissing, 401, "version header was not found."),
        (Denial::VersionInvalid, 401, "version header is invalid"),
        (
            Denial::Location,
            403,
            "does not have access to this location",
        ),
    ];
    for (denial, status, words) in denials {
        mock.faults()
            .add(FaultRule::new(Fault::Denied(denial)).times(1));
        let body = json(get(&mock)).await;
        assert_eq!(body["statusCode"], status);
        assert!(
            body["message"].as_str().expect("text").contains(words),
            "{body}"
        );
    }
    assert_eq!(status(get(&mock)).await, 200);
}

#[tokio::test]
async fn connection_is_closed_or_reset_before_or_after_processing() {
    let faults = [
        (Fault::CloseBefore, End::Closed, Outcome::Dropped),
        (Fault::ResetBefore, End::Reset, Outcome::Dropped),
        (Fault::CloseAfter, End::Closed, Outcome::Lost),
        (Fault::ResetAfter, End::Reset, Outcome::Lost),
    ];
    for (fault, end, outcome) in faults {
        let mock = start(FaultRule::new(fault.clone()).times(1)).await;
        assert_eq!(
            exchange(&mock, &get_bytes()).await,
            (String::new(), end),
            "{fault:?}"
        );
        let entry = &mock.journal().entries()[0];
        assert_eq!((entry.outcome, entry.status), (outcome, None), "{fault:?}");
        assert_eq!(outcome.is_processed(), outcome == Outcome::Lost);
        assert_eq!(status(get(&mock)).await, 200, "the server still replies");
    }
}

#[tokio::test]
async fn lost_write_differs_from_unprocessed_write() {
    let mock = start(
        FaultRule::new(Fault::CloseBefore)
            .on("contacts.create-contact")
            .times(1),
    )
    .await;
    assert!(create(&mock).send().await.is_err());
    mock.faults().add(
        FaultRule::new(Fault::CloseAfter)
            .on("contacts.create-contact")
            .times(1),
    );
    assert!(create(&mock).send().await.is_err());
    let outcomes: Vec<_> = mock.journal().entries().iter().map(|e| e.outcome).collect();
    assert_eq!(outcomes, [Outcome::Dropped, Outcome::Lost]);
}

#[tokio::test]
async fn cut_ends_reply_within_body() {
    let mock = start(Fault::Cut).await;
    let (reply, end) = exchange(&mock, &get_bytes()).await;
    assert_eq!(end, End::Closed);
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let claimed = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let claimed: usize = claimed.expect("a length").parse().expect("a number");
    assert!(
        !body.is_empty() && body.len() < claimed,
        "{} of {claimed}",
        body.len()
    );
    let entry = &mock.journal().entries()[0];
    assert_eq!((entry.outcome, entry.status), (Outcome::Lost, Some(200)));
    let reply = get(&mock).send().await.expect("a head");
    assert!(reply.bytes().await.is_err());
}

#[tokio::test]
async fn reply_is_delayed_and_sent_in_chunks() {
    let mock = start(Fault::Delay(Duration::from_millis(200))).await;
    let begun = Instant::now();
    assert_eq!(status(get(&mock)).await, 200);
    assert!(begun.elapsed() >= Duration::from_millis(200));
    mock.faults().clear();
    let drip = Fault::Drip {
        bytes: 400,
        pause: Duration::from_millis(20),
    };
    mock.faults().add(drip.into());
    let begun = Instant::now();
    let reply = get(&mock).send().await.expect("a head");
    let body = reply.bytes().await.expect("a body");
    let pieces = u32::try_from(body.len().div_ceil(400)).expect("a small number");
    assert!(begun.elapsed() >= Duration::from_millis(20) * pieces);
    serde_json::from_slice::<Value>(&body).expect("JSON, all of it");
}

#[tokio::test]
async fn client_timeout_during_delay_leaves_write_processed() {
    let mock = start(Fault::Delay(Duration::from_secs(20))).await;
    let request = create(&mock).timeout(Duration::from_millis(300));
    assert!(request.send().await.expect_err("a timeout").is_timeout());
    assert!(mock.journal().wait_for(1, Duration::from_secs(5)).await);
    assert_eq!(only_outcome(&mock), Outcome::Lost);
}

#[tokio::test]
async fn status_after_returns_error_for_processed_create() {
    let rule = FaultRule::new(Fault::StatusAfter(Failure::new(422))).on("contacts.create-contact");
    let mock = start(rule.times(1)).await;
    assert_eq!(status(create(&mock)).await, 422);
    let entry = &mock.journal().entries()[0];
    assert_eq!(
        (entry.outcome, entry.status),
        (Outcome::Processed, Some(422))
    );
    let found = json(get(&mock)).await;
    assert_eq!(
        found["contacts"].as_array().map(Vec::len),
        Some(1),
        "{found}"
    );
}

#[tokio::test]
async fn drifted_reply_is_json() {
    let kinds = [
        Drift::Null,
        Drift::Missing,
        Drift::Extra,
        Drift::Scalar,
        Drift::Container,
        Drift::Envelope,
        Drift::Any,
    ];
    for kind in kinds {
        let mock = Mock::builder().seed(5).start().await.expect("a server");
        assert_eq!(status(create(&mock)).await, 201);
        let straight = json(get(&mock)).await;
        mock.faults().add(Fault::Drift(kind).into());
        let misplaced = json(get(&mock)).await;
        assert_ne!(straight, misplaced, "{kind:?}");
    }
    let mock = start(Fault::Drift(Drift::Empty)).await;
    let reply = get(&mock).send().await.expect("a reply");
    assert_eq!(reply.status(), 200);
    assert_eq!(reply.bytes().await.expect("nothing").len(), 0);
}

#[tokio::test]
async fn drift_at_changes_only_its_pointer() {
    let mock = Mock::builder().start().await.expect("a server");
    assert_eq!(status(create(&mock)).await, 201);
    let at = "/contacts/0/email";
    assert!(
        json(get(&mock))
            .await
            .pointer(at)
            .is_some_and(Value::is_string)
    );
    let null = Fault::DriftAt(Drift::Null, at.into());
    mock.faults().add(null.into());
    let misplaced = json(get(&mock)).await;
    assert_eq!(misplaced.pointer(at), Some(&Value::Null));
    assert!(
        misplaced
            .pointer("/contacts/0/id")
            .is_some_and(Value::is_string)
    );
    mock.faults().clear();
    mock.faults()
        .add(Fault::DriftAt(Drift::Missing, at.into()).into());
    assert_eq!(json(get(&mock)).await.pointer(at), None);
}

#[tokio::test]
async fn enum_drift_has_unlisted_value() {
    let mock = start(Fault::Drift(Drift::EnumValue)).await;
    let agent = mock.seed().items("assistants", LOCATION, 1).remove(0);
    let url = format!("{}/conversation-ai/agents/{agent}", mock.url());
    let request = versioned(reqwest::Client::new().get(url), "2021-04-15");
    let reply = request.send().await.expect("a reply");
    assert_eq!(reply.status(), 200);
    let body = reply.text().await.expect("text");
    assert!(body.contains("\"unlisted-"), "{body}");
    serde_json::from_str::<Value>(&body).expect("JSON");
}

#[tokio::test]
async fn success_fault_replaces_status() {
    let mock = start(Fault::Success(201)).await;
    assert_eq!(status(get(&mock)).await, 201);
}

#[tokio::test]
async fn rules_apply_in_order() {
    let mock = start(FaultRule::new(Fault::status(503)).times(2)).await;
    mock.faults()
        .add(FaultRule::new(Fault::status(429)).times(1));
    mock.faults()
        .add(FaultRule::new(Fault::status(500)).skip(1).every(2));
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(status(get(&mock)).await);
    }
    assert_eq!(seen, [503, 503, 429, 200, 200, 500, 200, 500]);
}

#[tokio::test]
async fn rule_applies_to_matching_operations() {
    let patterns = [
        ("contacts.get-contacts", true),
        ("contacts.*", true),
        ("*.get-*", true),
        ("contacts", true),
        ("GET /contacts/", true),
        ("get /contacts/", true),
        ("/contacts/", true),
        ("* /contacts/*", true),
        ("*", true),
        ("GET /{anything}/", true),
        ("POST /contacts/", false),
        ("contacts.list_contacts", true),
        ("*.list_*", true),
        ("contacts.get_contact", false),
        ("GET /contacts/{contactId}", false),
        ("contacts.get-contact", false),
        ("opportunities", false),
    ];
    for (pattern, matches) in patterns {
        let mock = start(FaultRule::new(Fault::status(503)).on(pattern)).await;
        let expected = if matches { 503 } else { 200 };
        assert_eq!(status(get(&mock)).await, expected, "{pattern}");
    }
}

#[tokio::test]
async fn rule_follows_clock_and_can_be_disabled() {
    let clock = Clock::frozen();
    let mock = Mock::builder()
        .clock(clock.clone())
        .start()
        .await
        .expect("a server");
    let (from, to) = (Duration::from_secs(10), Duration::from_secs(20));
    let id = mock
        .faults()
        .add(FaultRule::new(Fault::status(503)).between(from, to));
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(status(get(&mock)).await);
        clock.advance(Duration::from_secs(10));
    }
    assert_eq!(seen, [200, 503, 200, 200]);
    assert_eq!(mock.faults().hits(id), 1);
    assert_eq!(mock.journal().entries()[1].faults, [id]);
    let id = mock.faults().add(Fault::status(500).into());
    assert_eq!(status(get(&mock)).await, 500);
    mock.faults().enable(id, false);
    assert_eq!(status(get(&mock)).await, 200);
    mock.faults().enable(id, true);
    assert_eq!(status(get(&mock)).await, 500);
    mock.faults().remove(id);
    assert_eq!(status(get(&mock)).await, 200);
}

#[tokio::test]
async fn chance_is_reproducible_by_seed() {
    async fn run(seed: u64) -> Vec<u16> {
        let rule = FaultRule::new(Fault::status(503)).chance(0.5);
        let builder = Mock::builder().seed(seed).fault(rule);
        let mock = builder.start().await.expect("a server");
        let mut seen = Vec::new();
        for _ in 0..40 {
            seen.push(status(get(&mock)).await);
        }
        seen
    }
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
    let struck = first.iter().filter(|status| **status == 503).count();
    assert!((8..=32).contains(&struck), "{struck} of 40");
}

#[tokio::test]
async fn drift_is_reproducible_by_seed() {
    async fn run(seed: u64) -> Vec<Value> {
        let clock = Clock::frozen();
        let builder = Mock::builder().clock(clock).seed(seed);
        let mock = builder
            .fault(Fault::Drift(Drift::Any))
            .start()
            .await
            .expect("a server");
        let mut seen = Vec::new();
        for _ in 0..10 {
            let mut body = json(get(&mock)).await;
            if let Some(members) = body.as_object_mut() {
                members.remove("traceId");
            }
            seen.push(body);
        }
        seen
    }
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}

#[test]
fn rule_is_parsed_from_text() {
    let good = [
        ("503", FaultRule::new(Fault::status(503))),
        (
            "429,retry-after=3,on=GET /contacts/,every=2",
            FaultRule::new(Fault::too_many_requests(RetryAfter::Seconds(3)))
                .on("GET /contacts/")
                .every(2),
        ),
        (
            "after=422,body=html,skip=1",
            FaultRule::new(Fault::StatusAfter(Failure::new(422).body(ErrorBody::Html))).skip(1),
        ),
        ("denied=scope", Fault::Denied(Denial::Scope).into()),
        ("delay=1.5s,chance=0.25", {
            FaultRule::new(Fault::Delay(Duration::from_millis(1500))).chance(0.25)
        }),
        (
            "drip=16/50ms,from=1m,until=2m",
            FaultRule::new(Fault::Drip {
                bytes: 16,
                pause: Duration::from_millis(50),
            })
            .between(Duration::from_secs(60), Duration::from_secs(120)),
        ),
        (
            "drift=null,at=/a/b",
            Fault::DriftAt(Drift::Null, "/a/b".into()).into(),
        ),
    ];
    for (text, rule) in good {
        assert_eq!(text.parse(), Ok(rule), "{text}");
    }
    let bad = [
        "",
        "explode",
        "99",
        "600",
        "503,when=now",
        "cut,body=html",
        "delay=long",
        "drift=odd",
        "503,chance=2",
        "503,times=-1",
        "delay=-1s",
        "delay=NaN",
        "denied",
    ];
    for text in bad {
        let error = text.parse::<FaultRule>().expect_err(text).to_string();
        assert!(error.contains("; expected "), "{text}: {error}");
    }
}
