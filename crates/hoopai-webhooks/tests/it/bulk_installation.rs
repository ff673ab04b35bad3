//! The events of a bulk installation, as the mock server delivers them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use hoopai_auth::{AccountId, OAuth, OAuthApp, TokenManager};
use hoopai_mock::{CLIENT_ID, CLIENT_SECRET, COMPANY, LOCATION, Mock, REDIRECT_URI};
use hoopai_runtime::Handle;
use hoopai_webhooks::LifecycleOutcome::{Installed, Uninstalled, Waiting};
use hoopai_webhooks::{
    Dispatcher, Event, EventKind, EventRouter, HandlerError, Lifecycle, LifecycleOutcome, Receiver,
    Verifier,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

#[derive(Clone)]
struct State {
    lifecycle: Lifecycle,
    applied: UnboundedSender<(Option<String>, LifecycleOutcome)>,
}

async fn apply(event: Arc<Event>, state: State) -> Result<(), HandlerError> {
    let outcome = state.lifecycle.apply(&event).await?;
    let location = event.location_id().map(str::to_owned);
    state.applied.send((location, outcome))?;
    Ok(())
}

#[tokio::test]
async fn each_location_of_a_bulk_installation_has_tokens_once() {
    let mock = Mock::builder().start().await.unwrap();
    let seed = |name: &str| {
        let fields = json!({ "name": name });
        mock.seed().item("locations", LOCATION, &fields)
    };
    let locations = BTreeSet::from([LOCATION.to_owned(), seed("North"), seed("South")]);

    let app = OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT_URI);
    let handle = Handle::builder()
        .base_url(mock.url())
        .token_provider(OAuth::new(app))
        .build()
        .unwrap();
    let tokens = TokenManager::of(&handle).unwrap();
    let lifecycle = Lifecycle::new(tokens.clone());

    let verifier = Verifier::builder_without_keys()
        .ed25519_key(&mock.webhooks().public_key())
        .unwrap()
        .app_id(CLIENT_ID.split('-').next().unwrap())
        .build();
    let router = EventRouter::new()
        .on(EventKind::AppInstall, apply)
        .on(EventKind::AppUninstall, apply);
    let (applied, mut outcomes) = unbounded_channel();
    let state = State {
        lifecycle: lifecycle.clone(),
        applied,
    };
    let dispatcher = Dispatcher::builder(Receiver::new(verifier), router, state).build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let routes = axum::Router::new().route_service("/", dispatcher.clone());
    tokio::spawn(axum::serve(listener, routes).into_future());
    mock.webhooks().set_duplicates(1);
    mock.webhooks().set_reordering(true);
    mock.webhooks().subscribe(&url);

    // The events arrive before the code is exchanged.
    let code = mock.authorize(
        CLIENT_ID,
        hoopai_mock::AccountId::Company(COMPANY.to_owned()),
    );
    let mut waiting = BTreeSet::new();
    for _ in &locations {
        let (location, outcome) = outcomes.recv().await.unwrap();
        assert_eq!(outcome, Waiting);
        waiting.extend(location);
    }
    assert_eq!(waiting, locations);
    let installation = tokens.exchange_code(code).await.unwrap();
    let installed = lifecycle.code_exchanged(&installation).await.unwrap();
    let installed: BTreeSet<_> = installed.iter().map(|one| one.id().to_owned()).collect();
    assert_eq!(installed, locations);

    // A location that is created later, and an uninstallation.
    let later = seed("East");
    mock.install(CLIENT_ID, later.as_str());
    let (location, outcome) = outcomes.recv().await.unwrap();
    assert_eq!((location.as_ref(), outcome), (Some(&later), Installed));
    mock.clock().advance(Duration::from_secs(1));
    mock.uninstall(CLIENT_ID, LOCATION);
    let (location, outcome) = outcomes.recv().await.unwrap();
    assert_eq!(
        (location.as_deref(), outcome),
        (Some(LOCATION), Uninstalled)
    );
    for location in locations.iter().chain([&later]) {
        let account = AccountId::location(location);
        let has_tokens = tokens.has_tokens(account).await.unwrap();
        assert_eq!(has_tokens, location != LOCATION, "{location}");
    }

    // Five events, each delivered twice and applied once.
    assert!(mock.webhooks().wait_for(10, Duration::from_secs(10)).await);
    dispatcher.shutdown().await;
    assert!(outcomes.try_recv().is_err());
    assert_eq!(mock.webhooks().attempts().len(), 10);
}
