//! Installations of apps in locations.

use crate::account::COMPANY;

/// The installation of an app in a location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The location's id.
    pub location: String,
    /// The company that the location belongs to.
    pub company: String,
    /// The location's name.
    pub name: String,
    /// The location's address.
    pub address: String,
    /// `false` after the app was removed.
    pub is_installed: bool,
    /// Whether the location is on a trial of the app.
    pub on_trial: bool,
    /// The location's plan of the app.
    pub plan_id: Option<String>,
    /// The version of the app.
    pub version_id: Option<String>,
}

impl From<&str> for Installation {
    /// Creates the installation in a location of [`COMPANY`] with a made-up name and address.
    fn from(location: &str) -> Self {
        Self {
            location: location.to_owned(),
            company: COMPANY.to_owned(),
            name: format!("Location {location}"),
            address: "1 Main Street".to_owned(),
            is_installed: true,
            on_trial: false,
            plan_id: None,
            version_id: None,
        }
    }
}

impl From<String> for Installation {
    /// Creates the installation in a location of [`COMPANY`] with a made-up name and address.
    fn from(location: String) -> Self {
        Self::from(location.as_str())
    }
}
