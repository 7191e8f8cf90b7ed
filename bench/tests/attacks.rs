//! The shipped recording, as an archive, against its truth.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use vaectl_bench::Workspace;
use vaectl_bench::attacks::judge;

/// What the attacks of the demo touch.
fn touched(attack: &Value) -> Value {
    match attack.as_str() {
        Some("miner") => json!(["cpu.user_ns", "exec:*"]),
        Some("flood") => json!(["net.accept", "net.close", "net.rx_bytes", "net.tx_bytes", "syscall.accept4"]),
        other => panic!("the demo makes no {other:?}"),
    }
}

/// The demo's recording in the form that the attack bench has its own in.
fn archive(to: &Path) -> Result<(), Box<dyn Error>> {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("recording");
    for (part, lines) in [("learn", "train"), ("test", "live")] {
        fs::create_dir_all(to.join(part))?;
        fs::copy(recording.join(format!("{lines}.ndjson.zst")), to.join(part).join("lines.ndjson.zst"))?;
    }
    let mut scene: Value = serde_json::from_slice(&fs::read(recording.join("scene.json"))?)?;
    let mut truth = File::create(to.join("test/truth.ndjson"))?;
    for line in scene["truths"].as_array_mut().into_iter().flatten() {
        line["features"] = touched(&line["attack"]);
        writeln!(truth, "{line}")?;
    }
    Ok(())
}

#[test]
fn attacks_of_the_shipped_recording_are_found_with_their_reasons_and_no_baseline_ranks_better() {
    let (models, parts) = (Workspace::new("judged").unwrap(), Workspace::new("archive").unwrap());
    archive(parts.path()).unwrap();
    let judged = judge(parts.path(), models.path()).unwrap();
    println!("{judged}{}", judged.line());
    let report = &judged.report;
    assert_eq!((report.events_found.hits, report.events_found.of), (2, 2), "{report}");
    assert_eq!(report.false_episodes.count, 0, "{report}");
    assert!(report.delay.unwrap().max_windows <= 2, "{report}");
    let hits = report.hit_at_3.unwrap();
    assert_eq!(hits.hits, hits.of, "{report}");
    let (own, best, name) = judged.areas();
    assert!(own > 0.95 && own > best - 0.005, "{own} against {best} of {name}");
}
