//! A token endpoint that rotates refresh tokens and accepts each of them once.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use crate::util::sync::lock;
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

/// Part of each value that must never be shown.
pub(super) const MARKER: &str = "MaRkEr";

pub(super) const CLIENT_ID: &str = "MaRkEr-client-id";
pub(super) const CLIENT_SECRET: &str = "MaRkEr-client-secret";
pub(super) const CODE: &str = "MaRkEr-code";
pub(super) const LOCATION: &str = "MaRkEr-location";
pub(super) const COMPANY: &str = "MaRkEr-company";

/// What happens to a request.
pub(super) enum Fault {
    /// It is not sent.
    NotSent,
    /// It is sent and lost.
    LostRequest,
    /// It is processed, and the reply is lost.
    LostReply,
    /// It is refused.
    Refused(u16, &'static str),
    /// It is processed, and the reply has another body.
    Reply(&'static str),
}

/// The token endpoint.
#[derive(Default)]
pub(super) struct FakePlatform {
    state: Mutex<State>,
    /// The delay of each reply.
    pub(super) delay: Mutex<Duration>,
    /// The next reply waits for this.
    gate: Mutex<Option<tokio::sync::oneshot::Receiver<()>>>,
}

#[derive(Default)]
struct State {
    serial: u32,
    refresh_tokens: HashMap<String, AccountId>,
    valid: HashSet<String>,
    reuses: u32,
    faults: VecDeque<Fault>,
    calls: Vec<(String, HashMap<&'static str, String>)>,
    concurrent: u32,
    max_concurrent: u32,
}

impl FakePlatform {
    /// Issues tokens that expire `left` after `now`.
    pub(super) fn issue_tokens(
        &self,
        account: AccountId,
        lifetime: Duration,
        left: Duration,
        now: std::time::SystemTime,
    ) -> TokenSet {
        let mut state = lock(&self.state);
        let body = state.issue(&account);
        let reply = crate::token_reply::decode(body.to_string().as_bytes(), false, now);
        let mut tokens = reply.unwrap().tokens;
        tokens.expires_at = now + left;
        tokens.obtained_at = tokens.expires_at - lifetime;
        tokens
    }

    /// Adds the fault of the next request without one.
    pub(super) fn inject(&self, fault: Fault) {
        lock(&self.state).faults.push_back(fault);
    }

    /// Invalidates all access tokens.
    pub(super) fn expire_all(&self) {
        lock(&self.state).valid.clear();
    }

    pub(super) fn is_valid(&self, token: &BearerToken) -> bool {
        lock(&self.state)
            .valid
            .contains(token.token().expose_secret())
    }

    /// The number of requests to the token endpoint.
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

    pub(super) fn reuses(&self) -> u32 {
        lock(&self.state).reuses
    }

    pub(super) fn max_concurrent(&self) -> u32 {
        lock(&self.state).max_concurrent
    }

    /// Holds the next reply until the result is used.
    pub(super) fn hold_next_reply(&self) -> tokio::sync::oneshot::Sender<()> {
        let (release, gate) = tokio::sync::oneshot::channel();
        *lock(&self.gate) = Some(gate);
        release
    }

    fn process(
        &self,
        path: &str,
        form: &HashMap<&'static str, String>,
        bearer: Option<&BearerToken>,
    ) -> Result<Value, TokenEndpointError> {
        let mut state = lock(&self.state);
        if path == LOCATION_TOKEN_PATH {
            let token = bearer.unwrap().token();
            if !state.valid.contains(token.expose_secret()) {
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
        let account = match form["grant_type"].as_str() {
            "authorization_code" if form["code"] == CODE => AccountId::location(LOCATION),
            "refresh_token" => match state.refresh_tokens.remove(&form["refresh_token"]) {
                Some(account) => account,
                None => {
                    state.reuses += 1;
                    return Err(refused(400, INVALID_GRANT));
                }
            },
            _ => return Err(refused(400, INVALID_GRANT)),
        };
        Ok(state.issue(&account))
    }
}

pub(super) const INVALID_GRANT: &str =
    r#"{"error":"invalid_grant","error_description":"Invalid grant: refresh token is invalid"}"#;

impl State {
    fn issue(&mut self, account: &AccountId) -> Value {
        self.serial += 1;
        let access = format!("{MARKER}-access-{}", self.serial);
        let refresh = format!("{MARKER}-refresh-{}", self.serial);
        self.valid.insert(access.clone());
        self.refresh_tokens.insert(refresh.clone(), account.clone());
        let mut body = json!({
            "access_token": access, "refresh_token": refresh, "expires_in": 86399, "scope": "contacts.readonly",
            "userType": account.user_type().as_str(), "companyId": COMPANY, "userId": format!("{MARKER}-user"),
        });
        if let AccountId::Location(id) = account {
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

fn disconnected() -> Error {
    Error::auth(AuthErrorKind::Unavailable, "the connection was closed")
}

impl TokenEndpoint for FakePlatform {
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
            let fault = {
                let mut state = lock(&self.state);
                state.calls.push((path.to_owned(), form.clone()));
                state.faults.pop_front()
            };
            let outcome = match &fault {
                Some(Fault::NotSent) => return Err(TokenEndpointError::NotSent(disconnected())),
                Some(Fault::LostRequest) => {
                    return Err(TokenEndpointError::Unknown(disconnected()));
                }
                Some(Fault::Refused(status, body)) => return Err(refused(*status, body)),
                Some(Fault::LostReply | Fault::Reply(_)) | None => {
                    self.process(path, &form, bearer.as_ref())
                }
            };
            {
                let mut state = lock(&self.state);
                state.concurrent += 1;
                state.max_concurrent = state.max_concurrent.max(state.concurrent);
            }
            let gate = lock(&self.gate).take();
            if let Some(gate) = gate {
                let _ = gate.await;
            }
            let delay = *lock(&self.delay);
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            lock(&self.state).concurrent -= 1;
            match fault {
                Some(Fault::LostReply) => Err(TokenEndpointError::Unknown(disconnected())),
                Some(Fault::Reply(body)) => Ok(TokenEndpointReply::whole(body)),
                _ => outcome.map(|body| TokenEndpointReply::whole(body.to_string())),
            }
        })
    }
}
