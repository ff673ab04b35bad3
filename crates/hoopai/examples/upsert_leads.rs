//! Brings people from a CSV file into the account, each of them once: `cargo run --example upsert_leads`.
//!
//! In your account: `cargo run --example upsert_leads -- FILE`, a file with the columns of `data/leads.csv`. Whoever is known by
//! email address or phone number is changed, all others are added.

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
    /// Parted by semicolons.
    tags: Option<String>,
}

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [file] = account.arguments(["FILE"], |mock| {
        // The first of the sample is in the account already.
        mock.seed().contacts(&account.location, 1);
        [concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/leads.csv").to_owned()]
    })?;

    let (mut added, mut changed, mut refused) = (0, 0, 0);
    let mut rows = csv::Reader::from_path(file)?;
    for (number, lead) in (2..).zip(rows.deserialize()) {
        let lead: Lead = lead?;
        if lead.email.is_none() && lead.phone.is_none() {
            eprintln!("line {number} is left out: it has neither email address nor phone number");
            refused += 1;
            continue;
        }
        let call = account.client.contacts().upsert_contact();
        match call.body(request(lead)).send().await {
            Ok(reply) if reply.new_ == Some(true) => added += 1,
            Ok(_) => changed += 1,
            // Something is wrong with this one alone. All other errors end the run, and it can be run again from the start.
            Err(error) if error.is_validation() => {
                eprintln!("line {number} is left out: {error}");
                refused += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
    println!("{added} added, {changed} changed, {refused} left out");
    Ok(())
}

/// What is not known is not sent, so that it stays as it is in the account.
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
