//! Public reports of failed calls, repeated with our own input against a server that replies like
//! the platform.

use std::collections::BTreeMap;

use hoopai::associations::types::CreateRelationRequest;
use hoopai::conversations::types::AddInboundMessageRequest;
use hoopai::invoices::types::{CreateInvoiceRequest, InvoiceItem, RecordInvoicePaymentRequest};
use hoopai::locations::types::CreateCustomFieldRequest;
use hoopai::medias::types::CreateMediaFolderRequest;
use hoopai::objects::types::CreateObjectRecordRequest;
use hoopai::opportunities::types::{UpdateOpportunityRequest, UpsertOpportunityRequest};
use hoopai::payments::types::{CreateCustomProviderConfigRequest, CustomProviderKeys};
use hoopai::{CallOptions, Client, CustomFieldValue, Error, ErrorKind, contacts};
use serde_json::{Value, json};

use crate::support::client;
use hoopai_test_support::Server;

fn server() -> Server {
    Server::with_body(r#"{"success":true}"#)
}

fn body(server: &Server) -> Value {
    server.take_single().json()
}

#[tokio::test]
async fn default_location_is_not_sent_as_the_id_of_a_message() {
    let server = server();
    let client = client(&server);
    let message = AddInboundMessageRequest::new()
        .type_("Custom")
        .message("one");
    let message = message.contact_id("c1").conversation_provider_id("p1");
    let call = client.conversations().add_inbound_message().body(message);
    call.send().await.unwrap();
    let expected = json!({
        "type": "Custom", "message": "one", "contactId": "c1", "conversationProviderId": "p1"
    });
    assert_eq!(body(&server), expected);
}

#[tokio::test]
async fn inbound_message_is_sent_unchanged() {
    let server = server();
    let client = client(&server);
    for input in [
        json!({ "type": "SMS", "message": "Hi", "conversationId": "cv1" }),
        json!({ "type": "Custom", "message": "Hi", "conversationId": "cv1", "altId": "ext-1", "direction": "inbound", "date": "2025-07-31T19:40:07.843-04:00" }),
        json!({ "type": "SMS", "message": "Hi", "contactId": "c1", "conversationProviderId": "p1" }),
    ] {
        let message: AddInboundMessageRequest = serde_json::from_value(input.clone()).unwrap();
        let call = client.conversations().add_inbound_message().body(message);
        call.send().await.unwrap();
        assert_eq!(body(&server), input);
    }
}

#[tokio::test]
async fn invoice_and_payment_are_sent_without_optional_fields() {
    let server = server();
    let client = client(&server);
    let payment = RecordInvoicePaymentRequest::new()
        .mode("bank_transfer")
        .amount(1500.5);
    let call = client.invoices().record_invoice_payment();
    call.invoice_id("i1").body(payment).send().await.unwrap();
    let expected = json!({
        "altId": "LOC", "altType": "location", "mode": "bank_transfer", "amount": 1500.5
    });
    assert_eq!(body(&server), expected);
    let draft = CreateInvoiceRequest::new().name("Draft").currency("USD");
    let call = client.invoices().create_invoice().body(draft);
    call.send().await.unwrap();
    let expected = json!({
        "altId": "LOC", "altType": "location", "name": "Draft", "currency": "USD"
    });
    assert_eq!(body(&server), expected);
}

#[tokio::test]
async fn object_record_is_sent_with_the_default_location() {
    let server = server();
    let properties = BTreeMap::from([("serial".to_owned(), CustomFieldValue::from("A-1"))]);
    let record = CreateObjectRecordRequest::new().properties(properties);
    let create = |client: &Client| {
        let call = client.objects().create_object_record();
        call.schema_key("custom_objects.pets").body(record.clone())
    };
    create(&client(&server)).send().await.unwrap();
    let expected = json!({ "properties": { "serial": "A-1" }, "locationId": "LOC" });
    assert_eq!(body(&server), expected);

    let client = Client::builder()
        .private_token("pit-secret")
        .base_url(&server.url);
    let client = client.build().unwrap();
    let error = create(&client).send().await.unwrap_err();
    assert_eq!(error.parameter(), Some("locationId"), "{error}");
    assert!(error.to_string().contains("the location"), "{error}");
    assert!(server.take().is_empty());
}

#[tokio::test]
async fn fields_from_overlays_have_setters() {
    let server = server();
    let client = client(&server);
    let field = CreateCustomFieldRequest::new()
        .name("Lead source")
        .data_type("SINGLE_OPTIONS");
    let field = field.options(["A", "B"]);
    let call = client.locations().create_custom_field().body(field);
    call.send().await.unwrap();
    assert_eq!(body(&server)["options"], json!(["A", "B"]));

    let opportunity = UpsertOpportunityRequest::new()
        .contact_id("c1")
        .pipeline_id("p1");
    let call = client.opportunities().upsert_opportunity();
    call.body(opportunity).send().await.unwrap();
    let expected = json!({ "contactId": "c1", "pipelineId": "p1", "locationId": "LOC" });
    assert_eq!(body(&server), expected);

    let keys = CustomProviderKeys::new().api_key("k").live_mode(true);
    let config = CreateCustomProviderConfigRequest::new().live(keys);
    let call = client.payments().create_custom_provider_config();
    call.body(config).send().await.unwrap();
    assert_eq!(
        body(&server),
        json!({ "live": { "apiKey": "k", "liveMode": true } })
    );
}

/// Asserts that a call with a number that is not finite fails and sends nothing.
fn assert_rejected(result: Result<(), Error>, parameter: &str, server: &Server) {
    let error = result.expect_err(parameter);
    assert_eq!(error.kind(), ErrorKind::Request, "{error}");
    assert_eq!(error.parameter(), Some(parameter), "{error}");
    assert!(
        error
            .to_string()
            .contains(&format!("`{parameter}` cannot be sent")),
        "{error}"
    );
    assert!(server.take().is_empty(), "a request was sent");
}

#[tokio::test]
async fn number_that_is_not_finite_is_an_error_with_its_path() {
    let server = server();
    let client = client(&server);
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let change = UpdateOpportunityRequest::new().monetary_value(number);
        let call = client
            .opportunities()
            .update_opportunity()
            .id("o1")
            .body(change);
        assert_rejected(call.send().await.map(drop), "monetaryValue", &server);

        let item = InvoiceItem::new().qty(number);
        let invoice = CreateInvoiceRequest::new().items([item]);
        let call = client.invoices().create_invoice().body(invoice);
        assert_rejected(call.send().await.map(drop), "items[0].qty", &server);

        let review = hoopai::products::types::UpdateProductReviewRequest::new();
        let call = client.products().update_product_review().review_id("r1");
        let call = call.body(review.rating(number));
        assert_rejected(call.send().await.map(drop), "rating", &server);

        let call = client.conversations().search_conversations();
        assert_rejected(
            call.score_profile_min(number).send().await.map(drop),
            "scoreProfileMin",
            &server,
        );

        let value = contacts::types::CustomFieldInput::new().field_value(number);
        let contact = contacts::types::CreateContactRequest::new().custom_fields([value]);
        let call = client.contacts().create_contact().body(contact);
        assert_rejected(
            call.send().await.map(drop),
            "customFields[0].field_value",
            &server,
        );

        let call = client.contacts().get_contact().contact_id("c1");
        let call = call.extra_query("since", number);
        assert_rejected(call.send().await.map(drop), "since", &server);

        let call = client.contacts().get_contact().contact_id("c1");
        let call = call
            .extra_body("score", json!(null))
            .extra_body("list", [number]);
        assert_rejected(call.send().await.map(drop), "list[0]", &server);
    }
}

#[tokio::test]
async fn unchecked_call_is_sent_without_required_fields() {
    let server = server();
    let client = client(&server);
    let call = client
        .objects()
        .search_object_records()
        .schema_key("contact");
    let call = call.body(hoopai::objects::types::SearchObjectRecordsRequest::new());
    let error = call.send().await.unwrap_err();
    assert_eq!(error.parameters(), ["pageLimit"], "{error}");
    let call = client
        .objects()
        .search_object_records()
        .schema_key("contact");
    let call = call.body(hoopai::objects::types::SearchObjectRecordsRequest::new());
    call.options(CallOptions::new().unchecked())
        .send()
        .await
        .unwrap();
    assert_eq!(body(&server), json!({ "locationId": "LOC" }));
}

#[tokio::test]
async fn relation_is_read_from_the_reply_to_its_creation() {
    let reply = json!({
        "id": "r1", "associationId": "a1", "locationId": "l1",
        "firstObjectKey": "custom_objects.pet", "firstRecordId": "p1",
        "secondObjectKey": "contact", "secondRecordId": "c1"
    });
    let server = Server::with_body(reply.to_string());
    let client = client(&server);
    let request = CreateRelationRequest::new()
        .association_id("a1")
        .location_id("l1")
        .first_record_id("p1")
        .second_record_id("c1");
    let call = client.associations().create_relation().body(request);
    let relation = call.send().await.unwrap();
    assert_eq!(relation.id.as_deref(), Some("r1"));
    assert_eq!(relation.first_record_id.as_deref(), Some("p1"));
    assert_eq!(relation.second_object_key.as_deref(), Some("contact"));
    assert!(relation.drift().is_empty() && relation.extra.is_empty());
}

#[tokio::test]
async fn media_objects_have_the_id_that_changing_them_requires() {
    let server = Server::with_body(r#"{"_id":"f1","name":"Series","parentId":null}"#);
    let call = client(&server).medias().create_media_folder();
    let call = call.body(CreateMediaFolderRequest::new().alt_id("l1").name("Series"));
    let folder = call.send().await.unwrap();
    assert_eq!(folder.id.as_deref(), Some("f1"));

    let server = Server::with_body(r#"{"files":[{"_id":"m1","name":"a.png"}]}"#);
    let call = client(&server).medias().list_media_objects();
    let call = call.alt_id("l1").alt_type("location").type_("file");
    let list = call.sort_by("createdAt").sort_order("asc").send().await;
    let list = list.unwrap().into_inner();
    let files = list.files.unwrap_or_default();
    assert_eq!(files[0].id.as_deref(), Some("m1"));
}
