//! The publisher against repositories that work, that fail, and that lie.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod directory;
mod elasticsearch;
mod faults;
mod spool;
mod stream;
mod support;
