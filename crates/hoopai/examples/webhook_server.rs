//! Receives webhooks on a server of axum: `cargo run --example webhook_server`.
//!
//! A mock server acts as the platform, and delivers each event twice. An app is installed in a
//! location, which updates the tokens of the app, and a contact is created. Both events are
//! verified, decoded and handled once.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::or_dash;
use hoopai::Client;
use hoopai::auth::OAuthApp;
use hoopai::contacts::types::CreateContactRequest;
use hoopai::webhooks::{
    Dispatcher, Event, EventKind, EventRouter, HandlerError, Lifecycle, Receiver, Verifier,
};
use hoopai_mock::{AccountId, CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, Mock, REDIRECT_URI};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// The state of the handlers.
#[derive(Clone)]
struct App {
    lifecycle: Lifecycle,
    /// A line for each handled event.
    handled: mpsc::UnboundedSender<String>,
}

/// Updates the tokens of the app.
async fn installed(event: Arc<Event>, app: App) -> Result<(), HandlerError> {
    let outcome = app.lifecycle.apply(&event).await?;
    app.handled.send(format!("AppInstall: {outcome:?}"))?;
    Ok(())
}

async fn contact_created(event: Arc<Event>, app: App) -> Result<(), HandlerError> {
    // `Event::Unknown` is a payload that cannot be decoded.
    let name = match &*event {
        Event::ContactCreate(contact) => or_dash(&contact.first_name),
        other => return Err(format!("not decoded: {:?}", other.kind()).into()),
    };
    app.handled.send(format!("ContactCreate: {name}"))?;
    Ok(())
}

#[tokio::main]
async fn main() -> common::Result {
    let mock = Mock::builder().start().await?;
    let client = Client::builder()
        .oauth_app(OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI))
        .base_url(mock.url())
        .build()?;
    // The example `oauth_install` gets this code from a browser.
    let code = mock.authorize(CLIENT_ID, AccountId::Company(COMPANY.to_owned()));
    client.exchange_code(code).await?;

    // The key of the mock server. `Verifier::builder()` has the keys of the platform. The app id is
    // the first part of the client id.
    let verifier = Verifier::builder_without_keys()
        .ed25519_key(&mock.webhooks().public_key())?
        .app_id(CLIENT_ID.split('-').next().unwrap_or_default())
        .build();
    let router = EventRouter::new()
        .on(EventKind::AppInstall, installed)
        .on(EventKind::ContactCreate, contact_created);
    let (handled, mut lines) = mpsc::unbounded_channel();
    let lifecycle = Lifecycle::new(client.tokens()?);
    let app = App { lifecycle, handled };
    let dispatcher = Dispatcher::builder(Receiver::new(verifier), router, app)
        .dead_letter(async |letter| eprintln!("not handled: {letter:?}"))
        .build();

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhooks", listener.local_addr()?);
    let (stop, stopped) = oneshot::channel::<()>();
    let routes = axum::Router::new().route_service("/webhooks", dispatcher.clone());
    let server = axum::serve(listener, routes).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let server = tokio::spawn(server.into_future());
    println!("Receiving events.");

    mock.webhooks().set_duplicates(1);
    mock.webhooks().subscribe(&url);
    mock.install(CLIENT_ID, LOCATION);
    println!("{}", lines.recv().await.unwrap_or_default());

    // The event has stored the tokens of the location.
    let contact = CreateContactRequest::new()
        .first_name("Ada")
        .email("ada@example.com");
    let contacts = client.as_location(LOCATION).contacts();
    contacts.create_contact().body(contact).send().await?;
    println!("{}", lines.recv().await.unwrap_or_default());

    // First the server stops, then the dispatcher handles what was accepted.
    mock.webhooks().wait_for(4, Duration::from_secs(10)).await;
    let _ = stop.send(());
    server.await??;
    dispatcher.shutdown().await;
    drop(dispatcher);
    while let Some(line) = lines.recv().await {
        println!("{line}");
    }
    let attempts = mock.webhooks().attempts();
    let accepted = attempts
        .iter()
        .filter(|attempt| attempt.outcome.is_success());
    println!("{} deliveries were answered with 200.", accepted.count());
    // A token refresh must not be interrupted.
    client.handle().wait_idle(Duration::from_secs(10)).await;
    Ok(())
}
