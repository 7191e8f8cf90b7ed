//! What is kept for training.

use vaectl_schemas::{LineReader, State, Window};

use super::support::{Feed, bytes, config, of, parse};
use crate::{ArchiveConfig, Config};

#[test]
fn windows_are_kept_with_their_state_and_their_late_names() {
    let dir = tempfile::tempdir().unwrap();
    let mut web = Feed::new("web", None);
    let mut lines = web.calm(2);
    lines.push(web.line("named", &Feed::new("web", Some("known")).container()));
    lines.push(web.window(9.0));
    let out = bytes(Config { archive: Some(ArchiveConfig::new(dir.path())), ..config() }, &lines, 1);
    let file = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap().path();
    let mut reader = LineReader::new(vaectl_schemas::open(&file).unwrap(), 1 << 20);
    let mut kept = Vec::new();
    while let Some(line) = reader.next_line().unwrap() {
        let window: Window<'static> = serde_json::from_slice(line.bytes).unwrap();
        assert_eq!(window.vaectl.job.as_deref(), Some("job"));
        assert_eq!(window.container.unwrap().image.unwrap().name.as_deref(), Some("web"));
        kept.push(window.vaectl.state.unwrap());
    }
    assert_eq!(kept, [State::Warming, State::Warming, State::Suspect]);
    let ledger = of(&parse(&out), "ledger").pop().unwrap().clone();
    assert_eq!(ledger["vaectl"]["datasets"]["vaectl.archive"]["passed"], 3);
}

#[test]
fn a_disk_that_refuses_stops_no_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    std::fs::write(&path, "").unwrap();
    let lines = Feed::new("web", Some("known")).calm(3);
    let out = parse(&bytes(Config { archive: Some(ArchiveConfig::new(path)), ..config() }, &lines, 1));
    assert_eq!(of(&out, "verdict").len(), 3);
    assert_eq!(of(&out, "ledger")[0]["vaectl"]["datasets"]["vaectl.archive"]["dropped"], 3);
}
