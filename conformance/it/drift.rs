//! Replies that deviate from their schema are decoded, and each deviation is reported. In strict
//! mode the first deviation is an error.

use hoopai::{DriftKind, ErrorKind};
use hoopai_test_support::{Reply, Server};

use crate::client::{Observed, observe_drift, private, read};

const DRIFTED: &str = r#"{"contact":{"id":12,"firstName":"Ada","tags":"vip","dnd":"false","odd":[1]},"traceId":"t-1"}"#;
const DECLARED: &str =
    r#"{"contact":{"id":"12","firstName":"Ada","tags":["vip"],"dnd":false},"traceId":"t-2"}"#;

#[tokio::test]
async fn drifted_reply_decodes_and_reports_each_deviation() {
    let server = Server::with_body(DRIFTED);
    let observed = Observed::default();
    let client = observe_drift(private(&server.url), &observed);
    let reply = read(&client.build().unwrap()).await.unwrap();
    let contact = reply.contact.as_ref().unwrap();
    assert_eq!(contact.id.as_deref(), Some("12"));
    assert_eq!(contact.dnd, Some(false));
    assert!(contact.tags.is_none());
    assert_eq!(contact.extra.get("tags").unwrap(), "vip");
    assert_eq!(contact.extra.get("odd").unwrap()[0], 1);
    let found: Vec<_> = reply.drift().iter().map(|d| (d.kind, &*d.path)).collect();
    let expected = [
        (DriftKind::Coerced, "contact.id"),
        (DriftKind::Unparsed, "contact.tags"),
        (DriftKind::Coerced, "contact.dnd"),
    ];
    assert_eq!(found, expected);
    assert_eq!(*observed.lock().unwrap(), reply.drift());
    assert_eq!(reply.trace_id(), Some("t-1"));
}

#[tokio::test]
async fn strict_mode_rejects_only_deviations() {
    let server = Server::start(|request| match &*request.target {
        "/contacts/declared" => Reply::json(200, DECLARED),
        "/contacts/empty" => Reply::json(200, " \n"),
        _ => Reply::json(200, DRIFTED),
    });
    let client = private(&server.url).strict(true).build().unwrap();
    let contacts = client.contacts();
    let get = async |id: &str| contacts.get_contact().contact_id(id).send().await;
    assert!(get("declared").await.unwrap().drift().is_empty());
    for (id, path) in [("drifted", "contact.id"), ("empty", "$")] {
        let error = get(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
        assert_eq!(error.json_path(), Some(path), "{error}");
    }
    assert_eq!(server.count(), 3, "drift is not retried");
}
