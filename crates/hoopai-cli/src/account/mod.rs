//! Accounts: profiles with stored credentials, the environment, and the client of a command.

mod client;
mod environment;
mod profile;

pub(crate) use client::{Client, account_of, oauth_handle, placeholder};
pub(crate) use environment::{Environment, variable};
pub(crate) use profile::{Credentials, Profile, Profiles};
