//! The code of README and of the guide in `docs/`, compiled and run as documentation tests.
//!
//! A piece that needs a mock of the platform is put into [`on_mock!`], a test that it shows into [`as_main!`], both by lines that the book
//! hides.

/// Runs a block of asynchronous code on a mock of the platform. The two names are those of a client and of the mock in it; `?` takes
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
            // Some code makes a client of its own, some has no use for the mock.
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

/// Makes a program of a test: documentation tests leave out what is marked as a test.
#[macro_export]
macro_rules! as_main {
    (#[tokio::test] async fn $name:ident() $code:block) => {
        #[tokio::main(flavor = "current_thread")]
        async fn main() $code
    };
}

/// A module for each file, whose documentation the file is.
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
    accounts = "../docs/src/accounts.md",
    bodies = "../docs/src/bodies.md",
    by_hand = "../docs/src/by-hand.md",
    errors = "../docs/src/errors.md",
    facade_or_crates = "../docs/src/facade-or-crates.md",
    limits = "../docs/src/limits.md",
    connections = "../docs/src/connections.md",
    observability = "../docs/src/observability.md",
    paging = "../docs/src/paging.md",
    quick_start = "../docs/src/quick-start.md",
    testing = "../docs/src/testing.md",
    uploads = "../docs/src/uploads.md",
    versions = "../docs/src/versions.md",
}
