//! Lists over many pages.

mod collect;
mod drift;
mod fake_list;
mod misbehaving_server;
mod positions;
mod prefetch;
mod random;
mod requests;
mod strategies;
mod termination;
