//! The values of token replies: forms, lifetimes, accounts.

use std::time::{Duration, SystemTime};

use hoopai_runtime::auth::UserType;
use secrecy::ExposeSecret;

use crate::token_reply::decode;
use crate::util::charset::decode_text;
use crate::{AccountId, TokenSet, UndecodedReply};

const REQUESTED: SystemTime = SystemTime::UNIX_EPOCH;

#[track_caller]
fn tokens(body: &[u8]) -> TokenSet {
    decode(body, false, REQUESTED).unwrap().tokens
}

#[track_caller]
fn access_and_refresh_token(body: &str) -> (String, Option<String>) {
    let tokens = tokens(body.as_bytes());
    let refresh = tokens
        .refresh_token()
        .map(|token| token.expose_secret().to_owned());
    (tokens.access_token().expose_secret().to_owned(), refresh)
}

#[test]
fn lifetime_is_limited_and_has_a_default() {
    let lifetime = |json: &str| {
        let tokens = tokens(json.as_bytes());
        tokens.expires_at().duration_since(REQUESTED).unwrap()
    };
    let days = |days: u64| Duration::from_secs(days * 86_400);
    assert_eq!(
        lifetime(r#"{"access_token":"a"}"#),
        days(1) - Duration::from_secs(1)
    );
    assert_eq!(
        lifetime(r#"{"access_token":"a","expires_in":60}"#).as_secs(),
        60
    );
    let long = r#"{"access_token":"a","expires_in":99999999999}"#;
    assert_eq!(lifetime(long), days(400));
}

#[test]
fn account_follows_the_user_type() {
    let account = |user_type: &str| {
        let json = format!(
            r#"{{"access_token":"a","companyId":"C","locationId":"L","userId":"U"{user_type}}}"#
        );
        let tokens = tokens(json.as_bytes());
        assert_eq!(tokens.user_id(), Some("U"));
        tokens.account()
    };
    assert_eq!(
        account(r#","userType":"Company""#),
        Some(AccountId::company("C"))
    );
    assert_eq!(
        account(r#","userType":"Location""#),
        Some(AccountId::location("L"))
    );
    assert_eq!(account(""), Some(AccountId::location("L")));
    assert_eq!(UserType::parse("Company"), Some(UserType::Company));
    assert_eq!(UserType::parse("Location"), Some(UserType::Location));
    assert_eq!(UserType::parse("agency"), None);
}

#[test]
fn tokens_are_found_in_lists_strings_and_broken_json() {
    let expected = ("acc".to_owned(), Some("ref".to_owned()));
    for body in [
        r#"[{"access_token":"acc","refresh_token":"ref"}]"#,
        r#"{"data":[{"accessToken":"acc","refreshToken":"ref"}]}"#,
        r#""{\"access_token\":\"acc\",\"refresh_token\":\"ref\"}""#,
        r#"x {"access_token":"acc","refresh_token":"ref""#,
        r#"x {\"access_token\":\"acc\",\"refresh_token\":\"ref\""#,
        "access_token: 'acc', refresh_token = 'ref' ",
        "access_token=acc&refresh_token=ref",
        // A later value replaces an earlier one, unless it is no text.
        r#"{"access_token":"old","access_token":"acc","refresh_token":"ref","refresh_token":7}"#,
        r#"{"access_token":"acc","access_token":null,"refresh_token":"ref","refresh_token":""}"#,
    ] {
        assert_eq!(access_and_refresh_token(body), expected, "{body}");
    }
    // A quote that is escaped is part of the value.
    let quoted = r#"x "access_token":"a\"b","expires_in":60, "#;
    let found = tokens(quoted.as_bytes());
    assert_eq!(found.access_token().expose_secret(), "a\"b");
    assert_eq!(found.expires_at(), REQUESTED + Duration::from_secs(60));
    for body in [
        "access_token",
        "access_token: ",
        "a b access_token=x y&",
        "{access_token=x}",
    ] {
        assert!(
            decode(body.as_bytes(), false, REQUESTED).is_none(),
            "{body}"
        );
    }
    // The last value of a reply that was cut may be incomplete.
    let cut = decode(b"access_token=acc&refresh_token=re", true, REQUESTED).unwrap();
    assert!(cut.tokens.refresh_token().is_none());
}

#[test]
fn text_is_decoded_by_its_byte_order_mark() {
    let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let units = "é{}".encode_utf16().flat_map(bytes);
        mark.into_iter().chain(units).collect::<Vec<u8>>()
    };
    for body in [
        utf16([0xff, 0xfe], u16::to_le_bytes),
        utf16([0xfe, 0xff], u16::to_be_bytes),
        "é{}".as_bytes().to_vec(),
        "\u{feff}é{}".as_bytes().to_vec(),
        b"\xe9{}".to_vec(),
    ] {
        assert_eq!(*decode_text(&body), "é{}", "{body:?}");
    }
}

#[test]
fn kept_replies_are_limited() {
    let reply = |body: &[u8]| UndecodedReply::new(body, REQUESTED, None);
    let text = |reply: &UndecodedReply| reply.text.expose_secret().to_owned();
    assert_eq!(text(&reply(&[b'x'; 100_000])).len(), 64 * 1024);
    let mut kept = Vec::new();
    for number in 0..9 {
        reply(number.to_string().as_bytes()).add_to(&mut kept);
    }
    let kept: Vec<String> = kept.iter().map(text).collect();
    assert_eq!(kept, ["0", "6", "7", "8"]);
}

#[test]
fn values_are_those_of_the_object_with_the_token() {
    for body in [
        r#"[{"companyId":"first"},{"access_token":"acc","companyId":"own"},{"companyId":"last"}]"#,
        r#"{"data":[[{"access_token":"acc","companyId":"own"}],{"companyId":"last"}]}"#,
        r#"["{\"access_token\":\"acc\",\"companyId\":\"own\"}",{"companyId":"last"}]"#,
        r#"{"x":{"companyId":"first"},"y":{"access_token":"acc"},"companyId":"own"}"#,
    ] {
        let reply = decode(body.as_bytes(), false, REQUESTED).unwrap();
        assert!(reply.is_complete, "{body}");
        assert_eq!(reply.tokens.company_id(), Some("own"), "{body}");
    }
}

#[test]
fn text_around_names_does_not_hide_values() {
    for (text, account) in [
        // A name without a value, a name within a longer word, escapes of several levels.
        (
            r#"! access_token, access_token: "acc", companyId="c" "#,
            Some("c"),
        ),
        (
            r#"! my-access_token: "no" access_token: "acc" companyid:7, "#,
            Some("7"),
        ),
        (
            r#"! \\\"access_token\\\":\\\"acc\\\",\\\"company_id\\\":\\\"c\\\""#,
            Some("c"),
        ),
        // What is neither quoted nor a number is no value, and replaces none.
        (
            r#"! access_token: "acc" companyid: "c", companyid: x "#,
            Some("c"),
        ),
        // Of a number without an end more digits may be missing.
        (r#"! access_token: "acc" companyid:7"#, None),
    ] {
        let reply = decode(text.as_bytes(), false, REQUESTED).unwrap();
        assert!(!reply.is_complete, "{text}");
        assert_eq!(reply.tokens.access_token().expose_secret(), "acc", "{text}");
        assert_eq!(reply.tokens.company_id(), account, "{text}");
    }
}
