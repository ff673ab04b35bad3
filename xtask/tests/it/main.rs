//! The commands, each on a tree of its own in a temporary folder.

mod check;
mod failures;
mod hostile;
mod house;
mod kill;
mod real_input;
mod regen;
mod server;
mod tree;
