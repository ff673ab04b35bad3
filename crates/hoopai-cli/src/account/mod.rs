//! Accounts: profiles with stored credentials, the environment, and the client of a command.

mod client;
mod directory;
mod environment;
mod profile;

pub(crate) use client::{Client, oauth_handle, placeholder};
pub(crate) use directory::Directory;
pub(crate) use environment::Environment;
pub(crate) use profile::{Credentials, Profile, Profiles};
