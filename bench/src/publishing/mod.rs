//! Benches of `vaectl publish`: what becomes of documents when everything fails, how fast it is, and what is stored.

pub mod crash;
pub mod faults;
pub mod lines;
pub mod null;
pub mod storage;
pub mod throughput;
