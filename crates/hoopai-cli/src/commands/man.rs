//! `hoopai man`: the man page.

use clap::CommandFactory;

use super::completions::write;
use crate::failure::Result;
use crate::options::CommandLine;

pub(crate) fn run() -> Result {
    let mut page = Vec::new();
    clap_mangen::Man::new(CommandLine::command()).render(&mut page)?;
    write(&page)
}
