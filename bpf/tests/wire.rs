//! `src/wire.rs` is generated from `wire.h`; `VAECTL_BLESS=1` writes it anew.
#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

fn generate(header: &str) -> String {
    let mut out = String::from(
        "//! Records and rows as they cross from kernel to user space. Generated from `wire.h`: see `tests/wire.rs`.\n//! One file, however long, as that header is the only definition.\n\n\
         use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};\n\n",
    );
    let mut sizes: HashMap<String, (usize, usize)> = HashMap::new();
    let mut constants: HashMap<String, usize> = HashMap::new();
    let mut doc = None;
    let mut lines = header.lines();
    while let Some(line) = lines.next() {
        if let Some(rest) = line.strip_prefix("#define ") {
            let (code, comment) = split_comment(rest);
            let Some((name, value)) = code.split_once(' ') else { continue };
            let value: usize = value.trim().parse().expect("a decimal constant");
            constants.insert(name.to_owned(), value);
            writeln!(out, "/// {}.", comment.unwrap_or_else(|| name.replace('_', " ").to_lowercase())).unwrap();
            writeln!(out, "pub const {name}: usize = {value};").unwrap();
        } else if let Some(rest) = line.strip_prefix("struct ") {
            let name = camel(rest.trim_end_matches(" {"));
            let comment = doc.take().unwrap_or_else(|| format!("The kernel's `{}`.", rest.trim_end_matches(" {")));
            writeln!(out, "\n/// {comment}").unwrap();
            writeln!(out, "#[derive(Clone, Copy, Debug, FromBytes, Immutable, IntoBytes, KnownLayout)]\n#[repr(C)]")
                .unwrap();
            writeln!(out, "pub struct {name} {{").unwrap();
            let (mut offset, mut align, mut asserts) = (0, 1, String::new());
            for line in lines.by_ref() {
                if line == "};" {
                    break;
                }
                let (code, comment) = split_comment(line.trim());
                let (kind, field) = code.trim_end_matches(';').rsplit_once(' ').expect("type and name");
                let (field, count) = match field.split_once('[') {
                    Some((field, n)) => (field, Some(n.trim_end_matches(']'))),
                    None => (field, None),
                };
                let (rust, size, field_align) = match kind {
                    "__u8" => ("u8".to_owned(), 1, 1),
                    "__u16" => ("u16".to_owned(), 2, 2),
                    "__u32" => ("u32".to_owned(), 4, 4),
                    "__s32" => ("i32".to_owned(), 4, 4),
                    "__u64" => ("u64".to_owned(), 8, 8),
                    other => {
                        let name = camel(other.strip_prefix("struct ").expect("a known type"));
                        let (size, align) = sizes[&name];
                        (name, size, align)
                    }
                };
                assert_eq!(offset % field_align, 0, "{name}.{field} needs explicit padding before it");
                let times = count.map_or(1, |n| n.parse().unwrap_or_else(|_| constants[n]));
                let rust = count.map_or(rust.clone(), |n| format!("[{rust}; {n}]"));
                writeln!(out, "    /// {}.", comment.unwrap_or_else(|| field.replace('_', " "))).unwrap();
                writeln!(out, "    pub {field}: {rust},").unwrap();
                writeln!(asserts, "const _: () = assert!(std::mem::offset_of!({name}, {field}) == {offset});").unwrap();
                offset += size * times;
                align = align.max(field_align);
            }
            assert_eq!(offset % align, 0, "{name} needs explicit padding at its end");
            writeln!(out, "}}\n\nconst _: () = assert!(size_of::<{name}>() == {offset});\n{asserts}").unwrap();
            sizes.insert(name, (offset, align));
        } else if let Some(comment) = line.strip_prefix("/* ") {
            doc = Some(comment.trim_end_matches(" */").to_owned());
        }
    }
    out
}

fn split_comment(line: &str) -> (&str, Option<String>) {
    match line.split_once("/*") {
        Some((code, comment)) => {
            let text = comment.trim_end_matches("*/").trim();
            let mut chars = text.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            (code.trim(), Some(first + chars.as_str()))
        }
        None => (line.trim(), None),
    }
}

fn camel(name: &str) -> String {
    name.split('_').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

fn formatted(code: &str) -> String {
    use std::io::Write as _;
    let mut child = std::process::Command::new("rustfmt")
        .args(["--edition", "2024", "--config", "max_width=120,use_small_heuristics=Max"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(code.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn the_rust_side_is_what_the_header_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = formatted(&generate(&std::fs::read_to_string(root.join("wire.h")).unwrap()));
    let file = root.join("src/wire.rs");
    if std::env::var_os("VAECTL_BLESS").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        expected,
        "VAECTL_BLESS=1 cargo test -p vaectl-bpf writes it anew"
    );
}
