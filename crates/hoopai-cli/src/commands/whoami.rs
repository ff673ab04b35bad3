//! `hoopai whoami`: the account of the profile, and whether its credentials are accepted.

use hoopai_runtime::operation::Method;
use serde_json::json;

use crate::account::{Client, Credentials, Environment, Profiles};
use crate::call::interruptible;
use crate::directory::Directory;
use crate::failure::{Failure, Result};
use crate::options::Options;
use crate::output::Printer;

pub(crate) async fn run(options: &Options) -> Result {
    let client = Client::open(options).await?;
    let environment = Environment::read(options)?;
    let (source, credentials, company) = if options.mock {
        ("mock server".to_owned(), "private token", None)
    } else if environment.token.is_some() {
        (
            "environment variable HOOPAI_TOKEN".to_owned(),
            "private token",
            environment.company,
        )
    } else {
        let profiles = Profiles::load(&Directory::find()?)?;
        let (name, profile) = profiles.get(options.profile.as_deref())?;
        let company = options.company.clone().or(profile.company.clone());
        (
            format!("profile {name}"),
            profile.credentials.kind(),
            company,
        )
    };
    let handle = &client.handle;
    let location = handle.location().map(str::to_owned);
    let is_oauth = credentials == Credentials::OAUTH_APP;
    let (method, path) = match (&location, &company) {
        (Some(_), _) => (Method::GET, "/locations/{id}"),
        (None, Some(_)) => (Method::GET, "/companies/{id}"),
        (None, None) => {
            return Err(Failure::usage(
                "no location and no company is selected: pass --location or --company, or set \
                 HOOPAI_LOCATION_ID or HOOPAI_COMPANY_ID",
            ));
        }
    };
    let id = location.clone().or(company.clone()).unwrap_or_default();
    let reply = interruptible(async {
        Ok(handle
            .request(method, path)
            .path("id", id)
            .send()
            .await?
            .into_inner())
    })
    .await;
    client.close().await;
    let reply = reply?;
    let account = reply
        .get("location")
        .or(reply.get("company"))
        .unwrap_or(&reply);
    let shown = json!({
        "source": source,
        "credentials": credentials,
        "refreshed": is_oauth,
        "location": location,
        "company": company.or(account["companyId"].as_str().map(str::to_owned)),
        "name": account["name"],
        "timezone": account["timezone"],
    });
    Printer::stdout(options, false)?.reply(shown, None)
}
