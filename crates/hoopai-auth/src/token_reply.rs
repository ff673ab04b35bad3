//! Reads tokens from replies of the token endpoint, including damaged ones.
//!
//! A refresh token is spent for a reply, and the reply is received once. So each form of a reply
//! that contains an access token is accepted:
//!
//! 1. The first JSON value of the text is searched for the object with an access token, through
//!    all wrappers.
//! 2. Text that is not JSON is searched for the names, each followed by a quoted string.
//! 3. Text without quotes is read as a form.
//!
//! Names match in any case, with or without underscores. A string counts only if its closing quote
//! is present.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use serde_json::value::RawValue;

use hoopai_runtime::auth::UserType;

use crate::record::{DEFAULT_LIFETIME, MAX_LIFETIME, TokenSet};
use crate::util::charset::decode_text;
use crate::util::json_object::JsonObject;

/// How many wrappers are opened.
const MAX_DEPTH: u32 = 8;

const ACCESS_TOKEN: &str = "accesstoken";
const REFRESH_TOKEN: &str = "refreshtoken";

/// The names in normalized form.
const NAMES: [&str; 9] = [
    ACCESS_TOKEN,
    REFRESH_TOKEN,
    "expiresin",
    "scope",
    "usertype",
    "companyid",
    "locationid",
    "userid",
    "approvedlocations",
];

/// The tokens of a reply.
pub(crate) struct DecodedReply {
    pub(crate) tokens: TokenSet,
    /// Whether the tokens are from a complete JSON object. Otherwise values may be missing.
    pub(crate) is_complete: bool,
}

/// Values by name, each as JSON.
#[derive(Default)]
struct Values(BTreeMap<&'static str, Zeroizing<String>>);

impl Values {
    /// A later value replaces an earlier one, unless it is empty.
    fn set(&mut self, name: &'static str, json: &str) {
        let is_token = matches!(name, ACCESS_TOKEN | REFRESH_TOKEN);
        if matches!(json, "null" | "\"\"") || is_token && as_text(json).is_none() {
            return;
        }
        self.0.insert(name, json.to_owned().into());
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|json| json.as_str())
    }

    /// Adds missing values from the surrounding object.
    fn with_missing_from(mut self, outer: &Values) -> Self {
        for (name, json) in &outer.0 {
            self.0.entry(name).or_insert_with(|| json.clone());
        }
        self
    }

    fn tokens(&self, requested_at: SystemTime) -> Option<TokenSet> {
        let text = |name| as_text(self.get(name)?);
        let id = |name| {
            let json = self.get(name)?;
            as_text(json).or_else(|| json.parse::<u64>().ok().map(|id| id.to_string()))
        };
        let lifetime = match self.get("expiresin").and_then(seconds) {
            Some(lifetime) => lifetime.min(MAX_LIFETIME),
            None => DEFAULT_LIFETIME,
        };
        Some(TokenSet {
            access_token: text(ACCESS_TOKEN)?.into(),
            refresh_token: text(REFRESH_TOKEN).map(SecretString::from),
            obtained_at: requested_at,
            expires_at: requested_at.checked_add(lifetime).unwrap_or(requested_at),
            scopes: strings(self.get("scope")),
            user_type: text("usertype").and_then(|text| UserType::parse(&text)),
            company_id: id("companyid"),
            agency_id: None,
            location_id: id("locationid"),
            user_id: id("userid"),
            approved_locations: strings(self.get("approvedlocations")),
        })
    }
}

/// Reads the tokens of a reply.
///
/// `is_truncated`: the body ended before its announced end. `requested_at`: the start of the
/// lifetime, as the platform counts from a moment between the request and the reply.
pub(crate) fn decode(
    body: &[u8],
    is_truncated: bool,
    requested_at: SystemTime,
) -> Option<DecodedReply> {
    let text = decode_text(body);
    if let Some(mut values) = first_json(&text) {
        if values.get(REFRESH_TOKEN).is_none()
            && let Some(json) = search(&text).get(REFRESH_TOKEN)
        {
            values.set(REFRESH_TOKEN, json);
        }
        return Some(DecodedReply {
            tokens: values.tokens(requested_at)?,
            is_complete: true,
        });
    }
    let tokens = search(&text).tokens(requested_at);
    let tokens = tokens.or_else(|| form(&text, is_truncated)?.tokens(requested_at))?;
    Some(DecodedReply {
        tokens,
        is_complete: false,
    })
}

/// The values of the object with an access token in the first JSON value.
fn first_json(text: &str) -> Option<Values> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = values.next()?.ok()?;
    values_with_token(first.get(), &Values::default(), MAX_DEPTH)
}

/// Searches a JSON value for the object with an access token.
fn values_with_token(json: &str, outer: &Values, depth: u32) -> Option<Values> {
    let depth = depth.checked_sub(1)?;
    match json.as_bytes().first()? {
        b'{' => {
            let object: JsonObject<'_> = serde_json::from_str(json).ok()?;
            let mut own = Values::default();
            for (name, json) in object.iter() {
                if let Some(name) = known_name(name) {
                    own.set(name, json);
                }
            }
            let has_token = own.get(ACCESS_TOKEN).is_some();
            let own = own.with_missing_from(outer);
            if has_token {
                return Some(own);
            }
            object
                .iter()
                .find_map(|(_, json)| values_with_token(json, &own, depth))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            items
                .iter()
                .find_map(|item| values_with_token(item.get(), outer, depth))
        }
        // JSON in a JSON string.
        b'"' => {
            let text = Zeroizing::new(serde_json::from_str::<String>(json).ok()?);
            let inner = text.trim();
            if !inner.starts_with(['{', '[']) {
                return None;
            }
            values_with_token(inner, outer, depth)
        }
        _ => None,
    }
}

/// Returns the normalized name of a field, if it is one of [`NAMES`].
fn known_name(name: &str) -> Option<&'static str> {
    let plain = name
        .bytes()
        .filter(|byte| !matches!(byte, b'_' | b'-'))
        .map(|byte| byte.to_ascii_lowercase());
    NAMES
        .into_iter()
        .find(|known| plain.clone().eq(known.bytes()))
}

/// Finds the quoted strings and numbers after known names in a text.
fn search(text: &str) -> Values {
    let mut values = Values::default();
    let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        rest = &rest[start..];
        let end = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if let Some(name) = known_name(word)
            && let Some((json, after)) = value_after(rest)
        {
            values.set(name, &json);
            rest = after;
        }
    }
    values
}

/// Returns the value after a name, as JSON, and the text after it.
fn value_after(text: &str) -> Option<(Zeroizing<String>, &str)> {
    let text = text.trim_start_matches(['\\', '"', '\'']).trim_start();
    let text = text.strip_prefix([':', '='])?.trim_start();
    // In a JSON string the quotes themselves are escaped.
    let inner = text.trim_start_matches('\\');
    let escapes = &text[..text.len() - inner.len()];
    let quote = inner.chars().next()?;
    if !matches!(quote, '"' | '\'') {
        let end = text.find(|char: char| !char.is_ascii_digit())?;
        return (end > 0).then(|| (text[..end].to_owned().into(), &text[end..]));
    }
    let inner = &inner[1..];
    let mut from = 0;
    loop {
        let at = from + inner[from..].find(quote)?;
        let before = &inner[..at];
        let content = before.trim_end_matches('\\');
        let (escaped, after) = (before.len() - content.len(), &inner[at + 1..]);
        if escaped == escapes.len() {
            let json = Zeroizing::new(format!("\"{content}\""));
            return serde_json::from_str::<&RawValue>(&json)
                .is_ok()
                .then_some((json, after));
        }
        from = at + 1;
    }
}

/// Reads the pairs of a URL-encoded form.
fn form(text: &str, is_truncated: bool) -> Option<Values> {
    let mut text = text.trim();
    if is_truncated {
        // The last value may be incomplete.
        text = text.rsplit_once('&')?.0;
    }
    if text.contains(|char: char| char.is_whitespace() || matches!(char, '{' | '"' | '<')) {
        return None;
    }
    let mut values = Values::default();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        if let Some(name) = known_name(&name) {
            let json = Zeroizing::new(serde_json::to_string(&*value).ok()?);
            values.set(name, &json);
        }
    }
    Some(values)
}

fn as_text(json: &str) -> Option<String> {
    let text: String = serde_json::from_str(json).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

/// Reads a list of strings, or a string of words.
fn strings(json: Option<&str>) -> Vec<String> {
    match json.map(str::parse) {
        Some(Ok(Value::String(words))) => words.split_whitespace().map(str::to_owned).collect(),
        Some(Ok(Value::Array(items))) => items
            .into_iter()
            .filter_map(|item| match item {
                Value::String(text) => Some(text),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Reads a number of seconds, also as a string. Numbers below 1 are rejected: such a token would be
/// refreshed for every call.
fn seconds(raw: &str) -> Option<Duration> {
    let seconds: f64 = raw.trim().trim_matches('"').trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|lifetime| lifetime.as_secs() >= 1)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use secrecy::ExposeSecret;

    use hoopai_runtime::auth::{AccountId, UserType};

    use crate::record::{DEFAULT_LIFETIME, MAX_LIFETIME, TokenSet};

    fn parse(body: impl AsRef<[u8]>) -> Option<TokenSet> {
        let reply = super::decode(body.as_ref(), false, SystemTime::UNIX_EPOCH);
        reply.map(|reply| reply.tokens)
    }

    fn lifetime(expires_in: &str) -> Duration {
        let tokens = parse(format!(r#"{{"access_token":"a"{expires_in}}}"#)).unwrap();
        tokens
            .expires_at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
    }

    #[test]
    fn valid_reply_is_read() {
        let tokens = parse(
            r#"{"access_token":"a-1","token_type":"Bearer","expires_in":86399,"refresh_token":"r-1","scope":"x.readonly  y.write",
                "userType":"company","companyId":"c","userId":"u","approvedLocations":["l1","l2"],"planId":null}"#,
        )
        .unwrap();
        assert_eq!(tokens.access_token().expose_secret(), "a-1");
        assert_eq!(tokens.refresh_token().unwrap().expose_secret(), "r-1");
        assert_eq!(tokens.scopes(), ["x.readonly", "y.write"]);
        assert_eq!(tokens.approved_locations(), ["l1", "l2"]);
        assert_eq!(tokens.user_type(), Some(UserType::Company));
        assert_eq!(tokens.account(), Some(AccountId::company("c")));
        assert_eq!(tokens.location_id(), None);
    }

    #[test]
    fn values_of_other_types_are_skipped() {
        let tokens = parse(r#"{"access_token":"a","refresh_token":7,"scope":["x",1],"userType":{},"locationId":"l","companyId":"c","userId":""}"#).unwrap();
        assert!(tokens.refresh_token().is_none());
        assert_eq!(tokens.scopes(), ["x"]);
        assert_eq!(tokens.account(), Some(AccountId::location("l")));
        assert_eq!(tokens.user_id(), None);
    }

    #[test]
    fn lifetime_is_read_from_numbers_and_strings() {
        assert_eq!(lifetime(r#","expires_in":3600"#), Duration::from_secs(3600));
        assert_eq!(
            lifetime(r#","expires_in":" 3600 ""#),
            Duration::from_secs(3600)
        );
        assert_eq!(
            lifetime(r#","expires_in":3600.0"#),
            Duration::from_secs(3600)
        );
        for invalid in ["", "null", "0", "-5", "\"soon\"", "[]", "\"NaN\""] {
            let field = if invalid.is_empty() {
                String::new()
            } else {
                format!(r#","expires_in":{invalid}"#)
            };
            assert_eq!(lifetime(&field), DEFAULT_LIFETIME, "{invalid}");
        }
        assert_eq!(lifetime(r#","expires_in":1e15"#), MAX_LIFETIME);
    }

    #[test]
    fn reply_without_access_token_is_rejected() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"access_token":null}"#,
            r#"{"access_token":" "}"#,
            r#"{"access_token":"a"#,
            r#"{"message":"access_token: missing"}"#,
            "access_token",
        ] {
            assert!(parse(body).is_none(), "{body}");
        }
    }

    fn refresh(body: &str) -> Option<String> {
        let tokens = parse(body)?;
        Some(tokens.refresh_token()?.expose_secret().to_owned())
    }

    #[test]
    fn account_is_read_from_the_object_with_the_token() {
        let tokens = parse(
            r#"{"companyId":"outer","user":{"locationId":"other"},"data":{"accessToken":"a","locationId":"l","companyId":7}}"#,
        )
        .unwrap();
        assert_eq!(tokens.location_id(), Some("l"));
        assert_eq!(tokens.company_id(), Some("7"));
        let tokens = parse(r#"{"companyId":"outer","data":[{"access_token":"a"}]}"#).unwrap();
        assert_eq!(tokens.company_id(), Some("outer"));
    }

    #[test]
    fn refresh_token_outside_the_object_is_found() {
        for body in [
            r#"{"access":{"access_token":"a"},"refresh":{"refresh_token":"r"}}"#,
            r#"{"access_token":"a","refresh_token":"","refresh_token":"r","refresh_token":null}"#,
            r#"{"body":"{\"access_token\":\"a\",\"refresh_token\":\"r\""#,
            "{'access_token': 'a', 'refresh_token': 'r'}",
            r#"{"access_token":"a","x":tru,"refresh_token":"r"}"#,
        ] {
            assert_eq!(refresh(body).as_deref(), Some("r"), "{body}");
        }
    }

    #[test]
    fn truncated_reply_gives_complete_tokens_or_none() {
        for body in [
            r#"{"access_token":"access-1","refresh_token":"refresh-1","expires_in":86399}"#,
            r#"{"data":"{\"access_token\":\"access-1\",\"refresh_token\":\"refresh-1\"}"}"#,
            "access_token=access-1&refresh_token=refresh-1&scope=x",
        ] {
            let mut last = (false, false);
            for end in 0..=body.len() {
                let reply = super::decode(&body.as_bytes()[..end], true, SystemTime::UNIX_EPOCH);
                let now = reply.map_or((false, false), |reply| {
                    let tokens = reply.tokens;
                    assert_eq!(tokens.access_token().expose_secret(), "access-1");
                    let refresh = tokens.refresh_token().map(|token| token.expose_secret());
                    assert!(refresh.is_none_or(|token| token == "refresh-1"), "{end}");
                    assert_eq!(
                        reply.is_complete,
                        end == body.len() && body.ends_with('}'),
                        "{end}"
                    );
                    (true, refresh.is_some())
                });
                assert!(now >= last, "a longer prefix has no fewer tokens: {end}");
                last = now;
            }
            assert_eq!(last, (true, true), "{body}");
        }
    }

    #[test]
    fn randomly_damaged_reply_never_panics() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let whole =
            r#"{"data":{"access_token":"a","refresh_token":"\u00e9\\","list":[{"x":"\""}]}}"#;
        for _ in 0..20_000 {
            let mut body = whole.as_bytes().to_vec();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..body.len());
                body[at] = random.u8(..);
            }
            body.truncate(random.usize(..=body.len()));
            super::decode(&body, random.bool(), SystemTime::UNIX_EPOCH);
        }
    }

    #[test]
    fn missing_values_are_kept_from_the_replaced_tokens() {
        let before = parse(r#"{"access_token":"a","refresh_token":"r","scope":"x","userType":"Location","locationId":"l","companyId":"c"}"#).unwrap();
        let after = parse(r#"{"access_token":"b","companyId":"d"}"#)
            .unwrap()
            .with_missing_from(&before);
        assert_eq!(after.access_token().expose_secret(), "b");
        assert_eq!(after.refresh_token().unwrap().expose_secret(), "r");
        assert_eq!(after.company_id(), Some("d"));
        assert_eq!(after.account(), Some(AccountId::location("l")));
        assert_eq!(after.scopes(), ["x"]);
    }
}
