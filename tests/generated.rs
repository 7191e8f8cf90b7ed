//! Generated files are what the program generates. `VAECTL_BLESS=1` writes them anew.

use std::fs;

use crate::support::root;

#[test]
fn schemas_manual_pages_and_completions_are_up_to_date() {
    let bless = std::env::var_os("VAECTL_BLESS").is_some();
    let generated = vaectl::generated();
    assert!(generated.len() > 25, "only {} files", generated.len());
    let mut stale = Vec::new();
    for (path, content) in &generated {
        let file = root().join(path);
        if fs::read(&file).ok().as_ref() != Some(content) {
            if bless {
                fs::write(&file, content).unwrap();
            }
            stale.push(path.as_str());
        }
    }
    assert!(bless || stale.is_empty(), "stale, run `make bless`: {}", stale.join(" "));
}

#[test]
fn no_generated_file_is_left_over() {
    let generated = vaectl::generated();
    for (folder, ending) in [("schemas", ".schema.json"), ("man", ".1"), ("completions", "")] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            let known = generated.iter().any(|(known, _)| *known == path);
            assert!(known || entry.path().is_dir() || !name.ends_with(ending) || name == "Cargo.toml", "{path}");
        }
    }
}
