//! State, over HTTP.
