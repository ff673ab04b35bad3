//! Failures of the token endpoint and of the store.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hoopai_runtime::error::AuthErrorKind;
use hoopai_runtime::time::Clock;
use secrecy::ExposeSecret;

use super::fake_platform::{CODE, Fault, INVALID_GRANT};
use super::faulty_store::{FaultyStore, SwapBehavior, works_once};
use super::harness::{
    DAY, HOUR, Harness, assert_contains, assert_kind, error_of, key, location, wait_until,
};
use crate::AccountId;

#[tokio::test]
async fn rejected_refresh_token_is_not_sent_again() {
    for harness in [Harness::in_memory(), Harness::in_files()] {
        harness.install(location(), Duration::ZERO).await;
        harness.platform.inject(Fault::Refused(400, INVALID_GRANT));
        let account = harness.account();
        for _ in 0..5 {
            let error = error_of(&account).await;
            assert_kind(&error, AuthErrorKind::ReinstallNeeded);
            assert_contains(&error, "authorize the app again");
        }
        assert!(error_of(&harness.account()).await.needs_reinstall());
        assert_eq!(harness.platform.refreshes(), 1);
        let record = harness.stored(location()).await;
        assert!(record.rejected_at.is_some() && record.pending.is_none());
        // A new authorization by another process is used at once.
        harness.install(location(), DAY).await;
        let token = account.authorization().await.unwrap();
        harness.assert_consistent(&token).await;
        assert_eq!(harness.platform.refreshes(), 1);
    }
}

#[tokio::test]
async fn rejected_refresh_token_keeps_access_token() {
    let harness = Harness::with_tokens(HOUR / 2).await;
    harness.platform.inject(Fault::Refused(400, INVALID_GRANT));
    let account = harness.account();
    let old = account.authorization().await.unwrap();
    for _ in 0..3 {
        assert!(account.authorization().await.unwrap() == old);
        account.state.wait_idle().await;
    }
    assert!(harness.stored(location()).await.rejected_at.is_some());
    let error = account.token_rejected(&old).await.unwrap_err();
    assert!(error.needs_reinstall());
    harness.clock.advance(HOUR);
    assert!(error_of(&account).await.needs_reinstall());
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn other_refusals_keep_the_refresh_token() {
    let (refused, unavailable) = (AuthErrorKind::Refused, AuthErrorKind::Unavailable);
    for (status, body, kind) in [
        (
            400,
            r#"{"error":"invalid_client","error_description":"Invalid client: client is invalid"}"#,
            refused,
        ),
        (
            400,
            r#"{"statusCode":400,"message":"Location is not active"}"#,
            refused,
        ),
        (403, "<html>Error 1010</html>", refused),
        (
            422,
            r#"{"statusCode":422,"message":["property x should not exist"]}"#,
            refused,
        ),
        (
            429,
            r#"{"statusCode":429,"message":"Too Many Requests"}"#,
            unavailable,
        ),
        (500, "", unavailable),
        (503, "<html>", unavailable),
        (408, "", unavailable),
    ] {
        let harness = Harness::with_tokens(Duration::ZERO).await;
        harness.platform.inject(Fault::Refused(status, body));
        let account = harness.account();
        let error = error_of(&account).await;
        assert_kind(&error, kind);
        let has_pause = error.retry_after().is_some();
        assert_eq!(has_pause, kind == unavailable, "{status}");
        let record = harness.stored(location()).await;
        assert!(record.rejected_at.is_none());
        // After a failure of the platform the token may be spent; after a refusal it is not.
        let unknown = matches!(status, 500.. | 408);
        assert_eq!(record.pending.is_some(), unknown, "{status} {body}");
        // Each of the two or three writes has a revision of its own.
        assert_eq!(record.revision, if unknown { 2 } else { 3 });
        // The request is not repeated at once, and is after a pause.
        assert_kind(&error_of(&account).await, kind);
        assert_eq!(harness.platform.refreshes(), 1);
        harness.clock.advance(Duration::from_secs(1));
        let token = account.authorization().await.unwrap();
        assert_eq!(harness.platform.refreshes(), 2);
        harness.assert_consistent(&token).await;
    }
}

#[tokio::test]
async fn platform_message_is_in_the_error() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let body = r#"{"statusCode":400,"message":"Location is not active"}"#;
    harness.platform.inject(Fault::Refused(400, body));
    let error = error_of(&harness.account()).await;
    assert_contains(&error, "Location is not active");
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("(400)"), "{source}");
}

#[tokio::test]
async fn reply_without_tokens_is_kept() {
    for harness in [Harness::in_memory(), Harness::in_files()] {
        harness.install(location(), Duration::ZERO).await;
        harness.platform.inject(Fault::Reply("no tokens here"));
        let manager = harness.manager();
        let account = manager.account_through(location(), None);
        let error = error_of(&account).await;
        assert_kind(&error, AuthErrorKind::Unavailable);
        assert_contains(&error, "`TokenManager::undecoded_replies`");
        let path = harness.store.path(&key(location()));
        assert_eq!(path.is_some(), harness.directory.is_some());
        if let Some(path) = path {
            assert_contains(&error, &path.display().to_string());
        }
        let texts = || async {
            let replies = manager.undecoded_replies(location()).await.unwrap();
            let texts = replies
                .iter()
                .map(|reply| reply.text.expose_secret().to_owned());
            texts.collect::<Vec<_>>()
        };
        assert_eq!(texts().await, ["no tokens here"]);
    }
}

#[tokio::test]
async fn kept_reply_changes_the_revision() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::Reply("no tokens here"));
    error_of(&harness.account()).await;
    // The tokens, the pending refresh, the reply.
    assert_eq!(harness.stored(location()).await.revision, 3);
}

#[tokio::test]
async fn empty_reply_is_not_kept() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    harness.platform.inject(Fault::Reply(""));
    let error = error_of(&harness.account()).await;
    assert_kind(&error, AuthErrorKind::Unavailable);
    assert_contains(&error, "there is nothing to recover");
    let record = harness.stored(location()).await;
    assert!(record.undecoded_replies.is_empty());
    assert!(record.pending.is_some_and(|pending| pending.answered));
}

#[tokio::test]
async fn damaged_reply_is_kept_if_its_refresh_token_is_missing() {
    for (reply, is_kept) in [
        (r#"{"access_token":"acc","refresh_token":"ref"}"#, false),
        (r#"{"access_token":"acc"}"#, false),
        (r#"{"access_token":"acc","refresh_token":"ref""#, false),
        (r#"{"access_token":"acc","refresh_tok"#, true),
    ] {
        let harness = Harness::with_tokens(Duration::ZERO).await;
        harness.platform.inject(Fault::Reply(reply));
        let manager = harness.manager();
        let account = manager.account_through(location(), None);
        account.authorization().await.unwrap();
        let replies = manager.undecoded_replies(location()).await.unwrap();
        let texts: Vec<_> = { replies.iter() }
            .map(|reply| reply.text.expose_secret())
            .collect();
        let expected = if is_kept { vec![reply] } else { vec![] };
        assert_eq!(texts, expected);
    }
}

#[tokio::test]
async fn failed_write_after_a_refusal_hides_no_cause() {
    for (status, body, needs_reinstall) in [
        (400, INVALID_GRANT, true),
        (403, "<html>Error 1010</html>", false),
    ] {
        let mut harness = Harness::with_tokens(Duration::ZERO).await;
        FaultyStore::install(&mut harness, [SwapBehavior::Works, SwapBehavior::Fails]);
        harness.platform.inject(Fault::Refused(status, body));
        let error = error_of(&harness.account()).await;
        assert_eq!(error.needs_reinstall(), needs_reinstall, "{error}");
        if !needs_reinstall {
            assert_kind(&error, AuthErrorKind::Refused);
            assert_contains(&error, "403");
        }
        assert_eq!(harness.platform.refreshes(), 1);
    }
}

#[tokio::test]
async fn token_that_cannot_be_refreshed_is_used_until_its_end() {
    for is_rejected in [false, true] {
        let harness = Harness::in_memory();
        let company = AccountId::company("c");
        harness.install(company.clone(), HOUR / 2).await;
        let mut record = harness.stored(company.clone()).await;
        if is_rejected {
            record.rejected_at = Some(harness.clock.system_time());
        } else {
            record.tokens.refresh_token = None;
        }
        harness.replace(company.clone(), record).await;
        let manager = harness.manager();
        let account = manager.account_through(company, None);
        for _ in 0..3 {
            account.authorization().await.unwrap();
            account.state.wait_idle().await;
        }
        // No refresh was tried in vain.
        let metrics = manager.metrics();
        assert_eq!((metrics.refreshes, metrics.failures), (1, 0));
        // A request that is sent in the last ten seconds may arrive too late.
        let millisecond = Duration::from_millis(1);
        harness
            .clock
            .advance(HOUR / 2 - Duration::from_secs(10) - millisecond);
        account.authorization().await.unwrap();
        harness.clock.advance(millisecond);
        assert!(error_of(&account).await.needs_reinstall());
    }
}

#[tokio::test]
async fn reply_to_a_code_without_account_is_kept() {
    let harness = Harness::in_memory();
    let manager = harness.manager();
    let reply = r#"{"access_token":"a","refresh_token":"r"}"#;
    harness.platform.inject(Fault::Reply(reply));
    let error = manager.exchange_code(CODE).await.unwrap_err();
    assert_contains(&error, "`TokenManager::undecoded_code_replies`");
    let replies = manager.undecoded_code_replies().await.unwrap();
    let texts: Vec<_> = replies
        .iter()
        .map(|reply| reply.text.expose_secret())
        .collect();
    assert_eq!(texts, [reply]);
}

#[tokio::test]
async fn account_without_tokens_is_not_installed() {
    let harness = Harness::in_files();
    let account = harness.account();
    for _ in 0..2 {
        let error = error_of(&account).await;
        assert_kind(&error, AuthErrorKind::NotInstalled);
    }
    harness.install(location(), DAY).await;
    account.authorization().await.unwrap();
    assert_eq!(harness.platform.refreshes(), 0);
}

#[tokio::test]
async fn failed_write_ahead_sends_nothing() {
    let mut harness = Harness::with_tokens(Duration::ZERO).await;
    FaultyStore::install(&mut harness, [SwapBehavior::Fails]);
    let account = harness.account();
    let error = error_of(&account).await;
    assert_kind(&error, AuthErrorKind::Store);
    assert_contains(&error, "the disk is full");
    assert_eq!(harness.platform.refreshes(), 0);
    let token = account.authorization().await.unwrap();
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn conflict_is_retried() {
    let mut harness = Harness::with_tokens(Duration::ZERO).await;
    FaultyStore::install(
        &mut harness,
        [SwapBehavior::Conflicts, SwapBehavior::Conflicts],
    );
    let token = harness.account().authorization().await.unwrap();
    assert_eq!(harness.platform.refreshes(), 1);
    harness.assert_consistent(&token).await;
}

#[tokio::test]
async fn reply_is_stored_after_temporary_store_failure() {
    for behaviors in [
        vec![
            SwapBehavior::Works,
            SwapBehavior::Fails,
            SwapBehavior::Fails,
        ],
        vec![SwapBehavior::Works, SwapBehavior::FailsAfterStoring],
        vec![
            SwapBehavior::Works,
            SwapBehavior::Conflicts,
            SwapBehavior::Conflicts,
        ],
    ] {
        let mut harness = Harness::with_tokens(Duration::ZERO).await;
        FaultyStore::install(&mut harness, behaviors);
        let _advance = harness.auto_advance();
        let token = harness.account().authorization().await.unwrap();
        assert_eq!(harness.platform.refreshes(), 1);
        harness.assert_consistent(&token).await;
    }
}

#[tokio::test]
async fn unstored_reply_is_used_and_stored_later() {
    let mut harness = Harness::with_tokens(Duration::ZERO).await;
    let store = FaultyStore::install(&mut harness, works_once());
    let account = harness.account();
    let advance = harness.auto_advance();
    let token = account.authorization().await.unwrap();
    drop(advance);
    assert!(harness.platform.is_valid(&token));
    assert_eq!(store.failures.load(Ordering::Relaxed), 4);
    assert!(harness.stored(location()).await.pending.is_some());
    // Meanwhile no other process can spend the old token.
    let lease = harness.store.lease(&key(location()), HOUR).await;
    assert!(lease.unwrap().is_none());
    assert!(account.authorization().await.unwrap() == token);
    // A token that is not stored is not refreshed.
    let error = account.token_rejected(&token).await.unwrap_err();
    assert_kind(&error, AuthErrorKind::Store);
    assert_eq!(harness.platform.refreshes(), 1);
    let _advance = harness.auto_advance();
    account.state.wait_idle().await;
    assert_eq!(store.failures.load(Ordering::Relaxed), 9);
    harness.assert_consistent(&token).await;
    let lease = harness.store.lease(&key(location()), HOUR).await;
    assert!(lease.unwrap().is_some());
}

#[tokio::test]
async fn late_tokens_replace_a_record_with_the_spent_token() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let mut faulty = Harness {
        store: harness.store.clone(),
        platform: harness.platform.clone(),
        ..Harness::in_memory()
    };
    faulty.clock = harness.clock.clone();
    FaultyStore::install(&mut faulty, works_once());
    let account = faulty.account();
    let advance = harness.auto_advance();
    let token = account.authorization().await.unwrap();
    drop(advance);
    // The lease expires. Another process sends the spent token, which is rejected.
    harness.clock.advance(Duration::from_secs(60 * 5));
    let error = error_of(&harness.account()).await;
    assert!(error.needs_reinstall(), "{error}");
    assert!(harness.stored(location()).await.rejected_at.is_some());
    let _advance = harness.auto_advance();
    account.state.wait_idle().await;
    harness.assert_consistent(&token).await;
    harness.account().authorization().await.unwrap();
}

#[tokio::test]
async fn tokens_of_a_new_authorization_win_over_a_refresh() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let account = harness.account();
    let release = harness.platform.hold_next_reply();
    let call = tokio::spawn(async move { account.authorization().await });
    wait_until("the request is sent", || harness.platform.refreshes() == 1).await;
    harness.install(location(), DAY).await;
    release.send(()).unwrap();
    let token = call.await.unwrap().unwrap();
    harness.assert_consistent(&token).await;
    assert_eq!(harness.platform.refreshes(), 1);
}

#[tokio::test]
async fn unavailable_lease_times_out() {
    let harness = Harness::with_tokens(Duration::ZERO).await;
    let key = key(location());
    let _lease = harness.store.lease(&key, DAY).await.unwrap().unwrap();
    let _advance = harness.auto_advance();
    let error = error_of(&harness.account()).await;
    assert_kind(&error, AuthErrorKind::Unavailable);
    assert_eq!(harness.platform.refreshes(), 0);
    assert!(harness.clock.elapsed() >= crate::manager::LEASE_WAIT);
}
