//! A reply that deviates from its declaration is read as far as it goes, and every deviation is reported. In strict mode the first is
//! an error.

use std::sync::{Arc, Mutex};

use hoopai::{Client, Drift, DriftKind, ErrorKind};
use hoopai_conformance::{Reply, Server};

const DRIFTED: &str = r#"{"contact":{"id":12,"firstName":"Ada","tags":"vip","dnd":"false","odd":[1]},"traceId":"t-1"}"#;
const DECLARED: &str =
    r#"{"contact":{"id":"12","firstName":"Ada","tags":["vip"],"dnd":false},"traceId":"t-2"}"#;

#[tokio::test]
async fn deviations_are_read_and_reported() {
    let server = Server::start(|_| Reply::json(200, DRIFTED)).await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = heard.clone();
    let client = Client::builder()
        .private_token("pit-1")
        .location("loc1")
        .base_url(&server.url)
        .drift_observer(
            move |_: Option<&'static hoopai::runtime::operation::Operation>, drift: &Drift| {
                noted.lock().unwrap().push(drift.path.clone())
            },
        )
        .build()
        .unwrap();
    let reply = client
        .contacts()
        .get_contact()
        .contact_id("12")
        .send()
        .await;
    let reply = reply.unwrap();
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
    let paths = expected.map(|(_, path)| path.to_owned());
    assert_eq!(*heard.lock().unwrap(), paths);
    assert_eq!(reply.trace_id(), Some("t-1"));
}

#[tokio::test]
async fn strict_mode_rejects_deviations_and_nothing_else() {
    let server = Server::start(|request| match &*request.target {
        "/contacts/declared" => Reply::json(200, DECLARED),
        "/contacts/empty" => Reply::json(200, " \n"),
        _ => Reply::json(200, DRIFTED),
    })
    .await;
    let client = Client::builder()
        .private_token("pit-1")
        .location("loc1")
        .base_url(&server.url)
        .strict(true)
        .build()
        .unwrap();
    let contacts = client.contacts();
    let get = async |id: &str| contacts.get_contact().contact_id(id).send().await;
    assert!(get("declared").await.unwrap().drift().is_empty());
    for (id, place) in [("drifted", "contact.id"), ("empty", "$")] {
        let error = get(id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
        assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
        assert_eq!(error.json_path(), Some(place), "{error}");
    }
    assert_eq!(server.count(), 3, "nothing is sent again for it");
}
