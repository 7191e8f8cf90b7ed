//! The recording of `bench/run attacks --quick`, trained on, scored, and held against its truth.

use std::path::Path;

use vaectl_bench::Workspace;
use vaectl_bench::attacks::judge;

#[test]
fn attacks_of_the_shipped_recording_are_found_in_time_with_their_reasons_and_nothing_else() {
    let archive = Path::new(env!("CARGO_MANIFEST_DIR")).join("recording/attacks");
    let models = Workspace::new("judged").unwrap();
    let judged = judge(&archive, models.path()).unwrap();
    println!("{judged}{}", judged.line());
    let report = &judged.report;
    assert_eq!(report.events_found.of, 9, "three attacks on three images, and none is masked: {judged}");
    assert!(judged.recall() > 0.99, "{judged}");
    assert_eq!(report.false_episodes.count, 0, "{judged}");
    // Of nine, one may be named by what it brings along.
    assert!(report.hit_at_3.unwrap().hits >= 8, "{judged}");
    let (own, best, name) = judged.areas();
    assert!(own > 0.95 && own > best - 0.005, "{own} against {best} of {name}");
}
