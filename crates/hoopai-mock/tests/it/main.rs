//! The tests of the mock server.
