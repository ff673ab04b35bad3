//! A server that answers for a handful of made-up contacts, as strictly as the platform does.

use std::sync::{Arc, Mutex};

use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use hoopai::serde_json::{Map, Value, json};

/// The token that the server takes.
pub(crate) const TOKEN: &str = "pit-demo";

/// The location that it has.
pub(crate) const LOCATION: &str = "demo-location";

type Contacts = Arc<Mutex<Vec<Value>>>;

/// Starts the server on a free port of this machine and returns its address.
pub(crate) async fn start() -> std::io::Result<String> {
    let people = [
        ("Grace", "Sample"),
        ("Alan", "Specimen"),
        ("Edith", "Model"),
    ];
    let contacts: Vec<Value> = (1..)
        .zip(people)
        .map(|(n, (first, last))| {
            contact(
                &format!("demo-contact-{n}"),
                first,
                last,
                &format!("{}@example.com", first.to_lowercase()),
            )
        })
        .collect();
    let app = Router::new()
        .route("/contacts/", get(list).post(create))
        .route("/contacts/{id}", get(read))
        .layer(from_fn(admit))
        .with_state(Arc::new(Mutex::new(contacts)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(format!("http://{address}"))
}

/// Token and version, as on every call of the platform.
async fn admit(request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if header("version").is_none() {
        return refuse(
            StatusCode::UNAUTHORIZED,
            json!("version header was not found."),
        );
    }
    if header("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return refuse(
            StatusCode::UNAUTHORIZED,
            json!("Invalid Private Integration token"),
        );
    }
    next.run(request).await
}

async fn list(
    State(contacts): State<Contacts>,
    Query(query): Query<Map<String, Value>>,
) -> Response {
    let known = ["locationId", "limit", "query", "startAfter", "startAfterId"];
    if let Some(name) = query.keys().find(|name| !known.contains(&name.as_str())) {
        return refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            json!([format!("property {name} should not exist")]),
        );
    }
    if query.get("locationId") != Some(&json!(LOCATION)) {
        return refuse(
            StatusCode::FORBIDDEN,
            json!("The token does not have access to this location."),
        );
    }
    let limit = query
        .get("limit")
        .and_then(|limit| limit.as_str()?.parse().ok())
        .unwrap_or(20);
    let contacts = contacts.lock().unwrap();
    let page: Vec<&Value> = contacts.iter().take(limit).collect();
    Json(json!({"contacts": page, "count": contacts.len(), "traceId": "demo-trace"}))
        .into_response()
}

async fn create(State(contacts): State<Contacts>, Json(body): Json<Value>) -> Response {
    if body["locationId"] != LOCATION {
        return refuse(
            StatusCode::FORBIDDEN,
            json!("The token does not have access to this location."),
        );
    }
    let mut contacts = contacts.lock().unwrap();
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let id = format!("demo-contact-{}", contacts.len() + 1);
    let mut new = contact(&id, text("firstName"), text("lastName"), text("email"));
    new["tags"] = body["tags"].clone();
    contacts.push(new.clone());
    (
        StatusCode::CREATED,
        Json(json!({"contact": new, "traceId": "demo-trace"})),
    )
        .into_response()
}

async fn read(State(contacts): State<Contacts>, Path(id): Path<String>) -> Response {
    match contacts
        .lock()
        .unwrap()
        .iter()
        .find(|contact| contact["id"] == id)
    {
        Some(contact) => Json(json!({"contact": contact, "traceId": "demo-trace"})).into_response(),
        None => refuse(
            StatusCode::BAD_REQUEST,
            json!(format!("Contact not found for id:{id}")),
        ),
    }
}

fn contact(id: &str, first: &str, last: &str, email: &str) -> Value {
    json!({"id": id, "locationId": LOCATION, "firstName": first, "lastName": last, "email": email, "tags": []})
}

fn refuse(status: StatusCode, message: Value) -> Response {
    (
        status,
        Json(json!({"statusCode": status.as_u16(), "message": message, "traceId": "demo-trace"})),
    )
        .into_response()
}
