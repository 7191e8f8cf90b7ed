//! The shipped recording against its truth.

use std::path::Path;

use vaectl_bench::Workspace;
use vaectl_bench::attacks::judge;

#[test]
fn attacks_of_the_shipped_recording_are_found_with_their_reasons_and_no_baseline_ranks_better() {
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("recording");
    let models = Workspace::new("judged").unwrap();
    let judged = judge(&recording, models.path()).unwrap();
    println!("{}{}", judged.report, judged.line());
    assert!(judged.is_perfect(), "{}", judged.report);
    assert!(judged.report.delay.unwrap().max_windows <= 2, "{}", judged.report);
    let hits = judged.report.hit_at_3.unwrap();
    assert_eq!(hits.hits, hits.of, "{}", judged.report);
    let (own, best, name) = judged.areas();
    assert!(own > 0.95 && own > best - 0.005, "{own} against {best} of {name}");
}
