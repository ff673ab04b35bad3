//! Encrypted records.

use super::fake_platform::FakePlatform;
use super::harness::{DAY, key, location};
use crate::{AccountId, EncryptionKeys, Record, StoreErrorKind, TokenKey};

fn record() -> Record {
    let now = std::time::SystemTime::UNIX_EPOCH + DAY * 20_000;
    let tokens = FakePlatform::default().issue_tokens(location(), DAY, DAY, now);
    Record::new(tokens, 7)
}

#[test]
fn encrypted_records_hide_their_tokens_and_are_read_again() {
    let (key, record) = (key(location()), record());
    let keys = EncryptionKeys::new([1; 32]);
    let stored = keys.encrypt(&key, &record).unwrap();
    let text = String::from_utf8_lossy(&stored);
    for hidden in ["MaRkEr", "access", "client_id"] {
        assert!(!text.contains(hidden), "{hidden}");
    }
    let read = keys.decrypt(&key, &stored).unwrap();
    assert_eq!(read.to_json(&key), record.to_json(&key));
    // Nonces are random.
    assert_ne!(keys.encrypt(&key, &record).unwrap(), stored);
}

#[test]
fn damaged_and_foreign_records_are_rejected() {
    let (own, record) = (key(location()), record());
    let keys = EncryptionKeys::new([1; 32]);
    let stored = keys.encrypt(&own, &record).unwrap();
    let kind = |key: &TokenKey, stored: &[u8]| keys.decrypt(key, stored).unwrap_err().kind();
    for position in 0..stored.len() {
        let mut damaged = stored.clone();
        damaged[position] ^= 1;
        assert_eq!(kind(&own, &damaged), StoreErrorKind::Corrupt, "{position}");
        assert_eq!(
            kind(&own, &stored[..position]),
            StoreErrorKind::Corrupt,
            "{position}"
        );
    }
    for other in [
        key(AccountId::company(location().id())),
        key(AccountId::location("x")),
        TokenKey::new("x", location()),
    ] {
        let error = keys.decrypt(&other, &stored).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Corrupt);
        // The cipher rejects it. So not even a writer of the store can move tokens.
        let text = error.to_string();
        assert!(text.contains("or those of another account"), "{text}");
    }
}

#[test]
fn keys_can_be_replaced() {
    let (key, record) = (key(location()), record());
    let old = EncryptionKeys::new([1; 32]);
    let stored = old.encrypt(&key, &record).unwrap();
    let new = EncryptionKeys::new([2; 32]);
    let error = new.decrypt(&key, &stored).unwrap_err();
    assert!(
        error.to_string().contains("a key that is not configured"),
        "{error}"
    );
    let both = new.clone().previous([1; 32]);
    assert!(both.decrypt(&key, &stored).is_ok());
    let again = both.encrypt(&key, &record).unwrap();
    assert!(new.decrypt(&key, &again).is_ok());
    assert!(old.decrypt(&key, &again).is_err());
}

#[test]
fn plaintext_is_read_only_if_allowed() {
    let (key, record) = (key(location()), record());
    let stored = record.to_json(&key);
    let keys = EncryptionKeys::new([1; 32]);
    let error = keys.decrypt(&key, &stored).unwrap_err();
    assert!(error.to_string().contains("are not encrypted"), "{error}");
    assert!(keys.accept_plaintext().decrypt(&key, &stored).is_ok());
}

#[test]
fn keys_are_read_from_hex_and_never_shown() {
    let text = "0123456789abcdefABCDEF98765432100123456789abcdef0123456789abcdef";
    let keys = EncryptionKeys::from_hex(&format!("{text}\n")).unwrap();
    assert!(!format!("{keys:?}").contains("0123"));
    for wrong in [
        "",
        "00",
        &text[1..],
        &text.replace('a', "g"),
        &text.replacen("01", "é", 1),
    ] {
        let error = EncryptionKeys::from_hex(wrong).unwrap_err().to_string();
        assert!(error.contains("64 hexadecimal digits"), "{error}");
        assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
    }
}
