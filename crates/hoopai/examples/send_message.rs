//! Sends a text message to a contact and prints the conversation:
//! `cargo run --example send_message`.
//!
//! In your account: `cargo run --example send_message -- CONTACT_ID TEXT`. The message is sent from
//! the number of the location.

mod common;

use common::{Account, Result, or_dash};
use hoopai::conversations::types::{SendMessageRequest, SendMessageType};
use hoopai_mock::LOCATION;

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [contact, text] = account.arguments(["CONTACT_ID", "TEXT"], |mock| {
        let contact = mock.seed().contacts(LOCATION, 1).remove(0);
        let conversation = mock.seed().items_of("conversations", LOCATION, &contact, 1);
        mock.seed()
            .items_of("messages", LOCATION, &conversation[0], 2);
        [contact, "Your table is booked for 8 pm.".to_owned()]
    })?;
    let conversations = account.client.conversations();

    let message = SendMessageRequest::new()
        .type_(SendMessageType::Sms)
        .contact_id(contact)
        .message(text);
    // The operation is not idempotent, so a request that may have been processed is not retried.
    let sent = conversations.send_message().body(message).send().await?;
    println!("Sent as {}.", or_dash(&sent.message_id));

    let conversation = sent.conversation_id.as_deref().unwrap_or_default();
    let reply = conversations
        .list_messages()
        .conversation_id(conversation)
        .limit(10)
        .send()
        .await?;
    let page = reply.messages.as_ref();
    let messages = page
        .and_then(|page| page.messages.as_deref())
        .unwrap_or_default();
    println!("The last {} messages, newest first:", messages.len());
    for message in messages {
        let direction = message
            .direction
            .as_ref()
            .map_or("-", |direction| direction.as_str());
        let status = message
            .status
            .as_ref()
            .map_or("-", |status| status.as_str());
        println!("  {direction:<8} {status:<9} {}", or_dash(&message.body));
    }
    Ok(())
}
