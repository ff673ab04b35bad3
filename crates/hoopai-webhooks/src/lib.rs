//! Webhooks of the HoopAI Platform: signature verification, typed events, deduplication and server
//! integration.

pub mod events;
