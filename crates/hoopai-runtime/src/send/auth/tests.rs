//! The token of a call, by the kind of credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret, SecretString};

use super::{
    AccountId, AccountTokens, BearerToken, Credentials, SourceError, TokenEndpointReply,
    TokenProvider, TokenSource, UserType,
};
use crate::Error;
use crate::error::AuthErrorKind;
use crate::time::BoxFuture;

#[tokio::test]
async fn private_token_never_changes() {
    let credentials = Credentials::private_token(Some(&" Bearer pit-1 ".into())).unwrap();
    let token = credentials.bearer_token().await.unwrap().unwrap();
    assert_eq!(token.header(), "Bearer pit-1");
    assert!(token.header().is_sensitive());
    assert!(credentials.replacement(&token).await.unwrap().is_none());
    let other = credentials.for_account(AccountId::location("l"));
    assert_eq!(other.bearer_token().await.unwrap().unwrap(), token);
}

#[tokio::test]
async fn scheme_is_removed_only_as_a_word() {
    for (text, header) in [
        ("Bearer pit-1", "Bearer pit-1"),
        ("Bearer\tpit-1\n", "Bearer pit-1"),
        ("Bearerpit-1", "Bearer Bearerpit-1"),
    ] {
        let credentials = Credentials::private_token(Some(&text.into())).unwrap();
        let token = credentials.bearer_token().await.unwrap().unwrap();
        assert_eq!(token.header(), header, "{text}");
    }
    for text in ["", " ", "Bearer", "Bearer "] {
        let error = Credentials::private_token(Some(&text.into()))
            .err()
            .unwrap();
        assert!(error.to_string().contains("no token is set"), "{error}");
    }
}

#[test]
fn ids_replies_and_tokens_are_hidden() {
    let location = AccountId::location("secret-id");
    assert_eq!(format!("{location:?}"), "Location([hidden])");
    let company = AccountId::company("secret-id");
    assert_eq!(format!("{company:?}"), "Company([hidden])");
    let text = format!("{:?}", TokenEndpointReply::whole("secret-body"));
    assert_eq!(text, "TokenEndpointReply { cut: None, .. }");
    let token = BearerToken::new(&"secret-token".into()).unwrap();
    assert_eq!(format!("{token:?}"), "BearerToken([hidden])");
}

#[test]
fn user_type_is_parsed_in_any_case() {
    assert_eq!(UserType::parse("LOCATION"), Some(UserType::Location));
    assert_eq!(UserType::parse("company"), Some(UserType::Company));
    assert_eq!(UserType::parse("agency"), None);
}

struct TestSource {
    serial: Arc<AtomicU32>,
    refusals: Arc<AtomicU32>,
    last: u32,
}

impl TokenSource for TestSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, SourceError>> {
        let n = self.serial.load(Ordering::Relaxed);
        Box::pin(async move {
            match n {
                9 => Err("the vault is shut".into()),
                8 => Ok("a b".into()),
                n => Ok(format!("own-{n}").into()),
            }
        })
    }

    fn token_rejected<'a>(
        &'a self,
        old: &'a SecretString,
    ) -> BoxFuture<'a, Result<Option<SecretString>, SourceError>> {
        Box::pin(async move {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            let n = self.serial.load(Ordering::Relaxed);
            assert_eq!(old.expose_secret(), format!("own-{n}"));
            if n >= self.last {
                return Ok(None);
            }
            self.serial.store(n + 1, Ordering::Relaxed);
            Ok(Some(format!("own-{}", n + 1).into()))
        })
    }
}

#[tokio::test]
async fn rejected_source_token_is_replaced_once() {
    let (serial, refusals) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU32::new(0)));
    let credentials = Credentials::source(Box::new(TestSource {
        serial: serial.clone(),
        refusals: refusals.clone(),
        last: 2,
    }));
    let first = credentials.bearer_token().await.unwrap().unwrap();
    assert_eq!(first.header(), "Bearer own-1");
    // Of several calls with the same rejected token, one requests a replacement.
    for _ in 0..5 {
        let new = credentials.replacement(&first).await.unwrap().unwrap();
        assert_eq!(new.header(), "Bearer own-2");
        assert!(new.header().is_sensitive());
    }
    assert_eq!(refusals.load(Ordering::Relaxed), 1);
    let second = credentials.bearer_token().await.unwrap().unwrap();
    assert!(credentials.replacement(&second).await.unwrap().is_none());
    assert_eq!(refusals.load(Ordering::Relaxed), 2);
    for (n, fault) in [(9, AuthErrorKind::Unavailable), (8, AuthErrorKind::Refused)] {
        serial.store(n, Ordering::Relaxed);
        let error = credentials.bearer_token().await.unwrap_err();
        assert_eq!(error.auth_error_kind(), Some(fault), "{error}");
    }
}

/// Returns for each account a token that names it and the account from which it was selected.
struct TestProvider;

struct TestAccount(String);

impl TokenProvider for TestProvider {
    fn account(&self, account_id: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(TestAccount(account_id.id().to_owned()))
    }
}

impl AccountTokens for TestAccount {
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>> {
        let token = BearerToken::new(&self.0.clone().into());
        Box::pin(async {
            token.ok_or_else(|| Error::auth(AuthErrorKind::NotInstalled, "no such account"))
        })
    }

    fn token_rejected<'a>(
        &'a self,
        token: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>> {
        let again = format!("{}-again", token.token().expose_secret());
        Box::pin(async move { Ok(BearerToken::new(&again.into())) })
    }

    fn for_account(&self, account_id: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(TestAccount(format!("{}/{}", self.0, account_id.id())))
    }
}

#[tokio::test]
async fn accounts_are_selected_from_token_provider() {
    let none = Credentials::NoAccount(Arc::new(TestProvider));
    assert!(none.bearer_token().await.unwrap().is_none());
    let error = Credentials::no_account();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NoAccount));
    assert!(error.to_string().contains("as_location"), "{error}");
    let nothing = BearerToken::new(&"nothing".into()).unwrap();
    assert!(none.replacement(&nothing).await.unwrap().is_none());

    let direct = none.for_account(AccountId::location("here"));
    assert_eq!(
        direct.bearer_token().await.unwrap().unwrap().header(),
        "Bearer here"
    );
    let through = none
        .for_account(AccountId::company("agency"))
        .for_account(AccountId::location("there"));
    let token = through.bearer_token().await.unwrap().unwrap();
    assert_eq!(token.header(), "Bearer agency/there");
    let new = through.replacement(&token).await.unwrap().unwrap();
    assert_eq!(new.header(), "Bearer agency/there-again");
    let invalid = none.for_account(AccountId::location("not a token"));
    let error = invalid.bearer_token().await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NotInstalled));
}
