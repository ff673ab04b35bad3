//! Calls of generated operations, as a server sees them.

use hoopai::Part;

use crate::support::{Received, Recorder};

const JSON: &str = "application/json";

#[tokio::test]
async fn every_call_carries_token_version_and_agent_and_nothing_of_the_generator() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    client
        .contacts()
        .get_contact()
        .contact_id("C1")
        .send()
        .await
        .unwrap();
    let request = server.only();
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
async fn each_operation_has_its_own_version_and_a_caller_may_fix_another() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    client
        .conversations()
        .get_conversation()
        .conversation_id("A")
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().header("version"), Some("2021-04-15"));
    // The shop's file declares none.
    client.store().list_shipping_zones().send().await.unwrap();
    assert_eq!(server.only().header("version"), Some("2021-07-28"));
    client
        .contacts()
        .get_contact()
        .contact_id("A")
        .api_version("2023-01-01")
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().header("version"), Some("2023-01-01"));
}

#[tokio::test]
async fn path_parameters_are_encoded_as_utf8_and_never_climb() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    client
        .contacts()
        .get_contact()
        .contact_id("a/b ?#é%")
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().target, "/contacts/a%2Fb%20%3F%23%C3%A9%25");
    for refused in ["", ".", ".."] {
        let error = client
            .contacts()
            .get_contact()
            .contact_id(refused)
            .send()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("contactId"), "{error}");
    }
}

#[tokio::test]
#[allow(
    deprecated,
    reason = "the platform prefers its search, but HoopAI's own guide starts with the list"
)]
async fn the_default_location_goes_where_the_operation_takes_it() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    client
        .contacts()
        .list_contacts()
        .limit(20)
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().target, "/contacts/?limit=20&locationId=LOC");
    client.locations().list_tags().send().await.unwrap();
    assert_eq!(server.only().target, "/locations/LOC/tags");
    client.payments().list_transactions().send().await.unwrap();
    assert_eq!(
        server.only().target,
        "/payments/transactions?altId=LOC&altType=location"
    );
    let body = hoopai::contacts::types::CreateContactRequest::new().first_name("Jane");
    client
        .contacts()
        .create_contact()
        .body(body)
        .send()
        .await
        .unwrap();
    let request = server.only();
    assert_eq!(request.text(), r#"{"firstName":"Jane","locationId":"LOC"}"#);
    assert_eq!(request.header("content-type"), Some(JSON));
    // The location itself is never the one that happens to be the default.
    let error = client
        .locations()
        .delete_location()
        .delete_twilio_account(false)
        .send()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("locationId"), "{error}");
}

#[tokio::test]
async fn what_an_agency_asks_about_itself_is_not_narrowed_to_the_default_location() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    let oauth = client.oauth();
    let installed = || oauth.list_installed_locations().company_id("C").app_id("A");
    installed().send().await.unwrap();
    assert_eq!(
        server.only().target,
        "/oauth/installedLocations?companyId=C&appId=A"
    );
    installed().location_id("L").send().await.unwrap();
    assert_eq!(
        server.only().target,
        "/oauth/installedLocations?companyId=C&appId=A&locationId=L"
    );
    client
        .custom_menus()
        .list_custom_menus()
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().target, "/custom-menus/");
    let users = client.users();
    users.search_users().company_id("C").send().await.unwrap();
    assert_eq!(server.only().target, "/users/search?companyId=C");
    // An app goes from where it is told to, and from nowhere by default.
    let marketplace = client.marketplace();
    let uninstall = || marketplace.uninstall_application().app_id("A");
    let error = uninstall().send().await.unwrap_err();
    assert!(error.to_string().contains(".body(..)"), "{error}");
    let body = hoopai::marketplace::types::UninstallApplicationRequest::new().company_id("C");
    uninstall().body(body).send().await.unwrap();
    assert_eq!(server.only().text(), r#"{"companyId":"C"}"#);
    // What cannot be left out is filled in as ever.
    let tokens = hoopai::oauth::types::CreateLocationAccessTokenRequest::new().company_id("C");
    oauth
        .create_location_access_token()
        .body(tokens)
        .send()
        .await
        .unwrap();
    assert_eq!(server.only().text(), "companyId=C&locationId=LOC");
}

#[tokio::test]
async fn a_body_that_has_no_field_goes_along_by_itself() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    let contacts = client.contacts();
    let add = || {
        contacts
            .add_contact_to_campaign()
            .contact_id("C")
            .campaign_id("D")
    };
    add().send().await.unwrap();
    let request = server.only();
    assert_eq!(request.text(), "{}");
    assert_eq!(request.header("content-type"), Some(JSON));
    add().extra_body("note", "x").send().await.unwrap();
    assert_eq!(server.only().text(), r#"{"note":"x"}"#);
    let deleted = client.calendars().delete_event().event_id("E");
    deleted.send().await.unwrap();
    let request = server.only();
    assert_eq!(
        (request.method.as_str(), &*request.text()),
        ("DELETE", "{}")
    );
    assert_eq!(request.header("content-type"), Some(JSON));
    // What a record is made of is not known, but it is not nothing.
    let record = client.objects().create_object_record().schema_key("S");
    let error = record.send().await.unwrap_err();
    assert!(error.to_string().contains(".body(..)"), "{error}");
}

#[tokio::test]
async fn what_the_files_lack_can_be_sent_all_the_same() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
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
    let request = server.only();
    assert_eq!(request.target, "/contacts/C?trace=1");
    assert_eq!(
        request.text(),
        r#"{"email":"a@b.test","additionalEmails":["x@y.test"]}"#
    );
}

#[tokio::test]
async fn tokens_are_asked_for_as_urlencoded_forms() {
    let server = Recorder::answering(JSON, "{}").await;
    let body = hoopai::oauth::types::CreateLocationAccessTokenRequest::new()
        .company_id("a b&c")
        .location_id("L");
    server
        .client()
        .oauth()
        .create_location_access_token()
        .body(body)
        .send()
        .await
        .unwrap();
    let request = server.only();
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
    server
        .client()
        .oauth()
        .create_access_token()
        .body(body)
        .send()
        .await
        .unwrap();
    assert_eq!(
        server.only().text(),
        "client_id=id&client_secret=s&grant_type=refresh_token&refresh_token=r"
    );
}

/// The names of the parts, and whether the file's bytes are among them as they are.
fn parts(request: &Received, bytes: &str) -> Vec<String> {
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
async fn all_five_uploads_are_multipart_from_bytes_and_from_streams() {
    let server = Recorder::answering(JSON, "{}").await;
    let client = server.client();
    let file = || Part::bytes("a.csv", "id,name");
    let stream = |length| {
        let pieces = ["id,", "name"].map(|piece| Ok::<_, std::io::Error>(piece.as_bytes()));
        Part::stream("a.csv", futures_util::stream::iter(pieces), length)
    };

    client
        .medias()
        .upload_media_file()
        .file(file())
        .hosted(false)
        .name("list")
        .send()
        .await
        .unwrap();
    let request = server.only();
    assert_eq!(request.target, "/medias/upload-file");
    assert_eq!(parts(&request, "id,name"), ["file", "hosted", "name"]);
    assert!(
        request
            .text()
            .contains("filename=\"a.csv\"\r\nContent-Type: text/csv")
    );

    client
        .social_media_posting()
        .upload_csv()
        .file(stream(Some(7)))
        .send()
        .await
        .unwrap();
    let request = server.only();
    assert_eq!(request.target, "/social-media-posting/LOC/csv");
    assert_eq!(parts(&request, "id,name"), ["file"]);
    assert!(
        request.header("content-length").is_some(),
        "a stream of known length is not chunked"
    );

    let upload = client
        .conversations()
        .upload_file_attachments()
        .conversation_id("V")
        .contact_id("C");
    upload.file_attachment(stream(None)).send().await.unwrap();
    let request = server.only();
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

    // Here the names of the parts are ids that are known at run time only.
    client
        .forms()
        .upload_custom_field_files()
        .contact_id("C")
        .part("FIELD_1", file())
        .send()
        .await
        .unwrap();
    let request = server.only();
    assert_eq!(
        request.target,
        "/forms/upload-custom-files?contactId=C&locationId=LOC"
    );
    assert_eq!(parts(&request, "id,name"), ["FIELD_1"]);

    client
        .locations()
        .upload_custom_field_files()
        .id("C")
        .max_files("1")
        .part("FIELD_1", file())
        .send()
        .await
        .unwrap();
    let request = server.only();
    assert_eq!(request.target, "/locations/LOC/customFields/upload");
    assert_eq!(parts(&request, "id,name").len(), 3);
}

#[tokio::test]
async fn a_file_comes_back_as_bytes() {
    let server = Recorder::answering("audio/x-wav", "RIFF").await;
    let call = server
        .client()
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
async fn operations_that_no_file_lists_take_the_same_road() {
    let server = Recorder::answering(JSON, r#"{"id":"G"}"#).await;
    let client = server.client();
    let reply = client
        .request(hoopai::Method::Get, "/funnels/{funnelId}/other")
        .path("funnelId", "G/1")
        .send()
        .await
        .unwrap();
    assert_eq!(reply["id"], "G");
    let request = server.only();
    assert_eq!(request.target, "/funnels/G%2F1/other");
    assert_eq!(request.header("authorization"), Some("Bearer pit-secret"));
    assert_eq!(request.header("version"), Some("2021-07-28"));
}

#[tokio::test]
async fn what_hoopai_alone_documents_answers_any_json_where_it_has_no_sibling() {
    let server = Recorder::answering(JSON, r#"["any"]"#).await;
    let client = server.client();
    let reply = client.funnels().get_funnel().id("F1").send();
    assert_eq!(reply.await.unwrap()[0], "any");
    assert_eq!(server.only().target, "/funnels/funnel/fetch/F1");

    let billing = client.oauth().send_billing_webhook();
    let billing = billing.x_ghl_client_key("key").x_ghl_client_secret("hush");
    let shown = format!("{billing:?}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn a_module_crate_works_alone() {
    let server = Recorder::answering(
        JSON,
        r#"{"contact":{"id":"C1","firstName":"Jane","unheardOf":7}}"#,
    )
    .await;
    let handle = server.client().handle().clone();
    let contacts = hoopai::contacts::Client::new(handle);
    let reply = contacts
        .get_contact()
        .contact_id("C1")
        .send()
        .await
        .unwrap();
    let contact = reply.contact.as_ref().unwrap();
    assert_eq!(contact.first_name.as_deref(), Some("Jane"));
    assert_eq!(contact.extra.get("unheardOf"), Some(&serde_json::json!(7)));
    assert!(
        !format!("{reply:?}").contains("Jane"),
        "models do not show personal data"
    );
}
