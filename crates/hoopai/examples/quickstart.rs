//! Lists contacts, adds one and reads it back: `cargo run --example quickstart`.
//!
//! Without an account it uses a mock server in this process, with made-up contacts. With
//! `HOOPAI_TOKEN` (a private integration token) and `HOOPAI_LOCATION_ID` it calls the platform, and
//! only lists contacts. `HOOPAI_BASE_URL` sets another base URL.

mod common;

use common::Result;
use hoopai::Client;
use hoopai::contacts::types::CreateContactRequest;
use hoopai_mock::Mock;

#[tokio::main]
async fn main() -> Result {
    if let Some((client, location)) = common::from_environment()? {
        println!("Listing contacts of the location {location}.");
        list(&client).await?;
        return Ok(());
    }

    println!("Using a mock server; set HOOPAI_TOKEN and HOOPAI_LOCATION_ID to use your account.");
    // The server runs until it is dropped.
    let mock = Mock::builder().start().await?;
    mock.seed().contacts(hoopai_mock::LOCATION, 3);
    let client = Client::builder()
        .private_token(hoopai_mock::TOKEN)
        .location(hoopai_mock::LOCATION)
        .base_url(mock.url())
        .build()?;
    list(&client).await?;
    add(&client).await?;
    Ok(())
}

/// Lists contacts of the default location, with the API version of the operation.
#[allow(deprecated, reason = "the search that replaces this list needs a body")]
async fn list(client: &Client) -> hoopai::Result<()> {
    let reply = client.contacts().list_contacts().limit(20).send().await?;
    let contacts = reply.contacts.as_deref().unwrap_or_default();
    println!("{} contacts:", contacts.len());
    for contact in contacts {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        println!("  {}  {}", text(&contact.id), text(&contact.email));
    }
    Ok(())
}

async fn add(client: &Client) -> hoopai::Result<()> {
    let contacts = client.contacts();
    let new = CreateContactRequest::new()
        .first_name("Ada")
        .last_name("Example")
        .email("ada@example.com")
        .tags(["quickstart"]);
    let created = contacts
        .create_contact()
        .body(new)
        .send()
        .await?
        .into_inner();
    let id = created
        .contact
        .and_then(|contact| contact.id)
        .unwrap_or_default();
    println!("Added {id}.");

    let reply = contacts
        .get_contact()
        .contact_id(id.as_str())
        .send()
        .await?;
    if let Some(contact) = &reply.contact {
        let tags = contact.tags.as_deref().unwrap_or_default().join(", ");
        println!(
            "Read back: {} ({tags})",
            contact.first_name.as_deref().unwrap_or("(no name)")
        );
    }

    // The message of an error contains the remedy.
    if let Err(error) = contacts.get_contact().contact_id("unknown").send().await {
        println!("An unknown contact: {error}");
    }
    Ok(())
}
