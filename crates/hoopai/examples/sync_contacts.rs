//! Writes all contacts of a location to a CSV file: `cargo run --example sync_contacts`.
//!
//! In your account: `cargo run --example sync_contacts -- FILE`. After an error it writes its
//! position next to the file, and the next run resumes there.

mod common;

use std::fs::{self, File};

use common::{Account, Result};
use hoopai::contacts::types::Contact;
use hoopai_mock::LOCATION;

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [file] = account.arguments(["FILE"], |mock| {
        mock.seed().contacts(LOCATION, 250);
        let name = format!("hoopai-contacts-{}.csv", std::process::id());
        [std::env::temp_dir().join(name).display().to_string()]
    })?;
    let position_file = format!("{file}.position");

    let search = account.client.contacts().search_contacts();
    let mut contacts = search.stream().on_page(|page| match page.total {
        Some(total) => eprintln!("{} of {total} contacts", page.items),
        None => eprintln!("{} contacts", page.items),
    });

    let mut rows = match fs::read(&position_file) {
        Ok(position) => {
            contacts = contacts.resume(serde_json::from_slice(&position)?);
            // The position becomes stale with the next row.
            fs::remove_file(&position_file)?;
            csv::Writer::from_writer(File::options().append(true).open(&file)?)
        }
        Err(_) => {
            let mut rows = csv::Writer::from_path(&file)?;
            rows.write_record(["id", "first_name", "last_name", "email", "phone", "tags"])?;
            rows
        }
    };
    while let Some(contact) = contacts.next().await {
        match contact {
            Ok(contact) => write(&mut rows, &contact)?,
            Err(error) => {
                rows.flush()?;
                fs::write(&position_file, serde_json::to_vec(&contacts.position())?)?;
                return Err(error.into());
            }
        }
    }
    rows.flush()?;
    println!("{} contacts are in {file}", contacts.position().items());
    Ok(())
}

fn write(rows: &mut csv::Writer<File>, contact: &Contact) -> csv::Result<()> {
    let tags = contact.tags.as_deref().unwrap_or_default().join(";");
    let field = |text: &Option<String>| text.clone().unwrap_or_default();
    rows.write_record([
        field(&contact.id),
        field(&contact.first_name),
        field(&contact.last_name),
        field(&contact.email),
        field(&contact.phone),
        tags,
    ])
}
