//! Known variations of replies decode to their meaning, serialize unchanged, and are no drift.

use hoopai_runtime::json::{Decoded, from_slice};
use hoopai_runtime::serde_json::{self, Value, json};
use hoopai_runtime::{CustomFieldFile, CustomFieldValue, Decimal, Timestamp};

use crate::sample_api::types::{Contact, Status};

hoopai_runtime::model! {
    /// A reply to a deletion.
    pub struct Deleted {
        pub ok: String = "ok",
        pub succeded: bool = "succeded",
        pub trace_id: String = "traceId",
    }

    /// A reply that declares no success flag.
    pub struct Found {
        pub contact: String = "contact",
    }

    /// A field of each type of the runtime.
    pub struct Typed {
        pub at: Timestamp = "at",
        pub amount: Decimal = "amount",
        pub moments: Vec<Timestamp> = "moments",
        pub custom: CustomFieldValue = "custom",
        pub by_key: std::collections::BTreeMap<String, CustomFieldValue> = "byKey",
    }
}
hoopai_runtime::confirmations! { Deleted }

/// Decodes a text, and checks that it has no drift and serializes unchanged.
fn undrifted<T: serde::de::DeserializeOwned + serde::Serialize>(text: &str) -> T {
    let Decoded { value, drift, .. } = from_slice::<T>(text.as_bytes()).unwrap();
    assert!(drift.is_empty(), "{text}: {drift:?}");
    let original: Value = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_value(&value).unwrap(), original, "{text}");
    value
}

#[test]
fn success_flag_decodes_in_any_spelling() {
    for (reply, success) in [
        (r#"{"succeded":true}"#, true),
        (r#"{"succeded":false,"traceId":"t"}"#, false),
        (r#"{"succeeded":true}"#, true),
        (r#"{"succeeded":false}"#, false),
        (r#"{"success":true,"traceId":"t"}"#, true),
        (r#"{"success":false}"#, false),
        (r#"{"success":"false"}"#, false),
        (r#"{"success":0}"#, false),
        (r#"{"succeded":true,"succeeded":true}"#, true),
        (r#"{"succeded":true,"succeeded":false}"#, false),
        (r#"{"success":true,"id":"1","message":"gone"}"#, true),
        (r#"{"ok":"false"}"#, false),
        (r#"{"ok":"false","success":true}"#, true),
        (r#"{"ok":"fine"}"#, true),
        ("{}", true),
    ] {
        assert_eq!(undrifted::<Deleted>(reply).is_success(), success, "{reply}");
    }
    assert!(Deleted::new().is_success());
    assert!(!Deleted::new().succeded(false).is_success());
}

#[test]
fn success_flag_alone_does_not_count_as_known_field() {
    let drifts = |reply: &str| from_slice::<Found>(reply.as_bytes()).unwrap().drift.len();
    assert_eq!(drifts(r#"{"success":true}"#), 0);
    assert_eq!(drifts(r#"{"success":true,"id":"1"}"#), 1);
    let drifts = from_slice::<Deleted>(br#"{"id":"1"}"#).unwrap().drift;
    assert_eq!(drifts.len(), 1);
}

#[test]
fn blank_string_of_another_declared_type_is_absent() {
    for name in [
        "visits", "score", "dnd", "tags", "friends", "parent", "grid", "byName", "custom",
    ] {
        for blank in ["", " ", "\t\u{a0}"] {
            let text = json!({ name: blank }).to_string();
            let contact: Contact = undrifted(&text);
            // The field is empty, and the original value is kept.
            assert_eq!(contact.extra.get(name), Some(&json!(blank)), "{name}");
            let mut bare = Contact::new();
            bare.extra.insert(name, blank);
            assert_eq!(contact, bare);
        }
    }
    for name in ["at", "amount", "moments"] {
        let typed: Typed = undrifted(&json!({ name: "" }).to_string());
        assert_eq!(typed.extra.len(), 1, "{name}");
    }
    let contact: Contact = undrifted(r#"{"visits":"","friends":["",{"dnd":""}]}"#);
    let friends = contact.friends.as_deref().unwrap();
    assert_eq!(friends[0].extra.whole(), Some(&json!("")));
    // Setting the field replaces it.
    let back = serde_json::to_value(contact.clone().visits(3)).unwrap();
    assert_eq!(back["visits"], 3);
}

#[test]
fn blank_string_of_declared_text_is_kept() {
    let contact: Contact = undrifted(r#"{"id":"","status":""}"#);
    assert_eq!(contact.id.as_deref(), Some(""));
    assert_eq!(contact.status, Some(Status::from("")));
}

#[test]
fn rfc_2822_timestamp_is_serialized_unchanged() {
    let text = r#"{"at":"Mon, 05 Jan 2026 10:00:00 +0000","moments":["Mon, 5 Jan 2026 10:00:00 GMT",1767607200]}"#;
    let typed: Typed = undrifted(text);
    let at = typed.at.unwrap();
    assert_eq!(at.to_string(), "2026-01-05T10:00:00Z");
    assert!(typed.moments.unwrap().iter().all(|other| *other == at));
}

#[test]
fn custom_field_values_are_serialized_digit_by_digit() {
    let files = r#"{"f311":{"documentId":"d1","meta":{"originalname":"a.jpg","size":17},"url":"https://example.com/d1"}}"#;
    for value in [
        r#""text""#,
        r#""""#,
        "12",
        "12.50",
        "1e3",
        "123456789012345678901234567890",
        "-0",
        r#"["a","b"]"#,
        "[]",
        r#"[1.10,{"url":"u"}]"#,
        r#"{"currency":"default","value":100.00}"#,
        files,
        "true",
    ] {
        let text = format!(r#"{{"custom":{value},"byKey":{{"k":{value}}}}}"#);
        let read = from_slice::<Typed>(text.as_bytes()).unwrap();
        assert!(read.drift.is_empty(), "{value}: {:?}", read.drift);
        assert!(read.value.extra.is_empty(), "{value}");
        assert_eq!(serde_json::to_string(&read.value).unwrap(), text);
        assert!(!format!("{:?}", read.value).contains("text"));
    }
    let typed = undrifted::<Typed>(&format!(r#"{{"custom":{files}}}"#));
    let files = typed.custom.as_ref().unwrap().as_files().unwrap();
    assert_eq!(files["f311"].url.as_deref(), Some("https://example.com/d1"));
    assert_eq!(files["f311"].meta.as_ref().unwrap().size, Some(17));
}
#[test]
fn custom_field_value_decodes_as_its_own_type_only() {
    let of = |value: Value| CustomFieldValue::from(value);
    let (text, number, list) = (of(json!("x")), of(json!(12.5)), of(json!(["a", "b"])));
    assert_eq!(
        (text.as_text(), number.as_text(), list.as_text()),
        (Some("x"), None, None)
    );
    assert_eq!((text.as_number(), number.as_number()), (None, Some(12.5)));
    assert_eq!(of(json!(" 12.5 ")).as_number(), Some(12.5));
    assert_eq!(list.as_list(), Some(vec!["a", "b"]));
    assert_eq!(
        (text.as_list(), of(json!(["a", 1])).as_list()),
        (None, None)
    );
    let money = of(json!({ "currency": "default", "value": 100 }));
    assert!(money.as_files().is_none() && money.as_number().is_none());
    assert_eq!(money.as_json()["value"], 100);
    let exact: CustomFieldValue = serde_json::from_str("1234567890123456.10").unwrap();
    assert_eq!(
        exact.as_decimal().unwrap().to_string(),
        "1234567890123456.10"
    );
}

#[test]
fn custom_field_value_accepts_text_number_list_and_file() {
    let json = |typed: Typed| serde_json::to_string(&typed).unwrap();
    let set = |value: CustomFieldValue| json(Typed::new().custom(value));
    assert_eq!(json(Typed::new().custom("x")), r#"{"custom":"x"}"#);
    assert_eq!(json(Typed::new().custom(12)), r#"{"custom":12}"#);
    assert_eq!(json(Typed::new().custom(12.5)), r#"{"custom":12.5}"#);
    assert_eq!(
        json(Typed::new().custom(["a", "b"])),
        r#"{"custom":["a","b"]}"#
    );
    assert_eq!(
        json(Typed::new().custom(vec!["a".to_owned()])),
        r#"{"custom":["a"]}"#
    );
    assert_eq!(
        json(Typed::new().custom(json!({ "a": 1 }))),
        r#"{"custom":{"a":1}}"#
    );
    let amount: Decimal = "0.10".parse().unwrap();
    assert_eq!(set(amount.into()), r#"{"custom":0.10}"#);
    let file = CustomFieldFile::new().url("u");
    let files = std::collections::BTreeMap::from([("f".to_owned(), file)]);
    assert_eq!(set(files.into()), r#"{"custom":{"f":{"url":"u"}}}"#);
    assert_eq!(
        CustomFieldValue::from("1.0"),
        CustomFieldValue::from("1.0".to_owned())
    );
    assert!(CustomFieldValue::from(f64::NAN) != CustomFieldValue::from(f64::NAN));
}
