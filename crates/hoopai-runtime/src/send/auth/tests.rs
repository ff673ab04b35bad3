//! Which token calls carry, by the kind of credentials.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use secrecy::{ExposeSecret, SecretString};

use super::{
    AccountId, AccountTokens, BearerToken, Credentials, SourceError, TokenProvider, TokenSource,
};
use crate::Error;
use crate::error::AuthErrorKind;
use crate::time::BoxFuture;

#[tokio::test]
async fn a_private_token_is_all_there_is() {
    let credentials = Credentials::private_token(Some(&" Bearer pit-1 ".into())).unwrap();
    let grant = credentials.grant(None).await.unwrap().unwrap();
    assert_eq!(grant.header(), "Bearer pit-1");
    assert!(grant.header().is_sensitive());
    assert!(credentials.grant(Some(&grant)).await.unwrap().is_none());
    let other = credentials.acting_on(AccountId::location("l"));
    assert_eq!(other.grant(None).await.unwrap().unwrap(), grant);
}

struct Own {
    serial: Arc<AtomicU32>,
    refusals: Arc<AtomicU32>,
    last: u32,
}

impl TokenSource for Own {
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
async fn tokens_of_the_applications_own_are_used() {
    let (serial, refusals) = (Arc::new(AtomicU32::new(1)), Arc::new(AtomicU32::new(0)));
    let credentials = Credentials::source(Box::new(Own {
        serial: serial.clone(),
        refusals: refusals.clone(),
        last: 2,
    }));
    let first = credentials.grant(None).await.unwrap().unwrap();
    assert_eq!(first.header(), "Bearer own-1");
    // Of all who were refused with the same token, one asks.
    for _ in 0..5 {
        let new = credentials.grant(Some(&first)).await.unwrap().unwrap();
        assert_eq!(new.header(), "Bearer own-2");
        assert!(new.header().is_sensitive());
    }
    assert_eq!(refusals.load(Ordering::Relaxed), 1);
    let second = credentials.grant(None).await.unwrap().unwrap();
    assert!(credentials.grant(Some(&second)).await.unwrap().is_none());
    assert_eq!(refusals.load(Ordering::Relaxed), 2);
    for (n, fault) in [(9, AuthErrorKind::Unavailable), (8, AuthErrorKind::Refused)] {
        serial.store(n, Ordering::Relaxed);
        let error = credentials.grant(None).await.unwrap_err();
        assert_eq!(error.auth_error_kind(), Some(fault), "{error}");
    }
}

/// Gives each account a token that names it and where it was chosen from.
struct Names;

struct Name(String);

impl TokenProvider for Names {
    fn account(&self, resource: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(Name(resource.id().to_owned()))
    }
}

impl AccountTokens for Name {
    fn authorization(&self) -> BoxFuture<'_, Result<BearerToken, Error>> {
        let grant = BearerToken::new(&self.0.clone().into());
        Box::pin(async {
            grant.ok_or_else(|| Error::auth(AuthErrorKind::NotInstalled, "no such account"))
        })
    }

    fn token_rejected<'a>(
        &'a self,
        grant: &'a BearerToken,
    ) -> BoxFuture<'a, Result<Option<BearerToken>, Error>> {
        let again = format!("{}-again", grant.token().expose_secret());
        Box::pin(async move { Ok(BearerToken::new(&again.into())) })
    }

    fn for_account(&self, resource: AccountId) -> Arc<dyn AccountTokens> {
        Arc::new(Name(format!("{}/{}", self.0, resource.id())))
    }
}

#[tokio::test]
async fn accounts_are_chosen_from_an_authority() {
    let none = Credentials::NoAccount(Arc::new(Names));
    assert!(none.grant(None).await.unwrap().is_none());
    let error = Credentials::no_account();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NoAccount));
    assert!(error.to_string().contains("as_location"), "{error}");
    let nothing = BearerToken::new(&"nothing".into()).unwrap();
    assert!(none.grant(Some(&nothing)).await.unwrap().is_none());

    let direct = none.acting_on(AccountId::location("here"));
    assert_eq!(
        direct.grant(None).await.unwrap().unwrap().header(),
        "Bearer here"
    );
    let through = none
        .acting_on(AccountId::company("agency"))
        .acting_on(AccountId::location("there"));
    let grant = through.grant(None).await.unwrap().unwrap();
    assert_eq!(grant.header(), "Bearer agency/there");
    let new = through.grant(Some(&grant)).await.unwrap().unwrap();
    assert_eq!(new.header(), "Bearer agency/there-again");
    let unfit = none.acting_on(AccountId::location("not a token"));
    let error = unfit.grant(None).await.unwrap_err();
    assert_eq!(error.auth_error_kind(), Some(AuthErrorKind::NotInstalled));
}
