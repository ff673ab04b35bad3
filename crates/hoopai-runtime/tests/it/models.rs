//! Models and open enums that the macros define.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use hoopai_runtime::serde_json::{self, Value, json};
use hoopai_runtime::{CustomFieldValue, Date, Decimal, Timestamp, json};

use crate::sample_api::types::{Anything, Contact, Status};

#[test]
fn model_round_trips() {
    let wire = json!({
        "id": "c1", "score": 1.5, "visits": 3, "dnd": false, "status": "parked", "tags": [],
        "friends": [{"id": "c2", "unknown": {"a": [null]}}], "parent": {"parent": {}}, "grid": [[1.0], []],
        "byName": {"x": {"type": "t"}}, "anything": null, "custom": {"k": 1},
        "unheard": "of", "none": null, "\"quoted\\": 1
    });
    let contact: Contact = serde_json::from_value(wire.clone()).unwrap();
    let text: Contact = serde_json::from_str(&wire.to_string()).unwrap();
    assert_eq!(contact, text);
    assert_eq!(contact.extra.len(), 3);
    assert_eq!(contact.extra.get("none"), Some(&Value::Null));

    let mut expected = wire;
    expected.as_object_mut().unwrap().remove("anything");
    assert_eq!(serde_json::to_value(&contact).unwrap(), expected);
    assert_eq!(contact.clone(), contact);
}

#[test]
fn null_and_absent_are_equal() {
    let nulls = json!({
        "id": null, "score": null, "visits": null, "dnd": null, "status": null, "tags": null, "friends": null,
        "parent": null, "grid": null, "byName": null, "anything": null, "custom": null, "type": null
    });
    assert_eq!(
        serde_json::from_value::<Contact>(nulls).unwrap(),
        Contact::new()
    );
    assert_eq!(serde_json::to_string(&Contact::new()).unwrap(), "{}");
}

#[test]
fn decoded_list_keeps_no_large_reserve() {
    let friends = vec![json!({"id": "c2"}); 65];
    let text = json!({ "friends": friends }).to_string();
    let contact = json::from_slice::<Contact>(text.as_bytes()).unwrap().value;
    let friends = contact.friends.unwrap();
    assert_eq!((friends.len(), friends.capacity()), (65, 65));
}

/// The decoder passes a string with escapes in another way than one without.
#[test]
fn escapes_do_not_change_the_values_of_wire_forms() {
    hoopai_runtime::model! {
        /// Values that keep their wire form.
        pub struct Forms {
            pub date: Date = "date",
            pub moment: Timestamp = "moment",
            pub amount: Decimal = "amount",
            pub custom: CustomFieldValue = "custom",
        }
    }

    let plain =
        r#"{"date":"01-31-2026","moment":"2026-01-31T09:30:00Z","amount":"12.50","custom":"a-b"}"#;
    let escaped = plain.replace('-', r"\u002d").replace('.', r"\u002e");
    let read = |text: &str| json::from_slice::<Forms>(text.as_bytes()).unwrap();
    let (plain, escaped) = (read(plain), read(&escaped));
    assert!(plain.value.date.is_some() && plain.value.moment.is_some());
    assert_eq!(plain.value, escaped.value);
    assert_eq!(
        serde_json::to_string(&plain.value).unwrap(),
        serde_json::to_string(&escaped.value).unwrap()
    );
    assert_eq!(plain.drift.len(), 1, "a text where an amount is declared");
    let numbers = read(r#"{"date":0,"moment":1769851800.50,"amount":12.50,"custom":1.10}"#);
    assert_eq!(
        serde_json::to_string(&numbers.value).unwrap(),
        r#"{"date":0,"moment":1769851800.50,"amount":12.50,"custom":1.10}"#
    );
}

#[test]
fn model_without_fields_keeps_all_values() {
    let anything: Anything = serde_json::from_str(r#"{"a":1}"#).unwrap();
    assert_eq!(serde_json::to_string(&anything).unwrap(), r#"{"a":1}"#);
}

#[test]
fn setters_accept_into_conversions() {
    let contact = Contact::new()
        .id("c1")
        .first_name(String::from("Jane"))
        .score(2)
        .visits(3_i64)
        .status("won")
        .tags(["a", "b"])
        .friends([Contact::new()])
        .parent(Contact::new().id("p"))
        .grid([vec![1.0], vec![]])
        .by_name(BTreeMap::from([("x".to_owned(), Contact::new())]))
        .anything("text")
        .r#type("t");
    assert_eq!(
        serde_json::to_value(contact).unwrap(),
        json!({
            "id": "c1", "firstName": "Jane", "score": 2.0, "visits": 3, "status": "won", "tags": ["a", "b"],
            "friends": [{}], "parent": {"id": "p"}, "grid": [[1.0], []], "byName": {"x": {}}, "anything": "text", "type": "t"
        })
    );
}

#[test]
fn extra_fields_are_set_and_removed() {
    let mut contact = Contact::new().id("c1");
    assert!(contact.extra.is_empty() && contact.extra.get("a").is_none());
    assert_eq!(contact.extra.insert("a", 1), None);
    assert_eq!(contact.extra.insert("a", 2), Some(json!(1)));
    assert_eq!(contact.extra.iter().collect::<Vec<_>>(), [("a", &json!(2))]);
    assert_eq!(
        serde_json::to_string(&contact).unwrap(),
        r#"{"id":"c1","a":2}"#
    );
    assert_eq!(contact.extra.remove("a"), Some(json!(2)));
    assert_eq!(contact, Contact::new().id("c1"));
    assert_eq!(
        std::mem::size_of_val(&contact.extra),
        std::mem::size_of::<usize>()
    );
}

#[test]
fn debug_output_contains_no_values() {
    let mut contact = Contact::new()
        .first_name("Jane")
        .score(1.5)
        .visits(42)
        .dnd(true)
        .status(Status::Won)
        .tags(["vip"])
        .friends([Contact::new().email("jane@example.com")])
        .parent(Contact::new())
        .by_name(BTreeMap::from([("Jane".to_owned(), Contact::new())]))
        .anything(json!({"secret": 1}));
    contact.extra.insert("nickname", "Jay");
    assert_eq!(
        format!("{contact:?}"),
        "Contact { firstName: [hidden], score: [hidden], visits: [hidden], dnd: true, status: Won, tags: [1 hidden], \
         friends: [Contact { email: [hidden] }], parent: Contact, byName: {1 hidden}, anything: [hidden], extra: [1 hidden] }"
    );
    assert_eq!(
        format!("{:?}", Contact::new().status("jane@example.com")),
        "Contact { status: Unrecognized([hidden]) }"
    );
}

fn hash(value: &Status) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn open_enums_keep_any_text() {
    for text in ["open", "won", "on hold", "parked", "", "Open", "ü\"\\"] {
        let value = Status::from(text);
        assert_eq!(value.as_str(), text);
        assert_eq!(value.to_string(), text);
        assert_eq!(value.is_known(), Status::VALUES.contains(&text));
        assert_eq!(value, Status::from(text.to_owned()));
        assert_eq!(value, text.parse().unwrap());
        let wire = serde_json::to_string(&value).unwrap();
        assert_eq!(wire, serde_json::to_string(text).unwrap());
        assert_eq!(serde_json::from_str::<Status>(&wire).unwrap(), value);
    }
    assert_eq!(Status::VALUES, ["open", "won", "on hold"]);
    assert!(matches!(Status::from("won"), Status::Won));
    assert!(
        matches!(Status::from("parked"), Status::Unrecognized(value) if value.as_str() == "parked")
    );
}

#[test]
fn equality_order_and_hash_of_open_enums_agree() {
    let texts = ["", "on", "on hold", "open", "parked", "won", "z"];
    for a in texts {
        for b in texts {
            let (x, y) = (Status::from(a), Status::from(b));
            assert_eq!(x == y, a == b);
            assert_eq!(x.cmp(&y), a.cmp(b));
            assert_eq!(x.partial_cmp(&y), Some(a.cmp(b)));
            if a == b {
                assert_eq!(hash(&x), hash(&y));
            }
        }
    }
}

#[test]
fn clients_and_calls_are_send_and_sync() {
    fn is_send_and_sync<T: Send + Sync + 'static>() {}
    fn is_send<T: Send + 'static>(_: T) {}
    is_send_and_sync::<hoopai_runtime::Handle>();
    is_send_and_sync::<hoopai_runtime::Error>();
    is_send_and_sync::<crate::sample_api::Client>();
    is_send_and_sync::<hoopai_runtime::Response<Contact>>();
    let handle = hoopai_runtime::Handle::builder()
        .private_token("t")
        .build()
        .unwrap();
    is_send(crate::sample_api::Client::new(&handle).get_contact().send());
    is_send(crate::sample_api::Client::new(handle).upload_file());
}
