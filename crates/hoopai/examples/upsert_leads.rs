//! Creates or updates contacts from a CSV file: `cargo run --example upsert_leads`.
//!
//! In your account: `cargo run --example upsert_leads -- FILE`, a file with the columns of
//! `data/leads.csv`. A contact with the same email address or phone number is updated.

mod common;

use common::{Account, Result};
use hoopai::contacts::types::UpsertContactRequest;
use serde::Deserialize;

#[derive(Deserialize)]
struct Lead {
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// Separated by semicolons.
    tags: Option<String>,
}

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [file] = account.arguments(["FILE"], |mock| {
        // The first contact of the file exists.
        mock.seed().contacts(&account.location, 1);
        [concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/leads.csv").to_owned()]
    })?;

    let (mut created, mut updated, mut skipped) = (0, 0, 0);
    let mut rows = csv::Reader::from_path(file)?;
    for (number, lead) in (2..).zip(rows.deserialize()) {
        let lead: Lead = lead?;
        if lead.email.is_none() && lead.phone.is_none() {
            eprintln!("line {number} is skipped: it has neither email address nor phone number");
            skipped += 1;
            continue;
        }
        let call = account.client.contacts().upsert_contact();
        match call.body(request(lead)).send().await {
            Ok(reply) if reply.new_ == Some(true) => created += 1,
            Ok(_) => updated += 1,
            // A validation error affects one line. Other errors end the run, which can be repeated.
            Err(error) if error.is_validation() => {
                eprintln!("line {number} is skipped: {error}");
                skipped += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    println!("{created} created, {updated} updated, {skipped} skipped");
    Ok(())
}

/// Absent values are not sent, so the contact keeps them.
fn request(lead: Lead) -> UpsertContactRequest {
    let mut request = UpsertContactRequest::new().source("leads file");
    request.first_name = lead.first_name;
    request.last_name = lead.last_name;
    request.email = lead.email;
    request.phone = lead.phone;
    request.tags = lead
        .tags
        .map(|tags| tags.split(';').map(str::to_owned).collect());
    request
}
