//! The reader against `serde_json`: what is JSON, and what it says.

use std::collections::{BTreeMap, HashMap};

use fastrand::Rng;
use hoopai_test_support::seed;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::error::DecodeErrorKind;
use super::{item, last_trace_id, read, survives};

fn ours<T: DeserializeOwned>(text: &str) -> Result<T, &'static str> {
    match read::<T>(text.as_bytes()) {
        Ok(read) if read.raw.is_some() => Err("unfit"),
        Ok(read) => Ok(read.value),
        Err(fault) => Err(match fault.cause() {
            DecodeErrorKind::Broken => "broken",
            DecodeErrorKind::Deep => "deep",
            DecodeErrorKind::Unfit { .. } => "unfit",
        }),
    }
}

/// Reading a number is exact here, and to within some units in the last place in `serde_json`.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && same(a.1, b.1))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 1e-14 * a.abs() || a.abs() < 1e-300
        }
        _ => a == b,
    }
}

fn agree(text: &str) {
    let theirs = serde_json::from_str::<Value>(text);
    let skipped = serde_json::from_str::<IgnoredAny>(text).is_ok();
    let got = ours::<Value>(text);
    match (&theirs, &got) {
        (Ok(a), Ok(b)) => assert!(same(a, b), "{text}: {a} and {b}"),
        // Half characters and numbers beyond a float are JSON all the same.
        (Err(_), Ok(_)) => assert!(skipped, "{text}"),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(fault)) => panic!("{text}: {fault}"),
    }
    let kept = ours::<Box<RawValue>>(text);
    assert_eq!(kept.is_ok(), got.is_ok(), "{text}");
    assert_eq!(kept.is_ok(), skipped || got.is_ok(), "{text}");
    if let Ok(kept) = kept {
        assert_eq!(kept.get(), text.trim());
    }
}

#[test]
fn json_and_other_texts_are_distinguished() {
    for text in [
        "0",
        "-0",
        "-1",
        "1.0",
        "1.10",
        "1e3",
        "1E+3",
        "-2.5e-3",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890.12",
        "1e308",
        "1e309",
        "-1e400",
        "true",
        "false",
        "null",
        r#""""#,
        r#""a""#,
        r#""ü😀\u00fc\ud83d\ude00\n\t\r\b\f\/\\\"""#,
        r#""\ud83d""#,
        r#""\ude00\ud83dx\u0041""#,
        "[]",
        "{}",
        "[1,2]",
        "[[],[{}]]",
        r#"{"a":1,"a":2}"#,
        r#"{"\u0061":[null]}"#,
        " \n\t[ 1 , { \"a\" : 2 } ] \r\n",
        "\"\u{7f}\u{2028}\"",
        // What follows is none.
        "00",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "1 2",
        "tru",
        "True",
        "nul",
        "truex",
        "nulll",
        "NaN",
        "Infinity",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\u{0}\"",
        "'a'",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "]",
        "[}",
        "[1}",
        "{\"a\":1]",
        "[[1}]",
        "{\"a\":{\"b\":1]}",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{,}",
        "{]",
        "[1]]",
        "{}{}",
        "//",
        "[1,/**/2]",
        "\u{feff}[]",
        "<html>",
        "\u{c}1",
    ] {
        agree(text);
    }
}

/// Strings are searched 16 bytes at a time: what ends or spoils one is found at each place.
#[test]
fn what_a_string_must_not_hold_is_found_at_each_place() {
    for fill in ["a", "é", "\u{7f}", "\u{1f600}", "!", "#", "[", "]"] {
        for length in 0..36 {
            for odd in [
                "\u{0}", "\u{1}", "\n", "\u{1f}", " ", "!", "\"", "\\", "\\n", "]", "\u{80}",
            ] {
                agree(&format!(
                    "\"{}{odd}{}\"",
                    fill.repeat(length),
                    fill.repeat(17)
                ));
            }
        }
    }
}

/// JSON at random, then the same with bytes changed, added and taken away.
#[test]
fn random_texts_are_read_alike() {
    let mut rng = Rng::with_seed(seed());
    for _ in 0..20_000 {
        let mut text = random(&mut rng, 4);
        agree(&text);
        for _ in 0..rng.usize(1..4) {
            let at = rng.usize(..=text.len());
            let at = (0..=at)
                .rev()
                .find(|at| text.is_char_boundary(*at))
                .unwrap();
            match rng.u8(..3) {
                0 => text.insert(at, *rng.choice(b"{}[],:\"\\0-.e tfnu").unwrap() as char),
                1 if at < text.len() => drop(text.remove(at)),
                _ => text.truncate(at),
            }
        }
        if !text.trim().is_empty() {
            agree(&text);
        }
    }
}

fn random(rng: &mut Rng, depth: usize) -> String {
    let blank = ["", "", "", " ", "\n "][rng.usize(..5)];
    let body = match rng.u8(..if depth == 0 { 6 } else { 9 }) {
        0 => "null".to_owned(),
        1 => rng.bool().to_string(),
        2 => rng.i64(..).to_string(),
        3 => f64::from_bits(rng.u64(..))
            .to_string()
            .replace("NaN", "0")
            .replace("inf", "1"),
        4 => format!("{}.{}e{}", rng.u16(..), rng.u32(..), rng.i16(-330..330)),
        5 => Value::from(random_text(rng)).to_string(),
        6 | 7 => {
            let fields: Vec<String> = (0..rng.usize(..5))
                .map(|_| {
                    format!(
                        "{}{blank}:{}",
                        Value::from(random_text(rng)),
                        random(rng, depth - 1)
                    )
                })
                .collect();
            format!("{{{blank}{}}}", fields.join(","))
        }
        _ => {
            let items: Vec<String> = (0..rng.usize(..5))
                .map(|_| random(rng, depth - 1))
                .collect();
            format!("[{}{blank}]", items.join(","))
        }
    };
    format!("{blank}{body}")
}

fn random_text(rng: &mut Rng) -> String {
    let chars = [
        'a',
        'b',
        'é',
        '\u{1f600}',
        '"',
        '\\',
        '\n',
        '\u{1}',
        '/',
        ' ',
    ];
    (0..rng.usize(..12))
        .map(|_| chars[rng.usize(..chars.len())])
        .collect()
}

#[test]
fn nesting_is_limited_for_every_kind_of_value() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = open.len() - open.replace(['[', '{'], "").len();
        for depth in [1, 60, 127, 128, 129, 100_000] {
            let count = depth / levels;
            let text = format!("{}1{}", open.repeat(count), close.repeat(count));
            let expected = if count * levels < 128 {
                Ok(())
            } else {
                Err("deep")
            };
            assert_eq!(ours::<Value>(&text).map(drop), expected, "{open} {depth}");
            assert_eq!(
                ours::<IgnoredAny>(&text).map(drop),
                expected,
                "{open} {depth}"
            );
            assert_eq!(
                ours::<BTreeMap<String, Value>>(&format!("{{\"x\":{text}}}")).is_ok(),
                count * levels < 127
            );
        }
    }
}

/// Types of callers' own, which derive what they do.
#[test]
fn derived_types_are_read_as_they_are_elsewhere() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Own {
        id: u32,
        kind: Kind,
        #[serde(default)]
        list: (i8, String),
        newtype: Newtype,
        by_number: HashMap<i64, char>,
        by_kind: BTreeMap<Flat, bool>,
        either: Either,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    struct Newtype(Option<f32>);
    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        Unit,
        One(i64),
        Named { a: bool },
    }
    #[derive(Debug, Deserialize, PartialEq, PartialOrd, Ord, Eq)]
    #[serde(rename_all = "lowercase")]
    enum Flat {
        On,
        Off,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(untagged)]
    enum Either {
        Number(i64),
        Text(String),
        Object { x: () },
    }
    for (kind, either) in [
        ("\"Unit\"", "1"),
        ("{\"One\":-3}", "\"\\u00e9\""),
        ("{\"Named\":{\"a\":true}}", "{\"x\":null}"),
    ] {
        let text = format!(
            r#"{{"id":7,"kind":{kind},"list":[-1,"x"],"newtype":1.5,"by_number":{{"-4":"c"}},"by_kind":{{"on":true,"off":false}},"either":{either},"more":[{{}}]}}"#
        );
        assert_eq!(
            ours::<Own>(&text).unwrap(),
            serde_json::from_str::<Own>(&text).unwrap()
        );
    }
    assert_eq!(ours::<Kind>("\"Third\""), Err("unfit"));
    assert_eq!(ours::<(i64, i64)>("[1,2,3]"), Err("unfit"));
    assert_eq!(ours::<Vec<u8>>("[1,300]"), Err("unfit"));
    assert_eq!(ours::<()>("null"), Ok(()));
    assert_eq!(ours::<Option<bool>>("null"), Ok(None));
    assert_eq!(ours::<i128>("5"), Ok(5));
}

#[test]
fn what_a_value_keeps_is_known() {
    for text in [
        "1",
        "-5",
        "18446744073709551615",
        "1.5",
        "1.0",
        "[\"1.10\",{\"a\":true}]",
        "\"\\u00e9\"",
    ] {
        assert!(survives(text), "{text}");
        assert_eq!(
            ours::<Value>(text).unwrap(),
            json!(serde_json::from_str::<Value>(text).unwrap())
        );
    }
    for text in [
        "1.10",
        "1e3",
        "18446744073709551616",
        "[1,{\"a\":0.30000000000000000001}]",
        "\"\\ud83d\"",
        "1e999",
    ] {
        assert!(!survives(text), "{text}");
    }
}

#[test]
fn trace_id_at_the_end_only() {
    let found = |body: &str| last_trace_id(body.as_bytes());
    assert_eq!(
        found(r#"{"a":1,"traceId":"2dc5-b0"}"#).as_deref(),
        Some("2dc5-b0")
    );
    assert_eq!(found("{\"traceId\" : \"x\" }\n").as_deref(), Some("x"));
    assert_eq!(
        found(&format!(r#"{{"a":"{}","traceId":"x"}}"#, "ü".repeat(200))).as_deref(),
        Some("x")
    );
    for body in [
        r#"{"items":[{"traceId":"x"}]}"#,
        r#"{"a":{"traceId":"x"}}"#,
        r#"{"traceId":null}"#,
        "",
        "{}",
        r#""traceId""#,
    ] {
        assert_eq!(found(body), None, "{body}");
    }
}

#[test]
fn mismatch_in_an_item_has_its_offset_in_the_whole_text() {
    #[derive(Debug, Deserialize)]
    struct Item {
        #[expect(dead_code, reason = "only read")]
        flag: bool,
    }

    let text = br#"{"flag": [1]}"#;
    for start in [0, 100] {
        let fault = item::<Item>(text, start, &mut Vec::new()).unwrap_err();
        match fault.cause() {
            DecodeErrorKind::Unfit { at, .. } => assert_eq!(*at, Some(start + 9)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn number_of_reported_deviations_is_bounded() {
    for (items, reported) in [(255, 255), (256, 256), (257, 256), (1000, 256)] {
        let text = format!("[{}]", vec!["\"1\""; items].join(","));
        let decoded = read::<Vec<u8>>(text.as_bytes()).unwrap();
        assert_eq!(decoded.value.len(), items);
        assert_eq!(decoded.drift.len(), reported, "{items}");
    }
}
