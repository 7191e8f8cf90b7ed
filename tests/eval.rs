//! Verdicts against a truth, from windows to figures and pictures.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Output, run};
use crate::training::{train, windows};

/// A trained model, verdicts on a fresh run with an attack in it, and its truth in both forms.
struct Scene {
    folder: TempDir,
}

/// The windows that are attacked: the first and the last.
const ATTACKED: [usize; 2] = [60, 67];

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: TempDir::new().unwrap() };
        assert_eq!(train(&scene.path("models"), 3).code, Some(0));
        fs::write(scene.path("training.jsonl"), windows(3, 80)).unwrap();
        let (mut stream, mut labels, mut times) = (String::new(), "id,label,event,group\n".to_owned(), Vec::new());
        // The fourth run is one that training did not see.
        for (at, line) in windows(4, 80).lines().skip(240).enumerate() {
            let mut window: Value = serde_json::from_str(line).unwrap();
            let attacked = (ATTACKED[0]..=ATTACKED[1]).contains(&at);
            if attacked {
                let usual = window["counters"]["cpu.user_ns"].as_u64().unwrap();
                window["counters"]["cpu.user_ns"] = (usual * 30).into();
                times.push(window["@timestamp"].as_str().unwrap().to_owned());
            }
            let event = if attacked { "miner" } else { "" };
            let _ = writeln!(labels, "w-3-{at},{},{event},run-3", u8::from(attacked));
            let _ = writeln!(stream, "{window}");
        }
        let began = times[0].replace(":00.0", ":55.0").replace("03:05", "03:04");
        let span = format!(
            r#"{{"container":"web-3","began":"{began}","ends":"{}","attack":"miner","features":["cpu.user_ns"]}}"#,
            times.last().unwrap()
        );
        fs::write(scene.path("truth.csv"), labels).unwrap();
        fs::write(scene.path("truth.jsonl"), span).unwrap();
        let models = scene.path("models");
        let scored = run(&["score", "--pass-windows", "--models", models.to_str().unwrap()], stream);
        assert_eq!(scored.code, Some(0), "{scored}");
        fs::write(scene.path("verdicts.jsonl"), scored.stdout).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn eval(&self, truth: &str, more: &[&str]) -> Output {
        let (verdicts, truth) = (self.path("verdicts.jsonl"), self.path(truth));
        let args = ["eval", verdicts.to_str().unwrap(), "--truth", truth.to_str().unwrap()];
        run(&[&args[..], more].concat(), "")
    }
}

fn json(output: &Output) -> Value {
    assert_eq!(output.code, Some(0), "{output}");
    serde_json::from_str(&output.stdout).unwrap()
}

#[test]
fn labels_and_spans_give_the_same_figures_twice() {
    let scene = Scene::new();
    let by_label = json(&scene.eval("truth.csv", &["--format", "json"]));
    let by_span = json(&scene.eval("truth.jsonl", &["--format", "json"]));
    for report in [&by_label, &by_span] {
        assert_eq!(report["windows"]["attacked"], 8, "{report}");
        assert_eq!(report["events_found"], serde_json::json!({"hits": 1, "of": 1}), "{report}");
        assert!(report["auroc"]["value"].as_f64().unwrap() > 0.999, "{report}");
        assert!(report["delay"]["max_windows"].as_u64().unwrap() <= 2, "{report}");
        assert_eq!(report["false_episodes"]["count"], 0, "{report}");
    }
    assert_eq!(by_span["hit_at_3"], serde_json::json!({"hits": 1, "of": 1}), "{by_span}");
    assert_eq!(by_label, json(&scene.eval("truth.csv", &["--format", "json"])));
    let table = scene.eval("truth.csv", &[]);
    assert!(table.stdout.contains("attacks found      1 of 1\n"), "{table}");
    assert!(table.stdout.contains("false episodes     0 in 0.00 container-days"), "{table}");
}

#[test]
fn baselines_stand_beside_the_model_and_pictures_beside_the_table() {
    let scene = Scene::new();
    let (models, training, pictures) = (scene.path("models"), scene.path("training.jsonl"), scene.path("pictures"));
    let more = ["--baselines", "--models", models.to_str().unwrap(), "--train", training.to_str().unwrap()];
    let more = [&more[..], &["--pictures", pictures.to_str().unwrap(), "--format", "json"]].concat();
    let report = json(&scene.eval("truth.jsonl", &more));
    let methods: Vec<_> = report["methods"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    let expected = ["vae", "z-score", "pca", "mahalanobis", "knn", "isolation forest", "unseen features"];
    assert_eq!(methods, expected);
    for method in report["methods"].as_array().unwrap().iter().take(6) {
        // Thirty times the processor time is far from anything; planes and trees know less of distances.
        let least = if ["pca", "isolation forest"].contains(&method["name"].as_str().unwrap()) { 0.5 } else { 0.95 };
        assert!(method["density"]["auroc"].as_f64().unwrap() > least, "{method}");
    }
    let used = "baselines are fitted to 240 of 240 training windows, and compared on 80 of 80 windows";
    assert_eq!(report["notes"][0], used, "{report}");
    let few = json(&scene.eval("truth.jsonl", &[&more[..], &["--sample", "40"]].concat()));
    let used = "baselines are fitted to 240 of 240 training windows, and compared on 40 of 80 windows";
    assert_eq!(few["notes"][0], used, "{few}");
    assert_eq!(few["windows"], report["windows"], "the figures without a bar are of all windows");
    let mut names: Vec<_> =
        fs::read_dir(&pictures).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["roc.svg", "score-web-3-c3c3c3c3c3c3.svg"]);
    let roc = fs::read_to_string(pictures.join("roc.svg")).unwrap();
    assert!(expected.iter().all(|name| roc.contains(name)), "{roc}");
}

#[test]
fn what_cannot_be_compared_is_named() {
    let scene = Scene::new();
    let elsewhere = scene.eval("verdicts.jsonl", &[]);
    assert_eq!(elsewhere.code, Some(2), "{elsewhere}");
    assert!(elsewhere.stderr.contains("the truth, line 1: "), "{elsewhere}");
    fs::write(scene.path("other.csv"), "id,label\nx,1\n").unwrap();
    let other = scene.eval("other.csv", &[]);
    assert!(other.stderr.contains("no verdict is of a window that the truth lists"), "{other}");
    assert_eq!(run(&["eval"], "").code, Some(2));
    let half = scene.eval("truth.csv", &["--baselines"]);
    assert!(half.stderr.contains("hint: give --models DIR and --train PATH") && half.code == Some(2), "{half}");
    let none = scene.path("none");
    let lost = scene.eval(
        "truth.csv",
        &["--baselines", "--models", none.to_str().unwrap(), "--train", scene.path("training.jsonl").to_str().unwrap()],
    );
    assert_eq!(lost.code, Some(5), "{lost}");
}
