//! The publisher against repositories that work, that fail, and that lie.

mod directory;
mod elasticsearch;
mod faults;
mod stream;
mod support;
