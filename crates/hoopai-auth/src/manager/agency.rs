//! Tokens of a location for those of its agency.

use hoopai_runtime::Error;
use hoopai_runtime::auth::{
    BearerToken, LOCATION_TOKEN_PATH, TokenEndpointError, TokenEndpointReply,
};
use hoopai_runtime::error::{ApiErrorKind, AuthErrorKind};
use secrecy::SecretString;

use super::Fault;
use super::account::Account;
use super::refresh::{Held, Next};
use super::save::Over;
use super::steps::Step;
use crate::{AccountId, Record};

impl Account {
    /// Asks for tokens of this location. They come with a refresh token of their own, so this is done once and not each day. A reply
    /// that is lost costs nothing: the next time others are given.
    pub(super) async fn ask_agency(
        &self,
        held: &mut Option<Held>,
        company: &str,
        own: Option<&Record>,
    ) -> Result<Next, Fault> {
        let agency = self
            .manager
            .account_through(AccountId::company(company), None);
        let asked_at = self.manager.clock().system_time();
        let grant = agency
            .authorization()
            .await
            .map_err(|error| of_agency(error, own))?;
        let reply = match self.post_location_token(company, &grant).await {
            Err(TokenEndpointError::Refused { status, error })
                if error.api_error_kind() == Some(ApiErrorKind::ExpiredToken) =>
            {
                match agency
                    .token_rejected(&grant)
                    .await
                    .map_err(|error| of_agency(error, own))?
                {
                    Some(grant) => self.post_location_token(company, &grant).await,
                    None => Err(TokenEndpointError::Refused { status, error }),
                }
            }
            reply => reply,
        };
        self.manager.reached(Step::Replied).await;
        let reply = match reply {
            Ok(reply) => reply,
            Err(TokenEndpointError::Refused { status, error })
                if status < 500 && !matches!(status, 408 | 429) =>
            {
                return Err(Fault::of(
                    AuthErrorKind::Refused,
                    "the platform gives no token of the location for that of its agency; the app may not be installed there",
                    error,
                ));
            }
            Err(TokenEndpointError::NotSent(error)) => {
                return Err(Fault::not_sent(
                    "the token endpoint could not be asked for a token of the location",
                    error,
                ));
            }
            Err(TokenEndpointError::Refused { error, .. } | TokenEndpointError::Unknown(error)) => {
                return Err(Fault::of(
                    AuthErrorKind::Unavailable,
                    "no token of the location could be had for that of its agency",
                    error,
                ));
            }
        };
        let received = self.receive(reply, asked_at, None).await?;
        let mut tokens = received.tokens;
        let wanted = self.resource().id();
        if tokens.location_id.get_or_insert_with(|| wanted.to_owned()) != wanted {
            return Err(Fault::new(
                AuthErrorKind::Refused,
                "the platform gave a token of another location than was asked for",
            ));
        }
        tokens.company_id.get_or_insert_with(|| company.to_owned());
        tracing::debug!("the token of a location was got with that of its agency");
        let expected = own.map(|own| own.revision);
        let saved = self.save(held, tokens, expected, Over::Nothing).await?;
        self.keep_damaged(received.damaged).await;
        Ok(saved.next())
    }

    async fn post_location_token(
        &self,
        company: &str,
        grant: &BearerToken,
    ) -> Result<TokenEndpointReply, TokenEndpointError> {
        let form = vec![
            ("companyId", SecretString::from(company)),
            ("locationId", SecretString::from(self.resource().id())),
        ];
        let bearer = Some(grant.clone());
        self.manager
            .0
            .endpoint
            .post(LOCATION_TOKEN_PATH, form, bearer)
            .await
    }
}

/// Why there is no token of the agency, as a reason for there being none of the location.
fn of_agency(error: Error, own: Option<&Record>) -> Fault {
    let fault = error
        .auth_error_kind()
        .unwrap_or(AuthErrorKind::Unavailable);
    let missing = matches!(
        fault,
        AuthErrorKind::NotInstalled | AuthErrorKind::ReinstallNeeded
    );
    if missing && own.is_some() {
        return Fault::reinstall_needed();
    }
    Fault::of(
        fault,
        "the location has no good tokens of its own, and of its agency there are none either",
        error,
    )
}
