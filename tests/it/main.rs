//! Tests of the facade with all module crates.

mod call_table;
mod catalogue;
mod command_line;
mod decode_table;
mod decoding;
mod error_replies;
#[allow(deprecated, reason = "deprecated operations are sent like all others")]
#[path = "../generated/mod.rs"]
mod generated;
mod guide;
mod http_requests;
mod interface;
mod links;
mod minimal_requests;
mod moments;
mod operation_tables;
mod operations;
mod paging;
mod public_reports;
mod recorded_replies;
mod redaction;
mod reference_pages;
mod reply_variations;
mod requests;
mod sample_values;
mod schema_check;
mod support;
mod value_paths;
