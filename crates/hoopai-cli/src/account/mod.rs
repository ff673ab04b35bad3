//! Accounts: profiles with stored credentials, the environment, and the client of a command.

mod client;
#[cfg(feature = "keychain")]
mod encrypted_store;
mod environment;
#[cfg(feature = "keychain")]
mod keychain;
mod profile;
mod secret;

pub(crate) use client::{Client, account_of, oauth_handle, placeholder};
pub(crate) use environment::Environment;
pub(crate) use profile::{Credentials, Profile, Profiles};
pub(crate) use secret::{Secret, Storage};
