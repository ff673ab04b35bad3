//! The values that all events have.

use hoopai_runtime::Timestamp;

hoopai_runtime::model! {
    /// The fields of the envelope, and those that name the tenant.
    pub struct Fields {
        pub type_: String = "type",
        pub location_id: String = "locationId",
        pub company_id: String = "companyId",
        pub app_id: String = "appId",
        pub version_id: String = "versionId",
        pub timestamp: Timestamp = "timestamp",
        pub webhook_id: String = "webhookId",
        pub alt_id: String = "altId",
        pub alt_type: String = "altType",
    }
}

/// The values that all events have, whatever their type. A value that is missing, `null`, empty or
/// of another kind is `None`.
#[derive(Clone, Default)]
pub struct Envelope(Box<Fields>);

impl Envelope {
    /// Takes the fields of the envelope. Others are dropped.
    pub(super) fn new(mut fields: Fields) -> Self {
        fields.extra = hoopai_runtime::Extra::default();
        Envelope(Box::new(fields))
    }

    /// Returns the value of `type`, as it was sent.
    pub fn event_type(&self) -> Option<&str> {
        text(&self.0.type_)
    }

    /// Returns the id of the location (sub-account).
    pub fn location_id(&self) -> Option<&str> {
        text(&self.0.location_id)
    }

    /// Returns the id of the company (agency).
    pub fn company_id(&self) -> Option<&str> {
        text(&self.0.company_id)
    }

    /// Returns the id of the app that receives the event.
    pub fn app_id(&self) -> Option<&str> {
        text(&self.0.app_id)
    }

    /// Returns the id of the version of the app.
    pub fn version_id(&self) -> Option<&str> {
        text(&self.0.version_id)
    }

    /// Returns the moment of the first attempt to deliver the event. Retries have the same.
    pub fn timestamp(&self) -> Option<&Timestamp> {
        self.0.timestamp.as_ref()
    }

    /// Returns the id of the delivery. Retries have the same.
    pub fn webhook_id(&self) -> Option<&str> {
        text(&self.0.webhook_id)
    }

    /// Returns the account that the event is about: the location; else `altId` if `altType` is
    /// `location`; else the company.
    pub fn tenant(&self) -> Option<Tenant<'_>> {
        let is_location =
            text(&self.0.alt_type).is_some_and(|kind| kind.eq_ignore_ascii_case("location"));
        let alternative = text(&self.0.alt_id).filter(|_| is_location);
        let location = self.location_id().or(alternative).map(Tenant::Location);
        location.or_else(|| self.company_id().map(Tenant::Company))
    }
}

fn text(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

/// Hides the values.
impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field(
                "event_type",
                &self.event_type().and_then(super::EventKind::from_type),
            )
            .finish_non_exhaustive()
    }
}

/// The account that an event is about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tenant<'a> {
    /// A location (sub-account), by id.
    Location(&'a str),
    /// A company (agency), by id.
    Company(&'a str),
}

impl<'a> Tenant<'a> {
    /// Returns the id.
    pub fn id(self) -> &'a str {
        match self {
            Tenant::Location(id) | Tenant::Company(id) => id,
        }
    }
}

/// Hides the id.
impl std::fmt::Debug for Tenant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Tenant::Location(_) => "Location([hidden])",
            Tenant::Company(_) => "Company([hidden])",
        })
    }
}
