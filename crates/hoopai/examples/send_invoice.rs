//! Creates an invoice and marks it as sent: `cargo run --example send_invoice`.
//!
//! In your account: `cargo run --example send_invoice -- CONTACT_ID USER_ID`. It is a test invoice
//! (`live_mode` is off) that is not delivered.

mod common;

use std::time::{Duration, SystemTime};

use common::{Account, Result, or_dash};
use hoopai::invoices::types::{
    BusinessDetails, ContactDetails, CreateInvoiceRequest, Discount, DiscountType, InvoiceItem,
    Recipients, SendInvoiceAction, SendInvoiceRequest,
};
use hoopai::{Date, Timestamp};
use hoopai_mock::LOCATION;

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [contact, user] = account.arguments(["CONTACT_ID", "USER_ID"], |mock| {
        let contact = mock.seed().contacts(LOCATION, 1).remove(0);
        let user = mock.seed().users(LOCATION, 1).remove(0);
        [contact, user]
    })?;

    let found = account.client.contacts().get_contact().contact_id(&contact);
    let reply = found.send().await?.into_inner();
    let person = reply.contact.ok_or("the reply has no contact")?;
    let email = person.email.ok_or("the contact has no email address")?;
    // A required field, which may be empty.
    let phone = person.phone.unwrap_or_default();
    let name = person.first_name.unwrap_or_else(|| email.clone());

    let invoices = account.client.invoices();
    let hours = InvoiceItem::new()
        .name("Consulting")
        .description("By the hour")
        .amount(120)
        .qty(2.5)
        .currency("EUR");
    let invoice = CreateInvoiceRequest::new()
        .name("March")
        .title("INVOICE")
        .currency("EUR")
        .issue_date(day(0))
        .due_date(day(14))
        .business_details(BusinessDetails::new().name("Harbour Works"))
        .contact_details(
            ContactDetails::new()
                .id(&contact)
                .name(name)
                .email(&email)
                .phone_no(phone),
        )
        .sent_to(Recipients::new().email([email]))
        // A required field, which may be zero.
        .discount(Discount::new().type_(DiscountType::Fixed).value(0))
        .items([hours])
        .live_mode(false);
    // The client adds its location as `altId` and `altType`.
    let created = invoices.create_invoice().body(invoice).send().await?;
    let number = created.invoice_number.unwrap_or_default();
    let total = created.total.unwrap_or_default();
    println!(
        "Created invoice {number}: {total:.2} {}.",
        or_dash(&created.currency)
    );

    let request = SendInvoiceRequest::new()
        .action(SendInvoiceAction::SendManually)
        .user_id(user)
        .live_mode(false);
    let sent = invoices
        .send_invoice()
        .invoice_id(or_dash(&created.id))
        .body(request)
        .send()
        .await?;
    let status = sent
        .invoice
        .as_ref()
        .and_then(|invoice| invoice.status.as_ref());
    println!(
        "Its status is {}.",
        status.map_or("-", |status| status.as_str())
    );
    Ok(())
}

/// The date after this number of days, in UTC.
fn day(days: u64) -> Date {
    let moment = SystemTime::now() + Duration::from_secs(days * 86_400);
    Timestamp::from(moment).utc_date()
}
