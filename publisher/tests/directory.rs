use std::fs;
use std::time::Duration;

use vaectl_publisher::{Config, ErrorKind};

use crate::support::{balanced, event, letters, originals, read, run};

fn to(folder: &std::path::Path) -> Config {
    Config::new(format!("dir:{}", folder.display()).parse().unwrap())
}

/// The only file of a day in `dead-letter/`.
fn todays(folder: &std::path::Path) -> Vec<serde_json::Value> {
    let files: Vec<_> = fs::read_dir(folder.join("dead-letter")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    read(&files[0])
}

#[test]
fn lines_are_filed_by_dataset_and_by_their_own_day_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let next = event(2).replace("2026-11-24", "2026-11-25");
    let connect = event(3).replace("vaectl.process", "vaectl.network");
    let totals = run(to(folder.path()), &[event(1), next.clone(), connect.clone(), event(4)]).result.unwrap();
    assert_eq!(balanced(&totals).indexed, 4);
    let text = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    assert_eq!(text("vaectl.process/2026-11-24.ndjson"), format!("{}\n{}\n", event(1), event(4)));
    assert_eq!(text("vaectl.process/2026-11-25.ndjson"), next + "\n");
    assert_eq!(text("vaectl.network/2026-11-24.ndjson"), connect + "\n");
}

#[test]
fn what_an_earlier_run_wrote_stays() {
    let folder = tempfile::tempdir().unwrap();
    run(to(folder.path()), &[event(1)]).result.unwrap();
    run(to(folder.path()), &[event(2)]).result.unwrap();
    assert_eq!(read(&folder.path().join("vaectl.process/2026-11-24.ndjson")).len(), 2);
}

#[test]
fn what_is_published_twice_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    run(to(folder.path()), &[event(1), event(2)]).result.unwrap();
    let total = balanced(&run(to(folder.path()), &[event(1), event(2), event(3)]).result.unwrap());
    assert_eq!((total.indexed, total.duplicate), (1, 2));
    assert_eq!(read(&folder.path().join("vaectl.process/2026-11-24.ndjson")).len(), 3);
}

#[test]
fn a_line_that_a_crash_cut_off_moves_to_the_dead_letters() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vaectl.file/2026-11-20.ndjson");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("{}\n{{\"type\":\"ev", event(1))).unwrap();
    run(to(folder.path()), &[event(2)]).result.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", event(1)));
    assert_eq!(todays(folder.path())[0]["vaectl"]["original"], "{\"type\":\"ev");
}

#[test]
fn a_malformed_line_is_a_dead_letter_of_the_day() {
    let folder = tempfile::tempdir().unwrap();
    let totals = run(to(folder.path()), &["{}".to_owned(), event(1)]).result.unwrap();
    assert_eq!(totals.failed(), 1);
    assert_eq!(todays(folder.path())[0]["vaectl"]["line"], 1);
}

#[test]
fn a_folder_that_cannot_be_made_is_named_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = run(to(&file.join("below")), &[event(1)]).result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Host);
    assert!(error.to_string().contains(&file.display().to_string()), "{error}");
}

/// A repository whose file is `/dev/full`, which takes nothing as a full disk does.
fn full(folder: &std::path::Path) -> std::path::PathBuf {
    let path = folder.join("repository/vaectl.process/2026-11-24.ndjson");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    path
}

#[test]
fn a_full_disk_is_waited_for_and_then_given_up_with_everything_kept() {
    let folder = tempfile::tempdir().unwrap();
    full(folder.path());
    let mut config = to(&folder.path().join("repository"));
    config.retry_for = Duration::from_millis(300);
    config.dead_letter = Some(letters(folder.path()));
    let error = run(config, &[event(1), event(2)]).result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Peer);
    assert!(error.to_string().contains("No space left"), "{error}");
    assert_eq!(originals(folder.path()), [event(1), event(2)]);
}

#[test]
fn a_disk_that_has_room_again_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = full(folder.path());
    let link = path.clone();
    let cleaner = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(250));
        fs::remove_file(link).unwrap();
    });
    let totals = run(to(&folder.path().join("repository")), &[event(1), event(2)]).result.unwrap();
    cleaner.join().unwrap();
    assert_eq!(balanced(&totals).indexed, 2);
    assert_eq!(read(&path).len(), 2);
}
