//! Training again and again from an archive, as cron does.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;
use vaectl_scorer::model::{Content, ModelLock, Versions};

use crate::support::{Output, root, run};
use crate::training::windows;

/// An archive and a folder of models.
struct Night {
    folder: TempDir,
}

impl Night {
    fn new() -> Self {
        let night = Self { folder: TempDir::new().unwrap() };
        fs::create_dir(night.path("archive")).unwrap();
        night
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Adds runs to the archive, each window changed by `change`.
    fn archive(&self, runs: std::ops::Range<u64>, mut change: impl FnMut(u64, usize, &mut Value)) {
        let text = windows(runs.end, 80);
        let mut out = String::new();
        for (at, line) in text.lines().enumerate().skip(runs.start as usize * 80) {
            let mut window: Value = serde_json::from_str(line).unwrap();
            change(at as u64 / 80, at % 80, &mut window);
            out += &(window.to_string() + "\n");
        }
        fs::write(self.path("archive").join(format!("windows-{}.jsonl", runs.start)), out).unwrap();
    }

    fn train(&self, more: &[&str]) -> Output {
        let (archive, models) = (self.path("archive"), self.path("models"));
        let args = ["train", "--archive", archive.to_str().unwrap(), "--models", models.to_str().unwrap()];
        let quick = ["--promote", "--seeds", "1", "--draws", "1", "--epochs", "20", "--log-level", "warn"];
        run(&[&args[..], &quick, more].concat(), "")
    }

    fn versions(&self) -> Versions {
        let models = self.path("models");
        Versions::of(&models, &Versions::keys(&models).unwrap()[0])
    }

    /// Puts a changed copy of the model in use into its place.
    fn change_champion(&self, change: impl FnOnce(&mut Content)) -> String {
        let versions = self.versions();
        let current = versions.current().unwrap().unwrap();
        let mut content = Content::from_bytes(&fs::read(versions.path(&current)).unwrap()).unwrap();
        change(&mut content);
        let hash = content.store(&self.path("models")).unwrap();
        versions.promote(&hash).unwrap();
        hash
    }
}

#[test]
fn the_first_night_makes_a_model_and_one_without_news_leaves_it() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    let first = night.train(&[]);
    assert_eq!(
        first.stdout,
        "vaectl train: 0 promoted, 1 new (nginx:1.22), 0 kept, 0 refused, 0 with too little; 240 windows, 0 left out\n",
        "{first}"
    );
    let current = night.versions().current().unwrap();
    let second = night.train(&[]);
    assert_eq!(second.code, Some(0), "{second}");
    assert!(second.stdout.contains("1 kept (nginx:1.22: no run began since it was made"), "{second}");
    assert_eq!((night.versions().current().unwrap(), second.stderr.as_str()), (current, ""));
}

#[test]
fn a_model_in_use_that_never_alarms_is_replaced() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    night.train(&[]);
    let silent = night.change_champion(|content| content.card.calibration.threshold = 1e12);
    night.archive(3..6, |_, _, _| {});
    let report = night.train(&["--report", "json"]);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let contest = &report["keys"][0]["outcome"]["trained"]["contest"];
    // A quarter of six runs is one; four ways of fifty windows at most, which is every second of eighty.
    assert_eq!((contest["calm"].as_u64(), contest["odd"].as_u64()), (Some(80), Some(160)), "{report}");
    assert_eq!(contest["challenger"]["false_positives"], 0, "{report}");
    let found = |of: &str| contest[of]["true_positives"].as_u64().unwrap();
    assert!(found("challenger") > found("champion"), "{report}");
    let versions = night.versions();
    assert_eq!(versions.previous(), Some(silent.clone()));
    assert_ne!(versions.current().unwrap(), Some(silent));
}

#[test]
fn a_model_in_use_that_can_score_no_window_any_more_is_replaced() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    night.train(&[]);
    let deaf = night.change_champion(|content| content.card.nominal_ns *= 2);
    night.archive(3..6, |_, _, _| {});
    let trained = night.train(&[]);
    assert!(trained.stdout.contains("1 new"), "{trained}");
    let versions = night.versions();
    assert_eq!(versions.previous(), Some(deaf));
    let notes = versions.load(&versions.current().unwrap().unwrap()).unwrap().card().notes.clone();
    assert!(notes.iter().any(|note| note.contains("can score none of these windows")), "{notes:?}");
}

#[test]
fn false_incidents_of_the_model_in_use_count_against_it() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    night.train(&[]);
    night.change_champion(|content| {
        (content.card.calibration.suspect, content.card.calibration.threshold) = (-1e3, -1e3);
    });
    // What it made of the newest run.
    night.archive(3..6, |run, at, window| {
        window["vaectl"]["state"] = if run == 5 && at >= 20 { "unstable" } else { "stable" }.into();
    });
    let report = night.train(&["--report", "json"]);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    // Raised until it is as quiet as the new one, it may find as much.
    let outcome = &report["keys"][0]["outcome"];
    let contest = outcome.get("trained").or(outcome.get("kept")).map(|decided| &decided["contest"]).unwrap();
    assert_eq!((contest["calm"].as_u64(), contest["challenger"]["false_positives"].as_u64()), (Some(80), Some(0)));
    assert!(contest["champion"]["false_positives"].as_u64() > Some(60), "{report}");
}

#[test]
fn a_new_model_with_more_false_alarms_is_kept_on_the_shelf() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    night.train(&[]);
    // The one in use knows a call that only the newest run makes.
    let current = night.change_champion(|content| content.card.seen.counters.insert(0, "syscall.keyctl".into()));
    night.archive(3..6, |run, _, window| {
        if run == 5 {
            window["counters"]["syscall.keyctl"] = 1.into();
        }
    });
    let trained = night.train(&[]);
    assert_eq!(trained.code, Some(0), "{trained}");
    assert!(trained.stdout.contains("1 kept (nginx:1.22: 79 against 0 false positives of 80 windows"), "{trained}");
    let versions = night.versions();
    assert_eq!(versions.current().unwrap(), Some(current));
    assert_eq!(versions.all().unwrap().len(), 3, "it can still be promoted by hand");
}

#[test]
fn a_run_that_has_just_begun_decides_nothing() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    night.train(&[]);
    let current = night.versions().current().unwrap();
    let text = windows(4, 80);
    let few: Vec<&str> = text.lines().skip(240).take(10).collect();
    fs::write(night.path("archive").join("windows-3.jsonl"), few.join("\n") + "\n").unwrap();
    let trained = night.train(&[]);
    assert_eq!(trained.code, Some(0), "{trained}");
    assert!(trained.stdout.contains("the runs that began since it was made have"), "{trained}");
    assert_eq!(night.versions().current().unwrap(), current);
}

#[test]
fn only_so_many_versions_are_kept_and_those_in_use_among_them() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    night.train(&[]);
    let first = night.versions().current().unwrap().unwrap();
    for threshold in [1e10, 1e11, 1e12] {
        night.change_champion(|content| content.card.calibration.threshold = threshold);
    }
    let (current, previous) = (night.versions().current().unwrap().unwrap(), night.versions().previous().unwrap());
    night.archive(3..6, |_, _, _| {});
    night.train(&["--keep", "1"]);
    let kept: Vec<String> = night.versions().all().unwrap().into_iter().map(|version| version.hash).collect();
    assert!(kept.contains(&current) && !kept.contains(&previous) && !kept.contains(&first), "{kept:?}");
    assert_eq!(kept.len(), 2);
}

#[test]
fn a_second_run_ends_at_once_and_says_why() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    let lock = ModelLock::take(&night.path("models")).unwrap();
    let busy = night.train(&[]);
    assert_eq!((busy.code, busy.stdout.as_str()), (Some(6), ""), "{busy}");
    assert!(busy.stderr.contains("are being changed by another run, which has their lock: nothing was done"), "{busy}");
    drop(lock);
    assert_eq!(night.train(&[]).code, Some(0));
}

#[test]
fn incidents_operators_losses_and_old_windows_teach_nothing() {
    let night = Night::new();
    night.archive(0..4, |run, at, window| {
        let state = match (run, at) {
            (1, 40 | 60) => "suspect",
            (1, 41..=45) => "unstable",
            (2, 10) => "blind",
            _ => "stable",
        };
        window["vaectl"]["state"] = state.into();
        if (run, at) == (2, 20) {
            window["vaectl"]["window"]["lost"] = 7.into();
        }
        if (run, at) == (2, 30) {
            window["vaectl"]["window"]["entered"] = 1.into();
        }
        if (run, at) == (2, 29) {
            window["counters"]["syscall.setns"] = 1.into();
        }
    });
    let report = night.train(&["--report", "json", "--since", "2026-11-24T01:00:00Z"]);
    let report: Value = serde_json::from_str(&report.stdout).unwrap();
    let left_out = serde_json::json!({"before an entry": 1, "before an incident": 1, "blind": 1, "entered": 1, "lossy": 1, "unstable": 5});
    assert_eq!(report["keys"][0]["left_out"], left_out, "{report}");
    assert_eq!((&report["left_out"]["too old"], &report["keys"][0]["windows"]), (&80.into(), &230.into()), "{report}");
}

#[test]
fn files_of_an_archive_that_are_older_are_not_even_opened() {
    let night = Night::new();
    night.archive(0..3, |_, _, _| {});
    let file = |hour: &str| night.path("archive").join(format!("windows-2026-11-23T{hour}-59-59.000000001Z.jsonl.zst"));
    fs::write(file("21"), "no line\n").unwrap();
    let since = |hour: &str| night.train(&["--since", &format!("2026-11-23T{hour}:00:00Z")]);
    assert_eq!(since("22").code, Some(0));
    let read = since("21");
    assert_eq!(read.code, Some(1), "the line is read, and is none: {read}");
    fs::remove_dir_all(night.path("archive")).unwrap();
    fs::create_dir(night.path("archive")).unwrap();
    fs::write(file("21"), "").unwrap();
    let nothing = since("22");
    assert_eq!(nothing.code, Some(5), "standard input is not read instead: {nothing}");
}

/// A command of an example, with its paths in the test's own folder.
fn example(night: &Night, command: &str) -> Output {
    let words: Vec<String> = command
        .trim()
        .strip_prefix("/usr/local/bin/vaectl ")
        .expect("it runs the installed program")
        .split_whitespace()
        .map(|word| word.replace("/var/lib/vaectl", night.folder.path().to_str().unwrap()))
        .collect();
    run(&words.iter().map(String::as_str).collect::<Vec<_>>(), "")
}

#[test]
fn the_timer_and_the_line_for_cron_train_as_they_stand() {
    let read = |name: &str| fs::read_to_string(root().join("examples").join(name)).unwrap();
    let service = read("vaectl-train.service");
    let start = service.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let cron = read("vaectl-train.cron");
    let line = cron.lines().find(|line| !line.starts_with('#')).unwrap();
    // What is new is read whatever the training ends with: it is 5 where one of several models was refused.
    let (command, reload) = line.split_once(" root ").unwrap().1.split_once("; ").unwrap();
    assert!(service.lines().any(|line| line == format!("ExecStopPost=-/bin/{reload}")), "{service}");
    assert!(read("vaectl-train.timer").contains("\nOnCalendar="));
    for command in [start, command] {
        let night = Night::new();
        // The week that they ask for is that of the clock: windows of no matter when must be of yesterday.
        let yesterday =
            vaectl_schemas::Timestamp::from_ns(vaectl_schemas::Timestamp::now().as_ns() - 86_400_000_000_000);
        night.archive(0..3, |_, _, window| {
            let time = window["@timestamp"].as_str().unwrap().replace("2026-11-24", &yesterday.day());
            window["@timestamp"] = time.into();
        });
        let trained = example(&night, command);
        assert_eq!((trained.code, trained.stderr.as_str()), (Some(0), ""), "{trained}");
        assert!(trained.stdout.contains("1 new (nginx:1.22)"), "{trained}");
    }
    let exit = vaectl::Exit::Busy as i32;
    assert!(service.contains(&format!("SuccessExitStatus=1 {exit}")), "{service}");
}
