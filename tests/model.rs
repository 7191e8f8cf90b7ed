//! Models on the disk: listed, shown, compared, verified, exchanged.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use vaectl_scorer::model::{Content, ModelLock, Versions};

use crate::support::{Output, run};
use crate::training::train;

/// A folder with two versions of one model; the second one has seen a call more, and is in use.
struct Shelf {
    folder: TempDir,
    key: String,
    first: String,
    second: String,
}

impl Shelf {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        assert_eq!(train(folder.path(), 3).code, Some(0));
        let key = Versions::keys(folder.path()).unwrap().remove(0);
        let versions = Versions::of(folder.path(), &key);
        let first = versions.current().unwrap().unwrap();
        let mut content = Content::from_bytes(&fs::read(versions.path(&first)).unwrap()).unwrap();
        content.card.seen.counters.push("syscall.zzz".into());
        content.card.calibration.threshold *= 2.0;
        let second = content.store(folder.path()).unwrap();
        versions.promote(&second).unwrap();
        Self { folder, key, first, second }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn file(&self, hash: &str) -> PathBuf {
        Versions::of(self.path(), &self.key).path(hash)
    }

    fn model(&self, args: &[&str]) -> Output {
        let models = self.path().to_str().unwrap();
        run(&[&["model", "--models", models], args].concat(), "")
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.model(&[args, &["--format", "json"]].concat());
        assert_eq!(output.code, Some(0), "{output}");
        serde_json::from_str(&output.stdout).unwrap()
    }
}

#[test]
fn every_version_is_listed_with_its_use() {
    let shelf = Shelf::new();
    let rows = shelf.json(&["ls"]);
    let uses: Vec<_> = rows.as_array().unwrap().iter().map(|row| (row["hash"].clone(), row["use"].clone())).collect();
    assert!(uses.contains(&(shelf.second.clone().into(), "current".into())), "{rows}");
    assert!(uses.contains(&(shelf.first.clone().into(), "previous".into())) && uses.len() == 2, "{rows}");
    let table = shelf.model(&["ls"]);
    assert!(table.stdout.starts_with("MODEL ") && table.stdout.contains("nginx:1.22"), "{table}");
    assert!(table.stdout.contains(&shelf.first[..12]) && table.stdout.contains("provisional"), "{table}");
}

#[test]
fn a_model_is_shown_by_its_image_and_compared_with_the_one_before() {
    let shelf = Shelf::new();
    let shown = shelf.model(&["show", "nginx:1.22"]);
    assert!(shown.stdout.contains(&shelf.second) && shown.stdout.contains("cpu.user_ns"), "{shown}");
    assert_eq!(shelf.json(&["show", &shelf.key[..12], &shelf.first[..6]])["hash"], shelf.first.as_str());
    let diff = shelf.json(&["diff", "nginx:1.22"]);
    assert_eq!(diff["counters"], serde_json::json!({"added": ["syscall.zzz"], "removed": []}), "{diff}");
    assert_eq!(diff["features"], serde_json::json!({"added": [], "removed": []}), "{diff}");
    assert_eq!(diff["figures"][0]["name"], "threshold", "{diff}");
    assert!(shelf.model(&["diff", "nginx:1.22"]).stdout.contains("\n+ counter syscall.zzz\n"));
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let shelf = Shelf::new();
    let unknown = shelf.model(&["show", "redis"]);
    assert!(unknown.stderr.contains("there is no model \"redis\"") && unknown.code == Some(2), "{unknown}");
    let unknown = shelf.model(&["promote", "nginx:1.22", "00000000"]);
    assert!(unknown.stderr.contains("has no version \"00000000\"") && unknown.code == Some(2), "{unknown}");
    assert_eq!(run(&["model", "ls"], "").code, Some(2));
}

#[test]
fn a_rollback_leads_back_and_a_promotion_chooses() {
    let shelf = Shelf::new();
    let versions = Versions::of(shelf.path(), &shelf.key);
    let in_use = || versions.current().unwrap().unwrap();
    for expected in [&shelf.first, &shelf.second, &shelf.first] {
        assert_eq!(shelf.json(&["rollback", "nginx:1.22"])["current"], expected.as_str());
        assert_eq!(in_use(), *expected);
    }
    shelf.json(&["promote", "nginx:1.22", &shelf.second[..8]]);
    assert_eq!(in_use(), shelf.second);
    fs::remove_file(shelf.file(&shelf.first)).unwrap();
    let nothing = shelf.model(&["rollback", "nginx:1.22"]);
    assert!(nothing.stderr.contains("was in use before") && nothing.code == Some(5), "{nothing}");
    assert_eq!(in_use(), shelf.second);
}

#[test]
fn a_broken_file_is_found_named_and_never_put_in_use() {
    let shelf = Shelf::new();
    assert_eq!(shelf.model(&["verify"]).code, Some(0));
    let broken = shelf.file(&shelf.first);
    let mut bytes = fs::read(&broken).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&broken, bytes).unwrap();
    let verified = shelf.model(&["verify"]);
    assert_eq!(verified.code, Some(5), "{verified}");
    assert!(verified.stderr.contains(broken.to_str().unwrap()), "{verified}");
    assert!(verified.stdout.contains(&format!("broken  {}", broken.display())), "{verified}");
    assert_eq!(shelf.model(&["rollback", "nginx:1.22"]).code, Some(5));
    assert_eq!(Versions::of(shelf.path(), &shelf.key).current().unwrap(), Some(shelf.second.clone()));
    fs::remove_file(shelf.file(&shelf.second)).unwrap();
    assert!(shelf.model(&["verify"]).stderr.contains("current does not name a model file"));
}

#[test]
fn models_are_exchanged_by_one_at_a_time() {
    let shelf = Shelf::new();
    let lock = ModelLock::take(shelf.path()).unwrap();
    let busy = shelf.model(&["rollback", "nginx:1.22"]);
    assert_eq!(busy.code, Some(6), "{busy}");
    assert!(busy.stderr.contains("are being changed by another run"), "{busy}");
    drop(lock);
    assert_eq!(shelf.model(&["rollback", "nginx:1.22"]).code, Some(0));
}
