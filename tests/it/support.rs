//! A client of a test server.

use hoopai::Client;
use hoopai_test_support::Server;

/// A client with a token and a default location.
pub(crate) fn client(server: &Server) -> Client {
    let builder = Client::builder().private_token("pit-secret");
    let builder = builder.location("LOC").base_url(&server.url);
    builder.build().unwrap()
}
