//! Integration into HTTP servers.
//!
//! - `receiver` reads, verifies and reserves a request; all others use it.
//! - `extractor`, `layer`: the event is handled before the reply.
//! - `router`, `dispatcher`: the reply is sent at once, and the event is handled after it.

mod delivery;
mod dispatcher;
mod extractor;
mod layer;
mod receiver;
mod rejection;
mod router;

pub use delivery::Delivery;
pub use dispatcher::{DeadLetter, Dispatcher, DispatcherBuilder};
pub use layer::{WebhookLayer, WebhookService};
pub use receiver::Receiver;
pub use rejection::Rejection;
pub use router::{EventRouter, HandlerError};
