//! What becomes of text that is JSON and not what the type declares: the value, and the drift that is reported.

#![allow(unreachable_pub, dead_code, reason = "the macro makes public items")]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use super::{DecodeErrorKind, Decoded, Entries, last_trace_id, read};
use crate::decode::drift::DriftKind::{self, Coerced, Empty, UnknownShape, Unparsed};
use crate::{Decimal, Timestamp};

crate::model! {
    /// A thing.
    pub struct Thing {
        /// A text.
        pub name: String = "name",
        /// A number.
        pub size: i64 = "size",
        /// More of them.
        pub parts: Vec<Thing> = "parts",
    }
    /// A reply that confirms.
    pub struct Done {
        /// The flag.
        pub succeded: bool = "succeded",
        /// A text.
        pub name: String = "name",
    }
    /// A reply that has nothing but a trace id.
    pub struct Traced {
        /// The trace id.
        pub trace_id: String = "traceId",
    }
}

fn decoded<T: DeserializeOwned>(text: &str) -> Decoded<T> {
    read(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

/// The drifts: kind, path, what is expected.
fn drift<T: DeserializeOwned>(text: &str) -> Vec<(DriftKind, String, String)> {
    let drift = decoded::<T>(text).drift.into_iter();
    drift
        .map(|drift| (drift.kind, drift.path, drift.expected.into_owned()))
        .collect()
}

#[track_caller]
fn coerces<T: DeserializeOwned + PartialEq + fmt::Debug>(text: &str, value: T, expected: &str) {
    assert_eq!(decoded::<T>(text).value, value, "{text}");
    let noted = vec![(Coerced, "$".to_owned(), expected.to_owned())];
    assert_eq!(drift::<T>(text), noted, "{text}");
}

#[track_caller]
fn matches_type<T: DeserializeOwned + PartialEq + fmt::Debug>(text: &str, value: T) {
    let read = decoded::<T>(text);
    assert_eq!(read.value, value, "{text}");
    assert!(read.drift.is_empty() && read.raw.is_none(), "{text}");
}

/// What the type takes, of an item of a list that does not fit it.
#[track_caller]
fn unfit<T: DeserializeOwned>(item: &str) -> String {
    let text = format!("[{item}]");
    let noted = drift::<Vec<T>>(&text);
    assert_eq!(noted.len(), 1, "{text}");
    assert_eq!(noted[0].0, Unparsed, "{text}");
    noted[0].2.clone()
}

#[test]
fn a_scalar_of_another_kind_is_read_as_the_declared_one() {
    for text in ["12", "-1.50e3", "true", "false"] {
        coerces(text, text.to_owned(), "a string");
    }
    coerces(
        r#""a\ud83d""#,
        "a\u{fffd}".to_owned(),
        "a string of whole characters",
    );
    matches_type(r#""\u0061""#, "a".to_owned());
    for (text, value) in [
        (r#""true""#, true),
        (r#"" TRUE ""#, true),
        (r#""1""#, true),
        ("1", true),
        (r#""False""#, false),
        (r#""0""#, false),
        ("0", false),
    ] {
        coerces(text, value, "a boolean");
    }
    matches_type("true", true);
    matches_type("false", false);
    coerces(r#"" 12 ""#, 12_i64, "a whole number");
    coerces(r#""12.0""#, 12_u8, "a whole number");
    coerces(r#""-2.5""#, -2.5_f64, "a number");
    matches_type("2.0", 2_i64);
    matches_type("-1e2", -100_i64);
    matches_type("7", 7.0_f32);
    coerces("1e999", Value::from("1e999"), "a number that a float holds");
}

/// The digits decide, not the nearest float.
#[test]
fn a_number_is_whole_only_where_it_is_exact() {
    for (text, value) in [
        ("9007199254740993", 9_007_199_254_740_993_i64),
        ("9007199254740993.0", 9_007_199_254_740_993),
        ("-9007199254740993.00", -9_007_199_254_740_993),
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("9223372036854775807.0", i64::MAX),
        ("-9.223372036854775808e18", i64::MIN),
        ("1.5e1", 15),
        ("1200e-2", 12),
        ("-0", 0),
        ("-0.0", 0),
        ("0e300", 0),
        ("0.000e-50", 0),
        ("1.00000000000000000000000000000000000000000000000", 1),
    ] {
        matches_type(text, value);
        coerces(&format!("\"{text}\""), value, "a whole number");
    }
    matches_type("18446744073709551615.0", u64::MAX);
    for text in [
        "1.5",
        "2.00000000000000000000000000000000000001",
        "0.99999999999999999999",
        "9007199254740993.5",
        "9223372036854775808",
        "9223372036854775808.0",
        "-9223372036854775809",
        "1e19",
        "1e30",
        "1e300",
        "1e999",
        "1e-1",
        "1e-99999999999999999999",
    ] {
        for text in [format!("[{text}]"), format!("[\"{text}\"]")] {
            let noted = drift::<Vec<i64>>(&text);
            let expected = (Unparsed, "[0]".to_owned(), "a whole number".to_owned());
            assert_eq!(noted, [expected], "{text}");
        }
    }
}

#[test]
fn unconvertible_scalar_is_kept_raw() {
    for text in [r#""yes""#, r#""truex""#, r#""""#, "2", "1.0", "[]", "{}"] {
        assert_eq!(unfit::<bool>(text), "a boolean", "{text}");
    }
    for text in [r#""a""#, r#""1 2""#, "true", "{}"] {
        assert_eq!(unfit::<f64>(text), "a number", "{text}");
        assert_eq!(unfit::<i64>(text), "a whole number", "{text}");
    }
    assert_eq!(unfit::<i8>("300"), "a whole number");
    assert_eq!(unfit::<String>("[1]"), "a string");
    assert_eq!(unfit::<u32>("-1"), "a whole number");
}

/// Serde's derive asks for a value in between, and names types as Rust does.
#[test]
fn expectations_of_derived_types_are_in_words() {
    #[derive(Debug, Deserialize)]
    struct Inner {
        #[allow(dead_code)]
        x: f64,
        #[allow(dead_code)]
        y: Option<f32>,
    }
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[serde(flatten)]
        #[allow(dead_code)]
        inner: Inner,
    }
    assert_eq!(unfit::<Outer>(r#"{"x":true}"#), "a number");
    assert_eq!(unfit::<Outer>(r#"{"x":1,"y":true}"#), "a number");
    assert_eq!(unfit::<Outer>("{}"), "an object with the field `x`");
    assert_eq!(unfit::<Inner>("[]"), "an object");
}

#[test]
fn a_value_without_contents_is_the_empty_one() {
    for (text, path) in [("", "$"), (" \n", "$"), ("null", "$")] {
        let read = decoded::<Vec<i64>>(text);
        assert!(read.value.is_empty() && read.raw.is_none());
        let noted = vec![(Empty, path.to_owned(), "a list".to_owned())];
        assert_eq!(drift::<Vec<i64>>(text), noted, "{text:?}");
    }
    matches_type("null", Value::Null);
    matches_type("", Value::Null);
    matches_type("null", None::<bool>);
    assert_eq!(drift::<Thing>("null")[0].0, Empty);
}

#[test]
fn a_field_that_does_not_fit_is_kept_under_its_name() {
    let read = decoded::<Thing>(r#"{"name":"a","size":{"x":["1",2]},"parts":[]}"#);
    assert_eq!(read.value.name.as_deref(), Some("a"));
    assert_eq!(read.value.size, None);
    assert_eq!(read.value.extra.get("size"), Some(&json!({"x": ["1", 2]})));
    assert!(read.value.parts.is_some(), "what follows is read");
    let noted = (Unparsed, "size".to_owned(), "a whole number".to_owned());
    assert_eq!(
        drift::<Thing>(r#"{"name":"a","size":{"x":["1",2]},"parts":[]}"#),
        [noted]
    );
    // What drifted in a value is of no interest once all of it is set aside, what drifted before it is.
    let text = r#"{"name":1,"parts":[{"size":"7"},{"size":"8"},5,{"parts":[3,"x"]}],"size":"x"}"#;
    let paths: Vec<_> = drift::<Thing>(text)
        .into_iter()
        .map(|d| (d.0, d.1))
        .collect();
    let expected = [
        (Coerced, "name"),
        (Coerced, "parts[0].size"),
        (Coerced, "parts[1].size"),
        (Unparsed, "parts[2]"),
        (Unparsed, "parts[3].parts[0]"),
        (Unparsed, "parts[3].parts[1]"),
        (Unparsed, "size"),
    ];
    assert_eq!(paths, expected.map(|(kind, path)| (kind, path.to_owned())));
    let parts = decoded::<Thing>(text).value.parts.expect("a list");
    assert_eq!(parts[2].extra.whole(), Some(&json!(5)));
    // A list of scalars goes aside as a whole, and the drifts before the item at fault with it.
    let text = r#"{"a":["1",2],"b":["3","x"]}"#;
    let noted = drift::<BTreeMap<String, Vec<i64>>>(text);
    assert_eq!(noted[0].1, "b[1]");
}

/// The platform writes `""` for a value that is not set.
#[test]
fn a_blank_string_in_place_of_a_value_is_no_drift() {
    for blank in [r#""""#, r#"" \n""#] {
        let text = format!(r#"{{"name":"a","size":{blank},"parts":{blank}}}"#);
        let read = decoded::<Thing>(&text);
        assert!(read.drift.is_empty(), "{text}: {:?}", read.drift);
        assert_eq!(read.value.size, None);
        assert_eq!(read.value.extra.len(), 2);
        let text = format!(r#"[{{"name":"a"}},{blank}]"#);
        let read = decoded::<Vec<Thing>>(&text);
        assert!(read.drift.is_empty(), "{text}: {:?}", read.drift);
    }
    assert_eq!(drift::<Thing>(r#"{"name":"a","size":"x"}"#).len(), 1);
    let text = r#"[{"name":"a"},"x"]"#;
    assert_eq!(drift::<Vec<Thing>>(text).len(), 1);
}

#[test]
fn a_reply_of_another_kind_is_kept_whole() {
    for (text, value) in [
        ("[1,\"2\"]", json!([1, "2"])),
        ("\"text\"", json!("text")),
        ("\"\"", json!("")),
        ("5", json!(5)),
    ] {
        let read = decoded::<Thing>(text);
        assert_eq!(read.raw, Some(value.clone()), "{text}");
        assert_eq!(read.value.name, None);
        let noted = (Unparsed, "$".to_owned(), "an object".to_owned());
        assert_eq!(drift::<Thing>(text), [noted], "{text}");
    }
    let read = decoded::<Vec<i64>>(r#"{"a":[1]}"#);
    assert_eq!(read.raw, Some(json!({"a": [1]})));
    assert!(read.value.is_empty());
    // Only if it is JSON: nothing is kept of a text that is broken behind the value at fault.
    assert!(read_is_broken::<Vec<i64>>(r#"["x",}"#));
    assert!(read_is_broken::<Thing>(r#"[1] x"#));
    assert!(read_is_broken::<Thing>(r#"{"size":[1}"#));
}

fn read_is_broken<T: DeserializeOwned>(text: &str) -> bool {
    matches!(read::<T>(text.as_bytes()), Err(fault) if matches!(fault.cause(), DecodeErrorKind::Broken))
}

#[test]
fn an_object_of_which_no_field_is_known_is_reported() {
    let unknown = |name: &str, path: &str| {
        let expected = format!("fields of `{name}`");
        vec![(UnknownShape, path.to_owned(), expected)]
    };
    assert_eq!(drift::<Thing>(r#"{"x":1,"y":{}}"#), unknown("Thing", "$"));
    assert_eq!(
        drift::<Thing>(r#"{"traceId":"t","x":1}"#),
        unknown("Thing", "$")
    );
    let inner = r#"{"name":"a","parts":[{"name":"b"},{"x":1}]}"#;
    assert_eq!(drift::<Thing>(inner), unknown("Thing", "parts[1]"));
    for known in [
        "{}",
        r#"{"traceId":"t"}"#,
        r#"{"x":1,"size":2}"#,
        r#"{"size":2,"x":1}"#,
        r#"{"size":null,"x":1}"#,
    ] {
        assert!(drift::<Thing>(known).is_empty(), "{known}");
    }
    // A type that has nothing but a trace id misses nothing.
    assert!(drift::<Traced>(r#"{"x":1}"#).is_empty());
    // A success flag of any spelling is known to a type with one, and says nothing to others.
    assert!(drift::<Done>(r#"{"success":true}"#).is_empty());
    assert!(drift::<Thing>(r#"{"success":true}"#).is_empty());
    assert_eq!(drift::<Thing>(r#"{"success":true,"x":1}"#).len(), 1);

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Derived {
        id: u32,
    }
    assert_eq!(
        drift::<Derived>(r#"{"x":{"y":[1]}}"#),
        unknown("Derived", "$")
    );
    assert!(drift::<Derived>(r#"{"x":1,"id":2}"#).is_empty());
}

/// Objects and lists beside one another are not nesting.
#[test]
fn long_lists_and_objects_decode() {
    let things = vec![r#"{"name":"a","parts":[{}]}"#; 1_000].join(",");
    assert_eq!(
        decoded::<Vec<Thing>>(&format!("[{things}]")).value.len(),
        1_000
    );
    let lists = vec!["[{},[]]"; 1_000].join(",");
    let lists = decoded::<Vec<Value>>(&format!("[{lists}]"));
    assert_eq!(lists.value.len(), 1_000);
    assert!(lists.raw.is_none());
    // Those that were set aside neither.
    let aside = vec![r#"{"size":[[[[]]]]}"#; 1_000].join(",");
    let things = decoded::<Vec<Thing>>(&format!("[{aside}]"));
    assert_eq!(things.value.len(), 1_000);
    assert!(things.raw.is_none());
}

#[test]
fn numbers_in_texts_are_reported_where_the_type_keeps_digits() {
    let amounts = decoded::<Vec<Decimal>>(r#"[1.10, "1.10", " 2 "]"#);
    let kept: Vec<String> = amounts
        .value
        .iter()
        .map(|amount| amount.to_string())
        .collect();
    assert_eq!(kept[..2], ["1.10", "1.10"]);
    let paths: Vec<_> = amounts
        .drift
        .iter()
        .map(|d| (d.kind, d.path.as_str()))
        .collect();
    assert_eq!(paths, [(Coerced, "[1]"), (Coerced, "[2]")]);
    matches_type::<Vec<Timestamp>>(
        r#"["2026-01-02T03:04:05Z"]"#,
        vec!["2026-01-02T03:04:05Z".parse().expect("a moment")],
    );
}

#[test]
fn bytes_are_read_from_texts_and_lists() {
    assert_eq!(
        decoded::<CString>(r#""a\u0062""#).value,
        CString::new("ab").expect("no zero")
    );
    assert_eq!(
        decoded::<CString>("[97,98]").value,
        CString::new("ab").expect("no zero")
    );
}

/// A visitor that stops before the end of an object, or reads nothing at all.
#[test]
fn a_value_counts_as_read_only_where_it_was_read() {
    #[derive(Debug, PartialEq)]
    struct First(String);
    impl<'de> Deserialize<'de> for First {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            from.deserialize_struct("First", &["a"], FirstVisitor)
        }
    }
    struct FirstVisitor;
    impl<'de> Visitor<'de> for FirstVisitor {
        type Value = First;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a first field")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, _: D) -> Result<First, D::Error> {
            Ok(First("unread".to_owned()))
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<First, A::Error> {
            let key = map.next_key::<String>()?.unwrap_or_default();
            if !key.is_empty() {
                map.next_value::<IgnoredAny>()?;
            }
            Ok(First(key))
        }
    }
    assert_eq!(decoded::<First>(r#"{"a":1}"#).value, First("a".to_owned()));
    let more = decoded::<First>(r#"{"a":1,"b":2}"#);
    assert_eq!(more.drift[0].expected, "an object with fewer fields");
    let unread = decoded::<First>("[1]");
    assert_eq!(unread.raw, Some(json!([1])));
    assert_eq!(unread.value, First(String::new()));
}

#[test]
fn entries_are_raw_values() {
    let mut items = Entries::within(" [1.10, {\"a\" : []}] ", b'[').expect("a list");
    assert_eq!(items.next_item(), Some("1.10"));
    assert_eq!(items.next_item(), Some("{\"a\" : []}"));
    assert_eq!(items.next_item(), None);
    let mut fields = Entries::within(r#"{"a": 1,"\u0062":"x"}"#, b'{').expect("an object");
    assert_eq!(fields.next(), Some(("a".into(), "1")));
    assert_eq!(fields.next(), Some(("b".into(), "\"x\"")));
    assert_eq!(fields.next(), None);
    let mut fields = Entries::new(r#","a":1 , "b":2"#);
    assert_eq!(fields.next(), Some(("a".into(), "1")));
    assert_eq!(fields.next(), Some(("b".into(), "2")));
    assert_eq!(fields.next(), None);
    assert!(Entries::within("{}", b'[').is_none());
    assert_eq!(
        Entries::within("[ ]", b'[').expect("a list").next_item(),
        None
    );
    assert_eq!(
        Entries::within("{ }", b'{').expect("an object").next(),
        None
    );
}

#[test]
fn a_trace_id_is_a_plain_text_of_its_own_name() {
    for body in [
        r#"{"traceId":""}"#,
        r#"{"traceId":"a\u0041"}"#,
        r#"{"other":"x"}"#,
        r#"{"traceId","x"}"#,
        r#"["traceId":"x"]"#,
    ] {
        assert_eq!(last_trace_id(body.as_bytes()), None, "{body}");
    }
    let long = format!(r#"{{"traceId":"{}"}}"#, "x".repeat(200));
    assert_eq!(last_trace_id(long.as_bytes()), None);
}
