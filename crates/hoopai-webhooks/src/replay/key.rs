//! The key of a delivery.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::ids::DeliveryIds;

/// Identifies a delivery among all that an app receives: equal for all its repetitions.
///
/// A key is a hash, so it has a fixed size and shows no ids. [`Display`](fmt::Display) prints it in
/// 64 hexadecimal digits, such as for a database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryKey([u8; 32]);

impl DeliveryKey {
    /// Returns the key of a body: that of its `appId` and `webhookId`, or else of its `appId` and
    /// `messageId` (deliveries to conversation providers), or else of all its bytes.
    ///
    /// ```
    /// use hoopai_webhooks::DeliveryKey;
    ///
    /// let body = br#"{"appId":"a1","webhookId":"w1","timestamp":"2026-04-22T01:50:02.780Z"}"#;
    /// assert_eq!(DeliveryKey::of_body(body), DeliveryKey::of_webhook("a1", "w1"));
    /// ```
    pub fn of_body(body: &[u8]) -> Self {
        let ids = DeliveryIds::of(body);
        let app = ids.app_id.as_deref().unwrap_or_default();
        match (&ids.webhook_id, &ids.message_id) {
            (Some(id), _) => Self::of_webhook(app, id),
            (None, Some(id)) => Self::of_message(app, id),
            (None, None) => Self::hash("body", [body]),
        }
    }

    /// Returns the key of a delivery by the ids of app and webhook.
    pub fn of_webhook(app_id: &str, webhook_id: &str) -> Self {
        Self::hash("webhook", [app_id.as_bytes(), webhook_id.as_bytes()])
    }

    /// Returns the key of a delivery to a conversation provider. `app_id` is empty if the delivery
    /// has none.
    pub fn of_message(app_id: &str, message_id: &str) -> Self {
        Self::hash("message", [app_id.as_bytes(), message_id.as_bytes()])
    }

    /// The bytes of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Hashes parts with their lengths, so that no two lists of parts have the same input.
    fn hash<'a>(kind: &str, parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(kind.as_bytes());
        for part in parts {
            context.update(b"\0");
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut key = [0; 32];
        key.copy_from_slice(context.finish().as_ref());
        DeliveryKey(key)
    }
}

impl fmt::Display for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for DeliveryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeliveryKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryKey;

    #[test]
    fn key_is_of_the_ids_that_a_body_has() {
        let of = |body: &str| DeliveryKey::of_body(body.as_bytes());
        let webhook = DeliveryKey::of_webhook("a", "w");
        assert_eq!(
            of(r#"{"webhookId":"w","messageId":"m","appId":"a"}"#),
            webhook
        );
        assert_eq!(
            of(r#" {"appId":"a","webhookId":"w","type":"X","n":1}"#),
            webhook
        );
        let message = DeliveryKey::of_message("", "m");
        assert_eq!(of(r#"{"messageId":"m","type":"SMS"}"#), message);
        assert_eq!(
            of(r#"{"messageId":"m","webhookId":"","appId":null}"#),
            message
        );
        let others = [
            "{}",
            " {}",
            "[]",
            "",
            "null",
            r#"{"webhookId":1}"#,
            r#"["a","w"]"#,
            r#"[null,"w"]"#,
            r#"{"webhookId":"w","webhookId":"w","appId":"a"}"#,
        ];
        let mut keys: Vec<_> = others.into_iter().map(of).collect();
        keys.extend([
            webhook,
            message,
            DeliveryKey::of_webhook("", "aw"),
            DeliveryKey::of_webhook("aw", ""),
            DeliveryKey::of_message("a", "w"),
        ]);
        let number = keys.len();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), number);
        assert_eq!(of("{}").to_string().len(), 64);
    }
}
