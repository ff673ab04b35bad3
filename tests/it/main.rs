//! Tests over the whole workspace.

mod decoding;
mod fits;
mod given;
mod guide;
mod interface;
mod payloads;
mod readers;
mod requests;
mod sample;
mod secrets;
mod sites;
mod support;
mod tables;
mod wire;
