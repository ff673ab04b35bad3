//! Tokens as the token endpoint gives them.

use std::fmt;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use serde_json::Value;

use crate::json::Fields;
use crate::{Resource, UserType};

/// How long an access token lives where the platform does not say: what it has always said so far.
const DEFAULT_LIFE: Duration = Duration::from_secs(24 * 60 * 60 - 1);

/// The longest life that is believed, so that nonsense cannot overflow the calendar.
const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// An access token, the refresh token that renews it, and what the platform said about them.
#[derive(Clone)]
pub struct TokenSet {
    pub(crate) access_token: SecretString,
    pub(crate) refresh_token: Option<SecretString>,
    pub(crate) obtained_at: SystemTime,
    pub(crate) expires_at: SystemTime,
    pub(crate) scopes: Vec<String>,
    pub(crate) user_type: Option<UserType>,
    pub(crate) company_id: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) approved_locations: Vec<String>,
}

impl TokenSet {
    /// Tokens that were got by other means, to be taken over.
    pub fn new(
        access_token: impl Into<SecretString>,
        refresh_token: Option<SecretString>,
        expires_at: SystemTime,
    ) -> Self {
        TokenSet {
            access_token: access_token.into(),
            refresh_token,
            obtained_at: expires_at.checked_sub(DEFAULT_LIFE).unwrap_or(expires_at),
            expires_at,
            scopes: Vec::new(),
            user_type: None,
            company_id: None,
            location_id: None,
            user_id: None,
            approved_locations: Vec::new(),
        }
    }

    /// The token that calls carry.
    pub fn access_token(&self) -> &SecretString {
        &self.access_token
    }

    /// The token that gets new ones, once.
    pub fn refresh_token(&self) -> Option<&SecretString> {
        self.refresh_token.as_ref()
    }

    /// When the access token was asked for.
    pub fn obtained_at(&self) -> SystemTime {
        self.obtained_at
    }

    /// When the access token expires.
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// What the tokens allow.
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// For whom they are.
    pub fn user_type(&self) -> Option<UserType> {
        self.user_type
    }

    /// The agency that they are for, or that their location belongs to.
    pub fn company_id(&self) -> Option<&str> {
        self.company_id.as_deref()
    }

    /// The location that they are for.
    pub fn location_id(&self) -> Option<&str> {
        self.location_id.as_deref()
    }

    /// The user who installed the app.
    pub fn user_id(&self) -> Option<&str> {
        self.user_id.as_deref()
    }

    /// The locations for which an agency installed the app, where the platform lists them.
    pub fn approved_locations(&self) -> &[String] {
        &self.approved_locations
    }

    /// The account that they are for, if the platform named it.
    pub fn resource(&self) -> Option<Resource> {
        let location = self.location_id.as_deref().map(Resource::location);
        let company = self.company_id.as_deref().map(Resource::company);
        match self.user_type {
            Some(UserType::Company) => company,
            Some(UserType::Location) => location,
            _ => location.or(company),
        }
    }

    /// Reads a reply of the token endpoint: of what is not as it should be, only a missing access token matters.
    ///
    /// `asked_at` is when the request was made: the platform counts from a moment between that and now.
    pub(crate) fn from_reply(body: &[u8], asked_at: SystemTime) -> Option<Self> {
        // Each value is read on its own, so that one odd value does not spoil the rest.
        let reply = Fields::read(std::str::from_utf8(body).ok()?).ok()?;
        let text = |name| reply.text(name).filter(|text| !text.trim().is_empty());
        let life = match reply.get("expires_in").and_then(seconds) {
            Some(life) => life.min(LONGEST_LIFE),
            None => DEFAULT_LIFE,
        };
        Some(TokenSet {
            access_token: text("access_token")?.into(),
            refresh_token: text("refresh_token").map(SecretString::from),
            obtained_at: asked_at,
            expires_at: asked_at.checked_add(life).unwrap_or(asked_at),
            scopes: texts(reply.get("scope")),
            user_type: text("userType").and_then(|text| UserType::parse(&text)),
            company_id: text("companyId"),
            location_id: text("locationId"),
            user_id: text("userId"),
            approved_locations: texts(reply.get("approvedLocations")),
        })
    }

    /// What the platform left out of a reply, taken from the tokens that this one replaces. A refresh token that is not
    /// replaced stays good.
    pub(crate) fn or_as_before(mut self, before: &TokenSet) -> Self {
        fn fill<T: Clone>(own: &mut Option<T>, before: &Option<T>) {
            if own.is_none() {
                own.clone_from(before);
            }
        }
        fill(&mut self.refresh_token, &before.refresh_token);
        fill(&mut self.user_type, &before.user_type);
        fill(&mut self.company_id, &before.company_id);
        fill(&mut self.location_id, &before.location_id);
        fill(&mut self.user_id, &before.user_id);
        if self.scopes.is_empty() {
            self.scopes.clone_from(&before.scopes);
        }
        if self.approved_locations.is_empty() {
            self.approved_locations
                .clone_from(&before.approved_locations);
        }
        self
    }
}

/// Shows when they expire, what they allow and what there is, no token and no id.
impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |there: bool| there.then_some(format_args!("[hidden]"));
        f.debug_struct("TokenSet")
            .field("access_token", &format_args!("[hidden]"))
            .field("refresh_token", &hidden(self.refresh_token.is_some()))
            .field("obtained_at", &self.obtained_at)
            .field("expires_at", &self.expires_at)
            .field("scopes", &self.scopes)
            .field("user_type", &self.user_type)
            .field("company_id", &hidden(self.company_id.is_some()))
            .field("location_id", &hidden(self.location_id.is_some()))
            .field("user_id", &hidden(self.user_id.is_some()))
            .field("approved_locations", &self.approved_locations.len())
            .finish()
    }
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

    use super::{DEFAULT_LIFE, LONGEST_LIFE, TokenSet};
    use crate::{Resource, UserType};

    fn parse(body: &str) -> Option<TokenSet> {
        TokenSet::from_reply(body.as_bytes(), SystemTime::UNIX_EPOCH)
    }

    fn life(expires_in: &str) -> Duration {
        let tokens = parse(&format!(r#"{{"access_token":"a"{expires_in}}}"#)).unwrap();
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
        assert_eq!(tokens.resource(), Some(Resource::company("c")));
        assert_eq!(tokens.location_id(), None);
    }

    #[test]
    fn odd_values_do_not_spoil_the_rest() {
        let tokens = parse(r#"{"access_token":"a","refresh_token":7,"scope":["x",1],"userType":{},"locationId":"l","companyId":"c","userId":""}"#).unwrap();
        assert!(tokens.refresh_token().is_none());
        assert_eq!(tokens.scopes(), ["x"]);
        assert_eq!(tokens.resource(), Some(Resource::location("l")));
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
            r#"{"access_token":"a""#,
        ] {
            assert!(parse(body).is_none(), "{body}");
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
        assert_eq!(after.resource(), Some(Resource::location("l")));
        assert_eq!(after.scopes(), ["x"]);
    }
}
