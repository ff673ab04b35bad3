//! Known variations of the replies of all operations, which are no drift.

use hoopai::runtime::operation::{Method, Operation};
use serde_json::{Value, json};

use crate::decode_table::{CONFIRMATIONS, DecodedReply, REPLIES};
use crate::interface::{Fields, Interface, Schema, Shape};
use crate::operations::qualified_name;

const SPELLINGS: [&str; 3] = ["succeded", "succeeded", "success"];

/// The declared fields of a reply that is an object.
fn fields(operation: &Operation) -> Option<Fields> {
    let interface = Interface::of(operation.module);
    match interface.replies(operation)[..] {
        [schema] => match interface.shape(schema) {
            Shape::Object(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the interface declares the reply of an operation as a confirmation.
fn confirms(operation: &Operation) -> bool {
    let interface = Interface::of(operation.module);
    let Some(fields) = fields(operation) else {
        return false;
    };
    let all = |schemas: &Vec<Schema>, is: fn(&Shape) -> bool| {
        schemas.iter().all(|schema| is(&interface.shape(schema)))
    };
    let flag = |name| {
        let schemas = fields.declared.get(name);
        schemas.is_some_and(|schemas| all(schemas, |shape| matches!(shape, Shape::Boolean)))
    };
    let scalar = |shape: &Shape| match shape {
        Shape::Text(values) => values.is_empty(),
        Shape::Number | Shape::Integer | Shape::Boolean | Shape::Timestamp | Shape::Decimal => true,
        _ => false,
    };
    SPELLINGS.into_iter().any(flag)
        || *operation.method == Method::DELETE
            && fields.declared.values().all(|schemas| all(schemas, scalar))
}

#[test]
fn every_confirmation_has_is_success() {
    let mut missing = Vec::new();
    for (operation, _) in REPLIES.iter() {
        let listed = CONFIRMATIONS
            .iter()
            .any(|(other, _)| (other.module, other.name) == (operation.module, operation.name));
        // Operations that share a reply type share its accessor.
        if confirms(operation) && !listed {
            missing.push(qualified_name(operation));
        }
    }
    assert!(missing.is_empty(), "without `is_success`: {missing:?}");
    assert!(CONFIRMATIONS.len() > 100, "{}", CONFIRMATIONS.len());
}

#[test]
fn success_flag_is_read_in_any_spelling() {
    for (operation, is_success) in CONFIRMATIONS.iter() {
        let name = qualified_name(operation);
        let mut replies = vec![
            (json!({}), true),
            (json!({ "succeded": true, "succeeded": false }), false),
        ];
        for spelling in SPELLINGS {
            for flag in [true, false] {
                replies.push((json!({ spelling: flag }), flag));
                replies.push((json!({ spelling: flag, "traceId": "t" }), flag));
            }
        }
        for (reply, success) in replies {
            let read = is_success(reply.to_string().as_bytes());
            assert_eq!(read.ok(), Some(success), "{name}: {reply}");
        }
    }
}

#[test]
fn success_flag_of_a_deletion_is_no_drift_in_any_spelling() {
    let mut count = 0;
    for (operation, read) in REPLIES.iter() {
        let Some(read) = read.filter(|_| *operation.method == Method::DELETE) else {
            continue;
        };
        // One deletion returns a list.
        if fields(operation).is_none() {
            continue;
        }
        count += 1;
        for spelling in SPELLINGS {
            for reply in [
                json!({ spelling: true }),
                json!({ spelling: true, "traceId": "t" }),
                json!({ "succeded": true, "succeeded": true }),
            ] {
                let DecodedReply { encoded, drift, .. } =
                    read(reply.to_string().as_bytes()).expect("a reply");
                let name = format!("{}.{}: {reply}", operation.module, operation.name);
                assert!(drift.is_empty(), "{name}: {drift:?}");
                let encoded: Value = serde_json::from_slice(&encoded).expect("JSON");
                assert_eq!(encoded, reply, "{name}");
            }
        }
    }
    assert!(count > 50, "{count} deletions");
}

#[test]
fn exported_and_listed_calls_are_typed() {
    use hoopai::conversations::types::{CallStatus, ExportMessagesResponse, ListMessagesResponse};
    use hoopai::runtime::json::from_slice;

    let call = json!({
        "id": "m1", "direction": "inbound", "status": "completed", "type": 1, "altId": "CA1",
        "dateAdded": "2025-08-03T20:04:24.736Z", "dateUpdated": "2025-08-03T20:04:54.736Z",
        "messageType": "TYPE_CALL", "meta": { "call": { "duration": 3309, "status": "completed" } },
    });
    let exported = json!({ "messages": [call], "nextCursor": null, "total": 1 }).to_string();
    let exported = from_slice::<ExportMessagesResponse>(exported.as_bytes()).expect("a reply");
    let listed =
        json!({ "messages": { "messages": [call], "nextPage": false, "lastMessageId": "m1" } });
    let listed =
        from_slice::<ListMessagesResponse>(listed.to_string().as_bytes()).expect("a reply");
    assert!(exported.drift.is_empty() && listed.drift.is_empty());
    let listed = listed.value.messages.and_then(|page| page.messages);
    for messages in [exported.value.messages, listed] {
        let message = messages.expect("messages").remove(0);
        assert!(message.extra.is_empty());
        assert_eq!(message.alt_id.as_deref(), Some("CA1"));
        let updated = message.date_updated.expect("a timestamp");
        assert_eq!(updated.as_wire(), "2025-08-03T20:04:54.736Z");
        let call = message.meta.and_then(|meta| meta.call).expect("a call");
        assert_eq!(call.duration, Some(3309));
        assert_eq!(call.status, Some(CallStatus::Completed));
    }
}

#[test]
fn next_page_number_is_no_drift_in_any_form() {
    let mut count = 0;
    for (operation, read) in REPLIES.iter() {
        let interface = Interface::of(operation.module);
        let meta = fields(operation).and_then(|fields| fields.declared.get("meta").cloned());
        let declared = meta.is_some_and(|meta| match interface.shape(meta[0]) {
            Shape::Object(fields) => fields.declared.contains_key("nextPage"),
            _ => false,
        });
        let Some(read) = read.filter(|_| declared) else {
            continue;
        };
        count += 1;
        for next in [json!(2), json!("2"), json!(""), Value::Null] {
            let reply = json!({ "meta": { "total": 3, "nextPage": next, "prevPage": "" } });
            let drift = read(reply.to_string().as_bytes()).expect("a reply").drift;
            let name = qualified_name(operation);
            assert!(drift.is_empty(), "{name}: {next}: {drift:?}");
        }
    }
    assert!(count >= 4, "{count} lists");
}

#[tokio::test]
async fn custom_field_values_of_any_kind_are_kept() {
    use hoopai::contacts::types::{CreateContactRequest, CustomFieldInput as Field};
    use hoopai::contacts::types::{SearchContactsRequest, UpdateContactRequest};
    use hoopai_mock::{LOCATION, Mock, TOKEN};

    let file = json!({ "documentId": "d", "meta": { "size": 17 }, "url": "https://example.com/d" });
    let file = json!({ "u1": file });
    let values = [
        json!("text"),
        json!(12.5),
        json!(7),
        json!(["a", "b"]),
        json!([]),
        file,
    ];
    let mock = Mock::builder().start().await.expect("a mock");
    let client = hoopai::Client::builder()
        .private_token(TOKEN)
        .location(LOCATION)
        .base_url(mock.url())
        .strict(true)
        .build()
        .expect("a client");
    let contacts = client.contacts();
    let fields = |values: &[Value]| -> Vec<Field> {
        let numbered = values.iter().enumerate();
        numbered
            .map(|(number, value)| {
                Field::new()
                    .id(format!("f{number}"))
                    .field_value(value.clone())
            })
            .collect()
    };
    let new = CreateContactRequest::new()
        .email("a@example.com")
        .custom_fields(fields(&values));
    let call = contacts.create_contact().body(new);
    let created = call.send().await.expect("created");
    let id = created
        .into_inner()
        .contact
        .and_then(|contact| contact.id)
        .expect("an id");
    let read = |list: Option<Vec<hoopai::contacts::types::CustomField>>| -> Vec<Value> {
        let list = list.expect("custom fields");
        let values = list
            .iter()
            .map(|field| field.value.as_ref().expect("a value").as_json());
        values.cloned().collect()
    };
    let call = contacts.get_contact().contact_id(&id);
    let got = call.send().await.expect("a contact");
    assert_eq!(
        read(got.into_inner().contact.expect("a contact").custom_fields),
        values
    );
    let search = SearchContactsRequest::new().page_limit(10);
    let call = contacts.search_contacts().body(search);
    let found = call.send().await.expect("a page");
    let hit = found.into_inner().contacts.expect("hits").remove(0);
    assert_eq!(read(hit.custom_fields), values);

    // The received values are written in another order.
    let mut reversed = values.to_vec();
    reversed.reverse();
    let change = UpdateContactRequest::new().custom_fields(fields(&reversed));
    let call = contacts.update_contact().contact_id(&id).body(change);
    call.send().await.expect("updated");
    let call = contacts.get_contact().contact_id(&id);
    let got = call.send().await.expect("a contact");
    assert_eq!(
        read(got.into_inner().contact.expect("a contact").custom_fields),
        reversed
    );
}
