//! Clients of a test server.

use hoopai_runtime::retry::NoRetry;
use hoopai_runtime::{Error, Handle, HandleBuilder, Response};
use hoopai_test_support::Server;

use crate::sample_api::{Client, types::ContactReply};

pub(crate) const TOKEN: &str = "pit-5ecret-t0ken-0001";
pub(crate) const LOCATION: &str = "Lq3Tz8Wn5Rk1Yb6Hd0Vx";

pub(crate) trait Clients {
    /// Settings for calls without retries.
    fn builder(&self) -> HandleBuilder;

    /// A client without default location.
    fn client(&self) -> Client {
        Client::new(self.builder().build().unwrap())
    }

    /// A client with default location.
    fn client_with_location(&self) -> Client {
        Client::new(self.builder().location(LOCATION).build().unwrap())
    }
}

impl Clients for str {
    fn builder(&self) -> HandleBuilder {
        let builder = Handle::builder().private_token(TOKEN).retry(NoRetry);
        builder.base_url(self)
    }
}

impl Clients for Server {
    fn builder(&self) -> HandleBuilder {
        self.url.as_str().builder()
    }
}

impl Client {
    /// Sends a simple call.
    pub(crate) async fn get(&self, id: &str) -> Result<Response<ContactReply>, Error> {
        self.get_contact().contact_id(id).send().await
    }
}
