//! The gate as a whole, from lines to lines, under a scripted model.

mod archive;
mod depth;
mod episode;
mod hold;
mod input;
mod memory;
mod metadata;
mod stage;
pub(crate) mod support;
