//! Requests of selected operations, as a server receives them.

use hoopai::Part;

use crate::support::client;
use hoopai_test_support::{Reply, Request, Server};

const JSON: &str = "application/json";

#[tokio::test]
async fn request_has_exactly_the_documented_headers() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let call = client.contacts().get_contact().contact_id("C1");
    call.send().await.unwrap();
    let request = server.take_single();
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("GET", "/contacts/C1")
    );
    assert_eq!(request.header("authorization"), Some("Bearer pit-secret"));
    assert_eq!(request.header("version"), Some("2021-07-28"));
    assert_eq!(request.header("accept"), Some(JSON));
    assert!(
        request
            .header("user-agent")
            .is_some_and(|agent| agent.starts_with("hoopai-rust/"))
    );
    for absent in ["api-version", "content-type"] {
        assert_eq!(request.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn version_header_is_that_of_the_operation_unless_overridden() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let call = client.conversations().get_conversation();
    call.conversation_id("A").send().await.unwrap();
    assert_eq!(server.take_single().header("version"), Some("2021-04-15"));
    // The specification of `store` declares no version.
    client.store().list_shipping_zones().send().await.unwrap();
    assert_eq!(server.take_single().header("version"), Some("2021-07-28"));
    let call = client.contacts().get_contact().contact_id("A");
    call.api_version("2023-01-01").send().await.unwrap();
    assert_eq!(server.take_single().header("version"), Some("2023-01-01"));
}

#[tokio::test]
async fn path_parameters_are_percent_encoded_and_never_dot_segments() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let call = client.contacts().get_contact().contact_id("a/b ?#é%");
    call.send().await.unwrap();
    assert_eq!(
        server.take_single().target,
        "/contacts/a%2Fb%20%3F%23%C3%A9%25"
    );
    for rejected in ["", ".", ".."] {
        let call = client.contacts().get_contact().contact_id(rejected);
        let error = call.send().await.unwrap_err();
        assert!(error.to_string().contains("contactId"), "{error}");
    }
}

#[tokio::test]
#[allow(
    deprecated,
    reason = "the list of contacts takes the location in its query"
)]
async fn default_location_is_sent_where_the_operation_declares_it() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let call = client.contacts().list_contacts().limit(20);
    call.send().await.unwrap();
    assert_eq!(
        server.take_single().target,
        "/contacts/?limit=20&locationId=LOC"
    );
    client.locations().list_tags().send().await.unwrap();
    assert_eq!(server.take_single().target, "/locations/LOC/tags");
    client.payments().list_transactions().send().await.unwrap();
    assert_eq!(
        server.take_single().target,
        "/payments/transactions?altId=LOC&altType=location"
    );
    let body = hoopai::contacts::types::CreateContactRequest::new().first_name("Jane");
    let call = client.contacts().create_contact().body(body);
    call.send().await.unwrap();
    let request = server.take_single();
    assert_eq!(request.text(), r#"{"firstName":"Jane","locationId":"LOC"}"#);
    assert_eq!(request.header("content-type"), Some(JSON));
    // A location is never deleted by default.
    let call = client.locations().delete_location();
    let error = call.delete_twilio_account(false).send().await.unwrap_err();
    assert!(error.to_string().contains("locationId"), "{error}");
}

#[tokio::test]
async fn default_location_does_not_filter_agency_operations() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let oauth = client.oauth();
    let installed = || oauth.list_installed_locations().company_id("C").app_id("A");
    installed().send().await.unwrap();
    assert_eq!(
        server.take_single().target,
        "/oauth/installedLocations?companyId=C&appId=A"
    );
    installed().location_id("L").send().await.unwrap();
    assert_eq!(
        server.take_single().target,
        "/oauth/installedLocations?companyId=C&appId=A&locationId=L"
    );
    let call = client.custom_menus().list_custom_menus();
    call.send().await.unwrap();
    assert_eq!(server.take_single().target, "/custom-menus/");
    let users = client.users();
    users.search_users().company_id("C").send().await.unwrap();
    assert_eq!(server.take_single().target, "/users/search?companyId=C");
    // No location is uninstalled by default.
    let marketplace = client.marketplace();
    let uninstall = || marketplace.uninstall_application().app_id("A");
    let error = uninstall().send().await.unwrap_err();
    assert!(error.to_string().contains(".body(..)"), "{error}");
    let body = hoopai::marketplace::types::UninstallApplicationRequest::new().company_id("C");
    uninstall().body(body).send().await.unwrap();
    assert_eq!(server.take_single().text(), r#"{"companyId":"C"}"#);
    // A required location is added.
    let tokens = hoopai::oauth::types::CreateLocationAccessTokenRequest::new().company_id("C");
    let call = oauth.create_location_access_token().body(tokens);
    call.send().await.unwrap();
    assert_eq!(server.take_single().text(), "companyId=C&locationId=LOC");
}

#[tokio::test]
async fn a_body_that_has_no_field_goes_along_by_itself() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let contacts = client.contacts();
    let add = || {
        contacts
            .add_contact_to_campaign()
            .contact_id("C")
            .campaign_id("D")
    };
    add().send().await.unwrap();
    let request = server.take_single();
    assert_eq!(request.text(), "{}");
    assert_eq!(request.header("content-type"), Some(JSON));
    add().extra_body("note", "x").send().await.unwrap();
    assert_eq!(server.take_single().text(), r#"{"note":"x"}"#);
    let deleted = client.calendars().delete_event().event_id("E");
    deleted.send().await.unwrap();
    let request = server.take_single();
    assert_eq!(
        (request.method.as_str(), &*request.text()),
        ("DELETE", "{}")
    );
    assert_eq!(request.header("content-type"), Some(JSON));
    // The fields of a record are unknown, but a record has some.
    let record = client.objects().create_object_record().schema_key("S");
    let error = record.send().await.unwrap_err();
    assert!(error.to_string().contains(".body(..)"), "{error}");
}

#[tokio::test]
async fn undeclared_fields_and_parameters_can_be_sent() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let body = hoopai::contacts::types::UpdateContactRequest::new().email("a@b.test");
    let call = client
        .contacts()
        .update_contact()
        .contact_id("C")
        .body(body);
    call.extra_body("additionalEmails", ["x@y.test"])
        .extra_query("trace", "1")
        .send()
        .await
        .unwrap();
    let request = server.take_single();
    assert_eq!(request.target, "/contacts/C?trace=1");
    assert_eq!(
        request.text(),
        r#"{"email":"a@b.test","additionalEmails":["x@y.test"]}"#
    );
}

#[tokio::test]
async fn token_requests_are_urlencoded_forms() {
    let server = Server::with_body("{}");
    let body = hoopai::oauth::types::CreateLocationAccessTokenRequest::new()
        .company_id("a b&c")
        .location_id("L");
    let call = client(&server).oauth().create_location_access_token();
    call.body(body).send().await.unwrap();
    let request = server.take_single();
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    assert_eq!(request.text(), "companyId=a%20b%26c&locationId=L");

    use hoopai::oauth::types::CreateAccessTokenRequest;
    let body = CreateAccessTokenRequest::new()
        .client_id("id")
        .client_secret("s")
        .grant_type("refresh_token")
        .refresh_token("r");
    let call = client(&server).oauth().create_access_token().body(body);
    call.send().await.unwrap();
    assert_eq!(
        server.take_single().text(),
        "client_id=id&client_secret=s&grant_type=refresh_token&refresh_token=r"
    );
}

/// Returns the names of the parts and asserts that one part has exactly these bytes.
fn parts(request: &Request, bytes: &str) -> Vec<String> {
    let content_type = request.header("content-type").unwrap_or_default();
    let boundary = content_type
        .strip_prefix("multipart/form-data; boundary=")
        .expect(content_type);
    let text = request.text();
    assert!(
        text.contains(&format!("\r\n\r\n{bytes}\r\n--{boundary}")),
        "{text}"
    );
    let names = text
        .split("Content-Disposition: form-data; name=\"")
        .skip(1);
    names
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}

#[tokio::test]
async fn uploads_from_bytes_and_streams_are_multipart_forms() {
    let server = Server::with_body("{}");
    let client = client(&server);
    let file = || Part::bytes("a.csv", "id,name");
    let stream = |length| {
        let pieces = ["id,", "name"].map(|piece| Ok::<_, std::io::Error>(piece.as_bytes()));
        Part::stream("a.csv", futures_util::stream::iter(pieces), length)
    };

    let call = client.medias().upload_media_file().file(file());
    call.hosted(false).name("list").send().await.unwrap();
    let request = server.take_single();
    assert_eq!(request.target, "/medias/upload-file");
    assert_eq!(parts(&request, "id,name"), ["file", "hosted", "name"]);
    assert!(
        request
            .text()
            .contains("filename=\"a.csv\"\r\nContent-Type: text/csv")
    );

    let call = client.social_media_posting().upload_csv();
    call.file(stream(Some(7))).send().await.unwrap();
    let request = server.take_single();
    assert_eq!(request.target, "/social-media-posting/LOC/csv");
    assert_eq!(parts(&request, "id,name"), ["file"]);
    assert!(
        request.header("content-length").is_some(),
        "a stream of known length has a content length"
    );

    let upload = client
        .conversations()
        .upload_file_attachments()
        .conversation_id("V")
        .contact_id("C");
    upload.file_attachment(stream(None)).send().await.unwrap();
    let request = server.take_single();
    assert_eq!(request.header("version"), Some("2021-04-15"));
    let mut names = parts(&request, "id,name");
    names.sort();
    assert_eq!(
        names,
        [
            "contactId",
            "conversationId",
            "fileAttachment",
            "locationId"
        ]
    );

    // The names of these parts are ids of custom fields.
    let call = client.forms().upload_custom_field_files().contact_id("C");
    call.part("FIELD_1", file()).send().await.unwrap();
    let request = server.take_single();
    assert_eq!(
        request.target,
        "/forms/upload-custom-files?contactId=C&locationId=LOC"
    );
    assert_eq!(parts(&request, "id,name"), ["FIELD_1"]);

    let call = client.locations().upload_custom_field_files().id("C");
    let call = call.max_files("1").part("FIELD_1", file());
    call.send().await.unwrap();
    let request = server.take_single();
    assert_eq!(request.target, "/locations/LOC/customFields/upload");
    assert_eq!(parts(&request, "id,name").len(), 3);
}

#[tokio::test]
async fn file_reply_is_returned_as_bytes() {
    let headers = [("content-type", "audio/x-wav")];
    let server = Server::with_reply(Reply::with_headers(200, &headers, "RIFF"));
    let call = client(&server)
        .conversations()
        .get_message_recording()
        .message_id("M")
        .location_id("L");
    let bytes = call
        .send()
        .await
        .unwrap()
        .into_inner()
        .collect()
        .await
        .unwrap();
    assert_eq!(&bytes[..], b"RIFF");
}

#[tokio::test]
async fn raw_request_is_encoded_and_authorized_like_an_operation() {
    let server = Server::with_body(r#"{"id":"G"}"#);
    let client = client(&server);
    let reply = client
        .request(hoopai::Method::GET, "/funnels/{funnelId}/other")
        .path("funnelId", "G/1")
        .send()
        .await
        .unwrap();
    assert_eq!(reply["id"], "G");
    let request = server.take_single();
    assert_eq!(request.target, "/funnels/G%2F1/other");
    assert_eq!(request.header("authorization"), Some("Bearer pit-secret"));
    assert_eq!(request.header("version"), Some("2021-07-28"));
}

#[tokio::test]
async fn operation_without_specification_returns_any_json() {
    let server = Server::with_body(r#"["any"]"#);
    let client = client(&server);
    let reply = client.funnels().get_funnel().id("F1").send();
    assert_eq!(reply.await.unwrap()[0], "any");
    assert_eq!(server.take_single().target, "/funnels/funnel/fetch/F1");

    let billing = client.oauth().send_billing_webhook();
    let billing = billing.x_ghl_client_key("key").x_ghl_client_secret("hush");
    let shown = format!("{billing:?}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn module_crate_works_without_the_facade() {
    let server = Server::with_body(r#"{"contact":{"id":"C1","firstName":"Jane","undeclared":7}}"#);
    let handle = client(&server).handle().clone();
    let contacts = hoopai::contacts::Client::new(handle);
    let call = contacts.get_contact().contact_id("C1");
    let reply = call.send().await.unwrap();
    let contact = reply.contact.as_ref().unwrap();
    assert_eq!(contact.first_name.as_deref(), Some("Jane"));
    assert_eq!(contact.extra.get("undeclared"), Some(&serde_json::json!(7)));
    assert!(
        !format!("{reply:?}").contains("Jane"),
        "Debug shows no personal data"
    );
}
