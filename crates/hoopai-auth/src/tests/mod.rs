//! Tokens under all that can go wrong.

mod agency;
mod ahead;
mod apps;
mod crashes;
mod exchange;
mod faults;
pub(crate) mod files;
mod many;
mod once;
mod platform;
mod rig;
mod secrets;
mod stores;
