//! Deliveries of the workflow actions "Webhook" and "Custom Webhook".

use std::fmt;

use hoopai_runtime::json::{Map, Value};
use hoopai_runtime::{Drift, SecretString, Timestamp};
use http::{HeaderMap, HeaderName};
use serde_json::value::RawValue;

use super::parse::Delivery;
use super::{ParseError, Payload};

hoopai_runtime::model! {
    /// What a workflow action sends. Which fields there are depends on the trigger of the workflow;
    /// the others are in `extra`.
    pub struct WorkflowAction {
        /// The id of the contact.
        pub contact_id: String = "contact_id",
        /// The given name of the contact.
        pub first_name: String = "first_name",
        /// The family name of the contact.
        pub last_name: String = "last_name",
        /// The full name of the contact.
        pub full_name: String = "full_name",
        /// The email address of the contact.
        pub email: String = "email",
        /// The phone number of the contact.
        pub phone: String = "phone",
        /// The tags of the contact: one text, separated by commas.
        pub tags: Value = "tags",
        /// The country of the contact, as a two-letter code.
        pub country: String = "country",
        /// The address of the contact on one line.
        pub full_address: String = "full_address",
        /// The kind of contact, such as `lead`.
        pub contact_type: String = "contact_type",
        /// The moment at which the contact was created.
        pub date_created: Timestamp = "date_created",
        /// The location (sub-account) of the workflow.
        pub location: Box<WorkflowLocation> = "location",
        /// The workflow that sent the delivery.
        pub workflow: WorkflowReference = "workflow",
        /// What triggered the workflow.
        pub trigger_data: Map = "triggerData",
        /// The values that the action was set up to send.
        pub custom_data: Map = "customData",
        /// Further values of the contact.
        pub contact: Map = "contact",
    }

    /// The workflow that sent a delivery.
    pub struct WorkflowReference {
        /// The id of the workflow.
        pub id: String = "id",
        /// The name of the workflow.
        pub name: String = "name",
    }

    /// The location (sub-account) of a workflow.
    pub struct WorkflowLocation {
        /// The id of the location.
        pub id: String = "id",
        /// The name of the location.
        pub name: String = "name",
        /// Street and house number.
        pub address: String = "address",
        /// The town or city.
        pub city: String = "city",
        /// The state or region.
        pub state: String = "state",
        /// The country, as a two-letter code.
        pub country: String = "country",
        /// The postal code.
        pub postal_code: String = "postalCode",
        /// The address on one line.
        pub full_address: String = "fullAddress",
    }
}

/// A delivery of the workflow actions "Webhook" and "Custom Webhook".
///
/// These deliveries are not events: they have neither a signature nor `type`, `webhookId` or
/// `timestamp`. Set a header with a secret in the action, and check it with [`WorkflowSecret`].
#[derive(Clone, Debug)]
pub struct WorkflowDelivery(Payload<WorkflowAction>);

impl WorkflowDelivery {
    /// Checks the secret, then decodes the body.
    ///
    /// # Errors
    /// The secret is missing or wrong ([`WorkflowError::Secret`]), or the body is no JSON object.
    pub fn verify(
        secret: &WorkflowSecret,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Self, WorkflowError> {
        if !secret.matches(headers) {
            return Err(WorkflowError::Secret);
        }
        Self::parse_unverified(body).map_err(WorkflowError::Parse)
    }

    /// Decodes a body **without verifying** who sent it.
    ///
    /// # Errors
    /// The body is not JSON, or not an object that can be decoded.
    pub fn parse_unverified(body: &[u8]) -> Result<Self, ParseError> {
        let payload = Delivery::read(body)?.payload();
        payload
            .map(WorkflowDelivery)
            .map_err(|_| ParseError::NotAnObject)
    }

    /// Returns what the action sent.
    pub fn action(&self) -> &WorkflowAction {
        &self.0
    }

    /// Returns the tags of the contact, which are sent as one text or as a list.
    pub fn tags(&self) -> Vec<&str> {
        let tags: Vec<&str> = match &self.0.tags {
            Some(Value::String(text)) => text.split(',').collect(),
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let tags = tags.into_iter().map(str::trim);
        tags.filter(|tag| !tag.is_empty()).collect()
    }

    /// Returns the JSON as it was sent.
    pub fn raw(&self) -> &RawValue {
        self.0.raw()
    }

    /// Returns the deviations from the model.
    pub fn drift(&self) -> &[Drift] {
        self.0.drift()
    }
}

/// The error of a delivery of a workflow action. It holds nothing of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkflowError {
    /// The header with the secret is missing, repeated or wrong.
    Secret,
    /// The body cannot be decoded.
    Parse(ParseError),
}

impl fmt::Display for WorkflowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkflowError::Secret => f.write_str(
                "the header with the secret is missing, repeated or wrong; compare it with the one in the workflow's action",
            ),
            WorkflowError::Parse(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WorkflowError {}

/// The secret that a workflow action sends in a header of its own.
///
/// ```
/// use hoopai_webhooks::events::WorkflowSecret;
/// use http::{HeaderMap, HeaderName};
///
/// let name = HeaderName::from_static("x-workflow-secret");
/// let secret = WorkflowSecret::new(name.clone(), "8f2c1b7d5e");
/// let mut headers = HeaderMap::new();
/// assert!(!secret.matches(&headers));
/// headers.insert(name, "8f2c1b7d5e".parse().unwrap());
/// assert!(secret.matches(&headers));
/// ```
#[derive(Clone)]
pub struct WorkflowSecret {
    header: HeaderName,
    secret: SecretString,
}

impl WorkflowSecret {
    /// The secret that is expected in a header. An empty secret matches nothing.
    pub fn new(header: HeaderName, secret: impl Into<SecretString>) -> Self {
        WorkflowSecret {
            header,
            secret: secret.into(),
        }
    }

    /// Returns whether the header has the secret, exactly once. The time of the comparison does not
    /// depend on the values, except for their lengths.
    pub fn matches(&self, headers: &HeaderMap) -> bool {
        use secrecy::ExposeSecret;

        let secret = self.secret.expose_secret();
        let mut values = headers.get_all(&self.header).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        !secret.is_empty()
            && aws_lc_rs::constant_time::verify_slices_are_equal(
                value.as_bytes(),
                secret.as_bytes(),
            )
            .is_ok()
    }
}

/// Hides the secret.
impl fmt::Debug for WorkflowSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkflowSecret")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}
