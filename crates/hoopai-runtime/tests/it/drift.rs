//! Decoding of JSON that deviates from its declaration.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use hoopai_runtime::error::ErrorKind;
use hoopai_runtime::json::{Decoded, from_slice};
use hoopai_runtime::serde_json::{self, Value, json};
use hoopai_runtime::{Date, Decimal, Drift, DriftKind, Timestamp};

use crate::sample_api::types::{Anything, Contact, ContactReply, Status};

hoopai_runtime::model! {
    /// A reply that declares only the trace id.
    pub struct Traced {
        pub trace_id: String = "traceId",
    }
}

fn read(text: &str) -> Decoded<Contact> {
    from_slice(text.as_bytes()).unwrap()
}

/// Returns the drift, one deviation per line.
fn drift_text(drift: &[Drift]) -> String {
    let lines: Vec<String> = drift.iter().map(Drift::to_string).collect();
    lines.join("\n")
}

#[track_caller]
fn assert_json(value: &impl serde::Serialize, json: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), json);
}

/// Decodes one value in one field. Returns the serialized field, the drift, and the model.
fn field(name: &str, value: &str) -> (Value, String, Contact) {
    let text = format!("{{\"{name}\":{value}}}");
    let read = read(&text);
    (
        serde_json::to_value(&read.value).unwrap()[name].clone(),
        drift_text(&read.drift),
        read.value,
    )
}

fn coerced(name: &str, value: &str, becomes: Value) {
    let (serialized, drift, contact) = field(name, value);
    assert_eq!(serialized, becomes, "{name}: {value}");
    assert!(
        drift.starts_with(&format!("`{name}`: ")) && drift.contains(" was read as "),
        "{drift}"
    );
    assert!(contact.extra.is_empty(), "{name}: {value}");
}

fn unparsed(name: &str, value: &str, expected: &str) {
    let (serialized, drift, contact) = field(name, value);
    let raw: Value = serde_json::from_str(value).unwrap();
    assert_eq!(serialized, raw, "{name}: {value}");
    assert_eq!(contact.extra.get(name), Some(&raw), "{name}: {value}");
    assert!(
        drift.ends_with(" was set aside") && drift.contains(expected),
        "{drift}"
    );
    assert_eq!(contact, {
        let mut bare = Contact::new();
        bare.extra.insert(name, raw);
        bare
    });
}

fn plain(name: &str, value: &str, becomes: Value) {
    let (serialized, drift, _) = field(name, value);
    assert_eq!(
        (serialized, drift),
        (becomes, String::new()),
        "{name}: {value}"
    );
}

#[test]
fn convertible_scalars_are_coerced() {
    coerced("id", "12", json!("12"));
    coerced("id", "1.10", json!("1.10"));
    coerced(
        "id",
        "-123456789012345678901234567890",
        json!("-123456789012345678901234567890"),
    );
    coerced("id", "true", json!("true"));
    coerced("id", r#""half \ud83d""#, json!("half \u{fffd}"));
    coerced("visits", r#""12""#, json!(12));
    coerced("visits", r#"" -12.0 ""#, json!(-12));
    coerced("score", r#""12.5""#, json!(12.5));
    coerced("score", r#""1e3""#, json!(1000.0));
    for yes in [r#""true""#, r#""True""#, "1", r#""1""#] {
        coerced("dnd", yes, json!(true));
    }
    for no in [r#""false""#, "0", r#""0""#] {
        coerced("dnd", no, json!(false));
    }
}

#[test]
fn equivalent_json_is_no_drift() {
    plain("visits", "12.0", json!(12));
    plain("visits", "1e3", json!(1000));
    plain("visits", "-0", json!(0));
    plain(
        "visits",
        "9007199254740993.0",
        json!(9_007_199_254_740_993_i64),
    );
    plain("visits", "9223372036854775807", json!(i64::MAX));
    plain("visits", "-9223372036854775808", json!(i64::MIN));
    plain("score", "12", json!(12.0));
    plain("id", r#""""#, json!(""));
    plain("tags", "[]", json!([]));
    for name in [
        "id", "score", "dnd", "status", "tags", "friends", "parent", "byName", "anything", "custom",
    ] {
        plain(name, "null", Value::Null);
    }
}

#[test]
fn unparsed_values_are_kept_in_extra() {
    for value in ["{}", r#"[{"a":1}]"#, r#"{"id":"x"}"#] {
        unparsed("id", value, "a string");
    }
    for value in [
        r#""soon""#,
        "1.5",
        "true",
        "1e300",
        "1e30",
        "9223372036854775808",
        "-9223372036854775809",
        "2.00000000000000000000000000000000000001",
        r#""12 kg""#,
        r#""2.5""#,
        "[]",
        r#""NaN""#,
    ] {
        unparsed("visits", value, "a whole number");
    }
    for value in [r#""inf""#, r#""0x1""#, "false", r#""1,5""#] {
        unparsed("score", value, "a number");
    }
    for value in [r#""yes""#, "2", "[]"] {
        unparsed("dnd", value, "a boolean");
    }
    for value in [
        r#""a,b""#,
        r#"{"a":"b"}"#,
        "7",
        "[null]",
        r#"["a",{"b":1}]"#,
    ] {
        unparsed(
            "tags",
            value,
            if value.starts_with('[') {
                "a string"
            } else {
                "a list"
            },
        );
    }
    for value in [r#"{"id":"x"}"#, r#""x""#, "false"] {
        unparsed("friends", value, "a list");
    }
    for value in [r#""x""#, "[]", "0"] {
        unparsed("parent", value, "an object");
        unparsed("byName", value, "an object");
        unparsed("custom", value, "an object");
    }
    unparsed("byName", r#"{"a":{"id":"x"},"b":"y"}"#, "an object");
    unparsed("grid", r#"[[1],["x"]]"#, "a number");
    unparsed("status", r#"["open"]"#, "a string");
    unparsed("status", r#"{"a":1}"#, "a string");
}

#[test]
fn unparsed_item_does_not_affect_other_items() {
    let text = r#"{"friends":[{"id":"a","visits":"x","odd":1.10},null,"Jane",{"id":7},[1]]}"#;
    let read = read(text);
    let friends = read.value.friends.as_deref().unwrap();
    assert_eq!(friends.len(), 5);
    assert_eq!(
        (friends[0].id.as_deref(), friends[0].visits),
        (Some("a"), None)
    );
    assert_eq!(friends[0].extra.get("visits"), Some(&json!("x")));
    assert_eq!(friends[1].extra.whole(), Some(&Value::Null));
    assert_eq!(friends[2].extra.whole(), Some(&json!("Jane")));
    assert_eq!(friends[3].id.as_deref(), Some("7"));
    assert!(!format!("{friends:?}").contains("Jane"));
    assert_eq!(
        drift_text(&read.drift),
        "`friends[0].visits`: a string where a whole number is declared was set aside\n\
         `friends[1]`: null where an object is declared was set aside\n\
         `friends[2]`: a string where an object is declared was set aside\n\
         `friends[3].id`: a number was read as a string\n\
         `friends[4]`: a list where an object is declared was set aside"
    );
    assert_json(
        &read.value,
        r#"{"friends":[{"id":"a","odd":1.10,"visits":"x"},null,"Jane",{"id":"7"},[1]]}"#,
    );
    // Setting a field makes the item an object again.
    let item = friends[2].clone().id("b");
    assert_json(&item, r#"{"id":"b"}"#);
}

#[test]
fn unknown_enum_values_are_kept() {
    for (wire, text) in [
        (r#""parked""#, "parked"),
        ("7", "7"),
        ("-1", "-1"),
        ("1.5", "1.5"),
        ("true", "true"),
        (r#""7""#, "7"),
    ] {
        let (serialized, drift, contact) = field("status", wire);
        assert_eq!(serialized.to_string(), wire);
        assert_eq!(drift, "");
        let status = contact.status.unwrap();
        assert_eq!((status.as_str(), status.is_known()), (text, false));
        assert_eq!(status, Status::from(text));
        assert!(status > Status::from("") && status < Status::from("zzz"));
    }
}

#[test]
fn numbers_are_serialized_digit_by_digit() {
    let text = r#"{"custom":{},"amount":1.10,"big":123456789012345678901,"deep":{"z":[1e3],"a":"\u00fc"},"tags":{"x":0.50}}"#;
    let mut contact = read(text).value;
    let expected = r#"{"custom":{},"amount":1.10,"big":123456789012345678901,"deep":{"z":[1e3],"a":"\u00fc"},"tags":{"x":0.50}}"#;
    let serialized = |contact: &Contact| -> BTreeMap<String, Box<serde_json::value::RawValue>> {
        serde_json::from_str(&serde_json::to_string(contact).unwrap()).unwrap()
    };
    let fields: BTreeMap<String, Box<serde_json::value::RawValue>> =
        serde_json::from_str(expected).unwrap();
    for (name, value) in &fields {
        assert_eq!(serialized(&contact)[name].get(), value.get());
    }
    // Reading it and changing another field do not change it.
    assert_eq!(contact.extra.get("amount"), Some(&json!(1.1)));
    contact.extra.insert("more", 1);
    assert_eq!(serialized(&contact)["amount"].get(), "1.10");
    assert_eq!(
        serde_json::to_value(&contact).unwrap()["amount"],
        json!(1.1)
    );
    contact.extra.insert("amount", 2);
    assert_eq!(serialized(&contact)["amount"].get(), "2");
}

#[test]
fn set_field_replaces_the_unparsed_value() {
    let contact = read(r#"{"tags":"a,b","id":"c"}"#).value;
    assert_json(
        &contact.clone().tags(["a", "b"]),
        r#"{"id":"c","tags":["a","b"]}"#,
    );
    assert_json(&contact, r#"{"id":"c","tags":"a,b"}"#);
}

#[test]
fn last_value_of_a_repeated_key_is_used() {
    assert_json(
        &read(r#"{"visits":1,"visits":"x"}"#).value,
        r#"{"visits":"x"}"#,
    );
    assert_json(
        &read(r#"{"visits":"x","visits":1}"#).value,
        r#"{"visits":1}"#,
    );
    assert_json(&read(r#"{"odd":1,"odd":2}"#).value, r#"{"odd":2}"#);
}

#[test]
fn explicit_null_is_sent() {
    let mut contact = Contact::new()
        .id("c")
        .first_name("Jane")
        .null("firstName")
        .tags([] as [&str; 0]);
    contact.extra.insert("nickname", Value::Null);
    assert_eq!(contact.first_name, None);
    assert_json(
        &contact,
        r#"{"id":"c","tags":[],"firstName":null,"nickname":null}"#,
    );
    let again = contact.first_name("Ann");
    assert_json(
        &again,
        r#"{"id":"c","firstName":"Ann","tags":[],"nickname":null}"#,
    );
}

#[test]
fn models_decode_with_other_deserializers() {
    let wire = json!({"id": "c", "odd": {"x": "é"}, "friends": [{"odd": null}]});
    let contact: Contact = serde_json::from_value(wire.clone()).unwrap();
    assert_eq!(contact, read(&wire.to_string()).value);
    assert_eq!(serde_json::to_value(&contact).unwrap(), wire);
    let text = r#"{"amount":1.10,"a\"b":[1e3]}"#;
    let serialized =
        serde_json::to_string(&serde_json::from_str::<Contact>(text).unwrap()).unwrap();
    assert_eq!(serialized, r#"{"a\"b":[1e3],"amount":1.10}"#);
    assert!(serde_json::from_value::<Contact>(json!({"visits": "x"})).is_err());
    assert!(serde_json::from_str::<Contact>(r#"{"visits":"x","id":"c"}"#).is_err());
    assert!(serde_json::from_str::<Contact>("[]").is_err());
    use serde::de::{
        Deserialize, IntoDeserializer,
        value::{Error, MapDeserializer},
    };
    let pairs = [("nickname", "\"c"), ("odd", "1")]
        .map(|(name, value)| (name, IntoDeserializer::<Error>::into_deserializer(value)));
    let contact = Contact::deserialize(MapDeserializer::new(pairs.into_iter())).unwrap();
    assert_eq!(contact.extra.get("odd"), Some(&json!("1")));
}

#[test]
fn object_without_known_fields_is_drift() {
    let reply: Decoded<ContactReply> =
        from_slice(br#"{"appointment":{"id":"a"},"traceId":"t"}"#).unwrap();
    assert_eq!(
        drift_text(&reply.drift),
        "`$`: an object has none of the fields of `ContactReply`"
    );
    assert_eq!(reply.drift[0].kind, DriftKind::UnknownShape);
    assert_eq!(
        reply.value.extra.get("appointment"),
        Some(&json!({"id": "a"}))
    );
    let nested: Decoded<ContactReply> = from_slice(br#"{"contact":{"a":{"id":1},"b":2}}"#).unwrap();
    assert_eq!(
        drift_text(&nested.drift),
        "`contact`: an object has none of the fields of `Contact`"
    );

    for known in [
        r#"{}"#,
        r#"{"traceId":"t"}"#,
        r#"{"contact":null,"x":1}"#,
        r#"{"contact":{}}"#,
    ] {
        let reply: Decoded<ContactReply> = from_slice(known.as_bytes()).unwrap();
        assert_eq!(drift_text(&reply.drift), "", "{known}");
    }
    // A mistyped field counts as known.
    let reply: Decoded<ContactReply> = from_slice(br#"{"contact":[{"x":1}]}"#).unwrap();
    assert_eq!(
        drift_text(&reply.drift),
        "`contact`: a list where an object is declared was set aside"
    );
    // A type whose only field has any type lacks no known field.
    assert!(
        from_slice::<Traced>(br#"{"2026-01-31":{"slots":[]},"traceId":"t"}"#)
            .unwrap()
            .drift
            .is_empty()
    );
    // A type without fields declares nothing.
    assert!(
        from_slice::<Anything>(br#"{"a":1}"#)
            .unwrap()
            .drift
            .is_empty()
    );
    assert!(
        from_slice::<BTreeMap<String, Value>>(br#"{"a":1}"#)
            .unwrap()
            .drift
            .is_empty()
    );
}

#[test]
fn reply_of_another_json_type_is_kept() {
    for text in [r#"[{"id":"c"}]"#, r#""ok""#, "true", " 7 "] {
        let read = read(text);
        let raw: Value = serde_json::from_str(text).unwrap();
        assert_eq!(
            (read.raw.as_ref(), read.value.extra.whole()),
            (Some(&raw), Some(&raw))
        );
        assert_eq!(serde_json::to_value(&read.value).unwrap(), raw);
        assert_eq!((read.drift.len(), &*read.drift[0].path), (1, "$"));
    }
    let list: Decoded<Vec<Contact>> = from_slice(br#" {"contacts":[{"id":1}]} "#).unwrap();
    assert_eq!(
        (list.value.len(), list.raw),
        (0, Some(json!({"contacts": [{"id": 1}]})))
    );
    assert_eq!(
        drift_text(&list.drift),
        "`$`: an object where a list is declared was set aside"
    );
    let texts: Decoded<Vec<String>> = from_slice(br#"["a",{"b":1}]"#).unwrap();
    assert_eq!(
        (texts.value.len(), texts.raw),
        (0, Some(json!(["a", {"b": 1}])))
    );
    assert_eq!(texts.drift[0].path, "[1]");

    // These types have no empty value.
    let error = from_slice::<bool>(b"{}").unwrap_err();
    assert_eq!(
        (error.kind(), error.json_path()),
        (ErrorKind::Decode, Some("$"))
    );
    assert_eq!(
        error.to_string(),
        "the reply does not match its schema at its top level: found an object, expected a boolean"
    );
    assert!(from_slice::<bool>(br#""false""#).is_ok_and(|read| !read.value));
}

#[test]
fn stray_bytes_are_drift() {
    for (text, path, found) in [
        (r#"{"id":"x"} x"#, "$", "text after the JSON"),
        (r#"{"id":"x"} ]"#, "$", "text after the JSON"),
        ("{\"id\":\"x\u{1}\"}", "id", "a control character"),
        ("\u{feff}{\"id\":\"x\"}", "$", "a byte order mark"),
    ] {
        let read = from_slice::<Contact>(text.as_bytes()).unwrap();
        assert!(read.value.id.is_some_and(|id| id.starts_with('x')));
        assert_eq!(
            (read.drift.len(), read.drift[0].kind),
            (1, DriftKind::Repaired)
        );
        assert_eq!((&*read.drift[0].path, read.drift[0].found), (path, found));
    }
}

#[test]
fn truncated_json_is_an_error_at_any_length() {
    for text in [
        r#"{"visits":"x","#,
        r#"{"visits":{"a":}}"#,
        r#"{"odd":tru}"#,
        r#"{"friends":[1,]}"#,
        r#"{"friends":["x"#,
        r#"["x",]"#,
        r#"{"id" x"#,
        "<html></html>",
        "x {}",
    ] {
        let error = from_slice::<Contact>(text.as_bytes()).unwrap_err();
        assert_eq!(
            (error.kind(), error.json_path()),
            (ErrorKind::Decode, None),
            "{text}"
        );
        assert!(
            from_slice::<Vec<String>>(text.as_bytes()).is_err(),
            "{text}"
        );
    }
    let deep = format!("{{\"odd\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    let error = from_slice::<Contact>(deep.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("too deeply"), "{error}");
    let models = format!("{}{}", "{\"parent\":".repeat(200_000), "}".repeat(200_000));
    assert!(
        from_slice::<Contact>(models.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("too deeply")
    );
    let just = format!("{}{{}}{}", "{\"parent\":".repeat(126), "}".repeat(126));
    assert!(
        from_slice::<Contact>(just.as_bytes())
            .unwrap()
            .drift
            .is_empty()
    );
}

#[test]
fn drift_reports_are_bounded_and_values_are_not() {
    let items = vec![r#"{"id":1,"visits":"x"}"#; 1000].join(",");
    let list: Decoded<Vec<Contact>> = from_slice(format!("[{items}]").as_bytes()).unwrap();
    assert_eq!((list.value.len(), list.drift.len()), (1000, 256));
    assert!(
        list.value
            .iter()
            .all(|item| item.id.as_deref() == Some("1") && item.extra.len() == 1)
    );
}

#[test]
fn keys_with_personal_data_are_masked() {
    let read = read(r#"{"byName":{"jane@example.com":{"visits":"x"}}}"#);
    assert_eq!(read.drift[0].path, "byName.***.visits");
}

#[test]
fn timestamps_and_decimals_are_serialized_unchanged() {
    hoopai_runtime::model! {
        /// A payment.
        pub struct Payment {
            pub at: Timestamp = "at",
            pub times: Vec<Timestamp> = "times",
            pub amount: Decimal = "amount",
        }
    }
    let text = r#"{"at":1769851800.5,"times":["2026-01-31T09:30:00.000Z","1769851800000",1769851800],"amount":1.10}"#;
    let read: Decoded<Payment> = from_slice(text.as_bytes()).unwrap();
    assert!(read.drift.is_empty());
    assert_eq!(serde_json::to_string(&read.value).unwrap(), text);
    assert_eq!(
        serde_json::to_string(&serde_json::from_str::<Payment>(text).unwrap()).unwrap(),
        text
    );
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        serde_json::from_value::<Payment>(value.clone()).unwrap(),
        read.value
    );
    assert_eq!(serde_json::to_value(&read.value).unwrap(), value);
    let times = read.value.times.as_deref().unwrap();
    assert!(times.iter().all(|time| *time == times[0]) && read.value.at.as_ref() > Some(&times[0]));
    assert_eq!(
        times[0].to_system_time(),
        UNIX_EPOCH + Duration::from_secs(1_769_851_800)
    );
    assert_eq!(Timestamp::from(times[0].to_system_time()), times[0]);
    assert!(!format!("{:?}", read.value).contains("17"));

    let odd = br#"{"at":"soon","times":["2026-01-31",{}],"amount":" 2.50 "}"#;
    let read: Decoded<Payment> = from_slice(odd).unwrap();
    assert_eq!(read.value.amount, Some("2.5".parse().unwrap()));
    assert_eq!(read.value.extra.get("at"), Some(&json!("soon")));
    assert_eq!(
        drift_text(&read.drift),
        "`at`: a string where a date of RFC 3339 or RFC 2822, or a count of seconds or milliseconds since 1970 is declared was set aside\n\
         `times[1]`: an object where a date of RFC 3339 or RFC 2822, or a count of seconds or milliseconds since 1970 is declared was set aside\n\
         `amount`: a string was read as a number"
    );
    let long = r#"{"amount":0.1234567890123456789012345678901234567890}"#;
    let read: Decoded<Payment> = from_slice(long.as_bytes()).unwrap();
    assert_eq!(read.value.amount, None);
    assert_eq!(
        drift_text(&read.drift),
        "`amount`: a number where a number with up to 38 digits is declared was set aside"
    );
    assert_eq!(serde_json::to_string(&read.value).unwrap(), long);

    let sent = Payment::new().at(UNIX_EPOCH).amount(3);
    assert_json(&sent, r#"{"at":"1970-01-01T00:00:00Z","amount":3}"#);
}

#[test]
fn setters_convert_to_the_wire_form_of_the_field_and_received_values_keep_theirs() {
    hoopai_runtime::model! {
        /// A plan.
        pub struct Plan {
            pub at: Timestamp = "at",
            pub seconds: Timestamp as in_seconds = "seconds",
            pub millis: Timestamp as in_milliseconds = "millis",
            pub text: Timestamp as in_milliseconds_text = "text",
            pub day: Date = "day",
            pub first: Date as in_month_first = "first",
            pub midnight: Date as in_rfc3339 = "midnight",
        }
    }
    let time = UNIX_EPOCH + Duration::from_millis(1_769_851_800_123);
    let day = || Date::new(2026, 1, 31).unwrap();
    let plan = Plan::new().at(time).seconds(time).millis(time).text(time);
    let plan = plan.day(day()).first(day()).midnight(day());
    let written = json!({
        "at": "2026-01-31T09:30:00.123Z", "seconds": 1_769_851_800, "millis": 1_769_851_800_123_i64,
        "text": "1769851800123", "day": "2026-01-31", "first": "01-31-2026",
        "midnight": "2026-01-31T00:00:00.000Z",
    });
    assert_eq!(serde_json::to_value(&plan).unwrap(), written);

    let received = r#"{"at":1769851800,"seconds":"2026-01-31T09:30:00Z","millis":-1,"day":1769817600000,"first":"2026/01/31"}"#;
    let read: Decoded<Plan> = from_slice(received.as_bytes()).unwrap();
    assert!(read.drift.is_empty(), "{:?}", read.drift);
    assert_eq!(serde_json::to_string(&read.value).unwrap(), received);
    assert_eq!(
        (read.value.day, read.value.first),
        (Some(day()), Some(day()))
    );

    let odd = br#"{"at":"2026-02-30T00:00:00Z","day":"2026-02-30","first":true,"millis":""}"#;
    let read: Decoded<Plan> = from_slice(odd).unwrap();
    assert_eq!(serde_json::to_vec(&read.value).unwrap().len(), odd.len());
    let paths: Vec<&str> = read.drift.iter().map(|drift| &*drift.path).collect();
    assert_eq!(paths, ["at", "day", "first"]);
}

#[test]
fn map_values_decode_as_their_type() {
    hoopai_runtime::model! {
        /// The slots of a day.
        pub struct Day {
            pub slots: Vec<Timestamp> = "slots",
            pub price: Decimal = "price",
        }
        /// Slots by day.
        pub struct Days {
            pub trace_id: String = "traceId",
        }
    }
    let text = r#"{"2031-05-06":{"slots":["2031-05-06T09:00:00Z"],"price":12345678901234567.10},"odd":"closed","traceId":"t"}"#;
    let days = from_slice::<Days>(text.as_bytes()).unwrap().value;
    let read: Vec<_> = days.extra.typed::<Day>().collect();
    let (day, slots) = &read[0];
    let slots = slots.as_ref().unwrap();
    assert_eq!(*day, "2031-05-06");
    assert_eq!(
        slots.slots.as_deref().unwrap(),
        ["2031-05-06T09:00:00Z".parse().unwrap()]
    );
    assert_eq!(slots.price.unwrap().to_string(), "12345678901234567.10");
    let (name, odd) = &read[1];
    let error = odd.as_ref().unwrap_err();
    assert_eq!((*name, error.kind()), ("odd", ErrorKind::Decode));
    assert!(!error.to_string().contains("closed"), "{error}");
    assert_eq!(read.len(), 2);
}
