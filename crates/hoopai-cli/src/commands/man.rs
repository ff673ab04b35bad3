//! `hoopai man`: the man page.

use clap::Command;

use super::completions::write;
use crate::failure::Result;

pub(crate) fn run(command: Command) -> Result {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    write(&page)
}
