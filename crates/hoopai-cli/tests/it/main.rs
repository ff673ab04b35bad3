//! Tests of the program `hoopai`, against stub servers and the mock server.

mod accounts;
mod bulk;
mod completions;
mod limits;
mod mock;
mod operations;
mod output;
mod program;
mod requests;
mod secrets;
mod terminal;
