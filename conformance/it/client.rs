//! Clients of a server, and the calls that most tests send.

use hoopai::auth::OAuthApp;
use hoopai::contacts::types::{CreateContactRequest, GetContactResponse};
use hoopai::{Client, ClientBuilder, Drift, Error, Response};

/// Settings with a private token and a default location.
pub(crate) fn private(url: &str) -> ClientBuilder {
    let builder = Client::builder().private_token("pit-1").location("loc1");
    builder.base_url(url)
}

pub(crate) fn app() -> OAuthApp {
    OAuthApp::new("app-1", "app-secret", "https://example.com/callback")
}

/// A call that is idempotent.
pub(crate) async fn read(client: &Client) -> Result<Response<GetContactResponse>, Error> {
    let call = client.contacts().get_contact().contact_id("c1");
    call.send().await
}

/// A call that is not idempotent.
pub(crate) async fn create(client: &Client) -> Result<(), Error> {
    let body = CreateContactRequest::new().first_name("Ada");
    let call = client.contacts().create_contact().body(body);
    call.send().await.map(drop)
}

/// Observed drift.
pub(crate) type Observed = std::sync::Arc<std::sync::Mutex<Vec<Drift>>>;

pub(crate) fn observe_drift(builder: ClientBuilder, observed: &Observed) -> ClientBuilder {
    let observed = observed.clone();
    builder.drift_observer(
        move |_: Option<&'static hoopai::runtime::operation::Operation>, drift: &Drift| {
            observed.lock().unwrap().push(drift.clone());
        },
    )
}
