//! Decoding of events.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use hoopai_test_support::seed;
use hoopai_webhooks::events::{
    ProviderDelivery, Tenant, TypeEvidence, WorkflowDelivery, WorkflowError, WorkflowSecret,
    fixture,
};
use hoopai_webhooks::{Event, EventKind, ParseError};
use serde_json::{Value, json};

fn parse(body: &str) -> Event {
    Event::parse(body.as_bytes()).expect("an event")
}

/// Checks that nothing of the JSON is lost.
fn assert_kept(event: &Event, sent: &Value) {
    let raw: Value = serde_json::from_str(event.raw().get()).expect("JSON");
    assert_eq!(&raw, sent);
    let written = serde_json::to_string(event).expect("written");
    assert_eq!(written, event.raw().get());
}

#[test]
fn fixtures_decode_as_their_event_without_drift() {
    assert_eq!(EventKind::ALL.len(), 77);
    let mut webhooks = std::collections::BTreeSet::new();
    for kind in EventKind::ALL {
        let body = fixture(*kind);
        let event = parse(body);
        assert_eq!(event.kind(), Some(*kind), "{body}");
        assert!(!matches!(event, Event::Unknown(_)), "{body}");
        assert!(event.drift().is_empty(), "{kind:?}: {:?}", event.drift());
        assert_kept(&event, &body.parse().expect("JSON"));
        assert_eq!(event.raw().get(), body);
        if let Some(id) = event.webhook_id() {
            assert!(webhooks.insert(id.to_owned()), "{kind:?}");
        }
    }
    assert!(webhooks.len() >= 76, "{}", webhooks.len());
}

#[test]
fn each_type_and_alias_is_the_event_whatever_its_spelling() {
    let with_separator = |known: &str, separator: &str| {
        let mut written = String::new();
        for char in known.chars() {
            if char.is_uppercase() {
                written.push_str(separator);
            }
            written.extend(char.to_lowercase());
        }
        written
    };
    for kind in EventKind::ALL {
        assert!(!kind.types().is_empty());
        let types = kind.types().iter().map(|known| known.value);
        let all = types.chain(kind.aliases().iter().copied());
        for known in all.chain([kind.name()]) {
            for written in [
                known.to_owned(),
                known.to_uppercase(),
                known.to_lowercase(),
                with_separator(known, "_"),
                with_separator(known, "-").to_uppercase(),
                with_separator(known, "."),
                with_separator(known, " "),
                known.replace('_', ""),
            ] {
                let body = json!({ "type": written, "id": "1" });
                let event = parse(&body.to_string());
                assert_eq!(event.kind(), Some(*kind), "{written}");
                assert_eq!(event.event_type(), Some(written.as_str()));
                assert_kept(&event, &body);
            }
        }
    }
}

#[test]
fn types_that_differ_from_the_name_are_known() {
    for (event_type, kind, evidence) in [
        ("INSTALL", EventKind::AppInstall, TypeEvidence::Observed),
        ("UNINSTALL", EventKind::AppUninstall, TypeEvidence::Observed),
        ("UPDATE", EventKind::AppUpdate, TypeEvidence::Example),
        ("PLAN_CHANGE", EventKind::PlanChange, TypeEvidence::Example),
        (
            "ConversationUnreadUpdate",
            EventKind::ConversationUnreadWebhook,
            TypeEvidence::Observed,
        ),
        (
            "SMS",
            EventKind::ProviderOutboundMessage,
            TypeEvidence::Example,
        ),
        ("InvoicePaid", EventKind::InvoicePaid, TypeEvidence::Assumed),
    ] {
        assert_eq!(EventKind::from_type(event_type), Some(kind));
        let known = kind.types().iter().find(|known| known.value == event_type);
        assert_eq!(known.expect("the type").evidence, evidence, "{event_type}");
    }
    for unknown in ["", "contact.created", "LocationDelete", "ContactCreateX"] {
        assert_eq!(EventKind::from_type(unknown), None);
    }
}

#[test]
fn payload_is_typed() {
    let event = parse(
        r#"{"type":"ContactCreate","locationId":"L1","companyId":"C1","versionId":"V1","appId":"A1","id":"P1",
        "firstName":"Ada","tags":["a"],"customFields":[{"id":"F1","value":["x","y"]}],"shoeSize":38,
        "timestamp":"2026-04-06T03:51:47.381Z","webhookId":"W1"}"#,
    );
    let Event::ContactCreate(contact) = &event else {
        panic!("{event:?}");
    };
    assert_eq!(contact.first_name.as_deref(), Some("Ada"));
    assert_eq!(contact.extra.get("shoeSize"), Some(&json!(38)));
    assert!(event.drift().is_empty());
    assert_eq!(
        (event.location_id(), event.company_id(), event.app_id()),
        (Some("L1"), Some("C1"), Some("A1"))
    );
    assert_eq!(
        (event.version_id(), event.webhook_id()),
        (Some("V1"), Some("W1"))
    );
    let sent = event.timestamp().expect("a moment").to_string();
    assert_eq!(sent, "2026-04-06T03:51:47.381Z");
    let shown = format!("{event:?} {:?} {:?}", event.envelope(), event.tenant());
    for value in ["Ada", "L1", "C1", "P1", "W1", "38"] {
        assert!(!shown.contains(value), "{value} in {shown}");
    }
}

#[test]
fn tenant_is_location_then_alternative_then_company() {
    let tenant = |fields: Value| {
        let event = parse(&fields.to_string());
        match event.tenant() {
            Some(Tenant::Location(id)) => format!("location {id}"),
            Some(Tenant::Company(id)) => format!("company {id}"),
            _ => String::new(),
        }
    };
    for event_type in ["InvoicePaid", "SomethingNew"] {
        for (fields, expected) in [
            (
                json!({"locationId": "l", "altId": "a", "altType": "location", "companyId": "c"}),
                "location l",
            ),
            (
                json!({"altId": "a", "altType": "location", "companyId": "c"}),
                "location a",
            ),
            (
                json!({"locationId": "", "altId": "a", "altType": "Location"}),
                "location a",
            ),
            (
                json!({"locationId": null, "altId": "a", "companyId": "c"}),
                "company c",
            ),
            (
                json!({"altId": "a", "altType": "company", "companyId": "c"}),
                "company c",
            ),
            (json!({"altId": "a"}), ""),
            (json!({"locationId": ["l"], "companyId": 7}), "company 7"),
        ] {
            let mut fields = fields;
            fields["type"] = event_type.into();
            assert_eq!(tenant(fields.clone()), expected, "{fields}");
        }
    }
}

#[test]
fn deviating_values_are_kept_and_reported() {
    let sent = json!({
        "type": "OpportunityCreate", "locationId": 5, "monetaryValue": "12.50", "name": ["x"],
        "status": null, "assignedTo": { "id": 1 }, "dateAdded": "soon", "pipelineId": false,
    });
    let event = parse(&sent.to_string());
    let Event::OpportunityCreate(opportunity) = &event else {
        panic!("{event:?}");
    };
    assert_eq!(
        opportunity
            .monetary_value
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("12.50")
    );
    assert_eq!(opportunity.name, None);
    assert_eq!(opportunity.extra.get("name"), Some(&json!(["x"])));
    assert_eq!(event.location_id(), Some("5"));
    let mut paths: Vec<&str> = event
        .drift()
        .iter()
        .map(|drift| drift.path.as_str())
        .collect();
    paths.sort_unstable();
    assert!(
        paths.contains(&"name") && paths.contains(&"assignedTo"),
        "{paths:?}"
    );
    assert_kept(&event, &sent);
}

#[test]
fn bodies_of_unusual_shape_are_events_or_errors() {
    let unknown = |body: &str| match parse(body) {
        Event::Unknown(event) => (event.kind(), event.event_type().map(str::to_owned)),
        other => panic!("{other:?}"),
    };
    assert_eq!(unknown("{}"), (None, None));
    assert_eq!(unknown(r#"{"type":null}"#), (None, None));
    assert_eq!(unknown(r#"{"type":["ContactCreate"]}"#), (None, None));
    assert_eq!(unknown(r#"{"type":"New"}"#), (None, Some("New".to_owned())));
    assert_eq!(unknown("[]"), (None, None));
    assert_eq!(
        unknown(r#"[{"type":"NoteCreate"},{"type":"NoteCreate"}]"#),
        (None, None)
    );

    let list = r#"[{"type":"SaasPlanCreate","companyId":"c","title":"Gold"}]"#;
    let event = parse(list);
    let Event::SaaSPlanCreate(plan) = &event else {
        panic!("{event:?}");
    };
    assert_eq!(plan.title.as_deref(), Some("Gold"));
    assert_kept(&event, &list.parse().expect("JSON"));

    for (body, error) in [
        ("", ParseError::NotJson),
        ("null", ParseError::NotAnObject),
        ("1", ParseError::NotAnObject),
        ("\"secret\"", ParseError::NotAnObject),
        ("{\"type\":", ParseError::NotJson),
        ("<html>secret</html>", ParseError::NotJson),
    ] {
        let found = Event::parse(body.as_bytes()).expect_err(body);
        assert_eq!(found, error, "{body}");
        assert!(!format!("{found} {found:?}").contains("secret"));
    }
}

#[test]
fn nesting_beyond_the_limit_is_an_unknown_event_of_its_kind() {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let body = format!(r#"{{"type":"NoteCreate","locationId":"L1","x":{deep}}}"#);
    let event = parse(&body);
    assert!(matches!(event, Event::Unknown(_)));
    assert_eq!(event.kind(), Some(EventKind::NoteCreate));
    assert_eq!(event.location_id(), Some("L1"));
    assert_eq!(event.raw().get(), body);
    let event = parse(&format!("[{body}]"));
    assert_eq!(event.kind(), Some(EventKind::NoteCreate));
    assert_eq!(event.location_id(), Some("L1"));
    // Without a body that can be decoded, there is still no panic.
    let _ = Event::parse("[".repeat(100_000).as_bytes());
}

#[test]
fn stray_bytes_are_repaired() {
    let event =
        Event::parse(b"\xef\xbb\xbf{\"type\":\"NoteCreate\",\"id\":\"1\"}").expect("an event");
    assert_eq!(event.kind(), Some(EventKind::NoteCreate));
    assert_eq!(event.drift().len(), 1);
}

/// Any JSON.
fn any_json(rng: &mut Rng, depth: usize) -> Value {
    const KEYS: [&str; 14] = [
        "type",
        "id",
        "locationId",
        "tags",
        "customFields",
        "value",
        "appointment",
        "monetaryValue",
        "timestamp",
        "altId",
        "altType",
        "webhookId",
        "",
        "ключ",
    ];
    const TEXTS: [&str; 8] = [
        "",
        "ContactCreate",
        "install",
        "12",
        "location",
        "2026-01-01T00:00:00Z",
        "\u{0}\u{202e}\"",
        "true",
    ];
    match rng.usize(..if depth == 0 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => (rng.usize(..2) == 0).into(),
        2 => json!(rng.i64(..)),
        3 => json!(rng.f64() * 1e7),
        4 => TEXTS[rng.usize(..TEXTS.len())].into(),
        5 => (0..rng.usize(..4))
            .map(|_| any_json(rng, depth - 1))
            .collect(),
        _ => {
            let fields = (0..rng.usize(..8)).map(|_| {
                let key = KEYS[rng.usize(..KEYS.len())].to_owned();
                (key, any_json(rng, depth - 1))
            });
            Value::Object(fields.collect())
        }
    }
}

/// Values in place of that of a field, and whether they are drift, if that is certain.
fn deviations(sent: &Value) -> Vec<(Value, Option<bool>)> {
    let other = match sent {
        Value::String(text) => json!(text.len()),
        Value::Number(number) => json!(number.to_string()),
        Value::Bool(value) => json!(value.to_string()),
        _ => json!(7),
    };
    let no_object = (!sent.is_object()).then_some(true);
    let no_list = (!sent.is_array()).then_some(true);
    vec![
        (Value::Null, Some(false)),
        (other, Some(true)),
        (json!({}), no_object),
        (json!({ "Ünknown key": { "a": null } }), no_object),
        (json!([{ "a": [1] }]), no_list),
    ]
}

#[test]
fn each_field_can_deviate_and_the_event_remains() {
    let (mut reported, mut silent) = (0, std::collections::BTreeMap::new());
    for kind in EventKind::ALL {
        let body: Value = fixture(*kind).parse().expect("JSON");
        let fields = body.as_object().expect("an object");
        for (name, value) in fields.iter().filter(|(name, _)| *name != "type") {
            let mut missing = body.clone();
            missing.as_object_mut().expect("an object").remove(name);
            let changed = deviations(value).into_iter().map(|(other, is_drift)| {
                let mut changed = body.clone();
                changed[name] = other;
                (changed, is_drift)
            });
            for (sent, is_drift) in changed.chain([(missing, Some(false))]) {
                let event = parse(&sent.to_string());
                assert_eq!(event.kind(), Some(*kind));
                assert!(!matches!(event, Event::Unknown(_)), "{kind:?}: {sent}");
                assert_kept(&event, &sent);
                match (is_drift, event.drift().is_empty()) {
                    (Some(true), true) => *silent.entry((name.clone(), kind)).or_insert(0) += 1,
                    (Some(true), false) => reported += 1,
                    (Some(false), false) => panic!("{sent}: {:?}", event.drift()),
                    _ => {}
                }
            }
        }
    }
    // Fields of any JSON have no drift.
    println!("{reported} deviations are drift, others: {silent:?}");
    let silent: usize = silent.values().sum();
    assert!(silent * 20 < reported, "{silent} of {reported}");
}

#[test]
fn bodies_of_unusual_text_are_their_event() {
    let long = "x".repeat(3_000_000);
    let many = vec!["7"; 500_000].join(",");
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let bodies: [(&str, Vec<u8>); 9] = [
        (
            "long text",
            format!(r#"{{"type":"NoteCreate","body":"{long}"}}"#).into(),
        ),
        (
            "long list",
            format!(r#"{{"type":"NoteCreate","x":[{many}]}}"#).into(),
        ),
        (
            "nested",
            format!(r#"{{"type":"NoteCreate","x":{deep}}}"#).into(),
        ),
        (
            "key twice",
            br#"{"id":"1","id":2,"type":"NoteCreate","x":1,"x":{}}"#.to_vec(),
        ),
        ("blanks", b"\r\n\t {\"type\" : \"NoteCreate\" }\n".to_vec()),
        (
            "lone surrogate",
            br#"{"type":"NoteCreate","body":"\ud83d"}"#.to_vec(),
        ),
        (
            "not UTF-8",
            b"{\"type\":\"NoteCreate\",\"body\":\"caf\xe9 \xff\"}".to_vec(),
        ),
        (
            "escapes",
            br#"{"\u0074ype":"\u004eoteCreate","body":"\u0000"}"#.to_vec(),
        ),
        (
            "numbers",
            br#"{"type":"NoteCreate","x":[1e999,123456789012345678901234567890,-0.0]}"#.to_vec(),
        ),
    ];
    for (name, body) in bodies {
        let event = Event::parse(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(matches!(event, Event::NoteCreate(_)), "{name}: {event:?}");
        if let Ok(text) = std::str::from_utf8(&body) {
            assert_eq!(event.raw().get(), text.trim(), "{name}");
        } else {
            assert!(!event.drift().is_empty(), "{name}");
        }
    }
}

#[test]
fn any_json_object_is_an_event_and_nothing_is_lost() {
    let mut rng = Rng::with_seed(seed());
    for _ in 0..3000 {
        let kind = EventKind::ALL[rng.usize(..EventKind::ALL.len())];
        // A known payload with some values replaced, or any object.
        let mut body: Value = fixture(kind).parse().expect("JSON");
        if let Value::Object(fields) = &mut body {
            let names: Vec<String> = fields.keys().cloned().collect();
            for name in names {
                match rng.usize(..6) {
                    0 => drop(fields.insert(name, any_json(&mut rng, 3))),
                    1 => drop(fields.remove(&name)),
                    _ => {}
                }
            }
        }
        if rng.usize(..5) == 0 {
            body = any_json(&mut rng, 4);
        }
        let text = body.to_string();
        match Event::parse(text.as_bytes()) {
            Ok(event) => {
                assert_eq!(event.raw().get(), text);
                assert_eq!(serde_json::to_string(&event).expect("written"), text);
                let _ = (event.tenant(), format!("{event:?}"));
            }
            Err(error) => {
                assert_eq!(error, ParseError::NotAnObject, "{text}");
                assert!(!body.is_object() && !body.is_array(), "{text}");
            }
        }
    }
}

#[test]
fn any_bytes_do_not_panic() {
    let mut rng = Rng::with_seed(seed());
    for _ in 0..3000 {
        let kind = EventKind::ALL[rng.usize(..EventKind::ALL.len())];
        let mut body = fixture(kind).as_bytes().to_vec();
        for _ in 0..=rng.usize(..4) {
            let at = rng.usize(..body.len());
            match rng.usize(..3) {
                0 => body[at] = rng.u8(..),
                1 => body.truncate(at + 1),
                _ => body.insert(at, rng.u8(..)),
            }
        }
        let _ = Event::parse(&body);
    }
}

fn payloads() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/webhooks/payloads");
    folder.is_dir().then_some(folder)
}

#[test]
fn recorded_payloads_decode_as_their_event_and_nothing_is_lost() {
    let Some(folder) = payloads() else {
        println!("SKIPPED: ../shared/webhooks/payloads is missing");
        return;
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut drifts = Vec::new();
    for file in &files {
        let name = file
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = std::fs::read_to_string(file).expect("a file");
        let sample: Value = text.parse().expect("JSON");
        let payload = &sample["payload"];
        let event = parse(&payload.to_string());
        assert_kept(&event, payload);
        let sent = payload["type"].as_str();
        assert_eq!(event.event_type(), sent);
        let expected = sent.and_then(EventKind::from_type);
        assert_eq!(event.kind(), expected, "{name}");
        assert_eq!(
            matches!(event, Event::Unknown(_)),
            expected.is_none(),
            "{name}"
        );
        let page = name.split("__").next().unwrap_or_default();
        if sent.is_some() && expected.map(EventKind::name) != Some(page) {
            println!("{name}: `type` is {sent:?}");
        }
        drifts.extend(event.drift().iter().map(|drift| format!("{name}: {drift}")));
        // Its model holds the payload whole, too, and decodes as the event that the page names.
        let Some(kind) = EventKind::ALL.iter().find(|kind| kind.name() == page) else {
            continue;
        };
        let mut typed = payload.clone();
        typed["type"] = kind.types()[0].value.into();
        let event = parse(&typed.to_string());
        assert_eq!(event.kind(), Some(*kind), "{name}");
        assert_kept(&event, &typed);
        for drift in event.drift() {
            drifts.push(format!("{name} as {page}: {drift}"));
        }
    }
    drifts.sort();
    drifts.dedup();
    println!("{} payloads, drift:\n{}", files.len(), drifts.join("\n"));
    assert!(files.len() >= 71);
}

#[test]
fn provider_deliveries_have_any_channel() {
    for channel in ["SMS", "Email", "InboundMessage", "WhatsApp"] {
        let body =
            json!({ "type": channel, "messageId": "M1", "contactId": "C1", "locationId": "L1" });
        let delivery = ProviderDelivery::parse(body.to_string().as_bytes()).expect("a delivery");
        assert_eq!(
            (delivery.channel(), delivery.message_id()),
            (Some(channel), Some("M1"))
        );
        assert_eq!(delivery.message().contact_id.as_deref(), Some("C1"));
        assert_eq!(delivery.tenant(), Some(Tenant::Location("L1")));
        assert_eq!(delivery.raw().get(), body.to_string());
        assert!(delivery.drift().is_empty() && !format!("{delivery:?}").contains("M1"));
    }
    let odd = ProviderDelivery::parse(br#"{"messageId":""}"#).expect("a delivery");
    assert_eq!((odd.channel(), odd.message_id()), (None, None));
    for (body, error) in [
        ("", ParseError::NotJson),
        ("7", ParseError::NotAnObject),
        ("[]", ParseError::NotAnObject),
    ] {
        assert_eq!(
            ProviderDelivery::parse(body.as_bytes()).expect_err(body),
            error
        );
    }
}

#[test]
fn workflow_deliveries_need_the_secret_exactly_once() {
    let name = http::HeaderName::from_static("x-workflow-secret");
    let secret = WorkflowSecret::new(name.clone(), "correct horse");
    assert!(!format!("{secret:?}").contains("horse"));
    let body = br#"{"contact_id":"C1","tags":"a, b ,","workflow":{"id":"W1","name":"N"},"customData":{"k":1},"city":"x"}"#;
    let verify = |secret: &WorkflowSecret, values: &[&str]| {
        let mut headers = http::HeaderMap::new();
        for value in values {
            headers.append(name.clone(), value.parse().expect("a value"));
        }
        WorkflowDelivery::verify(secret, &headers, body)
    };
    let delivery = verify(&secret, &["correct horse"]).expect("verified");
    assert_eq!(delivery.tags(), ["a", "b"]);
    let action = delivery.action();
    assert_eq!(action.contact_id.as_deref(), Some("C1"));
    assert_eq!(
        action.workflow.as_ref().and_then(|one| one.id.as_deref()),
        Some("W1")
    );
    assert_eq!(action.extra.get("city"), Some(&json!("x")));
    assert_eq!(delivery.raw().get().as_bytes(), body);
    for wrong in [
        &[][..],
        &[""],
        &["correct horse "],
        &["correct hors"],
        &["correct horse", "correct horse"],
        &["correct horse", "x"],
    ] {
        let error = verify(&secret, wrong).expect_err("refused");
        assert_eq!(error, WorkflowError::Secret, "{wrong:?}");
    }
    let empty = WorkflowSecret::new(name.clone(), "");
    assert!(verify(&empty, &[""]).is_err() && verify(&empty, &[]).is_err());
    let list = WorkflowDelivery::parse_unverified(br#"{"tags":["a","b"]}"#).expect("a delivery");
    assert_eq!(list.tags(), ["a", "b"]);
    assert!(WorkflowDelivery::parse_unverified(b"x").is_err());
}
