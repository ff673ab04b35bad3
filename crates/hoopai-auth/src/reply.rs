//! Finds tokens in a reply of the token endpoint, however damaged it is.
//!
//! A reply is received once, and a refresh token is spent for it, so no form of it is rejected that still shows an access token:
//!
//! 1. The first JSON value of the text is searched for the object with an access token, in all wrappers.
//! 2. Text that is no JSON is searched for the names, each followed by a quoted string.
//! 3. Text without quotes is read as a form.
//!
//! Names match in any case, with or without underscores. A string counts only with its closing quote.

use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::UserType;
use crate::json::Fields;
use crate::tokens::{DEFAULT_LIFE, LONGEST_LIFE, TokenSet};

/// How many wrappers are opened.
const DEPTH: u32 = 8;

const ACCESS_TOKEN: &str = "accesstoken";
const REFRESH_TOKEN: &str = "refreshtoken";

/// The names in the form in which they are compared.
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

/// Tokens that were found in a reply.
pub(crate) struct Found {
    pub(crate) tokens: TokenSet,
    /// Whether the tokens came in a whole object of JSON. Otherwise something may be missing.
    pub(crate) whole: bool,
}

/// Values by their names, each as JSON.
#[derive(Default)]
struct Values(Vec<(&'static str, Zeroizing<String>)>);

impl Values {
    /// A later value replaces an earlier one, unless it is empty.
    fn set(&mut self, name: &'static str, json: &str) {
        let is_token = matches!(name, ACCESS_TOKEN | REFRESH_TOKEN);
        if matches!(json, "null" | "\"\"") || is_token && as_text(json).is_none() {
            return;
        }
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, json.to_owned().into()));
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| *other == name);
        found.map(|(_, json)| &***json)
    }

    /// What is missing here, of a wrapper around it.
    fn or(mut self, outer: &Values) -> Self {
        for (name, json) in &outer.0 {
            if self.get(name).is_none() {
                self.set(name, json);
            }
        }
        self
    }

    fn tokens(&self, asked_at: SystemTime) -> Option<TokenSet> {
        let text = |name| as_text(self.get(name)?);
        let id = |name| {
            let json = self.get(name)?;
            as_text(json).or_else(|| json.parse::<u64>().ok().map(|id| id.to_string()))
        };
        let life = match self.get("expiresin").and_then(seconds) {
            Some(life) => life.min(LONGEST_LIFE),
            None => DEFAULT_LIFE,
        };
        Some(TokenSet {
            access_token: text(ACCESS_TOKEN)?.into(),
            refresh_token: text(REFRESH_TOKEN).map(SecretString::from),
            obtained_at: asked_at,
            expires_at: asked_at.checked_add(life).unwrap_or(asked_at),
            scopes: texts(self.get("scope")),
            user_type: text("usertype").and_then(|text| UserType::parse(&text)),
            company_id: id("companyid"),
            location_id: id("locationid"),
            user_id: id("userid"),
            approved_locations: texts(self.get("approvedlocations")),
        })
    }
}

/// Finds the tokens of a reply. `asked_at` is when the request was made: the platform counts from a moment between that and now.
///
/// `is_cut`: the body ended before its announced end.
pub(crate) fn read(body: &[u8], is_cut: bool, asked_at: SystemTime) -> Option<Found> {
    let text = text_of(body);
    if let Some(mut values) = first_json(&text) {
        if values.get(REFRESH_TOKEN).is_none()
            && let Some(json) = search(&text).get(REFRESH_TOKEN)
        {
            values.set(REFRESH_TOKEN, json);
        }
        let tokens = values.tokens(asked_at)?;
        return Some(Found {
            tokens,
            whole: true,
        });
    }
    let found = search(&text).tokens(asked_at);
    let tokens = found.or_else(|| form(&text, is_cut)?.tokens(asked_at))?;
    Some(Found {
        tokens,
        whole: false,
    })
}

/// The text of a reply: UTF-8 or UTF-16 by its byte order mark, else UTF-8, else Latin-1.
pub(crate) fn text_of(body: &[u8]) -> Zeroizing<String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        char::decode_utf16(units)
            .map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    };
    Zeroizing::new(match body {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
            match std::str::from_utf8(body) {
                Ok(text) => text.to_owned(),
                Err(_) => body.iter().map(|byte| char::from(*byte)).collect(),
            }
        }
    })
}

/// The values of the object with an access token in the first JSON value.
fn first_json(text: &str) -> Option<Values> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let first = values.next()?.ok()?;
    within(first.get(), &Values::default(), DEPTH)
}

fn within(json: &str, outer: &Values, depth: u32) -> Option<Values> {
    let depth = depth.checked_sub(1)?;
    match json.as_bytes().first()? {
        b'{' => {
            let fields = Fields::read(json).ok()?;
            let mut own = Values::default();
            for (name, json) in fields.iter() {
                if let Some(name) = known(name) {
                    own.set(name, json);
                }
            }
            let has_token = own.get(ACCESS_TOKEN).is_some();
            let own = own.or(outer);
            if has_token {
                return Some(own);
            }
            fields
                .iter()
                .find_map(|(_, json)| within(json, &own, depth))
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(json).ok()?;
            items
                .iter()
                .find_map(|item| within(item.get(), outer, depth))
        }
        // JSON in a string of JSON.
        b'"' => {
            let text = Zeroizing::new(serde_json::from_str::<String>(json).ok()?);
            let is_json = text.trim_start().starts_with(['{', '[']);
            let inner = text.trim();
            is_json.then(|| within(inner, outer, depth)).flatten()
        }
        _ => None,
    }
}

/// The name of a field in the form in which it is compared, if it is one that matters.
fn known(name: &str) -> Option<&'static str> {
    let plain = name
        .bytes()
        .filter(|byte| !matches!(byte, b'_' | b'-'))
        .map(|byte| byte.to_ascii_lowercase());
    NAMES
        .into_iter()
        .find(|known| plain.clone().eq(known.bytes()))
}

/// The quoted strings, and numbers, that follow known names in a text.
fn search(text: &str) -> Values {
    let mut values = Values::default();
    let is_word = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        rest = &rest[start..];
        let end = rest.find(|char| !is_word(char)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if let Some(name) = known(word)
            && let Some((json, after)) = value_after(rest)
        {
            values.set(name, &json);
            rest = after;
        }
    }
    values
}

/// The value behind a name, as JSON, and what comes behind it.
fn value_after(text: &str) -> Option<(Zeroizing<String>, &str)> {
    let text = text.trim_start_matches(['\\', '"', '\'']).trim_start();
    let text = text.strip_prefix([':', '='])?.trim_start();
    // Within a string of JSON the quotes themselves are escaped.
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

/// The pairs of a URL-encoded form.
fn form(text: &str, is_cut: bool) -> Option<Values> {
    let mut text = text.trim();
    if is_cut {
        // The last value has no closing mark that would show it whole.
        text = text.rsplit_once('&')?.0;
    }
    if text.contains(|char: char| char.is_whitespace() || matches!(char, '{' | '"' | '<')) {
        return None;
    }
    let mut values = Values::default();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        if let Some(name) = known(&name) {
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

/// A list of texts, or a text of words.
fn texts(json: Option<&str>) -> Vec<String> {
    let mut texts = Vec::new();
    match json.map(str::parse) {
        Some(Ok(Value::String(words))) => {
            for word in words.split_whitespace() {
                texts.push(word.to_owned());
            }
        }
        Some(Ok(Value::Array(items))) => {
            for item in items {
                if let Value::String(text) = item {
                    texts.push(text);
                }
            }
        }
        _ => {}
    }
    texts
}

/// A number of seconds, also as a text. None that is not above zero: such a token would be fetched anew for every call.
fn seconds(raw: &str) -> Option<Duration> {
    let seconds: f64 = raw.trim().trim_matches('"').trim().parse().ok()?;
    (seconds >= 1.0)
        .then(|| Duration::try_from_secs_f64(seconds).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use secrecy::ExposeSecret;

    use crate::tokens::{DEFAULT_LIFE, LONGEST_LIFE, TokenSet};
    use crate::{AccountId, UserType};

    fn parse(body: impl AsRef<[u8]>) -> Option<TokenSet> {
        let found = super::read(body.as_ref(), false, SystemTime::UNIX_EPOCH);
        found.map(|found| found.tokens)
    }

    fn life(expires_in: &str) -> Duration {
        let tokens = parse(format!(r#"{{"access_token":"a"{expires_in}}}"#)).unwrap();
        tokens
            .expires_at
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
    }

    #[test]
    fn a_reply_is_read() {
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
        assert_eq!(tokens.resource(), Some(AccountId::company("c")));
        assert_eq!(tokens.location_id(), None);
    }

    #[test]
    fn odd_values_do_not_spoil_the_rest() {
        let tokens = parse(r#"{"access_token":"a","refresh_token":7,"scope":["x",1],"userType":{},"locationId":"l","companyId":"c","userId":""}"#).unwrap();
        assert!(tokens.refresh_token().is_none());
        assert_eq!(tokens.scopes(), ["x"]);
        assert_eq!(tokens.resource(), Some(AccountId::location("l")));
        assert_eq!(tokens.user_id(), None);
    }

    #[test]
    fn a_life_is_read_in_all_its_shapes() {
        assert_eq!(life(r#","expires_in":3600"#), Duration::from_secs(3600));
        assert_eq!(life(r#","expires_in":" 3600 ""#), Duration::from_secs(3600));
        assert_eq!(life(r#","expires_in":3600.0"#), Duration::from_secs(3600));
        for unfit in ["", "null", "0", "-5", "\"soon\"", "[]", "\"NaN\""] {
            let field = if unfit.is_empty() {
                String::new()
            } else {
                format!(r#","expires_in":{unfit}"#)
            };
            assert_eq!(life(&field), DEFAULT_LIFE, "{unfit}");
        }
        assert_eq!(life(r#","expires_in":1e15"#), LONGEST_LIFE);
    }

    #[test]
    fn without_an_access_token_it_is_no_reply() {
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
    fn the_account_is_that_of_the_object_with_the_token() {
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
    fn a_refresh_token_is_found_beside_the_access_token() {
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
    fn every_prefix_of_a_reply_gives_whole_tokens_or_none() {
        for body in [
            r#"{"access_token":"access-1","refresh_token":"refresh-1","expires_in":86399}"#,
            r#"{"data":"{\"access_token\":\"access-1\",\"refresh_token\":\"refresh-1\"}"}"#,
            "access_token=access-1&refresh_token=refresh-1&scope=x",
        ] {
            let mut last = (false, false);
            for end in 0..=body.len() {
                let found = super::read(&body.as_bytes()[..end], true, SystemTime::UNIX_EPOCH);
                let now = found.map_or((false, false), |found| {
                    let tokens = found.tokens;
                    assert_eq!(tokens.access_token().expose_secret(), "access-1");
                    let refresh = tokens.refresh_token().map(|token| token.expose_secret());
                    assert!(refresh.is_none_or(|token| token == "refresh-1"), "{end}");
                    assert_eq!(
                        found.whole,
                        end == body.len() && body.ends_with('}'),
                        "{end}"
                    );
                    (true, refresh.is_some())
                });
                assert!(now >= last, "more of a reply never gives less: {end}");
                last = now;
            }
            assert_eq!(last, (true, true), "{body}");
        }
    }

    #[test]
    fn damage_at_random_never_panics() {
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
            super::read(&body, random.bool(), SystemTime::UNIX_EPOCH);
        }
    }

    #[test]
    fn what_is_left_out_stays_as_before() {
        let before = parse(r#"{"access_token":"a","refresh_token":"r","scope":"x","userType":"Location","locationId":"l","companyId":"c"}"#).unwrap();
        let after = parse(r#"{"access_token":"b","companyId":"d"}"#)
            .unwrap()
            .or_as_before(&before);
        assert_eq!(after.access_token().expose_secret(), "b");
        assert_eq!(after.refresh_token().unwrap().expose_secret(), "r");
        assert_eq!(after.company_id(), Some("d"));
        assert_eq!(after.resource(), Some(AccountId::location("l")));
        assert_eq!(after.scopes(), ["x"]);
    }
}
