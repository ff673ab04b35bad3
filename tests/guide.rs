//! The code of the README and of the guide in `docs/`, compiled and run as documentation tests.
//!
//! Hidden lines wrap a code block that needs a mock server in [`on_mock!`], and a code block with a
//! test in [`as_main!`].

/// Runs an asynchronous block with a client and a mock server, bound to the two names. `?` converts
/// any error.
#[macro_export]
macro_rules! on_mock {
    ($client:ident, $mock:ident, $code:block) => {
        let run = async {
            let $mock = ::hoopai_mock::Mock::builder().start().await?;
            let $client = ::hoopai::Client::builder()
                .private_token(::hoopai_mock::TOKEN)
                .location(::hoopai_mock::LOCATION)
                .base_url($mock.url())
                .build()?;
            // Not every block uses both.
            let _ = (&$client, &$mock);
            $code
            Ok::<(), ::std::boxed::Box<dyn ::std::error::Error>>(())
        };
        let runtime = ::tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Err(error) = runtime.expect("a runtime").block_on(run) {
            panic!("{error}");
        }
    };
}

/// Converts a test to a program, because documentation tests skip functions marked as tests.
#[macro_export]
macro_rules! as_main {
    (#[tokio::test] async fn $name:ident() $code:block) => {
        #[tokio::main(flavor = "current_thread")]
        async fn main() $code
    };
}

/// Declares a module for each file, with the file as its documentation.
macro_rules! chapters {
    ($($name:ident = $file:literal),* $(,)?) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($file)]
            mod $name {}
        )*
    };
}

chapters! {
    readme = "../README.md",
    authentication = "../docs/src/authentication.md",
    requests_and_responses = "../docs/src/requests-and-responses.md",
    raw_http = "../docs/src/by-hand.md",
    errors = "../docs/src/errors.md",
    facade_or_crates = "../docs/src/facade-or-crates.md",
    rate_limits = "../docs/src/rate-limits.md",
    connections = "../docs/src/connections.md",
    logging_and_metrics = "../docs/src/logging-and-metrics.md",
    pagination = "../docs/src/pagination.md",
    quick_start = "../docs/src/quick-start.md",
    recipe_agencies = "../docs/src/recipes/agencies.md",
    recipe_appointments = "../docs/src/recipes/appointments.md",
    recipe_contacts = "../docs/src/recipes/contacts.md",
    recipe_conversations = "../docs/src/recipes/conversations.md",
    recipe_custom_objects = "../docs/src/recipes/custom-objects.md",
    recipe_invoices_and_payments = "../docs/src/recipes/invoices-and-payments.md",
    recipe_media = "../docs/src/recipes/media.md",
    recipe_opportunities = "../docs/src/recipes/opportunities.md",
    recipe_products = "../docs/src/recipes/products.md",
    recipe_undocumented_operations = "../docs/src/recipes/undocumented-operations.md",
    several_machines = "../docs/src/several-machines.md",
    bulk_jobs = "../docs/src/bulk-jobs.md",
    testing = "../docs/src/testing.md",
    uploads = "../docs/src/uploads.md",
    versions = "../docs/src/versions.md",
    webhooks = "../docs/src/webhooks.md",
}
