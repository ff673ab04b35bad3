//! Confirmation of operations that delete data or reach people.

use std::io::{self, BufRead, IsTerminal, Write};

use hoopai_catalogue::Effect;

use crate::failure::{Failure, Result};
use crate::options::Options;

/// The consequence of an operation that must be confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consequence {
    /// Data is deleted.
    Destroys,
    /// People receive a message, an invoice or a booking.
    ReachesPeople,
}

impl Consequence {
    /// The consequence of an operation. `None`: it needs no confirmation.
    pub(crate) fn of(effect: Effect) -> Option<Self> {
        match effect {
            Effect::Destroy => Some(Consequence::Destroys),
            Effect::Outward => Some(Consequence::ReachesPeople),
            _ => None,
        }
    }

    fn sentence(self) -> &'static str {
        match self {
            Consequence::Destroys => "deletes data",
            Consequence::ReachesPeople => "reaches people outside of the account or moves money",
        }
    }
}

/// Asks on a terminal. Elsewhere `--yes` is required. Calls that are only shown, or that go to the
/// mock server, need no confirmation.
pub(crate) fn confirm(
    options: &Options,
    operation: &str,
    consequence: Option<Consequence>,
) -> Result {
    let Some(consequence) = consequence else {
        return Ok(());
    };
    if options.yes || options.mock || options.dry_run || options.curl {
        return Ok(());
    }
    let consequence = consequence.sentence();
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Failure::confirmation_needed(format_args!(
            "not sent: {operation} {consequence}: add --yes to confirm it"
        )));
    }
    let mut err = io::stderr().lock();
    write!(err, "{operation} {consequence}. Continue? [y/N] ")?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::confirmation_needed("not sent: not confirmed")),
    }
}
