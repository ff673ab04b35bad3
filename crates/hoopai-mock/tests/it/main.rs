//! The tests of the mock server.

mod account_access;
mod api;
mod authorization;
mod check;
mod collections;
#[cfg(feature = "cli")]
mod command_line;
mod control;
mod crud;
mod crud_cases;
mod custom_fields;
mod faults;
mod filters;
mod generated_replies;
mod hostile_numbers;
mod interface_skips;
mod journal;
mod limits;
mod oauth;
mod operation_patterns;
mod page;
mod paging;
mod raw_http;
mod receiver;
#[cfg(feature = "cli")]
mod recipes;
#[cfg(feature = "cli")]
mod record;
mod recorded_errors;
mod reply_schemas;
mod scenario;
mod scenarios_crm;
mod scenarios_payments;
mod sdk;
mod seeds;
mod server;
mod state_folder;
mod support;
mod tags;
mod undeclared;
mod webhooks;
