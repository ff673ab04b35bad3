//! The commands, each on a small workspace in a temporary folder.

mod attend;
mod change_report;
mod changed_interfaces;
mod check;
mod ci;
mod discover;
mod download_failures;
mod events;
mod fixture;
mod interrupted;
mod platform_files;
mod regen;
mod renamed_items;
mod server;
mod sources;
mod untrusted_sources;
mod workflows;
