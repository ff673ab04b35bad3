//! A platform that rotates its refresh tokens and takes each of them once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use crate::lock;
use hoopai_runtime::Error;
use hoopai_runtime::auth::{
    BearerToken, LOCATION_TOKEN_PATH, TOKEN_PATH, TokenEndpoint, TokenEndpointError,
    TokenEndpointReply,
};
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::reqwest::StatusCode;
use hoopai_runtime::time::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use crate::{AccountId, TokenSet};

/// In everything that must never be shown.
pub(super) const MARKER: &str = "MaRkEr";

pub(super) const CLIENT_ID: &str = "MaRkEr-client-id";
pub(super) const CLIENT_SECRET: &str = "MaRkEr-client-secret";
pub(super) const CODE: &str = "MaRkEr-code";
pub(super) const LOCATION: &str = "MaRkEr-location";
pub(super) const COMPANY: &str = "MaRkEr-company";

/// What is to happen to a request.
pub(super) enum Fate {
    /// It does not get away.
    NotSent,
    /// It gets away and is lost.
    LostRequest,
    /// It is carried out, and the reply is lost.
    LostReply,
    /// It is refused, as it is.
    Refused(u16, &'static str),
    /// It is carried out, and answered with something else.
    Odd(&'static str),
}

/// The platform.
#[derive(Default)]
pub(super) struct Platform {
    state: Mutex<State>,
    /// How long a reply takes.
    pub(super) delay: Mutex<Duration>,
    /// The next reply waits for this, if it is set.
    pub(super) gate: Mutex<Option<tokio::sync::oneshot::Receiver<()>>>,
}

#[derive(Default)]
struct State {
    serial: u32,
    refreshable: HashMap<String, AccountId>,
    good: HashSet<String>,
    spent_twice: u32,
    fates: VecDeque<Fate>,
    calls: Vec<(String, HashMap<&'static str, String>)>,
    in_flight: u32,
    most_in_flight: u32,
}

impl Platform {
    /// Tokens of an account that expire at a time.
    pub(super) fn installed(
        &self,
        resource: AccountId,
        life: Duration,
        left: Duration,
        now: std::time::SystemTime,
    ) -> TokenSet {
        let mut state = lock(&self.state);
        let body = state.issue(&resource);
        let mut tokens = crate::reply::read(body.to_string().as_bytes(), false, now)
            .unwrap()
            .tokens;
        tokens.expires_at = now + left;
        tokens.obtained_at = tokens.expires_at - life;
        tokens
    }

    pub(super) fn fate(&self, fate: Fate) {
        lock(&self.state).fates.push_back(fate);
    }

    /// No access token is good any more.
    pub(super) fn expire_all(&self) {
        lock(&self.state).good.clear();
    }

    pub(super) fn is_good(&self, grant: &BearerToken) -> bool {
        lock(&self.state)
            .good
            .contains(grant.token().expose_secret())
    }

    /// How many requests there were to the token endpoint.
    pub(super) fn refreshes(&self) -> usize {
        self.calls_to(TOKEN_PATH)
    }

    pub(super) fn calls_to(&self, path: &str) -> usize {
        let state = lock(&self.state);
        state.calls.iter().filter(|(to, _)| to == path).count()
    }

    pub(super) fn last_form(&self) -> HashMap<&'static str, String> {
        lock(&self.state).calls.last().unwrap().1.clone()
    }

    pub(super) fn spent_twice(&self) -> u32 {
        lock(&self.state).spent_twice
    }

    pub(super) fn most_in_flight(&self) -> u32 {
        lock(&self.state).most_in_flight
    }

    /// The next request waits until something is sent.
    pub(super) fn hold_next(&self) -> tokio::sync::oneshot::Sender<()> {
        let (open, gate) = tokio::sync::oneshot::channel();
        *lock(&self.gate) = Some(gate);
        open
    }

    fn carry_out(
        &self,
        path: &str,
        form: &HashMap<&'static str, String>,
        bearer: Option<&BearerToken>,
    ) -> Result<Value, TokenEndpointError> {
        let mut state = lock(&self.state);
        if path == LOCATION_TOKEN_PATH {
            let token = bearer.unwrap().token();
            if !state.good.contains(token.expose_secret()) {
                return Err(refused(
                    401,
                    r#"{"statusCode":401,"message":"Invalid JWT"}"#,
                ));
            }
            assert_eq!(form["companyId"], COMPANY);
            return Ok(state.issue(&AccountId::location(&form["locationId"])));
        }
        assert!(bearer.is_none());
        assert_eq!(form["client_id"], CLIENT_ID);
        assert_eq!(form["client_secret"], CLIENT_SECRET);
        let resource = match form["grant_type"].as_str() {
            "authorization_code" if form["code"] == CODE => AccountId::location(LOCATION),
            "refresh_token" => match state.refreshable.remove(&form["refresh_token"]) {
                Some(resource) => resource,
                None => {
                    state.spent_twice += 1;
                    return Err(refused(400, INVALID_GRANT));
                }
            },
            _ => return Err(refused(400, INVALID_GRANT)),
        };
        Ok(state.issue(&resource))
    }
}

pub(super) const INVALID_GRANT: &str =
    r#"{"error":"invalid_grant","error_description":"Invalid grant: refresh token is invalid"}"#;

impl State {
    fn issue(&mut self, resource: &AccountId) -> Value {
        self.serial += 1;
        let access = format!("{MARKER}-access-{}", self.serial);
        let refresh = format!("{MARKER}-refresh-{}", self.serial);
        self.good.insert(access.clone());
        self.refreshable.insert(refresh.clone(), resource.clone());
        let mut body = json!({
            "access_token": access, "refresh_token": refresh, "expires_in": 86399, "scope": "contacts.readonly",
            "userType": resource.user_type().as_str(), "companyId": COMPANY, "userId": format!("{MARKER}-user"),
        });
        if let AccountId::Location(id) = resource {
            body["locationId"] = id.as_str().into();
        } else {
            body["approvedLocations"] = json!([LOCATION]);
        }
        body
    }
}

fn refused(status: u16, body: &'static str) -> TokenEndpointError {
    TokenEndpointError::of_reply(TOKEN_PATH, StatusCode::from_u16(status).unwrap(), body)
}

fn broken() -> Error {
    Error::auth(AuthErrorKind::Unavailable, "the line is cut")
}

impl TokenEndpoint for Platform {
    fn post<'a>(
        &'a self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        bearer: Option<BearerToken>,
    ) -> BoxFuture<'a, Result<TokenEndpointReply, TokenEndpointError>> {
        Box::pin(async move {
            let form: HashMap<_, _> = form
                .into_iter()
                .map(|(name, value)| (name, value.expose_secret().to_owned()))
                .collect();
            let fate = {
                let mut state = lock(&self.state);
                state.calls.push((path.to_owned(), form.clone()));
                state.fates.pop_front()
            };
            let outcome = match &fate {
                Some(Fate::NotSent) => return Err(TokenEndpointError::NotSent(broken())),
                Some(Fate::LostRequest) => return Err(TokenEndpointError::Unknown(broken())),
                Some(Fate::Refused(status, body)) => return Err(refused(*status, body)),
                Some(Fate::LostReply | Fate::Odd(_)) | None => {
                    self.carry_out(path, &form, bearer.as_ref())
                }
            };
            {
                let mut state = lock(&self.state);
                state.in_flight += 1;
                state.most_in_flight = state.most_in_flight.max(state.in_flight);
            }
            let gate = lock(&self.gate).take();
            if let Some(gate) = gate {
                let _ = gate.await;
            }
            let delay = *lock(&self.delay);
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            lock(&self.state).in_flight -= 1;
            match fate {
                Some(Fate::LostReply) => Err(TokenEndpointError::Unknown(broken())),
                Some(Fate::Odd(body)) => Ok(TokenEndpointReply::whole(body)),
                _ => outcome.map(|body| TokenEndpointReply::whole(body.to_string())),
            }
        })
    }
}
