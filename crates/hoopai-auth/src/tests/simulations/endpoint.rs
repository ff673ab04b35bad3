//! The token endpoint of the simulations: requests and replies are lost, and some are refused.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use hoopai_runtime::Error;
use hoopai_runtime::auth::{
    BearerToken, TOKEN_PATH, TokenEndpoint, TokenEndpointError, TokenEndpointReply,
};
use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::reqwest::StatusCode;
use hoopai_runtime::time::{BoxFuture, Clock};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{GRACE, Shared, SharedState};
use crate::AccountId;
use crate::tests::fake_platform::INVALID_GRANT;
use crate::tests::harness::key;
use crate::util::sync::lock;

/// Why the only copy of a refresh token was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The reply did not arrive.
    Reply,
    /// The process ended before it had stored the reply.
    Crash,
}

/// The platform's state of one account.
#[derive(Debug, Default)]
pub(super) struct Installation {
    /// The number of refresh tokens so far. Only the last one is valid.
    pub(super) serial: u64,
    pub(super) rotated_at: Duration,
    /// When each token was issued.
    pub(super) issued_at: HashMap<u64, Duration>,
    /// Processes that have received the last token.
    pub(super) receivers: Vec<usize>,
    /// The requests since the last one whose reply has arrived.
    pub(super) failed_requests: u32,
    /// Losses since the last token was stored.
    pub(super) losses: Vec<Loss>,
}

/// The token endpoint as one process sees it.
pub(super) struct ProcessEndpoint {
    pub(super) shared: Arc<Shared>,
    pub(super) process: usize,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RequestFate {
    Works,
    NotSent,
    LostRequest,
    LostReply,
    /// It is refused with this status, and not processed.
    Refused(u16),
}

pub(super) fn disconnected() -> Error {
    Error::auth(AuthErrorKind::Unavailable, "the connection was closed")
}

pub(super) fn refused(status: u16, body: &'static str) -> TokenEndpointError {
    TokenEndpointError::of_reply(TOKEN_PATH, StatusCode::from_u16(status).unwrap(), body)
}

/// Splits a refresh token into its account and serial number.
pub(super) fn parse(token: &str) -> (&str, u64) {
    let (account, serial) = token.split_once('/').expect("a refresh token");
    (account, serial.parse().expect("a serial number"))
}

impl Shared {
    /// Processes a request with a refresh token. `Err`: it is not the last one.
    fn rotate(&self, sent: &str) -> Result<(u64, String), TokenEndpointError> {
        let (account, sent) = parse(sent);
        let now = self.elapsed();
        let mut state = lock(&self.state);
        let SharedState {
            installations,
            counts,
            ..
        } = &mut *state;
        let installation = installations.get_mut(account).expect("an installation");
        let is_repeated = self.faults.grace
            && sent + 1 == installation.serial
            && now < installation.rotated_at + GRACE;
        if sent == installation.serial {
            installation.serial += 1;
            installation.rotated_at = now;
            installation.issued_at.insert(installation.serial, now);
            installation.receivers.clear();
        } else if is_repeated {
            counts.repeated += 1;
        } else {
            counts.spent += 1;
            return Err(refused(400, INVALID_GRANT));
        }
        let serial = installation.serial;
        let body = json!({
            "access_token": format!("access-{account}-{serial}"),
            "refresh_token": format!("{account}/{serial}"),
            "expires_in": 86399, "userType": "Location", "companyId": "company", "locationId": account,
        });
        Ok((serial, body.to_string()))
    }
}

impl TokenEndpoint for ProcessEndpoint {
    fn post<'a>(
        &'a self,
        path: &'static str,
        form: Vec<(&'static str, SecretString)>,
        _: Option<BearerToken>,
    ) -> BoxFuture<'a, Result<TokenEndpointReply, TokenEndpointError>> {
        assert_eq!(path, TOKEN_PATH);
        let shared = Arc::clone(&self.shared);
        let sent = form.iter().find(|(name, _)| *name == "refresh_token");
        let sent = sent.expect("a refresh token").1.expose_secret().to_owned();
        let account = parse(&sent).0.to_owned();
        let (fate, before, after) = {
            let mut state = lock(&shared.state);
            let state = &mut *state;
            // No request is sent without the lease.
            let lease = state.leases.get(&key(AccountId::location(&*account)));
            let lease = lease.expect("a lease");
            assert!(lease.process == self.process && shared.elapsed() < lease.end);
            state.counts.requests += 1;
            let installation = state.installations.get_mut(&account);
            installation.expect("an installation").failed_requests += 1;
            let random = &mut state.random;
            let fate = match random.u8(..12) {
                _ if !shared.faults.endpoint || state.is_calm => RequestFate::Works,
                0 => RequestFate::NotSent,
                1 => RequestFate::LostRequest,
                2 | 3 => RequestFate::LostReply,
                4 => RequestFate::Refused(500),
                5 => RequestFate::Refused(429),
                _ => RequestFate::Works,
            };
            let most = if random.u8(..4) == 0 && !state.is_calm {
                2_000
            } else {
                300
            };
            let (before, after) = (random.u64(..most), random.u64(..most));
            (
                fate,
                Duration::from_millis(before),
                Duration::from_millis(after),
            )
        };
        Box::pin(async move {
            shared.clock.sleep(before).await;
            match fate {
                RequestFate::NotSent => return Err(TokenEndpointError::NotSent(disconnected())),
                RequestFate::LostRequest => {
                    return Err(TokenEndpointError::Unknown(disconnected()));
                }
                RequestFate::Refused(status) => return Err(refused(status, "{}")),
                RequestFate::LostReply | RequestFate::Works => {}
            }
            let (serial, body) = shared.rotate(&sent)?;
            shared.clock.sleep(after).await;
            let mut state = lock(&shared.state);
            let installation = state
                .installations
                .get_mut(&account)
                .expect("an installation");
            if fate == RequestFate::LostReply {
                installation.losses.push(Loss::Reply);
                return Err(TokenEndpointError::Unknown(disconnected()));
            }
            installation.failed_requests = 0;
            if serial == installation.serial {
                installation.receivers.push(self.process);
            }
            Ok(TokenEndpointReply::whole(body))
        })
    }
}
