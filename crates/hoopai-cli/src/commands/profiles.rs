//! `hoopai profiles`: the stored profiles.

use clap::Args;
use serde_json::{Value, json};

use crate::account::Profiles as Stored;
use crate::directory::Directory;
use crate::failure::Result;
use crate::options::Options;
use crate::output::Printer;

/// The stored profiles
#[derive(Args, Debug)]
pub(crate) struct Profiles {
    /// Make this profile the default one
    #[arg(long = "default", value_name = "NAME")]
    default: Option<String>,
}

pub(crate) fn run(options: &Options, profiles: &Profiles) -> Result {
    let directory = Directory::find()?;
    if let Some(name) = &profiles.default {
        Stored::change(&directory, |stored| stored.set_default(name))?;
    }
    let stored = Stored::load(&directory)?;
    let mut printer = Printer::stdout(options, false)?;
    let list: Vec<Value> = stored
        .iter()
        .map(|(name, profile)| {
            json!({
                "name": name,
                "default": name == stored.default_name(),
                "credentials": profile.credentials.kind(),
                "keychain": profile.credentials.secret().is_in_keychain(),
                "location": profile.location,
                "company": profile.company,
                "baseUrl": profile.base_url,
            })
        })
        .collect();
    printer.reply(Value::Array(list), None)
}
