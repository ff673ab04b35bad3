//! Looks into all locations of an agency at once, each with its own token and under its own limit: `cargo run --example agency`.
//!
//! For an app of your own, install it in the agency with `oauth_install`, and set `HOOPAI_COMPANY_ID` as well.

mod common;

use std::time::{Duration, Instant};

use common::{Result, credential, elsewhere, needed, shown, variable};
use futures_util::{StreamExt, stream};
use hoopai::Client;
use hoopai::auth::{FileStore, OAuthApp};
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::oauth::types::InstalledLocation;
use hoopai_mock::{AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, Mock, REDIRECT_URI};

/// How many locations are looked into at a time. At first each of them needs a token, which it gets by that of the agency.
const AT_A_TIME: usize = 20;

#[tokio::main]
async fn main() -> Result {
    // The server lives as long as this does.
    let (client, company, _mock) = match credential("HOOPAI_CLIENT_ID")? {
        Some(id) => {
            let secret = needed("HOOPAI_CLIENT_SECRET")?;
            let app = OAuthApp::new(id, secret, "http://localhost:8734/callback");
            let folder = variable("HOOPAI_TOKENS").unwrap_or_else(|| "hoopai-tokens".to_owned());
            let builder = elsewhere(Client::builder()).token_store(FileStore::open(folder)?);
            (
                builder.oauth_app(app).build()?,
                needed("HOOPAI_COMPANY_ID")?,
                None,
            )
        }
        None => {
            let (client, mock) = made_up().await?;
            (client, COMPANY.to_owned(), Some(mock))
        }
    };
    let begun = Instant::now();
    let agency = client.as_company(&company);
    // What the marketplace calls the app's id is the front of its client id.
    let tokens = agency.tokens()?;
    let app = tokens.app().client_id();
    let locations = agency
        .oauth()
        .list_installed_locations()
        .company_id(&company)
        .app_id(app.split('-').next().unwrap_or_default())
        .is_installed(true)
        .collect_all(10_000)
        .await?;
    println!("The app is installed in {} locations.", locations.len());

    let mut looks = stream::iter(locations)
        .map(|location| look(&agency, location))
        .buffered(AT_A_TIME);
    let (mut sum, mut failed) = (0, 0);
    while let Some((location, contacts)) = looks.next().await {
        match contacts {
            Ok(contacts) => {
                println!("{contacts:>6} contacts  {}", shown(&location.name));
                sum += contacts;
            }
            // One location that cannot be looked into is no reason to leave out the others.
            Err(error) => {
                eprintln!("{}: {error}", shown(&location.name));
                failed += 1;
            }
        }
    }
    println!(
        "{sum} contacts in all, {failed} failures, {:.1?}",
        begun.elapsed()
    );
    // Renewals that are under way are not to be cut off.
    client.handle().wait_idle(Duration::from_secs(10)).await;
    Ok(())
}

/// Counts the contacts of a location. Its token is made of the agency's with the first call, and kept.
async fn look(
    agency: &Client,
    location: InstalledLocation,
) -> (InstalledLocation, hoopai::Result<u64>) {
    let id = location.id.clone().unwrap_or_default();
    let contacts = agency.as_location(id).contacts();
    let search = SearchContactsRequest::new().page_limit(1);
    let found = contacts.search_contacts().body(search).send().await;
    (
        location,
        found.map(|reply| reply.total.unwrap_or_default() as u64),
    )
}

/// An agency with 12 locations that have some contacts each, and an app that is installed there.
async fn made_up() -> Result<(Client, Mock)> {
    eprintln!("Working in a mock; see this example's first lines for how to work in your agency.");
    let mock = Mock::builder().start().await?;
    for number in 1..=12 {
        let location = format!("mockLocation{number:08}");
        mock.seed().contacts(&location, 3 * number);
        mock.install(CLIENT_ID, location);
    }
    let app = OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI);
    let client = Client::builder()
        .oauth_app(app)
        .base_url(mock.url())
        .build()?;
    // As `oauth_install` does it, with a user.
    let code = mock.authorize(CLIENT_ID, AccountId::Company(COMPANY.to_owned()));
    client.exchange_code(code).await?;
    Ok((client, mock))
}
