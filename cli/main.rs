//! vaectl
fn main() {}
