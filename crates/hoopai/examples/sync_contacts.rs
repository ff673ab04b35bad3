//! Writes all contacts of the account into a CSV file: `cargo run --example sync_contacts`.
//!
//! In your account: `cargo run --example sync_contacts -- FILE`. Where a run fails it leaves a bookmark beside the file, and the next
//! run goes on from there.

mod common;

use std::fs::{self, File};

use common::{Account, Result};
use hoopai::contacts::types::ContactSearchHit;
use hoopai_mock::LOCATION;

#[tokio::main]
async fn main() -> Result {
    let account = Account::open().await?;
    let [file] = account.arguments(["FILE"], |mock| {
        mock.seed().contacts(LOCATION, 250);
        let name = format!("hoopai-contacts-{}.csv", std::process::id());
        [std::env::temp_dir().join(name).display().to_string()]
    })?;
    let bookmark = format!("{file}.bookmark");

    let search = account.client.contacts().search_contacts();
    let mut contacts = search.stream().on_page(|page| match page.total {
        Some(total) => eprintln!("{} of {total} contacts", page.items),
        None => eprintln!("{} contacts", page.items),
    });

    let mut rows = match fs::read(&bookmark) {
        Ok(position) => {
            contacts = contacts.resume(serde_json::from_slice(&position)?);
            // It is out of date from the next row on.
            fs::remove_file(&bookmark)?;
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
                fs::write(&bookmark, serde_json::to_vec(&contacts.position())?)?;
                return Err(error.into());
            }
        }
    }
    rows.flush()?;
    println!("{} contacts are in {file}", contacts.position().items());
    Ok(())
}

fn write(rows: &mut csv::Writer<File>, contact: &ContactSearchHit) -> csv::Result<()> {
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
