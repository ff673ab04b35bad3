//! Counts the contacts in all locations of an agency, each with its own token and rate limit:
//! `cargo run --example agency`.
//!
//! With your OAuth app: install it in the agency with `oauth_install`, and set
//! `HOOPAI_COMPANY_ID`.

mod common;

use std::time::{Duration, Instant};

use common::{Result, credential, or_dash, required_variable, variable, with_base_url};
use futures_util::{StreamExt, stream};
use hoopai::Client;
use hoopai::auth::{FileStore, OAuthApp};
use hoopai::contacts::types::SearchContactsRequest;
use hoopai::oauth::types::InstalledLocation;
use hoopai_mock::{AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, Mock, REDIRECT_URI};

/// The number of locations that are queried concurrently.
const CONCURRENT_LOCATIONS: usize = 20;

#[tokio::main]
async fn main() -> Result {
    // The mock server runs until it is dropped.
    let (client, company, _mock) = match credential("HOOPAI_CLIENT_ID")? {
        Some(id) => {
            let secret = required_variable("HOOPAI_CLIENT_SECRET")?;
            let app = OAuthApp::new(id, secret, "http://localhost:8734/callback");
            let folder = variable("HOOPAI_TOKENS").unwrap_or_else(|| "hoopai-tokens".to_owned());
            let builder = with_base_url(Client::builder()).token_store(FileStore::open(folder)?);
            (
                builder.oauth_app(app).build()?,
                required_variable("HOOPAI_COMPANY_ID")?,
                None,
            )
        }
        None => {
            let (client, mock) = mock_agency().await?;
            (client, COMPANY.to_owned(), Some(mock))
        }
    };
    let started = Instant::now();
    let agency = client.as_company(&company);
    // The app id is the first part of the client id.
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

    let mut counts = stream::iter(locations)
        .map(|location| count_contacts(&agency, location))
        .buffered(CONCURRENT_LOCATIONS);
    let (mut sum, mut failed) = (0, 0);
    while let Some((location, contacts)) = counts.next().await {
        match contacts {
            Ok(contacts) => {
                println!("{contacts:>6} contacts  {}", or_dash(&location.name));
                sum += contacts;
            }
            // An error of one location does not affect the others.
            Err(error) => {
                eprintln!("{}: {error}", or_dash(&location.name));
                failed += 1;
            }
        }
    }
    println!(
        "{sum} contacts in total, {failed} failures, {:.1?}",
        started.elapsed()
    );
    // A token refresh must not be interrupted.
    client.handle().wait_idle(Duration::from_secs(10)).await;
    Ok(())
}

/// Counts the contacts of a location. The first call gets a token with that of the agency.
async fn count_contacts(
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

/// Starts a mock server with an app that is installed in an agency with 12 locations.
async fn mock_agency() -> Result<(Client, Mock)> {
    eprintln!(
        "Using a mock server; the comment at the top of this example says how to use your agency."
    );
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
    // The example `oauth_install` gets this code from a browser.
    let code = mock.authorize(CLIENT_ID, AccountId::Company(COMPANY.to_owned()));
    client.exchange_code(code).await?;
    Ok((client, mock))
}
