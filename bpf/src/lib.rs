//! The kernel side: one object that clang compiles from the C files of this folder, and the layout of what it writes.

pub mod wire;

/// The compiled object, an ELF file with BTF.
pub static OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/vaectl.bpf.o"));
