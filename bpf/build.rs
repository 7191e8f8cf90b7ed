//! Compiles the kernel side with clang.

use std::path::PathBuf;
use std::process::Command;

fn main() {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("vaectl.bpf.o");
    for entry in std::fs::read_dir(".").expect("the crate's own folder") {
        let path = entry.expect("the crate's own folder").path();
        if path.extension().is_some_and(|e| e == "h" || e == "c") {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    println!("cargo::rerun-if-env-changed=CLANG");
    let clang = std::env::var("CLANG").unwrap_or_else(|_| "clang".to_owned());
    let status = Command::new(&clang)
        .args(["-g", "-O2", "-target", "bpf", "-mcpu=v3", "-Wall", "-Werror", "-Wno-compare-distinct-pointer-types"])
        .args(["-I/usr/include/x86_64-linux-gnu", "-c", "vaectl.bpf.c", "-o"])
        .arg(&out)
        .status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => panic!(
            "{clang} could not compile the kernel side ({status}): are the Debian packages libbpf-dev and linux-libc-dev installed?"
        ),
        Err(error) => panic!("cannot run {clang} ({error}): install the Debian package clang, or set CLANG"),
    }
}
